"""What a run changed stays known until it is undone, and what it changed twice is undone once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from ops import target as targets
from ops import workload
from ops.alarms.muting import records
from ops.aws import Aws
from ops.deadletters.queue import open_queue
from ops.errors import OpsError, UsageError
from ops.runbooks import engine, locking, rollback, runs, validate
from ops.runbooks.actions import ACTIONS, mapping
from ops.runbooks.actions.action import ActionContext, PlannedChange, RunbookAction, StepPreview
from ops.runbooks.background.prepared_operator import UndoOperator
from ops.runbooks.model import RunbookStep
from ops.runbooks.record import RecordedEvent, find_record
from ops.runbooks.run_operator import Confirmation
from ops.runbooks.run_state import RunbookRun, RunPhase, StepState
from tests.fakes.aws import Refusal, serve
from tests.fakes.stalled_workload import StalledWorkload


class Willing:
    """Confirms everything, and continues over nothing."""

    def confirm(self, step: RunbookStep, action: RunbookAction, preview: StepPreview) -> Confirmation:
        return Confirmation.YES

    def continue_anyway(self, step: RunbookStep, text: str) -> bool:
        return False

    def ask(self, question: str, choices: tuple[str, ...], default: str) -> str:
        return default

    def show(self, step: RunbookStep | None, event: RecordedEvent) -> None:
        pass


class Place:
    def __init__(self, home: Path, world: StalledWorkload) -> None:
        self.home, self.world = home, world

    def session(self, operator: Willing | UndoOperator, read_only: bool = False) -> runs.Session:
        aws = Aws(targets.resolve(queue="orders"), max_attempts=1)
        described = workload.describe(aws, aws.target)
        context = ActionContext(
            aws=aws,
            workload=described,
            open_dlq=cache(lambda: open_queue(aws, described)),
            reason="test",
            ask=operator.ask,
            progress=lambda _line: None,
            pause=lambda _seconds: None,
        )
        return runs.Session(self.home, context, operator, read_only)

    def start(self, *steps: str, operator: Willing | None = None) -> RunbookRun:
        blocks = [f"1. Do:\n   ```step\n   id: {step.replace(chr(10), chr(10) + '   ')}\n   ```\n" for step in steps]
        document, problems = validate.read("test", "test.md", "\n".join(blocks), with_paper=False)
        assert len(document.steps) == len(steps), problems
        return runs.start(self.session(operator or Willing()), document)

    def resume(self, again: str = "") -> RunbookRun:
        return runs.resume(self.session(Willing()), find_record(self.home, ""), again)

    def previews(self) -> dict[str, tuple[PlannedChange, ...]]:
        record, session = find_record(self.home, ""), self.session(Willing())
        document, _ = runs.read_run(record)
        found = rollback.preview_undo(engine.StepRunner(document, record, session.context, session.operator))
        return {name: preview.changes for name, preview in found.items()}

    def undo_all_on_the_page(self) -> RunbookRun:
        return runs.roll_back(self.session(UndoOperator(self.previews())), find_record(self.home, ""))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("OPS_HOME", str(tmp_path))
    monkeypatch.setattr(rollback, "LATE_CALL_S", 0.0)
    world = StalledWorkload()
    world.state = "Enabled"
    with serve(world.answer, monkeypatch):
        yield Place(tmp_path, world)


PAUSE, RESUME = "stop\naction: mapping.pause", "go\naction: mapping.resume"
MEMORY = "memory\naction: function.set-memory\nwith: {megabytes: 2048}"


def test_a_pause_and_its_end_are_undone_without_pausing_again(place: Place) -> None:
    assert place.start(PAUSE, MEMORY, RESUME).phase is RunPhase.DONE
    place.world.changes.clear()
    state = place.undo_all_on_the_page()
    assert state.phase is RunPhase.ROLLED_BACK, state.text
    assert {step.state for step in state.steps.values()} == {StepState.UNDONE}
    assert place.world.changes == [("memory", 1024)], "and the mapping is left on"
    assert place.world.state == "Enabled"
    assert place.previews() == {}, "nothing is left to undo"


def test_a_setting_that_two_steps_changed_is_set_back_to_before_the_first(place: Place) -> None:
    place.start(MEMORY, "more\naction: function.set-memory\nwith: {megabytes: 3008}")
    ((change,),) = place.previews().values()
    assert (change.before, change.after) == (3008, 1024)
    assert place.undo_all_on_the_page().phase is RunPhase.ROLLED_BACK
    assert place.world.memory == 1024


def test_a_change_whose_verification_cannot_be_read_can_still_be_undone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(operation: str) -> None:
        if operation.endswith("/configuration") and place.world.memory == 2048:
            raise Refusal("AccessDeniedException", status=403)

    monkeypatch.setattr(engine, "await_verdict", lambda _context, _deadline_s, verify: verify())
    place.world.before = refuse
    state = place.start(MEMORY)
    assert state.step("memory").state is StepState.FAILED
    place.world.before = lambda _operation: None
    assert state.step("memory").changes, "it took place"
    assert place.resume().phase is RunPhase.DONE
    assert place.undo_all_on_the_page().phase is RunPhase.ROLLED_BACK
    assert place.world.memory == 1024


def test_a_step_that_is_done_again_can_still_be_undone(place: Place) -> None:
    place.start(PAUSE, MEMORY)
    assert place.resume(again="stop").phase is RunPhase.DONE
    assert place.world.changes == [("enabled", False), ("memory", 2048)], "each once"
    assert place.undo_all_on_the_page().phase is RunPhase.ROLLED_BACK
    assert (place.world.state, place.world.memory) == ("Enabled", 1024)


class Killed(Willing):
    """Its process ends after the intent of a step is on record; ``call`` is what takes place all the same."""

    def __init__(self, step: str, call: Callable[[], None]) -> None:
        self.step, self.call = step, call

    def show(self, step: RunbookStep | None, event: RecordedEvent) -> None:
        if event.kind == "step.intended" and event.step == self.step:
            self.call()
            raise KeyboardInterrupt


def _start_and_kill(place: Place, memory: int) -> None:
    """A run with a pause that is done, and a change of the memory without an outcome; it is ``memory`` now."""
    with pytest.raises(KeyboardInterrupt):
        place.start(PAUSE, MEMORY, operator=Killed("memory", lambda: setattr(place.world, "memory", memory)))
    place.world.changes.clear()


def _refuse_reading(operation: str) -> None:
    if operation.endswith("/configuration"):
        raise Refusal("AccessDeniedException", status=403)


def test_an_outcome_that_cannot_be_read_stays_unknown(place: Place) -> None:
    _start_and_kill(place, 2048)
    session = place.session(Willing())
    place.world.before = _refuse_reading
    state = runs.resume(session, find_record(place.home, ""))
    assert (state.phase, state.step("memory").state) == (RunPhase.FAILED, StepState.UNKNOWN)
    place.world.before = lambda _operation: None
    assert place.resume().phase is RunPhase.DONE
    assert place.world.changes == [], "not repeated"
    assert place.undo_all_on_the_page().phase is RunPhase.ROLLED_BACK
    assert place.world.memory == 1024


def test_a_call_without_an_outcome_that_took_place_is_undone(place: Place) -> None:
    _start_and_kill(place, 2048)
    assert {name: changes[0].after for name, changes in place.previews().items()} == {"memory": 1024, "stop": "on"}
    state = place.undo_all_on_the_page()
    assert state.phase is RunPhase.ROLLED_BACK, state.text
    assert place.world.changes == [("memory", 1024), ("enabled", True)], "the latest first"


def test_a_call_without_an_outcome_that_did_not_take_place_needs_no_undo(place: Place) -> None:
    _start_and_kill(place, 1024)
    assert list(place.previews()) == ["stop"]
    state = place.undo_all_on_the_page()
    assert state.phase is RunPhase.ROLLED_BACK, state.text
    assert place.world.changes == [("enabled", True)]
    assert state.step("memory").state is StepState.PENDING


def test_what_cannot_be_known_is_left_with_its_command_and_the_rest_is_undone(place: Place) -> None:
    _start_and_kill(place, 4096)
    record, session = find_record(place.home, ""), place.session(Willing())
    runner = engine.StepRunner(runs.read_run(record)[0], record, session.context, session.operator)
    before = len(record.events())
    (note,) = rollback.preview_undo(runner)["memory"].notes
    assert len(record.events()) == before, "a preview records nothing"
    state = place.undo_all_on_the_page()
    assert state.phase is RunPhase.FAILED
    assert place.world.changes == [("enabled", True)]
    command = "aws lambda update-function-configuration --function-name worker --memory-size 1024"
    for text in (note, state.text):
        assert "The outcome of step memory is not known" in text
        assert f"undo it manually: {command}" in text
    place.world.memory = 1024  # as a person did
    assert place.undo_all_on_the_page().phase is RunPhase.ROLLED_BACK


def test_an_unmuting_that_covered_the_muting_of_an_earlier_run(place: Place) -> None:
    place.world.alarms.enabled = {"orders-age": True, "orders-errors": True}
    assert place.start("quiet\naction: alarms.mute\nwith: {alarms: [orders-age]}").phase is RunPhase.DONE
    mute = "mute\naction: alarms.mute\nwith: {alarms: [orders-errors]}"
    assert place.start(mute, "speak\naction: alarms.unmute").phase is RunPhase.DONE
    assert place.world.alarms.rules == {}
    state = place.undo_all_on_the_page()
    assert state.phase is RunPhase.ROLLED_BACK, state.text
    assert list(place.world.alarms.rules.values()) == [["orders-age"]], "as before this run"


def test_a_longer_muting_is_undone_to_the_one_before_it(place: Place) -> None:
    place.world.alarms.enabled = {"orders-age": True}
    mute = "mute\naction: alarms.mute\nwith: {alarms: [orders-age], minutes: %d}"
    place.start(mute % 30)
    (first,) = records.read_all(place.home)
    assert place.start(mute % 90).phase is RunPhase.DONE
    ((change,),) = place.previews().values()
    assert str(change.after) == f"muted until {first.until:%Y-%m-%d %H:%M} UTC"
    state = place.undo_all_on_the_page()
    assert state.phase is RunPhase.ROLLED_BACK, state.text
    assert [record.until for record in records.read_all(place.home)] == [first.until]
    assert len(place.world.alarms.rules) == 1


def test_another_mapping_in_its_place_is_left_alone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.start(PAUSE)
    place.world.changes.clear()
    other = replace(mapping.PAUSE, owner=lambda _context: "another-mapping")
    monkeypatch.setattr(rollback, "ACTIONS", {**ACTIONS, "mapping.pause": other})
    with pytest.raises(OpsError, match=r"was about polling of .*; the workload has another-mapping now"):
        place.previews()
    state = runs.roll_back(place.session(Willing()), find_record(place.home, ""))
    assert state.phase is RunPhase.FAILED
    assert place.world.changes == []


def test_a_run_is_not_continued_on_another_function(place: Place) -> None:
    place.start(PAUSE)
    session = place.session(Willing())
    described = session.context.workload
    assert described.function is not None
    moved = replace(described, function=replace(described.function, name="worker-2"))
    with pytest.raises(UsageError, match="is of function worker, not of worker-2"):
        runs.roll_back(replace(session, context=replace(session.context, workload=moved)), find_record(place.home, ""))
    assert place.world.changes == [("enabled", False)]


def test_a_run_in_progress_is_not_resumed_beside_it_even_to_read(place: Place) -> None:
    run = place.start(MEMORY).id
    session = place.session(Willing(), read_only=True)
    described = session.context.workload
    with (
        locking.hold_run_lock(place.home, described, run, "somebody"),
        pytest.raises(locking.RunbookBusy, match="by somebody"),
    ):
        runs.resume(session, find_record(place.home, run), again="memory")
