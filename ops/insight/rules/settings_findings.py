"""Findings of ``ops doctor`` in settings that a command has already read: a part of all findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops import formatting
from ops.doctor.examination import examine
from ops.doctor.live import described_settings
from ops.doctor.rule import RuleSeverity
from ops.doctor.settings import Unknown
from ops.workload import pairs

if TYPE_CHECKING:
    from ops.target import Target
    from ops.workload import Workload

ALARMS_NOT_READ = Unknown("ops doctor reads all alarms on the workload, also those outside its stack")


@dataclass(frozen=True)
class SettingsFindings:
    """``critical`` and ``warnings``: how many of each there are at least. ``command`` shows all, with what each would cause
    and its change."""

    critical: int = field(metadata={"json_key": "critical_at_least"})
    warnings: int = field(metadata={"json_key": "warnings_at_least"})
    command: str

    @property
    def text(self) -> str:
        """``at least 2 critical findings, 1 warning``; empty when there is nothing to tell."""
        counts = counts_text(self.critical, self.warnings)
        return f"at least {counts}" if counts else ""


def counts_text(critical: int, warnings: int) -> str:
    """``2 critical findings, 1 warning``; empty when there is neither."""
    counts = ((critical, "critical finding"), (warnings, "warning"))
    return ", ".join(formatting.count(number, thing) for number, thing in counts if number)


def count_findings(workload: Workload, target: Target) -> SettingsFindings | None:
    """Without a call to AWS, so that a rule about what is not read counts for nothing. None of a queue that is itself a
    dead-letter queue: the doctor checks the queue before it."""
    if workload.serves:
        return None
    found = examine(described_settings.settings(workload, ALARMS_NOT_READ, target.finest_period))
    command = pairs.command("doctor", workload.queue, target)
    return SettingsFindings(found.count(RuleSeverity.CRITICAL), found.count(RuleSeverity.WARNING), command)
