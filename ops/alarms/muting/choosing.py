"""Choice of the alarms to mute: those that a redrive's own traffic would trip.

Muted are alarms on what a redrive does to the metrics of the workload: it receives and deletes in the dead-letter queue, it
sends to the source, and what fails again is an error, runs and takes concurrency; its canary watches that. Never muted is
what shows that real work suffers or is lost: dead letters in the queue and their growth, a backlog, the age of the oldest
message, throttles, durations. The headroom rule slows a redrive down for these, and if that is not enough they must page.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from ops.alarms.evaluate.composite.alarm_rule import alarm_rule
from ops.alarms.evaluate.errors import AlarmError
from ops.alarms.muting.windows import SETTLING, longest_window
from ops.aws.cloudwatch import Alarm, AlarmMetric, CompositeAlarm
from ops.aws.cloudwatch.mute_rules import MAX_TARGETS

DLQ, QUEUE, FUNCTION = "dlq", "queue", "function"
TRIPPED = frozenset(
    {
        (DLQ, "NumberOfMessagesReceived"),
        (DLQ, "NumberOfMessagesDeleted"),
        (DLQ, "NumberOfEmptyReceives"),
        (QUEUE, "NumberOfMessagesSent"),
        (QUEUE, "NumberOfMessagesReceived"),
        (QUEUE, "NumberOfMessagesDeleted"),
        (FUNCTION, "Errors"),
        (FUNCTION, "Invocations"),
        (FUNCTION, "ConcurrentExecutions"),
    }
)
NEVER = frozenset(
    {
        (QUEUE, "ApproximateNumberOfMessagesVisible"),
        (QUEUE, "ApproximateAgeOfOldestMessage"),
        (DLQ, "ApproximateAgeOfOldestMessage"),
        (FUNCTION, "Duration"),
    }
)
"""An alarm on one of these is not muted, whatever else it reads."""


@dataclass(frozen=True)
class MuteChoice:
    """``alarms``: names. ``still``: composite alarms that page although one below them is muted, by name.
    ``outlast``: how long they may stay in ALARM after the work, and so must stay muted."""

    alarms: tuple[str, ...] = ()
    still: tuple[str, ...] = ()
    outlast: timedelta = field(default=timedelta(0), compare=False)


@dataclass(frozen=True)
class RedriveParts:
    """Names of what a redrive touches: the queue that it takes from, those that it sends to, and the functions there."""

    dlq: str
    queues: Collection[str]
    functions: Collection[str]


def tripped_alarms(alarms: Sequence[Alarm], composites: Sequence[CompositeAlarm], parts: RedriveParts) -> MuteChoice:
    own = [alarm.name for alarm in alarms if _trips(alarm, parts)][:MAX_TARGETS]
    below = set(own)
    speaking = [
        composite
        for composite in composites
        if composite.actions and composite.actions_enabled and below & _children(composite)
    ]
    whole = [composite.name for composite in speaking if _children(composite) <= below]
    telling = {alarm.name for alarm in alarms if _notifies(alarm)}
    named = [*(name for name in own if name in telling), *whole][:MAX_TARGETS]
    outlast = longest_window(alarm for alarm in alarms if alarm.name in below) + SETTLING
    return MuteChoice(
        tuple(named), tuple(composite.name for composite in speaking if composite.name not in whole), outlast
    )


def _trips(alarm: Alarm, parts: RedriveParts) -> bool:
    watched = {(_role(metric, parts), metric.metric) for metric in alarm.metrics}
    strange = any(role == "" for role, _ in watched)
    return bool(watched & TRIPPED) and not watched & NEVER and not strange and "Less" not in alarm.comparison


def _notifies(alarm: Alarm) -> bool:
    """An alarm that scales something must go on doing so."""
    return alarm.actions_enabled and bool(alarm.actions) and all(":sns:" in action for action in alarm.actions)


def _role(metric: AlarmMetric, parts: RedriveParts) -> str:
    dimensions = dict(metric.dimensions)
    queue, function = dimensions.get("QueueName"), dimensions.get("FunctionName")
    if metric.namespace == "AWS/SQS" and queue:
        return DLQ if queue == parts.dlq else QUEUE if queue in parts.queues else ""
    return FUNCTION if metric.namespace == "AWS/Lambda" and function in parts.functions else ""


def _children(composite: CompositeAlarm) -> set[str]:
    try:
        return set(alarm_rule(composite.rule).alarms)
    except AlarmError:
        return set()
