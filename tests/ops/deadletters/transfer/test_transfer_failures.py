"""Moving letters while things go wrong: nothing is lost, and whatever may arrive twice is on the list."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.aws import sqs
from ops.deadletters import plans
from ops.deadletters.ledger import AcceptedMessage, Ledger
from ops.deadletters.ledger.model import MessageState, Run
from ops.deadletters.messages import parse
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Pace, Plan, Selection, Steps
from ops.deadletters.snapshot import Snapshot
from ops.deadletters.transfer import Transfer, TransferResult, context, engine, receiver
from ops.deadletters.transfer.rate_limiter import RateLimiter
from ops.errors import AccessDenied, AwsError, NotFound
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import DENIED, NO_KEY, THROTTLED, Fault

LETTERS = 60


RETRIES = 0
WAITS_S = 0.02


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(context, "LEASE_S", 2)
    monkeypatch.setattr(receiver, "GRACE_S", 0.2)
    monkeypatch.setattr(context, "MIN_BACKOFF_S", 0.001)
    monkeypatch.setattr(context, "MAX_BACKOFF_S", 0.02)
    return server.anew(tmp_path, monkeypatch)


def filled(world: World, count: int = LETTERS) -> Plan:
    world.put([f"letter {number:03d}" for number in range(count)])
    return plans.make_plan(
        world.source,
        Selection(),
        pace=Pace(None, headroom=False),
        engine="ledger",
        steps=Steps(watch=False),
    )


def ledger_of(world: World, plan: Plan) -> Path:
    return world.source.runs / f"{plan.id}.db"


def go(world: World, plan: Plan) -> tuple[Run, TransferResult]:
    path = ledger_of(world, plan)
    with Ledger.open(path) if path.exists() else Ledger.create(path, plan, "r", "me") as ledger:
        ledger.start_run()
        went = Transfer(world.source, plan, ledger, RateLimiter(None), lambda: False).move(len(plan.ids), 1)
        return ledger.run(), went


def judged(world: World, plan: Plan, run: Run) -> None:
    """Each letter is in exactly one of the queues; those that are there more often are on the list."""
    there: Counter[str] = Counter()
    for message in world.jobs.messages():
        there[message["MessageAttributes"]["OriginalMessageId"]["StringValue"]] += 1
    left = {message["MessageId"] for message in world.dlq.messages()}
    assert set(plan.ids) <= set(there) | left, "lost"
    assert {name for name, times in there.items() if times > 1} | (left & set(there)) <= set(run.possible_duplicates), (
        "unlisted"
    )


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
def test_trouble(world: World, fault: Fault, listed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "GRACE_S", 5.0)  # what a lost answer leased comes back late on a busy machine
    if fault.kind == "stall after":
        monkeypatch.setattr(engine, "READ_TIMEOUT_S", 0.3)
    plan = filled(world)
    world.aws.fault(fault)
    run, went = go(world, plan)
    assert world.aws.counts()[f"fault: {fault.kind}"] > 0
    assert (run.sent, run.deleted, run.failed, run.missing, went.why) == (LETTERS, LETTERS, 0, 0, "")
    assert world.bodies() == []
    assert bool(run.possible_duplicates) is listed
    judged(world, plan, run)


def test_what_the_destination_refuses_for_good_stays(world: World) -> None:
    plan = filled(world)
    code = "InvalidParameterValue"
    fault = Fault("entries", "SendMessageBatch", times=2, code=code, entry_share=0.5, sender_fault=True, message="no\n")
    world.aws.fault(fault)
    run, _ = go(world, plan)
    assert run.failed > 0
    assert run.sent == run.deleted == LETTERS - run.failed
    assert run.failures == (("Queue jobs rejected it: InvalidParameterValue: no", run.failed),)
    assert len(world.dlq.messages()) == run.failed
    judged(world, plan, run)


def test_one_letter_that_spoils_a_call_fails_alone(world: World) -> None:
    plan = filled(world, 10)
    fault = Fault("refuse", "SendMessageBatch", times=2, code="InvalidMessageContents", status=400, message="odd sign")
    world.aws.fault(fault)  # the batch, and the first one of it alone
    run, _ = go(world, plan)
    assert (run.sent, run.failed, run.possible_duplicates) == (9, 1, ())
    assert "odd sign" in run.failures[0][0]
    judged(world, plan, run)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (DENIED, AccessDenied),
        (NO_KEY, AwsError),
        (Fault("refuse", code="QueueDoesNotExist", status=400, message="no such queue"), NotFound),
    ],
)
def test_a_destination_that_takes_nothing_ends_the_run(world: World, fault: Fault, error: type[AwsError]) -> None:
    plan = filled(world)
    world.aws.fault(replace(fault, operation="SendMessageBatch"))
    with pytest.raises(error):
        go(world, plan)
    world.aws.heal()
    with Ledger.open(ledger_of(world, plan)) as ledger:
        assert ledger.ids_in_states(MessageState.PLANNED) == plan.ids
        assert ledger.run().possible_duplicates == ()
    assert len(world.dlq.messages()) == LETTERS
    run, _ = go(world, plan)
    assert run.deleted == LETTERS
    judged(world, plan, run)


def test_letters_may_not_be_deleted(world: World) -> None:
    """What was sent by then is on record, and is only deleted when the run is resumed."""
    plan = filled(world)
    world.aws.fault(replace(DENIED, operation="DeleteMessageBatch"))
    with pytest.raises(AccessDenied):
        go(world, plan)
    world.aws.heal()
    with Ledger.open(ledger_of(world, plan)) as ledger:
        assert ledger.ids_in_states(MessageState.SENT)
    sends = world.aws.counts()["SendMessageBatch"]
    sent = len(world.jobs.messages())
    run, _ = go(world, plan)
    assert run.deleted == LETTERS
    assert len(world.jobs.messages()) == LETTERS
    assert world.aws.counts()["SendMessageBatch"] - sends >= (LETTERS - sent) / 10
    assert run.possible_duplicates == ()
    judged(world, plan, run)


def test_aws_that_keeps_refusing_ends_the_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "RETRY_TIMEOUT_S", 0.2)
    plan = filled(world)
    world.aws.fault(replace(THROTTLED, operation="SendMessageBatch"))
    with pytest.raises(AwsError, match="too many requests"):
        go(world, plan)
    world.aws.heal()
    run, _ = go(world, plan)
    assert (run.deleted, run.possible_duplicates) == (LETTERS, ())
    judged(world, plan, run)


def killed(world: World, plan: Plan, count: int, *, sent: bool) -> set[str]:
    """As a process leaves it that was killed with so many letters in work: their ids."""
    held = _received(world, count)
    with Ledger.create(ledger_of(world, plan), plan, "r", "me") as ledger:
        ledger.start_run()
        numbers = [(plan.ids.index(name), receipt) for name, receipt in held]
        ledger.record_intent(numbers, 1)
        if sent:
            ledger.record_sent([AcceptedMessage(number, f"new-{number}", 1.0) for number, _ in numbers])
    return {name for name, _ in held}


def test_resumed_after_a_kill_between_intent_and_sent(world: World) -> None:
    plan = filled(world)
    in_work = killed(world, plan, 20, sent=False)
    run, _ = go(world, plan)
    assert (run.deleted, set(run.possible_duplicates)) == (LETTERS, in_work)
    judged(world, plan, run)


def test_a_resumed_step_ends_although_its_letters_are_gone_and_others_wait_for_the_next_step(world: World) -> None:
    """Deleted just before the kill: they never come again, while those of the next step do with every lease."""
    plan = filled(world)
    gone = killed(world, plan, 10, sent=True)
    world.dlq.remove(list(gone))
    patience = time.monotonic() + 120
    with Ledger.open(ledger_of(world, plan)) as ledger:
        ledger.start_run()
        transfer = Transfer(world.source, plan, ledger, RateLimiter(None), lambda: time.monotonic() > patience)
        went = transfer.move(10, 1)
        assert time.monotonic() < patience
        assert (
            went.sent,
            ledger.count_in_states(MessageState.DELETED),
            ledger.count_in_states(MessageState.PLANNED),
        ) == (10, 10, LETTERS - 10)
        transfer.move(LETTERS, 2)
        assert ledger.count_in_states(MessageState.DELETED) == LETTERS
    assert len(world.jobs.messages()) == LETTERS - 10
    assert world.bodies() == []


def test_resumed_after_a_kill_between_sent_and_deleted(world: World) -> None:
    """They are deleted, and never sent again; the lease of the killed process is given back first."""
    plan = filled(world)
    killed(world, plan, 20, sent=True)
    run, _ = go(world, plan)
    assert (run.sent, run.deleted, run.possible_duplicates) == (LETTERS, LETTERS, ())
    assert len(world.jobs.messages()) == LETTERS - 20
    assert world.bodies() == []


def test_letters_that_somebody_else_holds_are_left_for_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "LEASE_S", 1)
    plan = filled(world)
    held = _received(world, 10)
    run, went = go(world, plan)
    assert (run.deleted, run.missing) == (LETTERS - 10, 0)
    assert went.why == "10 messages are held by another process; resume when they are visible again."
    world.aws.advance(700)
    run, went = go(world, plan)
    assert (run.deleted, run.missing, went.why) == (LETTERS, 0, "")
    assert len(held) == 10
    judged(world, plan, run)


@pytest.fixture
def ordered(server: World, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return server.anew(tmp_path, monkeypatch, ".fifo", FifoQueue="true")


def in_groups(world: World, groups: str, wanted: Sequence[str]) -> Plan:
    """A letter for each sign, which is its group; the bodies are the group and the place. The plan sends ``wanted``."""
    world.dlq.put(
        {
            "body": f"{group}{at}",
            "system": {
                "DeadLetterQueueSourceArn": world.jobs.arn,
                "SequenceNumber": f"{at:020d}",
                "MessageGroupId": group,
                "MessageDeduplicationId": f"{at}",
            },
        }
        for at, group in enumerate(groups)
    )
    with Snapshot.open(world.source) as shelf:
        shelf.add([parse.parse_message(sqs.received_message(each)) for each in world.dlq.messages()], Place.QUEUE)
    ids = tuple(each["MessageId"] for each in world.dlq.messages() if each["Body"] in wanted)
    pace, steps = Pace(None, headroom=False), Steps(watch=False)
    return plans.make_plan(world.source, Selection(ids=ids), pace=pace, engine="ledger", steps=steps)


def test_the_first_of_a_group_is_waited_for_while_a_killed_process_has_it(
    ordered: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes back within a lease, and until then hides the others of its group."""
    monkeypatch.setattr(context, "LEASE_S", 30)
    plan = in_groups(ordered, "aaabbb", ["a0", "a1", "a2"])
    door, url = ordered.source.aws.sqs, ordered.source.queue.url
    [head] = door.receive_message(QueueUrl=url, MaxNumberOfMessages=1, VisibilityTimeout=600)["Messages"]
    assert head["Body"] == "a0"
    looked: list[int] = []

    def stop() -> bool:
        """Once the mover has asked whether that is all, the first one's lease ends."""
        looked.append(ordered.aws.counts()["GetQueueAttributes"])
        if looked[-1] > looked[0]:
            door.change_message_visibility(QueueUrl=url, ReceiptHandle=head["ReceiptHandle"], VisibilityTimeout=0)
            looked[:] = [10**9]
        return False

    with Ledger.create(ledger_of(ordered, plan), plan, "r", "me") as ledger:
        ledger.start_run()
        went = Transfer(ordered.source, plan, ledger, RateLimiter(None), stop).move(3, 1)
        assert (ledger.run().deleted, went.why) == (3, "")
    assert [message["Body"] for message in ordered.jobs.messages()] == ["a0", "a1", "a2"]
    assert ordered.bodies() == ["b3", "b4", "b5"]


