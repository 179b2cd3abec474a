"""The workload's alarms: their states with their runbooks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ops import formatting
from ops.aws import cloudwatch
from ops.aws.cloudwatch import Alarm
from ops.errors import AccessDenied
from ops.insight.report_types import Level
from ops.insight.rules import alarm_rules
from ops.insight.rules.findings import Observation
from ops.workload.gaps import Part

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.workload import Workload

NO_STATES = "No alarm states"
_LISTED = re.compile(r"\s*\[(?!Breaching|NonBreaching)[^\]]*\]|\s*\(minimum [^)]*\)")


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


def unread_reason(workload: Workload, missing: tuple[str, ...]) -> str:
    """Why it is not known which alarms there are, or their states, in a sentence; empty where it is known."""
    denied = next((text for text in missing if text.startswith(NO_STATES)), "")
    gap = workload.gap(Part.ALARMS)
    return denied.removeprefix(f"{NO_STATES}: ") or (gap.text if gap else "")


def observe_missing(workload: Workload, known: tuple[Alarm, ...], missing: tuple[str, ...]) -> list[Observation]:
    """Alarm states that cannot be read, and alarms of the stack that no longer exist."""
    if unread_reason(workload, missing):
        return [Observation(Level.NO_DATA, "the alarms cannot be read")]
    gone = len(workload.alarms) - len(known)
    text = formatting.count(gone, "alarm of its stack no longer exists", "alarms of its stack no longer exist")
    return [Observation(Level.WARNING, text)] if gone else []


def states(alarms: tuple[Alarm, ...]) -> tuple[AlarmState, ...]:
    """The states as the pages show them; those in ALARM first."""
    shown = [
        AlarmState(
            name=alarm.name,
            state=alarm.state,
            reason=short_reason(alarm.reason),
            since=alarm.since,
            runbook=alarm_rules.runbook(alarm),
        )
        for alarm in alarms
    ]
    return tuple(sorted(shown, key=lambda alarm: alarm.state != "ALARM"))


def count_ok(states: Sequence[AlarmState]) -> str:
    """``24 alarms OK``: of those in OK, their number is enough. Empty without one."""
    fine = sum(alarm.state == "OK" for alarm in states)
    return f"{formatting.count(fine, 'alarm')} OK" if fine else ""


def short_reason(reason: str) -> str:
    """CloudWatch's reason without its list of datapoints and the prefix that every reason has."""
    reason = _LISTED.sub("", reason.removeprefix("Threshold Crossed: "))
    return " ".join(reason.split())
