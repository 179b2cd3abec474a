"""What the doctor finds in the settings that a page has read already. ``ops doctor`` reads more, and finds more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops import formatting
from ops.doctor.examination import examine
from ops.doctor.live import described
from ops.doctor.rule import RuleSeverity
from ops.doctor.settings import Unknown
from ops.workload import pairs

if TYPE_CHECKING:
    from ops.aws.cloudwatch import Alarm
    from ops.target import Target
    from ops.workload import Workload


@dataclass(frozen=True)
class SettingsFindings:
    """``critical`` and ``warnings``: how many of each. ``command`` shows them, with what each would cause and its change."""

    critical: int
    warnings: int
    command: str

    @property
    def text(self) -> str:
        """``2 critical findings, 1 warning``; empty when there is nothing to tell."""
        counts = ((self.critical, "critical finding"), (self.warnings, "warning"))
        return ", ".join(formatting.count(number, thing) for number, thing in counts if number)


def count_findings(
    workload: Workload, alarms: Sequence[Alarm], target: Target, *, alarms_unread: bool
) -> SettingsFindings | None:
    """Without a call to AWS. None of a queue that is itself a dead-letter queue: the doctor checks the queue before it."""
    if workload.serves:
        return None
    unread = Unknown("the alarms could not be read")
    found = examine(described.settings(workload, unread if alarms_unread else alarms, target.finest_period))
    command = pairs.command("doctor", workload.queue, target)
    return SettingsFindings(found.count(RuleSeverity.CRITICAL), found.count(RuleSeverity.WARNING), command)
