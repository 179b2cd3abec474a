"""A plan carried out against SQS in memory, which nobody reads: what a run does, refuses and records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.deadletters import queue_lock
from ops.deadletters.archive import audit_log, audit_summary
from ops.deadletters.ledger.model import Outcome, Run, RunState
from ops.deadletters.messages.model import Place
from ops.deadletters.outcomes import monitor
from ops.deadletters.plan_model import Action, Destination, Pace, Plan, Selection, Steps
from ops.deadletters.queue import DeadLetterQueue, state_folder
from ops.deadletters.redrive import redrive
from ops.deadletters.redrive.runs import list_runs, read_run
from ops.deadletters.snapshot import Snapshot
from ops.errors import OpsError, UsageError
from tests.fakes.dlq_world import FixedOutcomes, World, a_plan
from tests.fakes.sqs.faults import THROTTLED, Fault
from tests.ops.insight.world import FUNCTION, MAPPING
from tests.timing import set_timing

GONE = Fault("refuse", code="AWS.SimpleQueueService.NonExistentQueue", message="no such queue", status=400)


WAITS_S = 0.02


def test_messages_are_redriven_and_everything_is_recorded(world: World) -> None:
    ids = world.put([f"message {number}" for number in range(30)])
    plan = a_plan(world)
    seen: list[Run] = []
    run = redrive.start_redrive(world.source, plan, reason=" the fix is out ", progress=seen.append)
    assert (run.state, run.sent, run.deleted, run.missing, run.failed) == (RunState.DONE, 30, 30, 0, 0)
    assert (
        run.status_text == "30 messages were sent, 30 cannot be tracked. The outcomes of messages to jobs are unknown."
    )
    assert [step.upto for step in run.steps] == [5, 30]
    assert world.bodies() == []
    assert sorted(message["Body"] for message in world.jobs.messages()) == sorted(f"message {n}" for n in range(30))
    assert seen[-1].sent == 30
    assert list_runs(world.source) == (run,) == (read_run(world.source, plan.id[:13]),)
    with Snapshot.open(world.source) as snapshot:
        assert set(snapshot.places(ids).values()) == {Place.REDRIVEN}
    end, begin = audit_log.read_records(state_folder(world.source.aws.target))
    assert (begin.action, begin.outcome, begin.reason, begin.plan) == ("redrive", "began", "the fix is out", plan.id)
    assert (end.outcome, end.plan_hash, end.counts["deleted"]) == ("done", plan.hash, 30)
    assert audit_log.verify_records(state_folder(world.source.aws.target)).problems == ()


def test_a_copy_leaves_the_messages(world: World) -> None:
    world.put(["a", "b"])
    to = world.aws.queue("test-copies")
    plan = a_plan(world, action=Action.COPY, destination=Destination("queue", "test-copies"))
    run = redrive.start_redrive(world.source, plan, reason="try the fix")
    assert run.state is RunState.DONE
    assert world.bodies() == ["a", "b"]
    assert sorted(message["Body"] for message in to.messages()) == ["a", "b"]
    with Snapshot.open(world.source) as snapshot:
        assert snapshot.count(Selection()) == 2
    assert audit_log.read_records(state_folder(world.source.aws.target))[0].action == "copy"


def test_a_cancellation_while_it_starts_is_heard(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting asks AWS and syncs files, which takes time; whoever cancels then is told that it stops."""
    world.put([f"message {number}" for number in range(30)])
    gauge = redrive.headroom.make_gauge

    def cancelled_meanwhile(source: DeadLetterQueue, plan: Plan) -> Any:
        assert redrive.cancel_redrive(source).stopping
        return gauge(source, plan)

    monkeypatch.setattr(redrive.headroom, "make_gauge", cancelled_meanwhile)
    run = redrive.start_redrive(world.source, a_plan(world), reason="r")
    assert (run.state, run.sent) == (RunState.CANCELLED, 0)


def test_only_messages_of_a_deleted_queue_are_rejected(world: World) -> None:
    world.put(["a", "b"])
    gone = world.aws.queue("closed-down").arn
    world.dlq.put([{"body": "c", "system": {"DeadLetterQueueSourceArn": gone}}])
    world.add_to_snapshot()
    plan = a_plan(world)
    world.aws.fault(replace(GONE, operation="GetQueueUrl", queue="closed-down"))
    run = redrive.start_redrive(world.source, plan, reason="r")
    assert (run.sent, run.failed) == (2, 1)
    assert world.bodies() == ["c"]
    ((why, count),) = run.failures
    assert count == 1
    assert why.startswith("Its source no longer exists: There is no queue closed-down")


