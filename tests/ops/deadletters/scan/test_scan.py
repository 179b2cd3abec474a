"""A scan takes nothing away: every message is read into the snapshot as it is, and released."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from handler import contract
from ops.deadletters import queue_lock
from ops.deadletters.messages.model import Kind, Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.queue_lock import QueueBusy
from ops.deadletters.scan.scan import scan_queue
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import Fault
from tests.ops.deadletters.scan.scanning import all_back, bury, stored


def test_every_message_is_read_and_returned(look_world: World) -> None:
    ids = bury(look_world, 237)
    seen: list[tuple[int, int]] = []
    done = scan_queue(look_world.source, progress=lambda read, there: seen.append((read, there)))
    assert (done.messages, done.new, done.missing, done.reported, done.complete) == (237, 237, 0, 237, True)
    assert "raised the receive count of 237 messages by one; all were released" in done.notes[0]
    assert seen[-1] == (237, 237)
    assert stored(look_world) == set(ids)
    again = scan_queue(look_world.source)
    assert (again.messages, again.new, again.complete, again.in_flight) == (237, 0, True, 0)
    with Snapshot.open(look_world.source) as snapshot:
        assert {found.message.receives for found in snapshot.find(limit=300)} == {2}
        info = snapshot.info()
    assert (info.messages, info.complete, info.scanning, info.last_scan["receives"]) == (
        237,
        True,
        False,
        again.receives,
    )
    assert info.scanned_at == again.scanned_at.replace(microsecond=again.scanned_at.microsecond // 1000 * 1000)


def test_what_is_gone_from_the_queue_is_kept_but_no_longer_meant(look_world: World) -> None:
    ids = bury(look_world, 20)
    scan_queue(look_world.source)
    look_world.aws.fault(Fault("vanish", "ReceiveMessage", times=3))
    done = scan_queue(look_world.source)
    look_world.aws.heal()
    done = scan_queue(look_world.source)
    assert done.messages == 17
    with Snapshot.open(look_world.source) as snapshot:
        assert snapshot.count() == 17
        assert set(snapshot.ids(places=(Place.QUEUE, Place.MISSING))) == set(ids)


def test_a_limit_is_kept(look_world: World) -> None:
    bury(look_world, 25)
    done = scan_queue(look_world.source, limit=12)
    assert (done.messages, done.complete, done.missing) == (12, False, 0)
    assert any("limit of 12; the queue holds about 25" in note for note in done.notes)
    assert all_back(look_world)
    assert scan_queue(look_world.source, limit=25).complete, "as many as there are is no limit"
    with pytest.raises(UsageError, match="limit of 0"):
        scan_queue(look_world.source, limit=0)


def test_messages_that_someone_else_holds(look_world: World) -> None:
    bury(look_world, 3)
    client = look_world.source.aws.sqs
    client.receive_message(QueueUrl=look_world.source.queue.url, MaxNumberOfMessages=2, VisibilityTimeout=60)
    done = scan_queue(look_world.source)
    assert (done.messages, done.in_flight, done.complete) == (1, 2, False)
    assert any("2 messages were in flight and were not read" in note for note in done.notes)


def test_an_empty_queue(look_world: World) -> None:
    done = scan_queue(look_world.source)
    assert (done.messages, done.complete, done.notes) == (0, True, ())


def test_a_queue_that_a_scan_would_change_is_not_scanned(look_world: World) -> None:
    policy = replace(look_world.source.queue, dlq_arn="arn:aws:sqs:eu-west-1:1:third", max_receive_count=1)
    with pytest.raises(UsageError, match="has a redrive policy itself") as caught:
        scan_queue(replace(look_world.source, queue=policy))
    assert caught.value.next_step


def test_not_while_messages_are_moved_nor_twice(look_world: World) -> None:
    bury(look_world, 1)
    with queue_lock.hold_lock(look_world.source, "20261124T000000-aaaa", "somebody"), pytest.raises(QueueBusy):
        scan_queue(look_world.source)
    caught: list[Exception] = []

    def second(read: int, there: int) -> None:
        def other() -> None:
            try:
                scan_queue(look_world.source)
            except QueueBusy as busy:
                caught.append(busy)

        if not caught:
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()

    scan_queue(look_world.source, progress=second)
    assert caught


def test_messages_of_a_fifo_queue(look_server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look_world = look_server.with_new_queues(tmp_path, monkeypatch, suffix=".fifo", FifoQueue="true")
    systems = [{"MessageGroupId": f"g{n}", "MessageDeduplicationId": f"d{n}"} for n in (1, 2)]
    look_world.dlq.put([{"body": "{}", "system": system} for system in systems])
    done = scan_queue(look_world.source)
    assert done.messages == 2
    assert any("first messages of each message group" in note for note in done.notes)
    with Snapshot.open(look_world.source) as snapshot:
        assert {
            (found.message.group_id, found.message.system["MessageDeduplicationId"]) for found in snapshot.find()
        } == {
            ("g1", "d1"),
            ("g2", "d2"),
        }


BODIES = {
    "binary": "\x01\x02\udcff\x00 end",
    "lone surrogate": "\ud800 {",
    "one MiB": "x" * 1_048_576,
    "deep": "[" * 100_000 + "]" * 100_000,
    "invalid JSON": '{"a": ',
    "HTML": "<script>alert(1)</script>",
    "terminal": "\x1b]0;title\x07\x1b[2J",
    "formula": "=1+1",
    "numbers": '{"n": 1' + "0" * 5_000 + "}",
}


def test_bodies_of_every_kind_stay_as_they_are(look_world: World) -> None:
    attributes = {
        "Binary": {"DataType": "Binary.gzip", "BinaryValue": "AP8="},
        "Number": {"DataType": "Number", "StringValue": "1.10"},
        **{f"A{number}": {"DataType": "String", "StringValue": "ü" * 256} for number in range(8)},
    }
    look_world.dlq.put([{"body": body, "attributes": attributes} for body in BODIES.values()])
    done = scan_queue(look_world.source)
    assert (done.messages, done.complete) == (len(BODIES), True)
    with Snapshot.open(look_world.source) as snapshot:
        found = snapshot.find()
        assert sorted(each.message.body for each in found) == sorted(BODIES.values())
        sent = {name: list(told.values()) for name, told in attributes.items()}
        kept = found[0].message.attributes.items()
        assert {name: [told.data_type, told.value] for name, told in kept} == sent
        for where in ("body.a", "body", "contains(text, 'script')", "length(text) > `5`"):
            snapshot.count(Selection(where=where))
        assert snapshot.count(Selection(text="ALERT(1)")) == 1


def test_kinds(look_world: World) -> None:
    arn = look_world.source.workload.queue.arn
    rejected = {contract.DLQ_ERROR_TYPE: {"DataType": "String", "StringValue": "UnknownJob"}}
    look_world.dlq.put(
        [{"body": "{}", "system": {"DeadLetterQueueSourceArn": arn}}, {"body": "{}", "attributes": rejected}]
    )
    done = scan_queue(look_world.source)
    assert done.messages == 2
    with Snapshot.open(look_world.source) as snapshot:
        assert {found.message.kind for found in snapshot.find()} == {Kind.SQS, Kind.REJECTED}
