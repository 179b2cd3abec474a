"""Runs that a user cancels or the canary stops: nothing is lost, and resuming finishes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.deadletters.archive import audit_log, audit_summary
from ops.deadletters.ledger.model import Outcome, Run, RunState
from ops.deadletters.outcomes import monitor
from ops.deadletters.plan_model import Pace, Plan, Steps
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.redrive import headroom, redrive
from ops.errors import OpsError, UsageError
from ops.target import state_folder
from tests.fakes.dlq_world import FixedOutcomes, World, a_plan
from tests.fakes.sqs.faults import THROTTLED, Fault

WAITS_S = 0.02


def test_a_cancellation_while_it_starts_is_heard(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting asks AWS and syncs files, which takes time; whoever cancels then is told that it stops."""
    world.put([f"message {number}" for number in range(30)])
    gauge = headroom.make_gauge

    def cancelled_meanwhile(source: DeadLetterQueue, plan: Plan) -> Any:
        assert redrive.cancel_redrive(source).stopping
        return gauge(source, plan)

    monkeypatch.setattr(headroom, "make_gauge", cancelled_meanwhile)
    run = redrive.start_redrive(world.source, a_plan(world), reason="r")
    assert (run.state, run.sent) == (RunState.CANCELLED, 0)


def test_a_run_that_waits_for_a_lookup_can_be_stopped(world: World) -> None:
    world.put(["a", "b"])
    plan = a_plan(world)
    world.aws.fault(replace(THROTTLED, operation="GetQueueUrl"))
    before = world.aws.counts()["GetQueueUrl"]
    run = redrive.start_redrive(world.source, plan, reason="r", stop=lambda: world.aws.counts()["GetQueueUrl"] > before)
    assert (run.state, run.sent, run.failed) == (RunState.CANCELLED, 0, 0)
    assert world.bodies() == ["a", "b"]
    assert not any(message["hidden"] for message in world.dlq.messages())


def test_stop_ends_it_cleanly_and_resume_finishes(world: World) -> None:
    world.put([f"message {number}" for number in range(200)])
    plan = a_plan(world, pace=Pace(200, headroom=False), steps=Steps(watch=False))
    world.aws.fault(Fault("empty", "ReceiveMessage", skip=10))  # it finds no more, and goes on looking until stopped
    run = redrive.start_redrive(world.source, plan, reason="r", stop=lambda: len(world.jobs.messages()) > 20)
    world.aws.heal()
    assert run.state is RunState.CANCELLED
    assert run.status_text.startswith("Stopped on request. ")
    assert run.sent == run.deleted < 200
    assert len(world.bodies()) + len(world.jobs.messages()) == 200
    assert not any(message["hidden"] for message in world.dlq.messages())
    done = redrive.resume_redrive(world.source, plan.id)
    assert (done.state, done.sent, done.possible_duplicates) == (RunState.DONE, 200, ())
    assert world.bodies() == []
    assert len(world.jobs.messages()) == 200
    actions = [record.action for record in audit_log.read_records(state_folder(world.source.aws.target))]
    assert actions == ["resume", "resume", "redrive", "redrive"]


def test_a_run_that_the_canary_stopped_says_so_after_it_was_resumed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put([f"message {number}" for number in range(20)])
    plan = a_plan(world)
    monkeypatch.setattr(monitor, "start_monitor", lambda *_: FixedOutcomes(lambda at: Outcome.FAILED_AGAIN))
    run = redrive.start_redrive(world.source, plan, reason="r")
    assert (run.state, run.stopped_by_canary) == (RunState.STOPPED, True)
    monkeypatch.setattr(monitor, "start_monitor", lambda *_: FixedOutcomes(lambda at: Outcome.SUCCEEDED))
    run = redrive.resume_redrive(world.source, plan.id)
    assert run.state is RunState.DONE
    assert [(step.upto, step.sent, step.failed_again, step.state) for step in run.steps] == [
        (5, 5, 5, "stopped"),
        (20, 15, 0, "passed"),
    ]


