"""A run on the page: started, answered, confirmed, verified, undone, reported; and what keeps it from that."""

from __future__ import annotations

import json
import re

import pytest

from ops.runbooks import library, locking
from ops.runbooks.run_state import RunPhase, StepState
from tests.dashboard.app import App
from tests.dashboard.runbooks.conftest import Shift

BOOK = "stalled-consumer"


def press(app: App, label: str) -> App:
    next(button for button in app.at.button if button.label == label).click().run()
    assert not app.at.exception
    return app


def started(shift: Shift) -> App:
    app = shift.open(runbook=BOOK)
    app.at.text_input(key="start-reason").set_value("pager 17").run()
    return press(app, "Start")


def test_the_story_on_the_page(shift: Shift) -> None:
    app = started(shift)
    assert re.search(r"Step 5 of \d+: The mapping is off. Did someone pause it on purpose", app.text)
    assert "state Disabled" in app.text, "what a check found is in its line"
    press(app, "Answer")
    assert "polling of " in app.text
    assert "<del>off</del>" in app.html
    assert "<ins>on</ins>" in app.html
    assert any("update-event-source-mapping" in code.value and "--no-enabled" in code.value for code in app.at.code), (
        "undo"
    )
    assert shift.stalled.changes == [], "a preview changes nothing"
    press(app, "Run step")
    assert shift.stalled.changes == [("enabled", True)]
    press(app, "Answer")
    assert shift.state.phase is RunPhase.DONE
    assert "Every step is done." in app.text
    app.at.toggle(key="show-report").set_value(True).run()
    assert any("pager 17" in code.value for code in app.at.code)


def test_leaving_the_page_and_a_new_dashboard_find_the_run_where_it_was(shift: Shift) -> None:
    started(shift)
    app = shift.open(runbook=BOOK)
    assert "Waits for an answer" in app.text
    assert "Open this run" in [button.label for button in shift.open().at.button]
    press(app, "Answer")
    assert shift.state.request is not None
    assert shift.state.request.step == "turn_on"


def test_a_reason_is_required(shift: Shift) -> None:
    app = press(shift.open(runbook=BOOK), "Start")
    assert "A reason is required for the record." in app.text
    assert not (shift.home / "runbooks").exists()


def test_an_alarm_fills_in_the_reason(shift: Shift) -> None:
    app = shift.open(runbook=BOOK, alarm="orders-stalled")
    assert app.at.text_input(key="start-reason").value == "alarm orders-stalled"
    assert "alarm=orders-stalled&amp;runbook=oldest-message-age" in app.html, "the runbooks that it leads to, too"


def test_a_step_is_skipped_and_the_run_is_stopped(shift: Shift) -> None:
    app = press(press(started(shift), "Answer"), "Skip")
    assert shift.state.step("turn_on").state is StepState.SKIPPED
    assert shift.stalled.changes == []
    app = press(app, "Stop the run")
    assert shift.state.phase is RunPhase.STOPPED
    assert shift.state.text.startswith("Stopped by arn:"), "as recorded"
    assert "Stopped by user oncall." in app.text
    assert "arn:aws:iam" not in app.text
    assert "Continue" in [button.label for button in app.at.button]


def test_a_check_that_is_not_as_expected_stops_unless_a_person_goes_on(shift: Shift) -> None:
    app = started(shift)
    next(box for box in app.at.selectbox if box.label == "Answer").set_value("yes").run()
    press(app, "Answer")
    assert "talk to the person who paused it" in app.text
    press(app, "Stop here")
    assert shift.state.phase is RunPhase.STOPPED
    assert shift.stalled.changes == []


def test_two_viewers_answer_and_the_second_sees_that_it_was_answered(shift: Shift) -> None:
    app = started(shift)
    other = shift.open(runbook=BOOK)
    press(app, "Answer")
    press(other, "Answer")
    assert "polling of " in other.text, "what it asks now, and nothing carried out"
    assert shift.stalled.changes == []
    assert shift.state.request is not None
    assert shift.state.request.step == "turn_on"


def test_who_holds_it_is_seen_and_nothing_else_starts(shift: Shift) -> None:
    started(shift)
    app = shift.open(runbook="dlq-redrive")
    assert "Another run is in progress on this workload" in app.text
    assert "started by user oncall" in app.text
    assert "Start" not in [button.label for button in app.at.button]


def test_a_run_in_a_terminal_is_seen(shift: Shift) -> None:
    started(shift)
    with locking.hold_run_lock(shift.home, shift.control()._workload, shift.record.run, "user/alex"):
        app = shift.open(run=shift.record.run)
        assert "running in a terminal" in app.text.lower()
        assert "Answer" not in [button.label for button in app.at.button]


def test_an_interrupted_run_is_continued(shift: Shift) -> None:
    press(started(shift), "Answer")
    record = shift.record.folder / "record.jsonl"
    kept = record.read_text().splitlines()[:-1]
    intent = {
        "at": "2026-11-29T02:10:00+00:00",
        "event": "step.intended",
        "step": "turn_on",
        "inputs": {},
        "changes": [],
    }
    record.write_text("\n".join([*kept, json.dumps(intent)]) + "\n")
    app = shift.open(runbook=BOOK)
    assert "Interrupted" in app.text
    assert "Outcome unknown" in app.text
    press(app, "Continue")
    assert shift.stalled.changes == [], "a call of an unknown outcome is not repeated without a person"


def test_a_step_is_undone_after_its_preview(shift: Shift) -> None:
    app = press(press(press(started(shift), "Answer"), "Run step"), "Answer")
    press(app, "Undo…")
    assert "<del>on</del>" in app.html
    assert app.at.button(key="undo-confirmed").label == "Undo"
    assert shift.stalled.state == "Enabled", "a preview"


def test_read_only_shows_all_and_changes_nothing(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    started(shift)
    before = (shift.record.folder / "record.jsonl").read_bytes()
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    app = shift.open(runbook=BOOK)
    assert "This dashboard is read-only" in app.text
    acting = [button for button in app.at.button if button.label in ("Answer", "Stop the run", "Run step", "Skip")]
    assert acting
    assert all(button.disabled for button in acting)
    assert (shift.record.folder / "record.jsonl").read_bytes() == before


def test_a_record_of_another_version_is_a_sentence(shift: Shift) -> None:
    started(shift)
    path = shift.record.folder / "record.jsonl"
    path.write_text(path.read_text().replace('"version": 1', '"version": 9'))
    app = shift.open(run=shift.record.run)
    assert "recorded by another version of ops (format 9" in app.text
    assert "recorded by another version" in shift.open().text, "the list names it, too"


def test_hostile_outputs_are_text(shift: Shift) -> None:
    app = started(shift)
    path = shift.record.folder / "record.jsonl"
    path.write_text(path.read_text().replace("Disabled", "<img src=x onerror=boom()>\\u001b[31m\\u202e"))
    app = shift.open(runbook=BOOK)
    assert "<img src=x" not in app.html
    assert "␛[31m" in app.text
    assert "\u202e" not in app.text


@pytest.mark.parametrize("name", library.names())
def test_every_document_is_drawn(shift: Shift, name: str) -> None:
    app = shift.open(runbook=name)
    assert "so-prose" in app.html


def test_a_runbook_that_is_not_there(shift: Shift) -> None:
    app = shift.open(runbook="nothing")
    assert "There is no runbook nothing." in app.text
