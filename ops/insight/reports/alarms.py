"""The workload's alarms: their states with their runbooks, and the thresholds that belong on its charts."""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ops import formatting
from ops.aws import cloudwatch
from ops.aws.cloudwatch import Alarm, Points
from ops.errors import AccessDenied
from ops.insight.report_types import Level, Threshold
from ops.insight.rules.findings import Observation
from ops.insight.sources.metrics import peaks
from ops.workload.gaps import Part

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.workload import Workload

NO_STATES = "No alarm states"
_RUNBOOK = re.compile(r"\bRunbook:\s*(\S+)")
_LISTED = re.compile(r"\s*\[[^\]]*\]|\s*\(minimum [^)]*\)")


@dataclass(frozen=True)
class AlarmState:
    name: str
    state: str  # OK | ALARM | INSUFFICIENT_DATA
    reason: str
    since: datetime | None
    runbook: str  # path such as runbooks/dead-letters.md, or empty


def read(aws: Aws, workload: Workload) -> tuple[tuple[Alarm, ...], tuple[str, ...]]:
    """The alarms, and a sentence for each that could not be read."""
    if not workload.alarms:
        return (), ()
    try:
        found = cloudwatch.describe_alarms(aws, workload.alarms)
    except AccessDenied as denied:
        return (), (f"{NO_STATES}: {denied}",)
    gone = [name for name in workload.alarms if name not in {alarm.name for alarm in found}]
    return found, tuple(f"Alarm {name} does not exist." for name in gone)


def observe_missing(workload: Workload, known: tuple[Alarm, ...], missing: tuple[str, ...]) -> list[Observation]:
    """Alarm states that cannot be read, and alarms of the stack that no longer exist."""
    if workload.gap(Part.ALARMS) or any(text.startswith(NO_STATES) for text in missing):
        return [Observation(Level.UNKNOWN, "the alarms cannot be read")]
    gone = len(workload.alarms) - len(known)
    text = formatting.count(gone, "alarm of its stack no longer exists", "alarms of its stack no longer exist")
    return [Observation(Level.WATCH, text)] if gone else []


def states(alarms: tuple[Alarm, ...]) -> tuple[AlarmState, ...]:
    """As the pages show them; those in ALARM first."""
    shown = [
        AlarmState(
            name=alarm.name,
            state=alarm.state,
            reason=short_reason(alarm.reason),
            since=alarm.since,
            runbook=found.group(1) if (found := _RUNBOOK.search(alarm.description)) else "",
        )
        for alarm in alarms
    ]
    return tuple(sorted(shown, key=lambda alarm: alarm.state != "ALARM"))


def short_reason(reason: str) -> str:
    """CloudWatch's reason without its list of datapoints and the prefix that every reason has."""
    reason = _LISTED.sub("", reason.removeprefix("Threshold Crossed: "))
    return " ".join(reason.split())


def threshold(alarms: tuple[Alarm, ...], metric: str, dimension_value: str) -> Threshold | None:
    """The threshold of an alarm on this metric of this queue or function."""
    alarm = find_alarm(alarms, metric, dimension_value)
    return Threshold(f"alarm {alarm.name}", alarm.threshold) if alarm and alarm.threshold is not None else None


def find_alarm(alarms: tuple[Alarm, ...], metric: str, dimension_value: str) -> Alarm | None:
    """The alarm on this metric of this queue or function: the first that has a threshold."""
    about = [alarm for alarm in alarms if alarm.metric == metric and dimension_value in dict(alarm.dimensions).values()]
    return next((alarm for alarm in about if alarm.threshold is not None), None)


def breached(alarm: Alarm, points: Points, period: int) -> bool:
    """Whether ``points`` (one per period of ``period`` seconds, newest last) meet the alarm's M-out-of-N rule.

    False when there are too few of them.
    """
    if alarm.threshold is None or not points:
        return False
    span = alarm.period_s or 60
    if period < span:
        points = peaks(points, span)
    wanted = max(1, math.ceil(alarm.periods * span / max(span, period)))
    needed = max(1, math.ceil(alarm.to_alarm * span / max(span, period)))
    over = _COMPARE.get(alarm.comparison, operator.ge)
    return [bool(over(value, alarm.threshold)) for _, value in points[-wanted:]].count(True) >= needed


def evaluation_rule(alarm: Alarm) -> str:
    """The alarm's M-out-of-N rule in words: ``15 of 15 periods of 1 min``; empty when one datapoint is enough."""
    if alarm.periods <= 1 or not alarm.period_s:
        return ""
    return f"{alarm.to_alarm} of {alarm.periods} periods of {formatting.duration(alarm.period_s)}"


_COMPARE = {"GreaterThanThreshold": operator.gt, "GreaterThanOrEqualToThreshold": operator.ge}