@pytest.mark.parametrize("fault", [THROTTLED, Fault("cut"), Fault("refuse")], ids=["throttled", "cut", "5xx"])
def test_a_lookup_without_a_response_is_retried_as_a_send_is(
    world: World, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_timing(monkeypatch, max_backoff=0.01)
    world.put(["a", "b"])
    plan = a_plan(world)
    world.aws.fault(replace(fault, operation="GetQueueUrl", times=10))
    run = redrive.start_redrive(world.source, plan, reason="r")
    assert (run.state, run.sent, run.possible_duplicates) == (RunState.DONE, 2, ())


def test_a_run_that_waits_for_a_lookup_can_be_stopped(world: World) -> None:
    world.put(["a", "b"])
    plan = a_plan(world)
    world.aws.fault(replace(THROTTLED, operation="GetQueueUrl"))
    before = world.aws.counts()["GetQueueUrl"]
    run = redrive.start_redrive(world.source, plan, reason="r", stop=lambda: world.aws.counts()["GetQueueUrl"] > before)
    assert (run.state, run.sent, run.failed) == (RunState.CANCELLED, 0, 0)
    assert world.bodies() == ["a", "b"]
    assert not any(message["hidden"] for message in world.dlq.messages())


def test_a_reason_is_needed(world: World) -> None:
    world.put(["a"])
    with pytest.raises(UsageError, match="reason"):
        redrive.start_redrive(world.source, a_plan(world), reason="  ")
    assert world.bodies() == ["a"]
    assert not audit_log.read_records(state_folder(world.source.aws.target))


def test_a_plan_for_purging_is_no_redrive(world: World) -> None:
    world.put(["a"])
    with pytest.raises(UsageError, match="deletes messages"):
        redrive.start_redrive(world.source, a_plan(world, action=Action.PURGE), reason="r")


def test_a_plan_is_carried_out_once(world: World) -> None:
    world.put(["a"])
    plan = a_plan(world)
    redrive.start_redrive(world.source, plan, reason="r")
    with pytest.raises(UsageError, match=r"was run at \d\d:\d\d UTC, 1 of 1 sent\."):
        redrive.start_redrive(world.source, plan, reason="r")
    with pytest.raises(UsageError, match="is done"):
        redrive.resume_redrive(world.source, plan.id)


def test_a_stale_plan_is_refused(world: World) -> None:
    world.put(["a"])
    plan = a_plan(world)
    world.put(["b", "c", "d"])
    with pytest.raises(UsageError, match="stale"):
        redrive.start_redrive(world.source, plan, reason="r")
    assert world.bodies() == ["a", "b", "c", "d"]


def test_the_second_of_two_is_refused(world: World) -> None:
    world.put(["a"])
    plan = a_plan(world)
    with (
        queue_lock.hold_lock(world.source, "another", "somebody"),
        pytest.raises(queue_lock.QueueBusy, match="by somebody since"),
    ):
        redrive.start_redrive(world.source, plan, reason="r")
    assert world.bodies() == ["a"]


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
    assert finding == "Warning: 1 operation in the last 7 days, by 1 user; latest: redrive of jobs-dlq, cancelled."
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


def test_missing_messages_are_reported(world: World) -> None:
    ids = world.put(["a", "b", "c"])
    plan = a_plan(world, margin=0.5)
    world.aws.fault(Fault("vanish", "ReceiveMessage", times=1))
    run = redrive.start_redrive(world.source, plan, reason="r")
    assert run.state is RunState.DONE
    assert run.missing + run.deleted == 3
    with Snapshot.open(world.source) as snapshot:
        places = snapshot.places(ids)
    assert sum(place is Place.MISSING for place in places.values()) == run.missing
    assert run.possible_duplicates == ()


def test_runs_that_are_not_there(world: World) -> None:
    assert list_runs(world.source) == ()
    for name in ("20261124T000000-aaaa", "../../etc/passwd", "*", ""):
        with pytest.raises(UsageError):
            read_run(world.source, name)


def test_a_damaged_ledger_is_refused_and_hides_no_other_run(world: World) -> None:
    world.put(["a"])
    plan = a_plan(world)
    run = redrive.start_redrive(world.source, plan, reason="r")
    (world.source.runs_folder / "20261124T000000-ffff.db").write_bytes(b"not a database" * 100)
    assert list_runs(world.source) == (run,)
    with pytest.raises(OpsError) as refused:
        read_run(world.source, "20261124T000000-ffff")
    assert refused.value.next_step


def test_with_headroom_it_starts_slowly_and_says_why(world: World) -> None:
    reader = replace(world.source.workload, function=FUNCTION, mapping=replace(MAPPING, source_arn=world.jobs.arn))
    here = replace(world, source=replace(world.source, workload=reader))
    here.put([f"message {number}" for number in range(30)])
    seen: list[Run] = []
    plan = a_plan(here, pace=Pace(500, headroom=True), steps=Steps(watch=False))
    run = redrive.start_redrive(here.source, plan, reason="r", progress=seen.append)
    assert (run.state, run.sent) == (RunState.DONE, 30)
    assert {run.rate_limit for run in seen if run.rate_limit} <= {20.0, 30.0}
    assert run.rate_reason
