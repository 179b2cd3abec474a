"""Recorded redrives and purges as marks on a time axis."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ops.deadletters.archive import audit_log
from ops.deadletters.archive.audit_summary import join_entries
from ops.errors import OpsError
from ops.insight.sources.event_model import PURGE, REDRIVE, Event

if TYPE_CHECKING:
    from ops.deadletters.archive.audit_log import Record
    from ops.insight.report_types import Window
    from ops.workload import Workload

_KINDS = {"redrive": REDRIVE, "copy": REDRIVE, "resume": REDRIVE, "purge": PURGE}
_OUTCOMES = {"": "done", "began": "started, no end is recorded"}


def read_operation_events(
    home: Path, workload: Workload, queues: Collection[str], window: Window
) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """The operations on these of the workload's dead-letter queues that this machine recorded, oldest first; and what
    could not be read, in words."""
    try:
        records = audit_log.read_records(home)
    except OpsError as error:
        return (), (f"Redrives are not shown: {error}",)
    place = (workload.account, workload.region)
    own = [record for record in records if (record.account, record.region) == place and record.queue in queues]
    return operation_events(own, window), ()


def operation_events(records: Sequence[Record], window: Window) -> tuple[Event, ...]:
    """``records``: newest first. An operation without a recorded end may be over: it is drawn as its start alone."""
    events = []
    for entry in join_entries(records):
        record = entry.record
        start, end = max(entry.started_at, window.start), min(record.at, window.end)
        if record.action in _KINDS and start <= end:
            name = f"{record.action} of {record.queue}: {_OUTCOMES.get(record.outcome, record.outcome)}"
            events.append(Event(_KINDS[record.action], name, start, end, ongoing=record.at > window.end))
    return tuple(reversed(events))
