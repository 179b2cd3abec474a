"""Recorded operations as events: their time, their outcome, and only those of the workload's own queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.deadletters.archive import audit_log
from ops.deadletters.archive.audit_events import operation_events, read_operation_events
from ops.deadletters.archive.audit_log import Record
from ops.insight.report_types import Window
from ops.insight.sources.event_model import PURGE, REDRIVE, Event
from tests.ops.insight.world import WORKLOAD

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(hours=1), NOW, 60)


def record(
    minutes: float, action: str, outcome: str, queue: str = "dead", plan: str = "p", account: str = "1"
) -> Record:
    at = NOW - timedelta(minutes=minutes)
    return Record(at, "arn:me", account, WORKLOAD.region, action, queue, "why", plan=plan, outcome=outcome)


def test_an_operation_lasts_from_its_start_to_its_end() -> None:
    records = [record(10, "redrive", "done"), record(30, "redrive", "began")]
    assert operation_events(records, WINDOW) == (
        Event(REDRIVE, "redrive of dead: done", NOW - timedelta(minutes=30), NOW - timedelta(minutes=10)),
    )


def test_what_reaches_beyond_the_range_is_cut_and_the_rest_left_out() -> None:
    records = [
        record(-5, "purge", "done", plan="c"),
        record(5, "purge", "began", plan="c"),
        record(50, "redrive", "stopped", plan="b"),
        record(90, "redrive", "began", plan="b"),
        record(100, "redrive", "done", plan="a"),
        record(110, "redrive", "began", plan="a"),
    ]
    first, second = operation_events(records, WINDOW)
    assert (first.kind, first.start, first.end) == (REDRIVE, WINDOW.start, NOW - timedelta(minutes=50))
    assert (second.kind, second.start, second.end) == (PURGE, NOW - timedelta(minutes=5), NOW)
    assert (first.ongoing, second.ongoing) == (False, True)


def test_a_cancel_is_no_event_and_an_unfinished_one_is_its_start() -> None:
    records = [record(10, "cancel", "asked"), record(20, "redrive", "began")]
    (event,) = operation_events(records, WINDOW)
    assert event.start == event.end == NOW - timedelta(minutes=20)
    assert event.name == "redrive of dead: started, no end is recorded"


def test_an_outcome_that_was_not_written_is_done() -> None:
    (event,) = operation_events([record(10, "redrive", "")], WINDOW)
    assert event.name == "redrive of dead: done"


def test_only_this_workloads_queue_account_and_region(tmp_path: Path) -> None:
    for made in (record(30, "redrive", "done"), record(20, "redrive", "done", queue="another")):
        audit_log.append_record(tmp_path, made)
    audit_log.append_record(tmp_path, record(10, "redrive", "done", account="2"))
    events, notes = read_operation_events(tmp_path, WORKLOAD, {"dead"}, WINDOW)
    assert [event.start for event in events] == [NOW - timedelta(minutes=30)]
    assert notes == ()


def test_an_audit_log_that_cannot_be_read_is_noted(tmp_path: Path) -> None:
    (tmp_path / audit_log.FILE).mkdir()
    events, notes = read_operation_events(tmp_path, WORKLOAD, {"dead"}, WINDOW)
    assert events == ()
    assert notes[0].startswith("Redrives are not shown: ")
