"""A look takes nothing away: every letter is read onto the shelf and given back, whatever goes wrong meanwhile."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops.deadletters import lock
from ops.deadletters import look as looks
from ops.deadletters.letter import Kind, Place
from ops.deadletters.lock import Busy
from ops.deadletters.look import LookDone, look
from ops.deadletters.plan import Selection
from ops.deadletters.shelf import Shelf
from ops.errors import AwsError, UsageError
from tests.bench._sqs_faults import DENIED, THROTTLED, Fault
from tests.ops.deadletters.queues import World, a_world


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, a_world(tmp_path_factory.mktemp("world"), patch, retries=0) as world:
        yield world


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(looks.lease, "LONG_POLL_S", 0)  # this server knows at once that nothing is there
    return server.anew(tmp_path, monkeypatch)


def bury(world: World, count: int) -> list[str]:
    return list(world.dlq.put([{"body": json.dumps({"n": number})} for number in range(count)]))


def visible(world: World) -> int:
    return sum(1 for message in world.dlq.messages() if not message.get("held"))


def shelved(world: World, **places: Any) -> set[str]:
    with Shelf.open(world.source) as shelf:
        return set(shelf.ids(**places))


def all_back(world: World) -> bool:
    """A second look reads everything, so nobody holds anything any more."""
    done = look(world.source)
    return done.complete and done.in_flight == 0


def test_every_letter_is_read_and_given_back(world: World) -> None:
    ids = bury(world, 237)
    seen: list[tuple[int, int]] = []
    done = look(world.source, progress=lambda read, there: seen.append((read, there)))
    assert (done.letters, done.new, done.gone, done.reported, done.complete) == (237, 237, 0, 237, True)
    assert "raised the receive count of 237 letters by one and gave all of them back" in done.notes[0]
    assert seen[-1] == (237, 237)
    assert shelved(world) == set(ids)
    again = look(world.source)
    assert (again.letters, again.new, again.complete, again.in_flight) == (237, 0, True, 0)
    with Shelf.open(world.source) as shelf:
        assert {found.letter.receives for found in shelf.find(limit=300)} == {2}
        info = shelf.info()
    assert (info.letters, info.complete, info.looking, info.look["receives"]) == (237, True, False, again.receives)
    assert info.looked_at == again.looked_at.replace(microsecond=again.looked_at.microsecond // 1000 * 1000)


def test_what_is_gone_from_the_queue_is_kept_but_no_longer_meant(world: World) -> None:
    ids = bury(world, 20)
    look(world.source)
    world.aws.fault(Fault("vanish", "ReceiveMessage", times=3))
    done = look(world.source)
    world.aws.heal()
    done = look(world.source)
    assert done.letters == 17
    with Shelf.open(world.source) as shelf:
        assert shelf.count() == 17
        assert set(shelf.ids(places=(Place.QUEUE, Place.GONE))) == set(ids)


def test_a_limit_is_kept(world: World) -> None:
    bury(world, 25)
    done = look(world.source, limit=12)
    assert (done.letters, done.complete, done.gone) == (12, False, 0)
    assert any("limit of 12; the queue holds about 25" in note for note in done.notes)
    assert all_back(world)
    with pytest.raises(UsageError, match="limit of 0"):
        look(world.source, limit=0)


def test_letters_that_somebody_else_holds(world: World) -> None:
    bury(world, 3)
    client = world.source.aws.sqs
    client.receive_message(QueueUrl=world.source.queue.url, MaxNumberOfMessages=2, VisibilityTimeout=60)
    done = look(world.source)
    assert (done.letters, done.in_flight, done.complete) == (1, 2, False)
    assert any("2 letters are held by somebody else" in note for note in done.notes)


def test_an_empty_queue(world: World) -> None:
    done = look(world.source)
    assert (done.letters, done.complete, done.notes) == (0, True, ())


def test_stopped_early_what_was_read_stays(world: World) -> None:
    bury(world, 200)
    read: list[int] = []
    done = look(world.source, progress=lambda so_far, _: read.append(so_far), stop=lambda: len(read) > 3)
    assert 0 < done.letters <= 200
    assert done.notes[0].startswith("The look ended early: as asked")
    assert len(shelved(world)) == done.letters
    assert all_back(world)


def test_interrupted_everything_is_given_back(world: World) -> None:
    bury(world, 60)

    def interrupt(read: int, there: int) -> None:
        if read:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look(world.source, progress=interrupt)
    assert shelved(world)
    with Shelf.open(world.source) as shelf:
        assert not shelf.info().looking
    assert all_back(world)


def test_a_look_that_was_killed_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it had read is not read again: the receive counts of those letters are one."""
    bury(world, 300)
    kill(world, monkeypatch, after=100)
    read = shelved(world)
    assert 100 <= len(read) < 300
    with Shelf.open(world.source) as shelf:
        assert shelf.info().looking
    done = look(world.source)
    assert (done.look, done.letters, done.new, done.complete) == (1, 300, 300, True)
    assert any(f"{len(read)} letters were read by that" in note for note in done.notes)
    with Shelf.open(world.source) as shelf:
        assert {found.letter.receives for found in shelf.find(Selection(ids=tuple(read)), limit=300)} == {1}
    assert all_back(world)


