"""Transfers against SQS in memory: what arrives, what stays, and what is released."""

from __future__ import annotations

import base64
import threading
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops.deadletters import plans
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import MessageState, Run
from ops.deadletters.messages.model import Attribute, Place
from ops.deadletters.plan_model import Action, Destination, Edit, Pace, Plan, Selection, Steps
from ops.deadletters.snapshot import Snapshot
from ops.deadletters.transfer import Transfer, TransferResult
from ops.deadletters.transfer.rate_limiter import RateLimiter
from tests.factories import a_dead_letter
from tests.fakes.dlq_world import World

FIFO = {"FifoQueue": "true"}

RETRIES = 0
WAITS_S = 0.02


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return server.with_new_queues(tmp_path, monkeypatch)


def planned(world: World, selection: Selection | None = None, **more: Any) -> Plan:
    more = {"pace": Pace(None, headroom=False), "engine": "ledger", "steps": Steps(watch=False), **more}
    return plans.make_plan(world.source, selection or Selection(), **more)


def moved(world: World, plan: Plan, *upto: int) -> tuple[Run, TransferResult]:
    """After steps up to these counts, by default one of all."""
    with Ledger.create(world.source.runs_folder / f"{plan.id}.db", plan, "r", "me") as ledger:
        ledger.start_run()
        transfer = Transfer(world.source, plan, ledger, RateLimiter(None), lambda: False)
        for step, count in enumerate(upto or (len(plan.ids),), 1):
            result = transfer.move(count, step)
        return ledger.run(), result


def arrived(world: World) -> list[Any]:
    return list(world.jobs.messages())


def attributes(message: Any) -> dict[str, tuple[str, str]]:
    found = message.get("MessageAttributes", {})
    return {name: (each["DataType"], each.get("StringValue") or each["BinaryValue"]) for name, each in found.items()}


