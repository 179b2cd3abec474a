"""What was done to dead letters on this machine, as one finding: from the audit file alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ops import formatting
from ops.deadletters.archive.audit_log import Record, Verification
from ops.insight.report_types import Finding, Level

RECENT = timedelta(days=7)
PAGE = "dead_letters"
_SUCCESSFUL = ("done", "")
_OPERATIONS = ("redrive", "resume", "copy", "purge")


@dataclass(frozen=True)
class Entry:
    """One act: its last record, and when it began (the record's own time, where nothing else is known)."""

    record: Record
    began: datetime


@dataclass(frozen=True)
class History:
    """``acts``: of ``records`` those that say how an act ended; a cancel is none, it only asks one to.
    ``entries``: every act and every cancel once, the one that started last first."""

    finding: Finding
    records: tuple[Record, ...]  # newest first
    acts: tuple[Record, ...]
    verified: Verification
    entries: tuple[Entry, ...] = ()

    @property
    def redriven(self) -> int:
        """Messages that went back and left their queue of dead letters. What a resumed run counts, it counts from its
        beginning."""
        most: dict[tuple[str, str], int] = {}
        for record in self.acts:
            if record.action in ("redrive", "resume"):
                run = record.queue, record.plan
                most[run] = max(most.get(run, 0), record.counts.get("deleted", 0))
        return sum(most.values())


def summarize_audit(records: Sequence[Record], verified: Verification, now: datetime | None = None) -> History:
    """``records``: newest first, as ``audit_log.read_records`` gives them."""
    now = now or datetime.now(UTC)
    late = [record for record in records if record.at >= now - RECENT]
    return History(
        _finding(late, records, verified, now), tuple(records), tuple(_ended(records)), verified, join_entries(records)
    )


def join_entries(records: Sequence[Record]) -> tuple[Entry, ...]:
    """Each act once: what says that it began is joined with what says how it ended. ``records``: newest first."""
    found: list[Entry] = []
    open_: dict[tuple[str, str, str], int] = {}
    for record in reversed(records):
        act = record.queue, record.plan, record.action
        place = open_.pop(act, None)
        if record.outcome == "began":
            open_[act] = len(found)
        elif place is not None:
            found[place] = Entry(record, found[place].began)
            continue
        found.append(Entry(record, record.at))
    return tuple(reversed(found))


def _finding(late: Sequence[Record], records: Sequence[Record], verified: Verification, now: datetime) -> Finding:
    if verified.problems:
        count = formatting.count(len(verified.problems), "place")
        return Finding(Level.ACT, f"Critical: the audit log is not consistent in {count}: {verified.problems[0]}")
    if not records:
        return Finding(
            Level.UNKNOWN, "No data: no operations are recorded; no messages were moved or deleted from this machine."
        )
    ended = _ended(late)
    endless = _unfinished(late, now)
    if endless and not ended:
        return Finding(Level.WATCH, f"Warning: {endless}.", PAGE)
    if not ended:
        return Finding(
            Level.OK,
            "OK: nothing was moved or deleted in the last 7 days; no gaps or edits were found in the audit log.",
        )
    people = len({record.who for record in ended})
    last = ended[0]
    said = (
        f"{formatting.count(len(ended), 'operation')} in the last 7 days, by {formatting.count(people, 'user')}; latest: "
        f"{last.action} of {last.queue}, {last.outcome or 'done'}"
    )
    sent, back = last.counts.get("sent", 0), last.counts.get("came_back", 0)
    said += f", {back:,} of {sent:,} failed again" if back else ""
    if endless:
        return Finding(Level.WATCH, f"Warning: {said}; {endless}.", PAGE)
    if last.outcome in _SUCCESSFUL and not back:
        return Finding(Level.OK, f"OK: {said}; no gaps or edits were found in the audit log.")
    return Finding(Level.WATCH, f"Warning: {said}.", PAGE)


def _ended(records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record.action in _OPERATIONS and record.outcome != "began"]


def _unfinished(late: Sequence[Record], now: datetime) -> str:
    """Of the newest act that began and was not ended, by itself or by one that resumed it; empty: there is none."""
    newest: dict[tuple[str, str], Record] = {}
    for record in late:
        if record.action in _OPERATIONS:
            newest.setdefault((record.queue, record.plan), record)
    found = next((record for record in newest.values() if record.outcome == "began"), None)
    if found is None:
        return ""
    began = formatting.clock(found.at, now)
    return f"the {found.action} of {found.queue} that started {began} has no recorded end: it is still in progress, or was killed"