def test_a_look_killed_long_ago_begins_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bury(world, 100)
    kill(world, monkeypatch, after=10)
    world.aws.advance(3 * looks.SHORTEST_LEASE_S)
    with Shelf.open(world.source) as shelf:
        shelf.connection.execute("UPDATE letters SET leased_until = leased_until - 1000")
    done = look(world.source)
    assert (done.look, done.letters, done.complete) == (2, 100, True)


def test_killed_while_it_gave_back_the_next_one_gives_the_rest_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = bury(world, 100)
    monkeypatch.setattr(looks, "AT_ONCE", 30)
    world.aws.fault(replace(DENIED, operation="ChangeMessageVisibilityBatch", skip=3))
    done = look(world.source)
    world.aws.heal()
    assert done.not_given_back == 70
    assert any("70 letters could not be given back at once" in note for note in done.notes)
    done = look(world.source)
    assert (done.letters, done.in_flight, done.complete) == (100, 0, True)
    assert shelved(world) == set(ids)


def kill(world: World, patch: pytest.MonkeyPatch, after: int) -> None:
    """As by SIGKILL: nothing is given back."""

    class Killed(BaseException):
        pass

    def die(read: int, there: int) -> None:
        if read >= after:
            raise Killed

    with patch.context() as dead:
        dead.setattr(looks._Look, "_give_back", lambda _self, receiver, _threads: receiver.stop() or drain(receiver))
        dead.setattr(looks.LookLog, "drop", lambda _self, _number: None)
        with pytest.raises(Killed):
            look(world.source, progress=die)


def drain(receiver: Any) -> None:
    client_side = list(receiver.batches())
    receiver._aws.sqs  # noqa: B018 - the connection outlives the threads
    for batch in client_side:
        looks.lease.lease(receiver._aws, receiver._queue, [message.receipt for message in batch], 0, _Here())


class _Here:
    map = staticmethod(map)


@pytest.mark.parametrize("fault", [THROTTLED, Fault("refuse"), Fault("cut"), Fault("cut after"), Fault("cut within")])
def test_what_passes_is_waited_for(world: World, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks.lease, "PAUSES_S", (0.01, 0.01, 0.01))
    bury(world, 40)
    world.aws.fault(replace(fault, operation="ReceiveMessage", times=2))
    world.aws.fault(replace(fault, operation="ChangeMessageVisibilityBatch", times=2))
    done = look(world.source)
    assert (done.letters, done.not_given_back, done.complete) == (40, 0, True)


def test_refused_for_good_before_anything_was_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bury(world, 5)
    world.aws.fault(replace(DENIED, operation="ReceiveMessage"))
    with pytest.raises(AwsError, match="may not sqs:"):
        look(world.source)
    with Shelf.open(world.source) as shelf:
        assert shelf.info().looked_at is None
        assert not shelf.info().looking


def test_refused_for_good_half_way(world: World) -> None:
    bury(world, 50)
    world.aws.fault(replace(DENIED, operation="ReceiveMessage", skip=2))
    done = look(world.source)
    world.aws.heal()
    assert (done.letters, done.complete) == (20, False)
    assert done.notes[0].startswith("The look ended early: ")
    assert "Ask for an IAM policy" in done.notes[0]
    assert all_back(world)


def test_leases_that_end_meanwhile(world: World) -> None:
    """The letters are seen twice, counted once, and there is nothing left to give back."""
    bury(world, 60)
    world.aws.fault(Fault("end leases", "ReceiveMessage", skip=3, times=1))
    done = look(world.source)
    assert (done.letters, done.new, done.not_given_back) == (60, 60, 0)
    assert all_back(world)


