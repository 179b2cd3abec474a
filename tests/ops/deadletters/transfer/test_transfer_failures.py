"""Transfers while calls fail: no message is lost, and every possible duplicate is listed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import MessageState
from ops.errors import AccessDenied, AwsError, NotFound
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import DENIED, KMS_DENIED, THROTTLED, Fault
from tests.ops.deadletters.transfer.transfers import (
    MESSAGES,
    assert_accounted_for,
    fill,
    ledger_of,
    transfer_all,
)
from tests.timing import set_timing

RETRIES = 0
WAITS_S = 0.02


@pytest.mark.parametrize(
    ("fault", "listed"),
    [
        (Fault("entries", "SendMessageBatch", times=3, code="InternalError", entry_share=0.4), False),
        (Fault("entries", "DeleteMessageBatch", times=3, code="InternalError", entry_share=0.4), False),
        (Fault("refuse", "SendMessageBatch", times=3, status=503, code="ServiceUnavailable"), True),
        (Fault("refuse after", "SendMessageBatch", times=3), True),
        (Fault("refuse after", "DeleteMessageBatch", times=3), False),
        (Fault("refuse", "ReceiveMessage", times=3), False),
        (Fault("refuse", "*Message*", times=3, code="RequestThrottled", status=400), False),
        (Fault("cut", "SendMessageBatch", times=3), True),
        (Fault("cut after", "SendMessageBatch", times=3), True),
        (Fault("cut within", "SendMessageBatch", times=3), True),
        (Fault("cut after", "DeleteMessageBatch", times=3), False),
        (Fault("cut after", "ReceiveMessage", times=2), False),
        (Fault("stall after", "SendMessageBatch", times=2, seconds=0.5), True),
        (Fault("twice", "ReceiveMessage", times=3), False),
        (Fault("end leases", "ReceiveMessage", "jobs-dlq", times=3), False),
        (Fault("empty", "ReceiveMessage", times=3), False),
    ],
    ids=lambda value: f"{value.kind} {value.operation}".replace("*", "any") if isinstance(value, Fault) else "",
)
def test_each_fault(world: World, fault: Fault, listed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, lease_grace=5.0)  # what a lost answer leased comes back late on a busy machine
    if fault.kind == "stall after":
        set_timing(monkeypatch, read_timeout=0.3)
    plan = fill(world)
    world.aws.fault(fault)
    run, result = transfer_all(world, plan)
    assert world.aws.counts()[f"fault: {fault.kind}"] > 0
    assert (run.sent, run.deleted, run.failed, run.missing, result.why) == (MESSAGES, MESSAGES, 0, 0, "")
    assert world.bodies() == []
    assert bool(run.possible_duplicates) is listed
    assert_accounted_for(world, plan, run)


def test_what_the_destination_rejects_for_good_stays(world: World) -> None:
    plan = fill(world)
    code = "InvalidParameterValue"
    fault = Fault("entries", "SendMessageBatch", times=2, code=code, entry_share=0.5, sender_fault=True, message="no\n")
    world.aws.fault(fault)
    run, _ = transfer_all(world, plan)
    assert run.failed > 0
    assert run.sent == run.deleted == MESSAGES - run.failed
    assert run.failures == (("Queue jobs rejected it: InvalidParameterValue: no", run.failed),)
    assert len(world.dlq.messages()) == run.failed
    assert_accounted_for(world, plan, run)


def test_one_message_that_fails_a_call_fails_alone(world: World) -> None:
    plan = fill(world, 10)
    fault = Fault("refuse", "SendMessageBatch", times=2, code="InvalidMessageContents", status=400, message="odd sign")
    world.aws.fault(fault)  # the batch, and the first one of it alone
    run, _ = transfer_all(world, plan)
    assert (run.sent, run.failed, run.possible_duplicates) == (9, 1, ())
    assert "odd sign" in run.failures[0][0]
    assert_accounted_for(world, plan, run)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (DENIED, AccessDenied),
        (KMS_DENIED, AwsError),
        (Fault("refuse", code="QueueDoesNotExist", status=400, message="no such queue"), NotFound),
    ],
)
def test_a_destination_that_accepts_nothing_ends_the_run(world: World, fault: Fault, error: type[AwsError]) -> None:
    plan = fill(world)
    world.aws.fault(replace(fault, operation="SendMessageBatch"))
    with pytest.raises(error):
        transfer_all(world, plan)
    world.aws.heal()
    with Ledger.open(ledger_of(world, plan)) as ledger:
        assert ledger.ids_in_states(MessageState.PLANNED) == plan.ids
        assert ledger.run().possible_duplicates == ()
    assert len(world.dlq.messages()) == MESSAGES
    run, _ = transfer_all(world, plan)
    assert run.deleted == MESSAGES
    assert_accounted_for(world, plan, run)


def test_messages_may_not_be_deleted(world: World) -> None:
    """What was sent by then is on record, and is only deleted when the run is resumed."""
    plan = fill(world)
    world.aws.fault(replace(DENIED, operation="DeleteMessageBatch"))
    with pytest.raises(AccessDenied):
        transfer_all(world, plan)
    world.aws.heal()
    with Ledger.open(ledger_of(world, plan)) as ledger:
        assert ledger.ids_in_states(MessageState.SENT)
    sends = world.aws.counts()["SendMessageBatch"]
    sent = len(world.jobs.messages())
    run, _ = transfer_all(world, plan)
    assert run.deleted == MESSAGES
    assert len(world.jobs.messages()) == MESSAGES
    assert world.aws.counts()["SendMessageBatch"] - sends >= (MESSAGES - sent) / 10
    assert run.possible_duplicates == ()
    assert_accounted_for(world, plan, run)


def test_throttling_that_lasts_ends_the_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, retry_timeout=0.2)
    plan = fill(world)
    world.aws.fault(replace(THROTTLED, operation="SendMessageBatch"))
    with pytest.raises(AwsError, match="too many requests"):
        transfer_all(world, plan)
    world.aws.heal()
    run, _ = transfer_all(world, plan)
    assert (run.deleted, run.possible_duplicates) == (MESSAGES, ())
    assert_accounted_for(world, plan, run)


def test_the_limit_of_messages_in_flight_is_reported(world: World) -> None:
    plan = fill(world)
    world.dlq.limit(0)
    run, result = transfer_all(world, plan)
    assert run.sent == 0
    assert "in flight as SQS allows" in result.why
