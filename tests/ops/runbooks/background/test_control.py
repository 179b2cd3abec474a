"""Runs carried on by processes of their own: each ends where a person is needed, and another takes the answer."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops import target as targets
from ops import typed_json, workload
from ops.aws import Aws
from ops.errors import OpsError, UsageError
from ops.runbooks import library, locking, runs
from ops.runbooks.background.carrier import carry_out, stop_if_left_waiting
from ops.runbooks.background.control import RunControl
from ops.runbooks.background.order import RunOrder
from ops.runbooks.background.prepared_operator import PreparedOperator
from ops.runbooks.background.run_process import RunProcess
from ops.runbooks.engine import Stop
from ops.runbooks.record import RunRecord, find_record
from ops.runbooks.run_state import RequestKind, RunbookRun, RunPhase, StepState
from tests.fakes.aws import Refusal, serve
from tests.fakes.stalled_workload import StalledWorkload

REASON = "pager 17"


def _sent(order: RunOrder) -> RunOrder:
    """As a process gets it."""
    return typed_json.typed(typed_json.loads(typed_json.dumps(order)), RunOrder)


class World:
    def __init__(self, stalled: StalledWorkload) -> None:
        self.stalled = stalled
        self.aws = Aws(targets.resolve(queue="orders"))
        described = workload.describe(self.aws, self.aws.target)
        self.control = RunControl(self.aws, described, lambda _record, order: carry_out(_sent(order)))
        self.apart = RunControl(self.aws, described)
        """With processes of their own."""

    def start(self) -> str:
        return self.control.start(library.load("stalled-consumer"), REASON)

    def start_apart(self) -> str:
        return self.apart.start(library.load("stalled-consumer"), REASON)

    def record(self, run: str) -> RunRecord:
        return find_record(self.control.home, run)

    def settled(self, run: str) -> RunbookRun:
        """Once no process carries the run on."""
        process = RunProcess(self.record(run))
        deadline = time.monotonic() + 120
        while process.is_running():
            assert time.monotonic() < deadline, "the process does not end"
            time.sleep(0.05)
        progress = process.read_progress()
        assert not (progress and progress.error), progress
        return runs.read_run(self.record(run))[1]

    def answer(self, run: str, value: str, control: RunControl | None = None) -> RunbookRun:
        state = runs.read_run(self.record(run))[1]
        assert state.request is not None, state
        (control or self.control).answer(run, state.request, value, REASON)
        return self.settled(run)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("OPS_HOME", str(tmp_path / "home"))
    stalled = StalledWorkload()
    with serve(stalled.answer, monkeypatch):
        yield World(stalled)


def test_a_run_waits_on_disk_for_each_answer(world: World) -> None:
    run = world.start()
    state = world.settled(run)
    assert state.phase is RunPhase.WAITING
    assert state.request and state.request.kind is RequestKind.ANSWER
    assert state.request.choices == ("no", "yes")
    assert state.step("mapping").state is StepState.DONE
    state = world.answer(run, "no")
    assert state.request and state.request.step == "turn_on"
    assert [(change.before, change.after) for change in state.request.changes] == [("off", "on")]
    assert "update-event-source-mapping" in state.request.command
    assert world.stalled.changes == [], "a preview changes nothing"
    state = world.answer(run, "yes")
    assert world.stalled.changes == [("enabled", True)]
    assert state.request and state.request.step == "faster"
    state = world.answer(run, "keep")
    assert state.phase is RunPhase.DONE, state
    kinds = [event.kind for event in world.record(run).events()]
    assert kinds.count("run.waiting") == 3
    assert kinds.count("run.resumed") == 3, "one an answer"


def test_a_preview_that_is_no_longer_true_is_asked_for_again(world: World) -> None:
    run = world.start()
    world.settled(run)
    for value in ("no", "yes", "12"):
        world.answer(run, value)
    world.stalled.maximum = 7
    state = world.answer(run, "yes")
    assert world.stalled.changes == [("enabled", True)]
    assert state.phase is RunPhase.WAITING
    assert state.request and state.request.text.startswith("The preview changed since it was confirmed")
    assert [(change.before, change.after) for change in state.request.changes] == [(7, 12)]


def test_only_the_first_of_two_answers_counts(world: World) -> None:
    run = world.start()
    asked = world.settled(run).request
    assert asked is not None
    world.answer(run, "no")
    with pytest.raises(UsageError, match="answered already"):
        world.control.answer(run, asked, "yes", REASON)
    with pytest.raises(UsageError, match="reason is required"):
        world.control.start(library.load("stalled-consumer"), "  ")


def test_while_a_run_waits_no_other_starts(world: World) -> None:
    run = world.start()
    world.settled(run)
    with pytest.raises(locking.RunbookBusy, match=r"waits for an answer, started by .*user/oncall"):
        world.start()
    world.control.stop(run)
    state = runs.read_run(world.record(run))[1]
    assert (state.phase, state.text[:10]) == (RunPhase.STOPPED, "Stopped by")
    assert world.settled(world.start()).phase is RunPhase.WAITING


def test_a_stop_asked_for_before_a_question_is_not_lost() -> None:
    operator = PreparedOperator(None, lambda: True)
    with pytest.raises(Stop, match="before a question"):
        operator.ask("Which?", (), "")
    with pytest.raises(Stop, match="at step find"):
        operator.continue_anyway(library.load("stalled-consumer").steps[0], "Not as expected.")


def test_a_stop_asked_for_while_the_process_ends_is_not_lost(world: World) -> None:
    """The question is on disk, and the process still holds its lock."""
    orders: list[RunOrder] = []
    control = RunControl(
        world.aws, workload.describe(world.aws, world.aws.target), lambda _, order: orders.append(order)
    )
    run = control.start(library.load("stalled-consumer"), REASON)
    carry_out(orders[0])
    stop_if_left_waiting(orders[0])
    assert runs.read_run(world.record(run))[1].phase is RunPhase.WAITING, "nothing was requested"
    RunProcess(world.record(run)).request_stop()
    stop_if_left_waiting(orders[0])
    assert runs.read_run(world.record(run))[1].phase is RunPhase.STOPPED
    stop_if_left_waiting(orders[0])
    assert RunProcess(world.record(run)).read_progress() is None, "no error"


def test_an_answer_that_is_none_is_refused(world: World) -> None:
    run = world.start()
    asked = world.settled(run).request
    assert asked is not None
    with pytest.raises(UsageError, match="no answer to the question"):
        world.control.answer(run, asked, "perhaps", REASON)
    assert world.settled(run).phase is RunPhase.WAITING, "still"


def test_a_killed_process_leaves_a_run_that_is_continued_without_a_second_change(world: World) -> None:
    run = world.start_apart()
    world.settled(run)
    world.answer(run, "no")

    def kill(operation: str) -> None:
        if operation.startswith("PUT"):
            holder = locking.read_holder(world.control.home, workload.describe(world.aws, world.aws.target))
            assert holder is not None
            assert holder.run == run
            os.kill(holder.pid, signal.SIGKILL)

    world.stalled.after = kill
    state = world.answer(run, "yes", world.apart)
    assert state.phase is RunPhase.RUNNING, "with no process: interrupted"
    assert state.step("turn_on").state is StepState.UNKNOWN
    world.stalled.after = lambda _operation: None
    world.control.resume(run, REASON)
    state = world.settled(run)
    assert state.step("turn_on").state is StepState.DONE
    assert world.stalled.changes == [("enabled", True)], "not repeated"


def test_one_step_is_undone_as_it_was_confirmed(world: World) -> None:
    run = world.start()
    world.settled(run)
    for value in ("no", "yes", "keep"):
        world.answer(run, value)
    found = world.control.preview_undo(run, "turn_on")
    assert [(change.before, change.after) for change in found["turn_on"].changes] == [("on", "off")]
    world.control.roll_back(run, "wrong queue", found, "turn_on")
    state = world.settled(run)
    assert state.step("turn_on").state is StepState.UNDONE
    assert (state.phase, state.text) == (RunPhase.DONE, "Step turn_on is undone.")
    assert world.stalled.state == "Disabled"


def test_credentials_that_expire_while_a_run_waits(world: World) -> None:
    run = world.start()
    world.settled(run)
    world.answer(run, "no")

    def expired(_operation: str) -> None:
        raise Refusal("ExpiredTokenException", "The security token is expired", 403)

    world.stalled.before = expired
    state = runs.read_run(world.record(run))[1]
    assert state.request is not None
    world.control.answer(run, state.request, "yes", REASON)
    progress = RunProcess(world.record(run)).read_progress()
    assert progress is not None
    assert "expired" in progress.error.lower()
    after = runs.read_run(world.record(run))[1]
    assert (after.phase, after.request) == (RunPhase.WAITING, state.request), "it waits for the same answer"
    world.stalled.before = lambda _operation: None
    RunProcess(world.record(run)).write_progress("")
    world.control.answer(run, state.request, "yes", REASON)
    assert world.stalled.changes == [("enabled", True)]


def test_read_only_refuses_everything_that_acts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run = world.start()
    asked = world.settled(run).request
    assert asked is not None
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    acts: tuple[Callable[[], object], ...] = (
        world.start,
        lambda: world.control.answer(run, asked, "no", REASON),
        lambda: world.control.resume(run, REASON),
        lambda: world.control.stop(run),
        lambda: world.control.roll_back(run, REASON, {}),
    )
    for act in acts:
        with pytest.raises(OpsError, match="OPS_READ_ONLY is set"):
            act()


def test_an_error_outside_of_any_step_is_shown(world: World) -> None:
    run = world.start()
    asked = world.settled(run).request
    assert asked is not None
    with locking.hold_run_lock(world.control.home, workload.describe(world.aws, world.aws.target), run, "a terminal"):
        world.control.answer(run, asked, "no", REASON)
    progress = RunProcess(world.record(run)).read_progress()
    assert progress is not None
    assert "A runbook is already running on" in progress.error
