"""Which alarms a plan's redrive mutes, and for how long at most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.alarms.muting import MuteChoice, RedriveParts, tripped_alarms
from ops.aws import cloudwatch
from ops.errors import AwsError, CredentialsError, Unreachable

if TYPE_CHECKING:
    from ops.aws.sqs import Queue
    from ops.deadletters.plan_model import Estimate, Steps
    from ops.deadletters.queue import DeadLetterQueue

MARGIN_S = 600.0
MIN_S, MAX_S = 900.0, 43_200.0
"""A redrive that takes longer is not muted to its end: by then someone should look."""


@dataclass(frozen=True)
class PlannedMuting:
    """``warnings``: what is not muted, and why; a sentence each."""

    alarms: tuple[str, ...] = ()
    seconds: float = 0.0
    permissions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def plan_muting(
    source: DeadLetterQueue, destinations: Iterable[Queue], estimate: Estimate, steps: Steps
) -> PlannedMuting:
    """Reads the alarms, where the workload has any. One that may not be read is not muted."""
    workload = source.workload
    if not workload.alarms:
        return PlannedMuting()
    try:
        choice = _choose(source, destinations)
    except (CredentialsError, Unreachable):
        raise
    except AwsError as refused:
        return PlannedMuting(warnings=(f"No alarm is muted, since the alarms could not be read: {refused}",))
    warnings = tuple(
        f"Composite alarm {name} is not muted: it speaks for alarms that stay on, too, and may page for this redrive."
        for name in choice.still
    )
    if not choice.alarms:
        return PlannedMuting(warnings=warnings)
    waiting = steps.patience_s * len(steps.sizes) if steps.watch else 0.0
    seconds = min(MAX_S, max(MIN_S, estimate.seconds + waiting + MARGIN_S + choice.outlast.total_seconds()))
    return PlannedMuting(choice.alarms, seconds, _permissions(source, choice.alarms), warnings)


def _choose(source: DeadLetterQueue, destinations: Iterable[Queue]) -> MuteChoice:
    workload = source.workload
    queues = {workload.queue.name, *(queue.name for queue in destinations)} - {source.queue.name}
    functions = {reader.function.name for reader in workload.readers if reader.function}
    functions |= {workload.function.name} if workload.function else set()
    parts = RedriveParts(source.queue.name, queues, functions)
    alarms = cloudwatch.find_alarms_on(source.aws, (parts.dlq, *queues, *functions))
    return tripped_alarms(alarms, cloudwatch.composite_alarms(source.aws), parts)


def _permissions(source: DeadLetterQueue, alarms: Iterable[str]) -> tuple[str, ...]:
    _, partition, _, region, account, _ = source.queue.arn.split(":", 5)
    head = f"arn:{partition}:cloudwatch:{region}:{account}"
    rule = f"{head}:alarm-mute-rule:ops-*"
    return (
        *(
            f"cloudwatch:{action} on {rule}"
            for action in ("PutAlarmMuteRule", "GetAlarmMuteRule", "DeleteAlarmMuteRule")
        ),
        *(f"cloudwatch:PutAlarmMuteRule on {head}:alarm:{name}" for name in alarms),
        "cloudwatch:DescribeAlarms on *",  # a narrower one shows no composite alarms (DescribeAlarms, API reference)
    )
