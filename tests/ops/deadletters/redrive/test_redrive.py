"""A plan run against SQS in memory without a consumer: what a run does and records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.deadletters.archive import audit_log
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Action, Destination, Pace, Selection, Steps
from ops.deadletters.redrive import redrive
from ops.deadletters.redrive.runs import list_runs, read_run
from ops.deadletters.snapshot import Snapshot
from ops.target import state_folder
from tests.fakes.dlq_world import World, a_plan
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
    assert (begin.at, end.at) == (run.began, run.ended), "it lasts as long on Audit as in its own result"
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
