"""Transfers of FIFO queues: message groups keep their order, and do not block one another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ops.aws import sqs
from ops.deadletters.ledger import AcceptedMessage, Ledger
from ops.deadletters.ledger.model import RunState
from ops.deadletters.messages import parse
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Action, Plan, Selection
from ops.deadletters.queue import DeadLetterQueue, open_queue
from ops.deadletters.redrive import redrive
from ops.deadletters.snapshot import Snapshot
from ops.deadletters.transfer import Transfer, TransferResult
from ops.deadletters.transfer.rate_limiter import RateLimiter
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import Fault
from tests.ops.deadletters.transfer.transfers import ledger_of, plan_of, transfer_all
from tests.timing import set_timing

RETRIES = 0
WAITS_S = 0.02


@pytest.fixture
def ordered(server: World, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return server.with_new_queues(tmp_path, monkeypatch, ".fifo", FifoQueue="true")


def in_groups(world: World, groups: str, wanted: Sequence[str]) -> Plan:
    """A message per character of ``groups``; bodies are the group and the position. The plan sends ``wanted``."""
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
    with Snapshot.open(world.source) as snapshot:
        snapshot.add([parse.parse_message(sqs.received_message(each)) for each in world.dlq.messages()], Place.QUEUE)
    ids = tuple(each["MessageId"] for each in world.dlq.messages() if each["Body"] in wanted)
    return plan_of(world, Selection(ids=ids))


def test_the_first_message_of_a_group_is_waited_for_while_a_killed_process_holds_it(
    ordered: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It becomes visible within a lease, and until then blocks the others of its group."""
    set_timing(monkeypatch, lease=30)
    plan = in_groups(ordered, "aaabbb", ["a0", "a1", "a2"])
    door, url = ordered.source.aws.sqs, ordered.source.queue.url
    [head] = door.receive_message(QueueUrl=url, MaxNumberOfMessages=1, VisibilityTimeout=600)["Messages"]
    assert head["Body"] == "a0"
    looked: list[int] = []

    def stop() -> bool:
        """The first message's lease ends once the worker has asked for the queue's counts."""
        looked.append(ordered.aws.counts()["GetQueueAttributes"])
        if looked[-1] > looked[0]:
            door.change_message_visibility(QueueUrl=url, ReceiptHandle=head["ReceiptHandle"], VisibilityTimeout=0)
            looked[:] = [10**9]
        return False

    with Ledger.create(ledger_of(ordered, plan), plan, "r", "me") as ledger:
        ledger.start_run()
        result = Transfer(ordered.source, plan, ledger, RateLimiter(None), stop).move(3, 1)
        assert (ledger.run().deleted, result.why) == (3, "")
    assert [message["Body"] for message in ordered.jobs.messages()] == ["a0", "a1", "a2"]
    assert ordered.bodies() == ["b3", "b4", "b5"]


def test_messages_behind_others_of_their_group_are_not_received(ordered: World) -> None:
    """A receive returns ten of a group, and blocks those behind them."""
    plan = in_groups(ordered, "a" * 11 + "b", ["a10", "b11"])
    run, result = transfer_all(ordered, plan)
    assert (run.deleted, run.missing) == (1, 0)
    assert result.why.startswith(
        "The other messages come after messages of their message group that are not to be sent"
    )


def test_messages_behind_one_held_by_another_process_are_left_for_later(ordered: World) -> None:
    plan = in_groups(ordered, "aaabbb", ["a0", "a1", "a2"])
    door, url = ordered.source.aws.sqs, ordered.source.queue.url
    door.receive_message(QueueUrl=url, MaxNumberOfMessages=1, VisibilityTimeout=600)
    run, result = transfer_all(ordered, plan)
    assert (run.deleted, run.missing) == (0, 0)
    assert result.why == (
        "3 messages are held by another process, or behind such a message in its message group; resume when they are visible again."
    )