def test_a_look_that_takes_long_renews_its_leases(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "RENEW_WITHIN_S", 2 * looks.SHORTEST_LEASE_S)  # what was just leased is renewed already
    bury(world, 40)
    before = world.aws.counts().get("ChangeMessageVisibilityBatch", 0)
    done = look(world.source)
    assert world.aws.counts()["ChangeMessageVisibilityBatch"] - before > 4, "renewals, and four to give back"
    assert (done.letters, done.not_given_back) == (40, 0)
    assert all_back(world)


def test_no_more_in_flight_than_sqs_allows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "IN_FLIGHT", 30)
    bury(world, 50)
    done = look(world.source)
    assert (done.letters, done.complete) == (30, False)
    assert any("SQS allows about 120,000" in note for note in done.notes)
    world.aws.fault(Fault("refuse", "ReceiveMessage", skip=1, code="OverLimit", status=403))
    monkeypatch.undo()
    done = look(world.source)
    assert (done.letters, done.complete) == (10, False)
    assert any("SQS allows about 120,000" in note for note in done.notes)


def test_a_queue_that_a_look_would_change_is_not_looked_at(world: World) -> None:
    policy = replace(world.source.queue, dlq_arn="arn:aws:sqs:eu-west-1:1:third", max_receive_count=1)
    with pytest.raises(UsageError, match="redrive policy of its own") as caught:
        look(replace(world.source, queue=policy))
    assert caught.value.next_step


def test_not_while_letters_are_moved_nor_twice(world: World) -> None:
    bury(world, 1)
    with lock.held(world.source, "20261124T000000-aaaa", "somebody"), pytest.raises(Busy):
        look(world.source)
    caught: list[Exception] = []

    def second(read: int, there: int) -> None:
        def other() -> None:
            try:
                look(world.source)
            except Busy as busy:
                caught.append(busy)

        if not caught:
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()

    look(world.source, progress=second)
    assert caught


def test_letters_of_a_fifo_queue(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = server.anew(tmp_path, monkeypatch, suffix=".fifo", FifoQueue="true")
    systems = [{"MessageGroupId": f"g{n}", "MessageDeduplicationId": f"d{n}"} for n in (1, 2)]
    world.dlq.put([{"body": "{}", "system": system} for system in systems])
    done = look(world.source)
    assert done.letters == 2
    assert any("first letters of each message group" in note for note in done.notes)
    with Shelf.open(world.source) as shelf:
        assert {(found.letter.group_id, found.letter.deduplication_id) for found in shelf.find()} == {
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


def test_bodies_of_every_kind_stay_as_they_are(world: World) -> None:
    attributes = {
        "Binary": {"DataType": "Binary.gzip", "BinaryValue": "AP8="},
        "Number": {"DataType": "Number", "StringValue": "1.10"},
        **{f"A{number}": {"DataType": "String", "StringValue": "ü" * 256} for number in range(8)},
    }
    world.dlq.put([{"body": body, "attributes": attributes} for body in BODIES.values()])
    done = look(world.source)
    assert (done.letters, done.complete) == (len(BODIES), True)
    with Shelf.open(world.source) as shelf:
        found = shelf.find()
        assert sorted(each.letter.body for each in found) == sorted(BODIES.values())
        sent = {name: list(told.values()) for name, told in attributes.items()}
        kept = found[0].letter.attributes.items()
        assert {name: [told.data_type, told.value] for name, told in kept} == sent
        for where in ("body.a", "body", "contains(text, 'script')", "length(text) > `5`"):
            shelf.count(Selection(where=where))
        assert shelf.count(Selection(text="ALERT(1)")) == 1


def test_kinds(world: World) -> None:
    arn = world.source.workload.queue.arn
    rejected = {contract.DLQ_ERROR_TYPE: {"DataType": "String", "StringValue": "UnknownJob"}}
    world.dlq.put([{"body": "{}", "system": {"DeadLetterQueueSourceArn": arn}}, {"body": "{}", "attributes": rejected}])
    done: LookDone = look(world.source)
    assert done.letters == 2
    with Shelf.open(world.source) as shelf:
        assert {found.letter.kind for found in shelf.find()} == {Kind.SQS, Kind.REJECTED}
