"""Audit logs that a page seldom shows: without an entry, with 1,200 of them and long reasons, and damaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from ops.deadletters.archive.audit_log import FILE, SWEEP, Record
from tests.fakes.dead_letter_service import SampleDeadLetterService
from tests.fakes.sample_dead_letters import NOW, WHO

ENTRIES = 1_200
LONG_REASON = (
    "The partner sent a currency that the pricing table does not have; version 19 maps it to the one before, was deployed "
    "at 02:10 UTC and has priced 212 jobs since. Approved in the incident's channel. "
)
_KINDS: tuple[tuple[str, str, dict[str, int]], ...] = (
    ("redrive", "done", {"planned": 412, "sent": 412, "deleted": 412, "succeeded": 409, "came_back": 3}),
    ("cancel", "asked", {}),
    ("purge", "done", {"deleted": 38}),
    ("runbook", "done", {}),
    ("runbook step", "done", {}),
    (SWEEP, "done", {}),
)


class EmptyAudit(SampleDeadLetterService):
    def _records(self) -> Iterator[Record]:
        return iter(())


class LongAudit(SampleDeadLetterService):
    def _records(self) -> Iterator[Record]:
        base = Record(NOW, WHO, "123456789012", "eu-west-1", "redrive", "scilearn-jobs-dead", "")
        for number in range(ENTRIES):
            action, outcome, counts = _KINDS[number % len(_KINDS)]
            yield replace(
                base,
                at=NOW - timedelta(hours=ENTRIES - number),
                who=WHO.replace("sam", f"engineer-with-a-long-name-{number % 7}"),
                action=action,
                outcome=outcome,
                counts=counts,
                reason=LONG_REASON * (1 + number % 3),
                plan=f"20261122T021000-{number:04x}",
                note="turned polling of mapping 14e0db71 off" if action.startswith("runbook") else "",
            )


class DamagedAudit(SampleDeadLetterService):
    """A line was changed manually."""

    def __init__(self) -> None:
        super().__init__()
        path = self.folder / FILE
        path.write_text(path.read_text().replace("test data", "no reason"))
