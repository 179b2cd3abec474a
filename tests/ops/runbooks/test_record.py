"""Records of runs: which is the latest, and what they hold of a question."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops import clock
from ops.runbooks import library
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import PlannedChange, StepPreview
from ops.runbooks.background.prepared_operator import PreparedOperator
from ops.runbooks.record import RecordedEvent, RunRecord, find_record, list_records, new_run
from ops.runbooks.run_operator import PersonAwaited
from ops.runbooks.run_state import fold


def test_the_latest_of_one_second(tmp_path: Path) -> None:
    made = [RunRecord.create(tmp_path, new_run(tmp_path, "small"), "small", "# Small").run for _ in range(8)]
    assert [record.run for record in list_records(tmp_path)] == made[::-1]
    assert find_record(tmp_path, "").run == made[-1]
    assert find_record(tmp_path, made[0][-4:]).run == made[0]


def test_the_latest_after_the_clock_was_set_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(datetime(2026, 11, 29, hour, tzinfo=UTC) for hour in (5, 5, 3, 3, 4, 4, 6, 6))
    monkeypatch.setattr(clock, "now_utc", lambda: next(times))
    made = [RunRecord.create(tmp_path, new_run(tmp_path, name), name, "# Small").run for name in "zyxw"]
    assert [record.run for record in list_records(tmp_path)] == made[::-1]
    assert find_record(tmp_path, "").run == made[-1]


def test_a_run_that_was_killed_before_its_first_event_is_not_the_latest(tmp_path: Path) -> None:
    made = RunRecord.create(tmp_path, new_run(tmp_path, "small"), "small", "# Small").run
    (tmp_path / "runbooks" / new_run(tmp_path, "small")).mkdir()
    assert find_record(tmp_path, "").run == made


def test_a_folder_that_is_no_run_does_not_stop_a_new_one(tmp_path: Path) -> None:
    for name in ("zzz", "99999999T999999999999-x"):
        (tmp_path / "runbooks" / name).mkdir(parents=True)
    assert "-small-" in new_run(tmp_path, "small")


def test_what_must_be_typed_is_part_of_what_a_run_waits_for() -> None:
    step = next(step for step in library.load("dead-letters").steps if step.action == "dlq.purge")
    preview = StepPreview((PlannedChange("messages", 0, 2),), confirmation="purge 2 messages")
    with pytest.raises(PersonAwaited) as awaited:
        PreparedOperator(None, lambda: False).confirm(step, ACTIONS["dlq.purge"], preview)
    asked = awaited.value.request
    assert asked.confirmation == "purge 2 messages"
    data = {"request": asked.id, "asks": asked.kind.value, "confirmation": asked.confirmation}
    waiting = RecordedEvent(datetime.now(UTC), "run.waiting", step.id, data)
    found = fold("run", [waiting]).request
    assert found is not None
    assert found.confirmation == "purge 2 messages"
