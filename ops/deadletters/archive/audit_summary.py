"""The operations recorded on this machine, and one finding about them: from the audit log alone."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ops import formatting
from ops.deadletters.archive.audit_log import RUNBOOK_ACTIONS, SWEEP, Record, Verification
from ops.insight.report_types import Finding, Level

RECENT = timedelta(days=7)
PAGE, RUNBOOKS_PAGE, SWEEPS_PAGE = "dead_letters", "runbooks", "rightsize"
_SUCCESSFUL = ("done", "", "checked", "rolled back", "put back")
_REDRIVES = ("redrive", "resume", "copy", "purge")
_OPERATIONS = (*_REDRIVES, "runbook", "rollback", SWEEP)


@dataclass(frozen=True)
class Entry:
    """An operation or a cancel: its last record and its start (that record's time, if nothing else is known)."""

    record: Record
    started_at: datetime


@dataclass(frozen=True)
class History:
    """``records``: newest first. ``entries``: every operation and every cancel once, the latest start first."""

    finding: Finding
    records: tuple[Record, ...]
    verified: Verification
    entries: tuple[Entry, ...]

    @property
    def operations(self) -> tuple[Entry, ...]:
        """Finished or not; without cancels, which only ask an operation to stop, and without a runbook's steps."""
        return tuple(entry for entry in self.entries if entry.record.action in _OPERATIONS)

    @property
    def unfinished(self) -> int:
        """Operations without a recorded end: in progress, or killed and not resumed."""
        return len(_unfinished(self.records))

    @property
    def redriven(self) -> int:
        """Messages that were redriven and deleted from their queue. A resumed run counts from its start."""
        deleted: dict[tuple[str, str], int] = {}
        for record in self.records:
            if record.action in ("redrive", "resume"):
                run = record.queue, record.plan
                deleted[run] = max(deleted.get(run, 0), record.counts.get("deleted", 0))
        return sum(deleted.values())


def summarize_audit(
    records: Sequence[Record], verified: Verification, now: datetime | None = None, running: Container[str] = ()
) -> History:
    """``records``: newest first, as ``audit_log.read_records`` gives them. ``running``: the IDs of plans that are known to be
    carried out at present, which are not taken for killed."""
    now = now or datetime.now(UTC)
    recent = [record for record in records if record.at >= now - RECENT]
    finding = _finding(recent, records, verified, now, running)
    return History(finding, tuple(records), verified, join_entries(records))


def join_entries(records: Sequence[Record]) -> tuple[Entry, ...]:
    """Each operation once: the record of its start is joined with that of its end. ``records``: newest first."""
    entries: list[Entry] = []
    started: dict[tuple[str, str, str], int] = {}
    for record in reversed(records):
        operation = record.queue, record.plan, record.action
        place = started.pop(operation, None)
        if record.outcome == "began":
            started[operation] = len(entries)
        elif place is not None:
            entries[place] = Entry(record, entries[place].started_at)
            continue
        entries.append(Entry(record, record.at))
    return tuple(reversed(entries))


def _finding(
    recent: Sequence[Record], records: Sequence[Record], verified: Verification, now: datetime, running: Container[str]
) -> Finding:
    if verified.problems:
        count = formatting.count(len(verified.problems), "place")
        return Finding(Level.CRITICAL, f"Critical: the audit log is not consistent in {count}: {verified.problems[0]}")
    if not records:
        return Finding(
            Level.NO_DATA,
            "No data: no operations are recorded; this machine moved or deleted no messages, ran no runbook and measured no memory sizes.",
        )
    ended = [record for record in recent if record.action in _OPERATIONS and record.outcome != "began"]
    lost = [record for record in _unfinished(recent) if record.plan not in running]
    unfinished = _unfinished_text(lost, now, "has no recorded end: it is still in progress, or was killed")
    going = [record for record in _unfinished(recent) if record.plan in running]
    in_progress = _unfinished_text(going, now, "is in progress")
    if unfinished and not ended:
        return Finding(Level.WARNING, f"Warning: {unfinished}.", _page(lost[0]))
    if not ended:
        text = in_progress or "nothing was moved, deleted or run in the last 7 days"
        return Finding(Level.OK, f"OK: {text}; no gaps or edits were found in the audit log.")
    users = len({record.who for record in ended})
    last = ended[0]
    text = f"{in_progress}; " if in_progress else ""
    text += (
        f"{formatting.count(len(ended), 'operation')} ended in the last 7 days, by {formatting.count(users, 'user')}; latest: "
        f"{_named(last)}, {last.outcome or 'done'}"
    )
    sent, failed_again = last.counts.get("sent", 0), last.counts.get("came_back", 0)
    text += f", {failed_again:,} of {sent:,} failed again" if failed_again else ""
    if unfinished:
        return Finding(Level.WARNING, f"Warning: {text}; {unfinished}.", _page(lost[0]))
    if last.outcome in _SUCCESSFUL and not failed_again:
        return Finding(Level.OK, f"OK: {text}; no gaps or edits were found in the audit log.")
    return Finding(Level.WARNING, f"Warning: {text}.", _page(last))


def _page(record: Record) -> str:
    if record.action == SWEEP:
        return SWEEPS_PAGE
    return PAGE if record.action in _REDRIVES else RUNBOOKS_PAGE


def _unfinished(records: Sequence[Record]) -> list[Record]:
    """The starts of operations that ended neither themselves nor by a resume; newest first, as ``records``."""
    newest: dict[tuple[str, str], Record] = {}
    for record in records:
        if record.action in _OPERATIONS:
            newest.setdefault((record.queue, record.plan), record)
    return [record for record in newest.values() if record.outcome == "began"]


def _unfinished_text(records: Sequence[Record], now: datetime, state: str) -> str:
    for record in records[:1]:
        return f"the {_named(record)} that started {formatting.clock(record.at, now)} {state}"
    return ""


def _named(record: Record) -> str:
    """A run by its runbook, with which its note begins; everything else by its queue."""
    if record.action in RUNBOOK_ACTIONS and record.note:
        return f"{record.action} {record.note.partition(':')[0]}"
    return f"{record.action} of {record.queue}"