@pytest.fixture
def three_groups(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """60 messages in three message groups of a FIFO queue."""
    dlq = server.aws.queue("ordered-dlq.fifo", FifoQueue="true")
    to = server.aws.queue("ordered.fifo", FifoQueue="true")
    world = World(server.aws, dlq, to, open_dlq(server, "ordered-dlq.fifo", tmp_path, monkeypatch))
    dlq.put(
        {
            "body": f"{number % 3}:{number:03d}",
            "system": {
                "MessageGroupId": f"g{number % 3}",
                "MessageDeduplicationId": f"{number}",
                "DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:000000000000:ordered.fifo",
            },
        }
        for number in range(60)
    )
    with Snapshot.open(world.source) as snapshot:  # without a scan: in memory, released messages come last
        snapshot.add([parse.parse_message(sqs.received_message(each)) for each in dlq.messages()], Place.QUEUE)
    return world


def test_the_order_of_a_group_is_kept(three_groups: World) -> None:
    three_groups.aws.fault(Fault("entries", "SendMessageBatch", times=6, code="InternalError", entry_share=0.5))
    run, _ = transfer_all(three_groups, plan_of(three_groups))
    assert (run.sent, run.deleted) == (60, 60)
    for group in "012":
        bodies = [each["Body"] for each in three_groups.jobs.messages() if each["Body"].startswith(group)]
        assert bodies == sorted(bodies)
        assert len(bodies) == 20


def test_a_fifo_stage_ends_when_what_it_sent_was_deleted_unrecorded(
    three_groups: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process was killed after its delete reached SQS: nothing in the queue will show that these are gone, and the first
    messages of all groups are set aside for the next stage."""
    set_timing(monkeypatch, lease=1, lease_grace=0.5)
    plan = plan_of(three_groups)
    with Ledger.create(three_groups.source.runs_folder / f"{plan.id}.db", plan, "r", "me") as ledger:
        ledger.start_run()
        first = [each["MessageId"] for each in three_groups.dlq.messages()[:3]]
        numbers = [ledger.numbers_by_id[name] for name in first]
        ledger.record_intent([(number, "receipt") for number in numbers], 1)
        ledger.record_sent([AcceptedMessage(number, "sent-as", 0.0) for number in numbers])
        three_groups.dlq.remove(first)
    with Ledger.open(three_groups.source.runs_folder / f"{plan.id}.db") as ledger:
        ledger.start_run()
        transfer = Transfer(three_groups.source, plan, ledger, RateLimiter(None), lambda: False)
        assert transfer.move(3, 1) == TransferResult(3), "no reason to stop"
        assert transfer.move(60, 2) == TransferResult(60, emptied=True)
        assert ledger.run().deleted == 60


def open_dlq(server: World, dlq: str, folder: Path, patch: pytest.MonkeyPatch) -> DeadLetterQueue:
    patch.setenv("OPS_HOME", str(folder / "home"))
    server.aws.heal()
    return open_queue(server.source.aws, server.source.workload, dlq)


@pytest.mark.parametrize("action", [Action.COPY, Action.REDRIVE])
def test_a_rejected_message_does_not_block_its_message_group(
    server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: Action
) -> None:
    world = server.with_new_queues(tmp_path, monkeypatch, ".fifo", FifoQueue="true")
    system = {"DeadLetterQueueSourceArn": world.jobs.arn, "MessageGroupId": "g"}
    world.dlq.put(
        [
            {"body": body, "system": {**system, "SequenceNumber": f"{at:020d}", "MessageDeduplicationId": f"{at}"}}
            for at, body in enumerate(("first", "\0 second", "third", "fourth"))
        ]
    )
    world.add_to_snapshot()
    run = redrive.start_redrive(world.source, plan_of(world, action=action), reason="a test")
    assert (run.state, run.sent, run.failed) == (RunState.DONE, 3, 1), run.status_text
    assert [message["Body"] for message in world.jobs.messages()] == ["first", "third", "fourth"]
    kept = world.bodies()
    assert kept == (["\0 second"] if action is Action.REDRIVE else sorted(("first", "\0 second", "third", "fourth")))
