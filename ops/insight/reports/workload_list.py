"""The workloads of an account and region, each with what is known to be wrong with it.

A row's level comes from the rules of the Overview, but from fewer facts: alarms in ALARM, dead letters, mappings that are
off, missing dead-letter queues. So the Overview may know of worse, and a row is never OK.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops import formatting, twin_state
from ops.aws import cloudwatch, lambda_, sqs
from ops.aws.cloudwatch import Alarm
from ops.errors import AccessDenied, Throttled
from ops.insight.report_types import Level
from ops.insight.rules import alarm_rules, levels, setting_claims
from ops.insight.sources import queue_depths
from ops.workload import listing
from ops.workload.gaps import Gap, Why
from ops.workload.listing import ListedWorkload

if TYPE_CHECKING:
    from ops.aws import Aws

MAX_CHECKED = listing.MAX_CHECKED
NOTHING_FOUND = "no dead letters, no alarm in ALARM"
NOT_CHECKED = "not checked"
_ORDER = (Level.CRITICAL, Level.WARNING, Level.NO_DATA, None)
Reason = tuple[Level, str]


@dataclass(frozen=True)
class WorkloadStatus:
    """A workload and what is known to be wrong with it. ``name``: its stack's, or its queue's where that names it."""

    name: str
    stack: str | None
    queue: str
    region: str
    functions: tuple[str, ...]
    level: Level | None
    """The worst that is known: never OK. None: nothing is known to be wrong, which is less than OK."""
    why: str
    """The reason in words: "54 dead letters, 2 alarms in ALARM"."""
    queued: int | None
    """Messages visible, as on the Overview; None where not known."""
    dead: int | None
    """Dead letters; None where not known, or where there is no dead-letter queue."""
    alarms: tuple[str, ...]
    """The names of its alarms in ALARM."""
    select_stack: str | None
    """What ``--stack`` and ``--queue`` (and the dashboard's address) choose it by; one of them may be None."""
    select_queue: str | None


@dataclass(frozen=True)
class WorkloadListReport:
    """``unread``: what AWS refused. ``limits``: what was left out because there is too much. Both in words."""

    workloads: tuple[WorkloadStatus, ...]
    region: str
    at: datetime
    unread: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


def report(aws: Aws, most: int = MAX_CHECKED) -> WorkloadListReport:
    """The worst first; the twin's own stack before all. Raises AccessDenied where no mapping may be listed.

    Needs what ``listing.list_workloads`` needs, and cloudwatch:DescribeAlarms: one call for 100 alarms in ALARM.
    """
    found = listing.list_workloads(aws, most)
    firing: tuple[Alarm, ...] | None = ()
    unread, limits = found.unread, found.limits
    if found.workloads:
        try:
            firing, cut = cloudwatch.firing_alarms(aws)
            limits += ("Only the first 500 alarms in ALARM were read.",) if cut else ()
        except (AccessDenied, Throttled) as refused:
            firing = None
            unread += (f"Alarms could not be read: {refused}",)
    rows = [_status(workload, firing) for workload in found.workloads]
    twin = twin_state.recorded() if aws.target.is_twin else None
    rows.sort(key=lambda row: (not (twin and row.stack == twin.stack), _ORDER.index(row.level), row.name))
    return WorkloadListReport(tuple(rows), aws.region, datetime.now(UTC), unread, limits)


def _status(listed: ListedWorkload, firing: tuple[Alarm, ...] | None) -> WorkloadStatus:
    queue = listed.queue_arn if listed.select_queue == listed.queue_arn else sqs.name_of(listed.queue_arn)
    alarms = tuple(alarm for alarm in firing or () if _is_its_alarm(alarm, listed))
    reasons = sorted(_reasons(listed, firing is None, alarms), key=lambda reason: _ORDER.index(reason[0]))
    measured = None if isinstance(listed.queue, Gap) else listed.queue
    dlq = None if isinstance(listed.dlq, Gap) else listed.dlq
    return WorkloadStatus(
        name=listed.stack.name if listed.stack and listed.select_queue is None else queue,
        stack=listed.stack.name if listed.stack else None,
        queue=queue,
        region=listed.queue_arn.split(":")[3],
        functions=listed.functions,
        level=reasons[0][0] if reasons else None,
        why=", ".join(text for _, text in reasons) or NOTHING_FOUND,
        queued=measured[1].visible if measured else None,
        dead=queue_depths.total(dlq[1]) if dlq else None,
        alarms=tuple(alarm.name for alarm in alarms),
        select_stack=listed.select_stack,
        select_queue=listed.select_queue,
    )


def _reasons(listed: ListedWorkload, alarms_unread: bool, alarms: tuple[Alarm, ...]) -> Iterable[Reason]:
    """Problems and unknown parts, each with its level by the rule of the Overview."""
    if isinstance(listed.dlq, tuple) and (dead := queue_depths.total(listed.dlq[1])):
        yield levels.dead(dead), formatting.count(dead, "dead letter")
    if alarms:
        level = levels.worst(*map(alarm_rules.level, alarms))
        yield level, formatting.count(len(alarms), "alarm in ALARM", "alarms in ALARM")
    yield from setting_claims.of_listed(listed)
    if isinstance(listed.queue, Gap):
        level = Level.CRITICAL if listed.queue.why is Why.GONE else Level.NO_DATA
        yield level, f"queue {listed.queue.verb}"
    elif listed.queue is None:
        yield Level.NO_DATA, NOT_CHECKED
    elif isinstance(listed.dlq, Gap) and listed.dlq.why is not Why.GONE:
        yield Level.NO_DATA, f"dead-letter queue {listed.dlq.verb}"
    if alarms_unread:
        yield Level.NO_DATA, "alarms could not be read"


def _is_its_alarm(alarm: Alarm, listed: ListedWorkload) -> bool:
    """The rule for described workloads: alarms of its stack, otherwise those on its queues and functions."""
    own = listed.stack.ids("AWS::CloudWatch::Alarm") if listed.stack else ()
    if own:
        return alarm.name in own
    dlq = listed.queue[0].dlq_arn if isinstance(listed.queue, tuple) else None
    arns = (listed.queue_arn, dlq or "", listed.mappings[0].function_arn)
    return bool(
        {_name(arn) for arn in arns if arn} & {value for metric in alarm.metrics for _, value in metric.dimensions}
    )


def _name(arn: str) -> str:
    return lambda_.short_name(arn) if ":function:" in arn else sqs.name_of(arn)
