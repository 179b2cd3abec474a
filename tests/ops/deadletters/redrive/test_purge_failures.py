"""A purge while the network, SQS or the disk fail: no other message is lost, and the audit log is correct."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.deadletters.archive import audit_log, exports
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot
from ops.errors import AwsError, OpsError
from ops.target import state_folder
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import DENIED, THROTTLED, Fault
from tests.ops.deadletters.redrive.purging import (
    ensure_nothing_was_deleted,
    fill,
    good_bodies,
    run_purge,
    without_pauses,
)

RETRIES = 0


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    without_pauses(monkeypatch)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("entries", "DeleteMessageBatch", entry_share=0.5, times=3),
        Fault("refuse", "DeleteMessageBatch", times=4),
        Fault("refuse after", "DeleteMessageBatch", times=4),
        Fault("cut after", "DeleteMessageBatch", times=4),
        Fault("cut", "ReceiveMessage", times=2),
        replace(THROTTLED, operation="*Message*", share=0.3, times=10),
        Fault("twice", "ReceiveMessage", times=2),
        Fault("empty", "ReceiveMessage", times=2),
    ],
    ids=lambda fault: f"{fault.kind} {fault.operation}",
)
def test_a_bad_network_loses_no_other_message(world: World, fault: Fault) -> None:
    plan = fill(world)
    exports.export_messages(world.source, Selection(ids=plan.ids), world.source.folder / f"{plan.id}.jsonl")
    world.aws.fault(fault)
    done = run_purge(world, plan)
    world.aws.heal()
    left = world.bodies()
    assert [body for body in left if body.startswith("good")] == good_bodies()
    assert len(left) == 32 - done.deleted - done.missing
    assert done.deleted + done.missing + done.refused == 12
    with Snapshot.open(world.source) as snapshot:
        purged = [place for place in snapshot.places(plan.ids).values() if place is Place.PURGED]
    assert len(purged) == done.deleted


def test_leases_that_end_midway_are_noticed(world: World) -> None:
    plan = fill(world)
    exports.export_messages(world.source, Selection(ids=plan.ids), world.source.folder / f"{plan.id}.jsonl")
    world.aws.fault(Fault("end leases", "ReceiveMessage", times=2))
    done = run_purge(world, plan)
    assert [body for body in world.bodies() if body.startswith("good")] == good_bodies()
    assert done.deleted + done.missing == 12


def test_what_sqs_hands_out_again_after_its_delete_is_deleted_again(world: World) -> None:
    plan = fill(world, bad=15, good=3)
    world.aws.fault(Fault("linger", "DeleteMessageBatch", times=1))
    done = run_purge(world, plan)
    assert (done.deleted, done.missing, done.refused, done.outcome) == (15, 0, 0, "done")
    assert world.bodies() == good_bodies(3)
    assert not any(message["hidden"] for message in world.dlq.messages())
    assert done.notes == ("3 other messages were received and released, which raised their receive counts by one.",)
    assert audit_log.read_records(state_folder(world.source.aws.target))[0].counts["deleted"] == 15


def test_it_ends_where_deletes_never_last(world: World) -> None:
    plan = fill(world, bad=15, good=3)
    exports.export_messages(world.source, Selection(ids=plan.ids), world.source.folder / f"{plan.id}.jsonl")
    world.aws.fault(Fault("linger", "DeleteMessageBatch"))
    done = run_purge(world, plan)
    assert (done.deleted, done.missing) == (15, 0)
    assert done.notes[0].startswith("SQS kept delivering messages that it had deleted. Scan again")
    assert len(world.bodies()) == 18
    assert not any(message["hidden"] for message in world.dlq.messages())


def test_messages_that_sqs_does_not_delete_stay_and_are_reported(world: World) -> None:
    plan = fill(world)
    world.aws.fault(Fault("entries", "DeleteMessageBatch", entry_share=1.0, code="AccessDenied", sender_fault=True))
    done = run_purge(world, plan)
    assert (done.deleted, done.refused) == (0, 12)
    assert any("SQS did not delete 12 messages: AccessDenied" in note for note in done.notes)
    ensure_nothing_was_deleted(world)


def test_a_refusal_ends_it_and_gives_all_back(world: World) -> None:
    plan = fill(world)
    exports.export_messages(world.source, Selection(ids=plan.ids), world.source.folder / f"{plan.id}.jsonl")
    world.aws.fault(replace(DENIED, operation="ReceiveMessage", skip=1))
    with pytest.raises(AwsError, match="not authorized"):
        run_purge(world, plan)
    world.aws.heal()
    newest = audit_log.read_records(state_folder(world.source.aws.target))[0]
    assert newest.outcome == "failed"
    assert newest.counts["deleted"] == 32 - len(world.dlq.messages())
    assert not any(message["hidden"] for message in world.dlq.messages())


FULL = """
CREATE TRIGGER full BEFORE UPDATE OF place ON letters WHEN (SELECT count(*) FROM letters WHERE place = 'purged') >= 30
BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END
"""


def test_a_snapshot_that_cannot_be_written_ends_it_and_the_audit_log_has_what_was_deleted(world: World) -> None:
    plan = fill(world, bad=400, good=10)
    exports.export_messages(world.source, Selection(ids=plan.ids), world.source.folder / f"{plan.id}.jsonl")
    with Snapshot.open(world.source) as snapshot:
        snapshot.connection.execute(FULL)
    with pytest.raises(OpsError, match="disk is full"):
        run_purge(world, plan)
    newest = audit_log.read_records(state_folder(world.source.aws.target))[0]
    left = world.bodies()
    assert (newest.outcome, newest.counts["deleted"]) == ("failed", 410 - len(left))
    assert "The disk is full" in newest.note
    assert newest.counts["deleted"] < 400
    assert [body for body in left if body.startswith("good")] == good_bodies(10)
    assert not any(message["hidden"] for message in world.dlq.messages())