def test_watching_that_ended_early_is_reported_and_resumed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put([f"message {number}" for number in range(20)])
    plan = a_plan(world)
    monkeypatch.setattr(
        monitor, "start_monitor", lambda *_: FixedOutcomes(lambda at: Outcome.SUCCEEDED if at < 5 else None)
    )
    seen: list[Run] = []
    run = redrive.start_redrive(
        world.source,
        plan,
        reason="r",
        progress=seen.append,
        stop=lambda: bool(seen) and "waiting" in seen[-1].status_text,
    )
    assert (run.state, run.remaining, run.waiting) == (RunState.CANCELLED, 0, 15)
    assert "Nothing is left to send, but watching the outcomes ended early" in run.status_text
    assert "the outcome of 15 is not known" in run.status_text
    assert run.steps[-1].state == "ended early"
    record = audit_log.read_records(state_folder(world.source.aws.target))[0]
    assert (record.outcome, record.note) == ("cancelled", run.status_text)
    monkeypatch.setattr(monitor, "start_monitor", lambda *_: FixedOutcomes(lambda at: Outcome.SUCCEEDED))
    done = redrive.resume_redrive(world.source, plan.id)
    assert (done.state, done.succeeded, done.possible_duplicates) == (RunState.DONE, 20, ())
    assert done.steps[-1].state == "passed"
    assert len(world.jobs.messages()) == 20, "watching on sends nothing"


def test_cancel_from_elsewhere(world: World) -> None:
    world.put([f"message {number}" for number in range(100)])
    plan = a_plan(world, pace=Pace(50, headroom=False), steps=Steps(watch=False))

    asked: list[Run] = []

    def cancel(run: Run) -> None:
        if run.sent and run.state is RunState.RUNNING and not asked:
            asked.append(redrive.cancel_redrive(world.source))

    run = redrive.start_redrive(world.source, plan, reason="r", progress=cancel)
    assert (run.state, asked[0].stopping) == (RunState.CANCELLED, True)
    assert run.status_text.startswith("Cancelled. ")
    book = state_folder(world.source.aws.target)
    records = audit_log.read_records(book)
    assert [(record.action, record.outcome) for record in records] == [
        ("redrive", "cancelled"),
        ("cancel", "asked"),
        ("redrive", "began"),
    ]
    assert (records[1].plan, records[1].plan_hash, records[1].queue) == (plan.id, plan.hash, "jobs-dlq")
    assert records[1].who.endswith("user/operator")
    assert audit_log.verify_records(book).problems == ()
    finding = audit_summary.summarize_audit(records, audit_log.verify_records(book)).finding.text
    assert (
        finding == "Warning: 1 operation ended in the last 7 days, by 1 user; latest: redrive of jobs-dlq, cancelled."
    )
    with pytest.raises(UsageError, match="No redrive of jobs-dlq is running"):
        redrive.cancel_redrive(world.source)
    with pytest.raises(UsageError, match="is not running"):
        redrive.cancel_redrive(world.source, plan.id)


def test_a_cancel_that_cannot_be_recorded_cancels_and_says_so(world: World) -> None:
    world.put([f"message {number}" for number in range(100)])
    plan = a_plan(world, pace=Pace(50, headroom=False), steps=Steps(watch=False))
    book = state_folder(world.source.aws.target) / audit_log.FILE
    aside = book.with_suffix(".aside")
    errors: list[OpsError] = []

    def cancel(run: Run) -> None:
        if run.sent and run.state is RunState.RUNNING and not errors:
            book.rename(aside)
            book.mkdir()
            with pytest.raises(OpsError) as refused:
                redrive.cancel_redrive(world.source)
            errors.append(refused.value)
            book.rmdir()
            aside.rename(book)

    run = redrive.start_redrive(world.source, plan, reason="r", progress=cancel)
    assert run.state is RunState.CANCELLED
    assert str(errors[0]).startswith(
        f"Run {plan.id} is stopping, but the cancellation could not be recorded in the audit log: "
    )
    assert errors[0].next_step