def all_visible(world: World, letters: int) -> None:
    depth = world.source.aws.sqs.get_queue_attributes(QueueUrl=world.source.queue.url, AttributeNames=["All"])
    counts = depth["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == str(letters)
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_each_message_is_redriven_once(world: World) -> None:
    ids = world.put([f"letter {number}" for number in range(137)])
    run, result = moved(world, planned(world))
    assert result == TransferResult(137)
    assert (run.sent, run.deleted, run.failed, run.missing, run.possible_duplicates) == (137, 137, 0, 0, ())
    assert world.bodies() == []
    assert sorted(each["Body"] for each in arrived(world)) == sorted(f"letter {number}" for number in range(137))
    originals = {attributes(each)[contract.DLQ_ORIGINAL_MESSAGE_ID][1] for each in arrived(world)}
    assert originals == set(ids)


def test_a_message_is_sent_unchanged(world: World) -> None:
    raw = base64.b64encode(bytes(range(256))).decode()
    sent = {
        "Tenant": {"DataType": "String.name", "StringValue": "blue ☃"},
        "Tries": {"DataType": "Number", "StringValue": "1.10"},
        "Raw": {"DataType": "Binary.png", "BinaryValue": raw},
    }
    body = '{"a": 1.10,\t"b": "<script>\\u001b[31m =cmd()"}'
    world.put([body], sent)
    moved(world, planned(world))
    [message] = arrived(world)
    assert message["Body"] == body
    found = attributes(message)
    assert found.pop(contract.DLQ_ORIGINAL_MESSAGE_ID)[0] == "String"
    assert found == {"Tenant": ("String.name", "blue ☃"), "Tries": ("Number", "1.10"), "Raw": ("Binary.png", raw)}


def test_the_trace_header_and_the_group_id_are_kept(world: World) -> None:
    system = {
        "DeadLetterQueueSourceArn": world.source.workload.queue.arn,
        "AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793",
        "MessageGroupId": "tenant-7",
    }
    world.dlq.put([{"body": "x", "system": system}])
    world.add_to_snapshot()
    moved(world, planned(world))
    [message] = arrived(world)
    assert message["Attributes"]["AWSTraceHeader"] == system["AWSTraceHeader"]
    assert message["Attributes"]["MessageGroupId"] == "tenant-7"


def test_no_more_than_ten_attributes_are_sent(world: World) -> None:
    ten = {f"A{number}": {"DataType": "String", "StringValue": "v"} for number in range(10)}
    world.put(["x"], ten)
    run, _ = moved(world, planned(world))
    assert run.sent == 1
    assert set(attributes(arrived(world)[0])) == set(ten)


def test_attributes_of_the_handler_are_removed(world: World) -> None:
    """But for the first message's id, by which a repeated job is known."""
    put_on = {
        contract.DLQ_ERROR_TYPE: "UnknownJob",
        contract.DLQ_ERROR_MESSAGE: "no such job",
        contract.DLQ_ORIGINAL_MESSAGE_ID: "the-first",
        contract.DLQ_REQUEST_ID: "request",
        contract.DLQ_SOURCE_ARN: world.source.workload.queue.arn,
        "Tenant": "blue",
    }
    told = {name: {"DataType": "String", "StringValue": value} for name, value in put_on.items()}
    world.dlq.put([{"body": "x", "attributes": told}])
    world.add_to_snapshot()
    run, _ = moved(world, planned(world))
    assert run.sent == 1
    assert {name: value for name, (_, value) in attributes(arrived(world)[0]).items()} == {
        contract.DLQ_ORIGINAL_MESSAGE_ID: "the-first",
        "Tenant": "blue",
    }


def test_other_messages_stay_and_are_released(world: World) -> None:
    world.put([f"good {number}" for number in range(60)] + [f"bad {number}" for number in range(40)])
    run, result = moved(world, planned(world, Selection(text="good")))
    assert (run.deleted, result.why) == (60, "")
    assert world.bodies() == sorted(f"bad {number}" for number in range(40))
    all_visible(world, 40)


def test_steps_end_at_their_counts(world: World) -> None:
    world.put([f"good {number}" for number in range(60)] + [f"bad {number}" for number in range(20)])
    plan = planned(world, Selection(text="good"))
    with Ledger.create(world.source.runs_folder / f"{plan.id}.db", plan, "r", "me") as ledger:
        ledger.start_run()
        transfer = Transfer(world.source, plan, ledger, RateLimiter(None), lambda: False)
        for step, upto in enumerate((3, 17, 60), 1):
            ledger.set_step_state(step, upto, "sending")
            assert transfer.move(upto, step) == TransferResult(upto)
            assert len(arrived(world)) == upto
            all_visible(world, 80 - upto)
        assert [each.sent for each in ledger.run().steps] == [3, 14, 43]


def test_edits_change_what_is_sent_and_fail_only_where_they_do_not_apply(world: World) -> None:
    world.put(['{"alpha": 1}', "no JSON", '{"alpha": 2}'])
    plan = planned(world, edits=(Edit("body.alpha", 5), Edit("attributes.By", "me")))
    run, _ = moved(world, plan)
    assert (run.sent, run.failed) == (2, 1)
    assert [each["Body"] for each in arrived(world)] == ['{"alpha": 5}', '{"alpha": 5}']
    assert attributes(arrived(world)[0])["By"] == ("String", "me")
    assert run.failures[0][0].startswith("The body cannot be edited as JSON")
    assert world.bodies() == ["no JSON"]
    all_visible(world, 1)


def test_a_copy_receives_and_deletes_nothing(world: World) -> None:
    world.put([f"letter {number}" for number in range(25)])
    to = world.aws.queue("copies")
    before = world.aws.counts()["ReceiveMessage"]
    run, _ = moved(world, planned(world, action=Action.COPY, destination=Destination("queue", "copies")), 5, 25)
    assert world.aws.counts()["ReceiveMessage"] == before
    assert (run.sent, run.done, run.deleted) == (25, 25, 0)
    assert len(to.messages()) == len(world.bodies()) == 25


def test_imported_messages_are_sent_from_the_snapshot(world: World) -> None:
    world.put([f"letter {number}" for number in range(12)])
    letter = a_dead_letter("imported", "imported-1", attributes={"Raw": Attribute("Binary", "AP8=")})
    with Snapshot.open(world.source) as snapshot:
        snapshot.add([letter], Place.IMPORTED)
    plan = planned(world, selection=Selection(imported=True), destination=Destination("queue", "jobs"))
    run, _ = moved(world, plan)
    assert (run.planned, run.sent, run.done, run.deleted, run.missing) == (1, 1, 1, 0, 0)
    assert len(world.bodies()) == 12, "those of the queue stay"
    [found] = arrived(world)
    assert attributes(found)["Raw"] == ("Binary", "AP8=")


def test_large_bodies_are_sent_in_calls_below_the_limit(world: World) -> None:
    sizes = [1_000_000, 600_000, 500_000, 300_000, 300_000, 1_048_000]
    world.put(["x" * size for size in sizes])
    run, _ = moved(world, planned(world))
    assert (run.sent, run.failed) == (6, 0)
    assert sorted(len(each["Body"]) for each in arrived(world)) == sorted(sizes)


def test_missing_messages_are_counted(world: World) -> None:
    world.put([f"letter {number}" for number in range(12)])
    plan = planned(world)
    door = world.source.aws.sqs
    [taken] = door.receive_message(QueueUrl=world.source.queue.url, MaxNumberOfMessages=1)["Messages"]
    door.delete_message(QueueUrl=world.source.queue.url, ReceiptHandle=taken["ReceiptHandle"])
    run, result = moved(world, plan)
    assert (run.sent, run.missing, result.why) == (11, 1, "")


def test_the_rate_limit_holds(world: World) -> None:
    """Every letter asks for leave once, also when a receive finds letters that are not to be sent."""
    world.put([f"{'good' if number % 2 else 'bad'} {number}" for number in range(40)])
    plan = planned(world, Selection(text="good"))
    taken: list[int] = []

    class Counting(RateLimiter):
        def take(self, count: int = 1, stop: Any = None) -> bool:
            taken.append(count)
            return True

    with Ledger.create(world.source.runs_folder / f"{plan.id}.db", plan, "r", "me") as ledger:
        ledger.start_run()
        Transfer(world.source, plan, ledger, Counting(30.0), lambda: False).move(20, 1)
        assert ledger.run().sent == 20
    assert 20 <= sum(taken) < 20 + 10


def test_a_stop_releases_held_messages(world: World) -> None:
    world.put([f"letter {number}" for number in range(400)])  # more than all movers hold at once
    plan = planned(world)
    stopping = threading.Event()

    class Stopping(RateLimiter):
        def take(self, count: int = 1, stop: Any = None) -> bool:
            if ledger.count_in_states(MessageState.DELETED) >= 40:
                stopping.set()
            return super().take(count, stop)

    with Ledger.create(world.source.runs_folder / f"{plan.id}.db", plan, "r", "me") as ledger:
        ledger.start_run()
        Transfer(world.source, plan, ledger, Stopping(None), stopping.is_set).move(400, 1)
        run = ledger.run()
        assert ledger.count_in_states(MessageState.INTENT) == 0
    assert 40 <= run.sent == run.deleted < 400
    assert len(arrived(world)) == run.sent
    all_visible(world, 400 - run.sent)