def test_letters_behind_others_of_their_group_are_not_shown(ordered: World) -> None:
    """A receive takes ten of a group, and hides those behind them."""
    plan = in_groups(ordered, "a" * 11 + "b", ["a10", "b11"])
    run, went = go(ordered, plan)
    assert (run.deleted, run.missing) == (1, 0)
    assert went.why.startswith("The other messages come after messages of their message group that are not to be sent")


def test_letters_behind_one_that_somebody_else_holds_are_left_for_later(ordered: World) -> None:
    plan = in_groups(ordered, "aaabbb", ["a0", "a1", "a2"])
    door, url = ordered.source.aws.sqs, ordered.source.queue.url
    door.receive_message(QueueUrl=url, MaxNumberOfMessages=1, VisibilityTimeout=600)
    run, went = go(ordered, plan)
    assert (run.deleted, run.missing) == (0, 0)
    assert went.why == (
        "3 messages are held by another process, or behind such a message in its message group; resume when they are visible again."
    )


def test_as_many_are_in_flight_as_sqs_allows(world: World) -> None:
    plan = filled(world)
    world.dlq.limit(0)
    run, went = go(world, plan)
    assert run.sent == 0
    assert "in flight as SQS allows" in went.why


def _received(world: World, count: int) -> list[tuple[str, str]]:
    """Id and receipt of letters that another process has taken."""
    found: list[Any] = []
    door = world.source.aws.sqs
    while len(found) < count:
        answer = door.receive_message(QueueUrl=world.source.queue.url, MaxNumberOfMessages=10, VisibilityTimeout=600)
        found += answer["Messages"]
    return [(message["MessageId"], message["ReceiptHandle"]) for message in found]
