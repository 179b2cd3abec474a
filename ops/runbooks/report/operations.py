"""Redrives, purges and runs of other runbooks at the time of an incident, from this machine's audit log."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from ops.deadletters.archive import audit_log
from ops.deadletters.archive.audit_summary import Entry, join_entries
from ops.runbooks.report.model import EntryKind, TimelineEntry
from ops.runbooks.run_state import RunbookRun

_KINDS = {
    "redrive": EntryKind.REDRIVE,
    "copy": EntryKind.REDRIVE,
    "resume": EntryKind.REDRIVE,
    "cancel": EntryKind.REDRIVE,
    "purge": EntryKind.PURGE,
    "runbook": EntryKind.RUN,
    "rollback": EntryKind.RUN,
}
_COUNTS = {"sent": "sent", "succeeded": "succeeded", "came_back": "failed again", "failed": "rejected"}
_OUTCOMES = {"": "done", "began": "started, no end is recorded"}


def read_operations(
    home: Path, run: RunbookRun, queues: Collection[str], start: datetime, end: datetime
) -> list[TimelineEntry]:
    """Operations on ``queues``, by name; without the run's own start, end and changes. Raises OpsError."""
    place = (run.account, run.region)
    own = [
        record
        for record in audit_log.read_records(home)
        if (record.account, record.region) == place and record.queue in queues and record.plan != run.id
    ]
    entries = (_entry(joined) for joined in join_entries(own) if joined.record.action in _KINDS)
    return [entry for entry in entries if start <= (entry.until or entry.at) and entry.at <= end]


def _entry(joined: Entry) -> TimelineEntry:
    record = joined.record
    counts = ", ".join(f"{record.counts[name]:,} {word}" for name, word in _COUNTS.items() if record.counts.get(name))
    by = f"By {record.who}: {record.reason}"
    kind = _KINDS[record.action]
    what = f"{record.action.capitalize()} of {record.queue}"
    if kind is EntryKind.RUN:
        what = f"Another {record.action} on {record.queue}"
    return TimelineEntry(
        joined.started_at,
        kind,
        what,
        _OUTCOMES.get(record.outcome, record.outcome),
        until=record.at if record.at > joined.started_at else None,
        details=tuple(text for text in (f"{counts}." if counts else "", by, record.note) if text),
    )
