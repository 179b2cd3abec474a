"""A sweep in the audit log: what it changes before the first change, and what was put back at its end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops import formatting
from ops.aws import sts
from ops.deadletters.archive import audit_log
from ops.deadletters.archive.audit_log import Record
from ops.errors import OpsError
from ops.target import state_folder

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.rightsize.journal import Journal

BEGAN, DONE, STOPPED, FAILED, PUT_BACK = "began", "done", "stopped", "failed", "put back"
REASON = "measuring memory sizes"


def begin(aws: Aws, journal: Journal, who: str, sizes: tuple[int, ...], rounds: int) -> None:
    """Raises OpsError where it cannot be written: nothing may be changed that it would not show."""
    steps = " → ".join(f"{size:,}" for size in (journal.former_mb, *sizes))
    note = f"{journal.function}: memory of $LATEST {steps} MB, a version published of each, in {formatting.count(rounds, 'round')}"
    _append(aws, journal, who, BEGAN, note)


def end(aws: Aws, journal: Journal, outcome: str, done: list[str]) -> str:
    """``done``: what was put back, in sentences. Returns why it is not in the log; empty when it is."""
    try:
        _append(aws, journal, sts.caller_identity(aws).arn, outcome, " ".join(done))
    except OpsError as error:
        return f"This is not in the audit log: {error}"
    return ""


def _append(aws: Aws, journal: Journal, who: str, outcome: str, note: str) -> None:
    record = Record(
        datetime.now(UTC),
        who,
        journal.account,
        journal.region,
        audit_log.SWEEP,
        journal.queue,
        REASON,
        plan=journal.sweep,
        outcome=outcome,
        note=note,
    )
    audit_log.append_record(state_folder(aws.target), record)
