"""Purge: exactly these letters, exported and confirmed; every other one stays."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import audit, exports, imports, lock, plans, purge, redrive, removal
from ops.deadletters.letter import Place
from ops.deadletters.plan import Action, Plan, Selection, Steps
from ops.deadletters.purge import PurgeDone
from ops.deadletters.run import State
from ops.deadletters.shelf import Shelf
from ops.deadletters.source import home
from ops.errors import AwsError, OpsError, UsageError
from tests.bench._sqs_faults import DENIED, THROTTLED, Fault
from tests.ops.deadletters.letters import a_letter
from tests.ops.deadletters.queues import World, a_world

WHY = "they can never succeed, OPS-7"
BAD = Selection(text="bad")


RETRIES = 0


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(removal, "PAUSE_S", 0.01)
    monkeypatch.setattr(removal, "LONG_POLL_S", 0)
    return server.anew(tmp_path, monkeypatch)


def fill(world: World, bad: int = 12, good: int = 20) -> Plan:
    world.put([f"bad {number}" for number in range(bad)] + [f"good {number}" for number in range(good)])
    return plans.make(world.source, BAD, action=Action.PURGE)


def carry_out(world: World, plan: Plan, **changes: Any) -> PurgeDone:
    path = world.source.folder / f"{plan.id}.jsonl"
    if not path.exists():
        exports.write(world.source, exports.of(plan), path)
    asked: dict[str, Any] = {"export": path, "confirmation": purge.confirmation(plan), "reason": WHY, **changes}
    return purge.run(world.source, plan, **asked)


def good(number: int = 20) -> list[str]:
    return sorted(f"good {index}" for index in range(number))


def nothing_was_deleted(world: World, letters: int = 32) -> None:
    messages = world.dlq.messages()
    assert len(messages) == letters
    assert not any(message["hidden"] for message in messages)
    with Shelf.open(world.source) as shelf:
        assert shelf.count() == letters


def test_only_the_letters_of_the_plan_are_deleted(world: World) -> None:
    plan = fill(world)
    told: list[tuple[int, int]] = []
    done = carry_out(world, plan, progress=lambda *news: told.append(news))
    assert (done.deleted, done.missing, done.refused, done.outcome) == (12, 0, 0, "done")
    assert told[-1] == (12, 12)
    assert world.bodies() == good()
    assert not any(message["hidden"] for message in world.dlq.messages()), "the others were given back"
    with Shelf.open(world.source) as shelf:
        assert set(shelf.places(plan.ids).values()) == {Place.PURGED}
        assert shelf.count() == 20
    assert "PurgeQueue" not in world.aws.counts()


def test_it_is_on_record(world: World) -> None:
    plan = fill(world)
    done = carry_out(world, plan)
    ended, began = audit.read(home(world.source.aws.target))
    assert (began.action, began.outcome, began.counts) == ("purge", "began", {"planned": 12})
    assert (ended.outcome, ended.counts["deleted"], ended.reason) == ("done", 12, WHY)
    assert (ended.plan, ended.plan_hash) == (plan.id, plan.hash)
    assert done.sha256 in ended.note
    assert ended.who.endswith("user/operator")
    assert audit.verify(home(world.source.aws.target)).problems == ()


def test_many_letters_on_several_threads(world: World) -> None:
    plan = fill(world, bad=450, good=300)
    done = carry_out(world, plan)
    assert (done.deleted, done.missing) == (450, 0)
    assert world.bodies() == good(300)
    assert not any(message["hidden"] for message in world.dlq.messages())


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"confirmation": "yes"}, "not confirmed; nothing was deleted"),
        ({"confirmation": "purge 11 letters"}, "not confirmed"),
        ({"confirmation": ""}, "not confirmed"),
        ({"reason": " "}, "reason is needed"),
        ({"export": Path("/nowhere/at/all.jsonl")}, "There is no folder /nowhere/at"),
    ],
)
def test_it_is_not_done_by_accident(world: World, asked: dict[str, Any], says: str) -> None:
    plan = fill(world)
    with pytest.raises(OpsError, match=says) as caught:
        carry_out(world, plan, **asked)
    assert caught.value.next_step
    nothing_was_deleted(world)
    assert audit.read(home(world.source.aws.target)) == ()


def test_the_confirmation_may_leave_out_commas(world: World) -> None:
    plan = fill(world, bad=2, good=0)
    plan = replace(plan, ids=plan.ids * 600)
    assert purge.confirmation(plan) == "purge 1,200 letters"
    assert carry_out(world, plan, confirmation=" purge  1200 letters").deleted == 2


def test_the_export_must_hold_exactly_these_letters(world: World, tmp_path: Path) -> None:
    plan = fill(world)
    everything, csv, cut = tmp_path / "all.jsonl", tmp_path / "letters.csv", tmp_path / "cut.jsonl"
    exports.write(world.source, Selection(), everything)
    exports.write(world.source, BAD, csv, "csv")
    exports.write(world.source, BAD, tmp_path / "bad.jsonl")
    lines = (tmp_path / "bad.jsonl").read_bytes().splitlines(keepends=True)
    cut.write_bytes(b"".join(lines[:-1]))
    (tmp_path / "half.jsonl").write_bytes(b"".join(lines)[:-20])
    (tmp_path / "edited.jsonl").write_bytes(b"".join(lines).replace(b"bad 7", b"bad X"))
    for name, says in {
        "all.jsonl": "in it and not in the plan",
        "letters.csv": "line 1 is no letter",
        "cut.jsonl": "1 letter of the plan are not in it",
        "half.jsonl": "line 12 is no letter",
        "edited.jsonl": "differs from what lies on the shelf",
    }.items():
        with pytest.raises(UsageError, match=says):
            carry_out(world, plan, export=tmp_path / name)
    nothing_was_deleted(world)


def test_a_plan_for_something_else_or_of_another_time(world: World) -> None:
    plan = fill(world)
    with pytest.raises(UsageError, match="is for a redrive, not for a purge"):
        carry_out(world, plans.make(world.source, BAD))
    world.dlq.put([{"body": "new"}] * 10)
    with pytest.raises(UsageError, match="stale"):
        carry_out(world, plan)


def test_one_at_a_time(world: World) -> None:
    plan = fill(world)
    with lock.held(world.source, "20261124T000000-aaaa", "ada"), pytest.raises(OpsError, match="ada"):
        carry_out(world, plan)
    nothing_was_deleted(world)


def test_letters_that_are_gone_or_held_by_others_are_told(world: World) -> None:
    plan = fill(world)
    world.dlq.remove(plan.ids[:1])
    done = carry_out(world, plan)
    assert (done.deleted, done.missing, done.outcome) == (11, 1, "done")
    assert any("1 letter was not met in the queue" in note for note in done.notes)
    assert world.bodies() == good()


def test_letters_that_are_not_in_the_queue_are_not_purged_and_it_says_where_they_went(world: World) -> None:
    plan = fill(world)
    export = world.source.folder / "export.jsonl"
    exports.write(world.source, exports.of(plan), export)
    assert set(purge.plan(world.source, export).ids) == set(plan.ids)
    with Shelf.open(world.source) as shelf:
        shelf.mark(plan.ids[:3], Place.PURGED)
        shelf.mark(plan.ids[3:5], Place.IMPORTED)
    with pytest.raises(UsageError) as caught:
        purge.plan(world.source, export)
    went = "3 purged already, 2 imported from a file and not in the queue"
    assert str(caught.value) == f"5 of the 12 letters of {export} cannot be purged: {went}."
    assert "ops dlq export" in caught.value.next_step


def test_the_way_back(world: World) -> None:
    plan = fill(world)
    carry_out(world, plan)
    imports.read(world.source, world.source.folder / f"{plan.id}.jsonl")
    back = plans.make(world.source, replace(BAD, imported=True), steps=Steps(("100%",), watch=False))
    assert set(back.ids) == set(plan.ids)
    run = redrive.run(world.source, back, reason="the purge was a mistake")
    assert (run.state, run.sent) == (State.DONE, 12)
    assert sorted(message["Body"] for message in world.jobs.messages()) == sorted(f"bad {n}" for n in range(12))
    assert world.bodies() == good()


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
def test_a_bad_network_loses_no_other_letter(world: World, fault: Fault) -> None:
    plan = fill(world)
    exports.write(world.source, exports.of(plan), world.source.folder / f"{plan.id}.jsonl")
    world.aws.fault(fault)
    done = carry_out(world, plan)
    world.aws.heal()
    left = world.bodies()
    assert [body for body in left if body.startswith("good")] == good()
    assert len(left) == 32 - done.deleted - done.missing
    assert done.deleted + done.missing + done.refused == 12
    with Shelf.open(world.source) as shelf:
        purged = [place for place in shelf.places(plan.ids).values() if place is Place.PURGED]
    assert len(purged) == done.deleted


def test_leases_that_end_midway_are_noticed(world: World) -> None:
    plan = fill(world)
    exports.write(world.source, exports.of(plan), world.source.folder / f"{plan.id}.jsonl")
    world.aws.fault(Fault("end leases", "ReceiveMessage", times=2))
    done = carry_out(world, plan)
    assert [body for body in world.bodies() if body.startswith("good")] == good()
    assert done.deleted + done.missing == 12


def test_what_sqs_hands_out_again_after_its_delete_is_deleted_again(world: World) -> None:
    plan = fill(world, bad=15, good=3)
    world.aws.fault(Fault("linger", "DeleteMessageBatch", times=1))
    done = carry_out(world, plan)
    assert (done.deleted, done.missing, done.refused, done.outcome) == (15, 0, 0, "done")
    assert world.bodies() == good(3)
    assert not any(message["hidden"] for message in world.dlq.messages())
    assert done.notes == (
        "3 other letters were received on the way and given back; that raised their receive counts by one.",
    )
    assert audit.read(home(world.source.aws.target))[0].counts["deleted"] == 15


def test_it_ends_where_deletes_never_last(world: World) -> None:
    plan = fill(world, bad=15, good=3)
    exports.write(world.source, exports.of(plan), world.source.folder / f"{plan.id}.jsonl")
    world.aws.fault(Fault("linger", "DeleteMessageBatch"))
    done = carry_out(world, plan)
    assert (done.deleted, done.missing) == (15, 0)
    assert done.notes[0].startswith("SQS went on handing out letters that it had deleted. Look again")
    assert len(world.bodies()) == 18
    assert not any(message["hidden"] for message in world.dlq.messages())


def test_entries_that_sqs_will_not_delete_stay_and_are_told(world: World) -> None:
    plan = fill(world)
    world.aws.fault(Fault("entries", "DeleteMessageBatch", entry_share=1.0, code="AccessDenied", sender_fault=True))
    done = carry_out(world, plan)
    assert (done.deleted, done.refused) == (0, 12)
    assert any("SQS would not delete 12 letters: AccessDenied" in note for note in done.notes)
    nothing_was_deleted(world)


def test_a_refusal_ends_it_and_gives_all_back(world: World) -> None:
    plan = fill(world)
    exports.write(world.source, exports.of(plan), world.source.folder / f"{plan.id}.jsonl")
    world.aws.fault(replace(DENIED, operation="ReceiveMessage", skip=1))
    with pytest.raises(AwsError, match="may not"):
        carry_out(world, plan)
    world.aws.heal()
    newest = audit.read(home(world.source.aws.target))[0]
    assert newest.outcome == "failed"
    assert newest.counts["deleted"] == 32 - len(world.dlq.messages())
    assert not any(message["hidden"] for message in world.dlq.messages())


FULL = """
CREATE TRIGGER full BEFORE UPDATE OF place ON letters WHEN (SELECT count(*) FROM letters WHERE place = 'purged') >= 30
BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END
"""


def test_a_shelf_that_cannot_be_written_ends_it_and_what_was_deleted_is_on_record(world: World) -> None:
    plan = fill(world, bad=400, good=10)
    exports.write(world.source, exports.of(plan), world.source.folder / f"{plan.id}.jsonl")
    with Shelf.open(world.source) as shelf:
        shelf.connection.execute(FULL)
    with pytest.raises(OpsError, match="disk is full"):
        carry_out(world, plan)
    newest = audit.read(home(world.source.aws.target))[0]
    left = world.bodies()
    assert (newest.outcome, newest.counts["deleted"]) == ("failed", 410 - len(left))
    assert "The disk is full" in newest.note
    assert newest.counts["deleted"] < 400
    assert [body for body in left if body.startswith("good")] == good(10)
    assert not any(message["hidden"] for message in world.dlq.messages())


def test_it_stops_when_asked(world: World) -> None:
    plan = fill(world, bad=60, good=10)
    answers = itertools.chain([False], itertools.repeat(True))
    done = carry_out(world, plan, stop=lambda: next(answers))
    assert done.outcome == "cancelled"
    assert "It ended early: it was cancelled." in done.notes
    assert 0 < done.deleted < 60
    assert len(world.dlq.messages()) == 70 - done.deleted
    assert not any(message["hidden"] for message in world.dlq.messages())
    assert audit.read(home(world.source.aws.target))[0].outcome == "cancelled"


def test_ctrl_c_stops_it_too(world: World) -> None:
    plan = fill(world, bad=60, good=10)

    def interrupted(*_: int) -> None:
        raise KeyboardInterrupt

    done = carry_out(world, plan, progress=interrupted)
    assert done.outcome == "cancelled"
    assert not any(message["hidden"] for message in world.dlq.messages())


def test_a_queue_that_would_move_letters_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_world(tmp_path, monkeypatch) as world:
        plan = fill(world)
        source = replace(world.source, queue=replace(world.source.queue, dlq_arn="arn:aws:sqs:eu-west-1:1:next"))
        with pytest.raises(UsageError, match="redrive policy of its own"):
            carry_out(replace(world, source=source), plan)


def test_in_a_fifo_queue_what_hides_behind_others_is_told(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifo = world.anew(tmp_path / "fifo", monkeypatch, suffix=".fifo", FifoQueue="true")
    system = {"DeadLetterQueueSourceArn": fifo.source.workload.queue.arn, "MessageGroupId": "one"}
    bodies = [f"good {number}" for number in range(20)] + ["bad 1"]
    ids = fifo.dlq.put([{"body": body, "system": system} for body in bodies])
    with Shelf.open(fifo.source) as shelf:
        known = fifo.source.workload.queue.arn
        shelf.add([a_letter("bad 1", ids[-1], system=system, source_arn=known)], Place.QUEUE)
    done = carry_out(fifo, plans.make(fifo.source, BAD, action=Action.PURGE))
    assert (done.deleted, done.missing) == (0, 1)
    assert any("hidden behind others of its message group" in note for note in done.notes)
    assert fifo.bodies() == sorted(bodies)
    assert not any(message["hidden"] for message in fifo.dlq.messages())


def test_no_more_are_held_than_sqs_allows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "MOST_HELD", 10)
    plan = fill(world, bad=12, good=60)
    done = carry_out(world, plan)
    assert done.outcome in ("stopped", "done")
    assert len([body for body in world.bodies() if body.startswith("good")]) == 60
    world.dlq.limit(5)
