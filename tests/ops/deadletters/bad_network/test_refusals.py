"""Destinations and deletions that are refused: the messages stay, and resume finishes the run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.deadletters.ledger.model import RunState
from ops.deadletters.plan_model import Destination, Pace
from ops.deadletters.redrive import redrive
from ops.deadletters.redrive.runs import read_run
from ops.errors import AccessDenied, AwsError, NotFound, UsageError
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import DENIED, KMS_DENIED, Fault
from tests.ops.deadletters.bad_network.redriven import arrived_bodies, ensure_complete, put_and_plan
from tests.ops.deadletters.redrives_without_rollout import LETTERS, a_plan, start_run

pytestmark = pytest.mark.slow  # half a second each, and many of them

RETRIES = 1
WAITS_S = 0.05


def test_a_message_that_the_destination_rejects_stays(world: World) -> None:
    _, plan = put_and_plan(world)
    refusal = Fault(
        "entries", "SendMessageBatch", times=1, code="InvalidMessageContents", entry_share=1, sender_fault=True,
        message="Invalid characters found.",
    )  # fmt: skip
    world.aws.fault(refusal)
    run = start_run(world, plan)
    assert run.state is RunState.DONE and run.failed == len(world.bodies()) > 0
    assert run.sent == LETTERS - run.failed == arrived_bodies(world.jobs).total()
    assert not set(world.bodies()) & set(arrived_bodies(world.jobs))
    assert not any(message["hidden"] for message in world.dlq.messages())
    (sentence, letters), *_ = run.failures
    assert "InvalidMessageContents" in sentence and letters == run.failed


REFUSALS = {
    "denied": (DENIED, AccessDenied, "sqs:sendmessage"),
    "encrypted without the key": (KMS_DENIED, AwsError, "(?i)key"),
    "missing": (
        Fault("refuse", code="QueueDoesNotExist", message="The specified queue does not exist.", status=400,
              query_code="AWS.SimpleQueueService.NonExistentQueue"),
        NotFound,
        "There is no queue jobs",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "kind", "says"), REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("after", [0, 2], ids=["from the start", "in the middle"])
def test_a_destination_that_rejects_ends_the_run_and_resume_finishes(
    world: World, fault: Fault, kind: type[AwsError], says: str, after: int
) -> None:
    ids, plan = put_and_plan(world, pace=Pace(1000, headroom=False))
    world.aws.fault(replace(fault, operation="SendMessage*", queue="jobs", skip=after))
    with pytest.raises(kind, match=says) as refused:
        start_run(world, plan)
    assert "\n" not in str(refused.value)
    run = read_run(world.source, plan.id)
    assert run.state is RunState.FAILED and str(refused.value) in run.status_text
    assert arrived_bodies(world.jobs).total() + len(world.bodies()) == LETTERS
    assert not any(message["hidden"] for message in world.dlq.messages())
    world.aws.heal()
    ensure_complete(world, redrive.resume_redrive(world.source, plan.id), ids)
    assert arrived_bodies(world.jobs).total() == LETTERS


def test_messages_that_may_not_be_deleted_are_sent_once_and_deleted_by_resume(world: World) -> None:
    ids, plan = put_and_plan(world)
    world.aws.fault(replace(DENIED, operation="DeleteMessage*", message="not authorized to perform: sqs:deletemessage"))
    with pytest.raises(AccessDenied, match="sqs:deletemessage"):
        start_run(world, plan)
    assert len(world.bodies()) == LETTERS
    world.aws.heal()
    world.aws.advance(60)
    run = redrive.resume_redrive(world.source, plan.id)
    ensure_complete(world, run, ids)
    assert arrived_bodies(world.jobs).total() == LETTERS and run.possible_duplicates == ()


def test_an_interrupted_run_is_finished_before_another_plan_starts(world: World) -> None:
    _, plan = put_and_plan(world)
    world.aws.fault(replace(DENIED, operation="DeleteMessage*"))
    with pytest.raises(AccessDenied):
        start_run(world, plan)
    world.aws.heal()
    world.aws.advance(60)
    world.add_to_snapshot()
    with pytest.raises(UsageError, match=f"{plan.id} was interrupted") as refused:
        start_run(world, a_plan(world))
    assert f"ops dlq resume {plan.id}" in refused.value.next_step


def test_a_destination_of_the_wrong_type_or_missing_is_rejected_by_the_plan(world: World) -> None:
    world.put(["a"])
    world.aws.queue("ordered.fifo", FifoQueue="true")
    for name, kind, says in (
        ("ordered.fifo", UsageError, "ordered.fifo is a FIFO queue and jobs-dlq is a standard queue"),
        ("nowhere", NotFound, "There is no queue nowhere"),
        ("jobs-dlq", UsageError, "is the queue that holds the messages"),
    ):
        with pytest.raises(kind, match=says):
            a_plan(world, destination=Destination("queue", name))
    assert world.bodies() == ["a"]
