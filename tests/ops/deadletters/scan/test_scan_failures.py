"""Whatever goes wrong during a scan: what was read stays in the snapshot, and everything is released."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.deadletters.plan_model import Selection
from ops.deadletters.scan import bulk_receive
from ops.deadletters.scan import scan as looks
from ops.deadletters.scan.scan import scan_queue
from ops.deadletters.snapshot import Snapshot
from ops.deadletters.snapshot.scan_log import ScanLog
from ops.errors import AwsError
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import DENIED, THROTTLED, Fault
from tests.ops.deadletters.scan.scanning import all_back, bury, stored


def test_stopped_early_what_was_read_stays(look_world: World) -> None:
    bury(look_world, 2_000)  # more than can come before and while it stops: 2 × 509, and 400 that wait or are under way
    read: list[int] = []
    done = scan_queue(look_world.source, progress=lambda so_far, _: read.append(so_far), stop=lambda: bool(read))
    assert 0 < done.messages < 2_000
    assert done.notes[0].startswith("The scan ended early: as requested")
    assert len(stored(look_world)) == done.messages
    assert all_back(look_world)


def test_interrupted_everything_is_returned(look_world: World) -> None:
    bury(look_world, 60)

    def interrupt(read: int, there: int) -> None:
        if read:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan_queue(look_world.source, progress=interrupt)
    assert stored(look_world)
    with Snapshot.open(look_world.source) as snapshot:
        assert not snapshot.info().scanning
    assert all_back(look_world)


def test_a_scan_that_was_killed_goes_on(look_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it had read is not read again: the receive counts of those letters are one."""
    bury(look_world, 300)
    kill(look_world, monkeypatch, after=100)
    read = stored(look_world)
    assert len(read) == 100
    with Snapshot.open(look_world.source) as snapshot:
        assert snapshot.info().scanning
    done = scan_queue(look_world.source)
    assert (done.number, done.messages, done.new, done.complete) == (1, 300, 300, True)
    assert any(f"interrupted scan, which had read {len(read)} messages" in note for note in done.notes)
    with Snapshot.open(look_world.source) as snapshot:
        assert {found.message.receives for found in snapshot.find(Selection(ids=tuple(read)), limit=300)} == {1}
    assert all_back(look_world)


def test_a_scan_killed_long_ago_starts_again(look_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bury(look_world, 100)
    kill(look_world, monkeypatch, after=10)
    look_world.aws.advance(3 * looks.MIN_LEASE_S)
    with Snapshot.open(look_world.source) as snapshot:
        snapshot.connection.execute("UPDATE letters SET leased_until = leased_until - 1000")
    done = scan_queue(look_world.source)
    assert (done.number, done.messages, done.complete) == (2, 100, True)


def test_killed_while_it_gave_back_the_next_one_gives_the_rest_back(
    look_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = bury(look_world, 100)
    monkeypatch.setattr(looks, "LEASES_PER_WRITE", 30)
    look_world.aws.fault(replace(DENIED, operation="ChangeMessageVisibilityBatch", skip=3))
    done = scan_queue(look_world.source)
    look_world.aws.heal()
    assert done.not_released == 70
    assert any("70 messages could not be released" in note for note in done.notes)
    done = scan_queue(look_world.source)
    assert (done.messages, done.in_flight, done.complete) == (100, 0, True)
    assert stored(look_world) == set(ids)


def kill(look_world: World, patch: pytest.MonkeyPatch, after: int) -> None:
    """As by SIGKILL: nothing is given back. It may read no more than ``after`` letters, however fast they come."""

    class Killed(BaseException):
        pass

    def die(read: int, there: int) -> None:
        if read >= after:
            raise Killed

    def stop_and_drain(_self: Any, receiver: Any, _threads: Any) -> None:
        receiver.stop()
        drain(receiver)

    with patch.context() as dead:
        dead.setattr(looks._Scanner, "_release_all", stop_and_drain)
        dead.setattr(ScanLog, "discard", lambda _self, _number: None)
        with pytest.raises(Killed):
            scan_queue(look_world.source, limit=after, progress=die)


def drain(receiver: Any) -> None:
    """What was under way when it was killed goes back; in earnest it would come back when its lease ends."""
    here: Any = _Here()  # of an executor only ``map`` is used
    for batch in receiver.batches():
        bulk_receive.change_visibility(receiver._aws, receiver._queue, [message.receipt for message in batch], 0, here)


class _Here:
    map = staticmethod(map)


@pytest.mark.parametrize("fault", [THROTTLED, Fault("refuse"), Fault("cut"), Fault("cut after"), Fault("cut within")])
def test_what_passes_is_waited_for(look_world: World, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_receive, "PAUSES_S", (0.01, 0.01, 0.01))
    bury(look_world, 40)
    look_world.aws.fault(replace(fault, operation="ReceiveMessage", times=2))
    look_world.aws.fault(replace(fault, operation="ChangeMessageVisibilityBatch", times=2))
    done = scan_queue(look_world.source)
    assert (done.messages, done.not_released, done.complete) == (40, 0, True)


def test_refused_for_good_before_anything_was_read(look_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bury(look_world, 5)
    look_world.aws.fault(replace(DENIED, operation="ReceiveMessage"))
    with pytest.raises(AwsError, match="is not authorized to perform sqs:"):
        scan_queue(look_world.source)
    with Snapshot.open(look_world.source) as snapshot:
        assert snapshot.info().scanned_at is None
        assert not snapshot.info().scanning


def test_refused_for_good_half_way(look_world: World) -> None:
    bury(look_world, 50)
    look_world.aws.fault(replace(DENIED, operation="ReceiveMessage", skip=2))
    done = scan_queue(look_world.source)
    look_world.aws.heal()
    assert (done.messages, done.complete) == (20, False)
    assert done.notes[0].startswith("The scan ended early: ")
    assert "Ask for an IAM policy" in done.notes[0]
    assert all_back(look_world)


def test_leases_that_end_meanwhile(look_world: World) -> None:
    """The letters are seen twice, counted once, and there is nothing left to give back."""
    bury(look_world, 60)
    look_world.aws.fault(Fault("end leases", "ReceiveMessage", skip=3, times=1))
    done = scan_queue(look_world.source)
    assert (done.messages, done.new, done.not_released) == (60, 60, 0)
    assert all_back(look_world)


def test_a_scan_that_takes_long_renews_its_leases(look_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "RENEW_WITHIN_S", 2 * looks.MIN_LEASE_S)  # what was just leased is renewed already
    bury(look_world, 40)

    def renews() -> bool:
        before = look_world.aws.counts().get("ChangeMessageVisibilityBatch", 0)
        done = scan_queue(look_world.source)
        assert (done.messages, done.not_released) == (40, 0)
        assert all_back(look_world)
        return bool(look_world.aws.counts()["ChangeMessageVisibilityBatch"] - before > 4)  # to give back takes four

    assert any(renews() for _ in range(5)), "the first renewal may find nothing received yet"


def test_no_more_in_flight_than_sqs_allows(look_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "MAX_IN_FLIGHT", 30)
    bury(look_world, 50)
    done = scan_queue(look_world.source)
    assert (done.messages, done.complete) == (30, False)
    assert any("SQS allows about 120,000" in note for note in done.notes)
    look_world.aws.fault(Fault("refuse", "ReceiveMessage", skip=1, code="OverLimit", status=403))
    monkeypatch.undo()
    done = scan_queue(look_world.source)
    assert (done.messages, done.complete) == (10, False)
    assert any("SQS allows about 120,000" in note for note in done.notes)
