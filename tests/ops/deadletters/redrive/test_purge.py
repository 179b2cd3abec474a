"""Purge: exactly these messages, exported and confirmed; all others stay."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import plans, queue_lock
from ops.deadletters.archive import audit_log, exports, imports
from ops.deadletters.ledger.model import RunState
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Action, Selection, Steps
from ops.deadletters.redrive import purge, redrive
from ops.deadletters.snapshot import Snapshot
from ops.deadletters.transfer import selective_delete
from ops.errors import OpsError, UsageError
from ops.target import state_folder
from tests.factories import a_dead_letter
from tests.fakes.dlq_world import World, a_world
from tests.ops.deadletters.redrive.purging import (
    BAD,
    WHY,
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


def test_only_the_messages_of_the_plan_are_deleted(world: World) -> None:
    plan = fill(world)
    progress: list[tuple[int, int]] = []
    done = run_purge(world, plan, progress=lambda *counts: progress.append(counts))
    assert (done.deleted, done.missing, done.refused, done.outcome) == (12, 0, 0, "done")
    assert progress[-1] == (12, 12)
    assert world.bodies() == good_bodies()
    assert not any(message["hidden"] for message in world.dlq.messages()), "the others were given back"
    with Snapshot.open(world.source) as snapshot:
        assert set(snapshot.places(plan.ids).values()) == {Place.PURGED}
        assert snapshot.count() == 20
    assert "PurgeQueue" not in world.aws.counts()


def test_it_is_on_record(world: World) -> None:
    plan = fill(world)
    done = run_purge(world, plan)
    ended, began = audit_log.read_records(state_folder(world.source.aws.target))
    assert (began.action, began.outcome, began.counts) == ("purge", "began", {"planned": 12})
    assert (ended.outcome, ended.counts["deleted"], ended.reason) == ("done", 12, WHY)
    assert (ended.plan, ended.plan_hash) == (plan.id, plan.hash)
    assert done.sha256 in ended.note
    assert ended.who.endswith("user/operator")
    assert audit_log.verify_records(state_folder(world.source.aws.target)).problems == ()


def test_many_messages_on_several_threads(world: World) -> None:
    plan = fill(world, bad=450, good=300)
    done = run_purge(world, plan)
    assert (done.deleted, done.missing) == (450, 0)
    assert world.bodies() == good_bodies(300)
    assert not any(message["hidden"] for message in world.dlq.messages())


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"confirmation": "yes"}, "not confirmed; nothing was deleted"),
        ({"confirmation": "purge 11 messages"}, "not confirmed"),
        ({"confirmation": ""}, "not confirmed"),
        ({"reason": " "}, "reason is required"),
        ({"export": Path("/nowhere/at/all.jsonl")}, "There is no folder /nowhere/at"),
    ],
)
def test_it_is_not_done_by_accident(world: World, asked: dict[str, Any], says: str) -> None:
    plan = fill(world)
    with pytest.raises(OpsError, match=says) as caught:
        run_purge(world, plan, **asked)
    assert caught.value.next_step
    ensure_nothing_was_deleted(world)
    assert audit_log.read_records(state_folder(world.source.aws.target)) == ()


def test_the_confirmation_may_leave_out_commas(world: World) -> None:
    plan = fill(world, bad=2, good=0)
    plan = replace(plan, ids=plan.ids * 600)
    assert purge.confirmation_text(plan) == "purge 1,200 messages"
    assert run_purge(world, plan, confirmation=" purge  1200 messages").deleted == 2


def test_the_export_must_hold_exactly_these_messages(world: World, tmp_path: Path) -> None:
    plan = fill(world)
    everything, csv, cut = tmp_path / "all.jsonl", tmp_path / "letters.csv", tmp_path / "cut.jsonl"
    exports.export_messages(world.source, Selection(), everything)
    exports.export_messages(world.source, BAD, csv, "csv")
    exports.export_messages(world.source, BAD, tmp_path / "bad.jsonl")
    lines = (tmp_path / "bad.jsonl").read_bytes().splitlines(keepends=True)
    cut.write_bytes(b"".join(lines[:-1]))
    (tmp_path / "half.jsonl").write_bytes(b"".join(lines)[:-20])
    (tmp_path / "edited.jsonl").write_bytes(b"".join(lines).replace(b"bad 7", b"bad X"))
    for name, says in {
        "all.jsonl": "in it and not in the plan",
        "letters.csv": "line 1 is not a message",
        "cut.jsonl": "1 message of the plan are not in it",
        "half.jsonl": "line 12 is not a message",
        "edited.jsonl": "differs from the snapshot",
    }.items():
        with pytest.raises(UsageError, match=says):
            run_purge(world, plan, export=tmp_path / name)
    ensure_nothing_was_deleted(world)


def test_a_plan_for_something_else_or_of_another_time(world: World) -> None:
    plan = fill(world)
    with pytest.raises(UsageError, match="is for a redrive, not for a purge"):
        run_purge(world, plans.make_plan(world.source, BAD))
    world.dlq.put([{"body": "new"}] * 10)
    with pytest.raises(UsageError, match="stale"):
        run_purge(world, plan)


def test_one_at_a_time(world: World) -> None:
    plan = fill(world)
    with queue_lock.hold_lock(world.source, "20261124T000000-aaaa", "ada"), pytest.raises(OpsError, match="ada"):
        run_purge(world, plan)
    ensure_nothing_was_deleted(world)


def test_messages_that_are_gone_or_held_by_others_are_reported(world: World) -> None:
    plan = fill(world)
    world.dlq.remove(plan.ids[:1])
    done = run_purge(world, plan)
    assert (done.deleted, done.missing, done.outcome) == (11, 1, "done")
    assert any("1 message was not found in the queue" in note for note in done.notes)
    assert world.bodies() == good_bodies()


def test_messages_that_are_not_in_the_queue_are_refused_with_their_place(world: World) -> None:
    plan = fill(world)
    export = world.source.folder / "export.jsonl"
    exports.export_messages(world.source, Selection(ids=plan.ids), export)
    assert set(purge.plan_purge(world.source, export).ids) == set(plan.ids)
    with Snapshot.open(world.source) as snapshot:
        snapshot.set_place(plan.ids[:3], Place.REDRIVEN)
        snapshot.set_place(plan.ids[3:5], Place.IMPORTED)
    with pytest.raises(UsageError) as caught:
        purge.plan_purge(world.source, export)
    went = "3 already redriven, 2 imported from a file and not in the queue"
    assert str(caught.value) == f"5 of the 12 messages of {export} cannot be purged: {went}."
    assert "ops dlq export" in caught.value.next_step


def test_the_way_back(world: World) -> None:
    plan = fill(world)
    run_purge(world, plan)
    imports.import_messages(world.source, world.source.folder / f"{plan.id}.jsonl")
    back = plans.make_plan(world.source, replace(BAD, imported=True), steps=Steps(("100%",), watch=False))
    assert set(back.ids) == set(plan.ids)
    run = redrive.start_redrive(world.source, back, reason="the purge was a mistake")
    assert (run.state, run.sent) == (RunState.DONE, 12)
    assert sorted(message["Body"] for message in world.jobs.messages()) == sorted(f"bad {n}" for n in range(12))
    assert world.bodies() == good_bodies()


def test_it_stops_when_asked(world: World) -> None:
    plan = fill(world, bad=60, good=10)
    answers = itertools.chain([False], itertools.repeat(True))
    done = run_purge(world, plan, stop=lambda: next(answers))
    assert done.outcome == "cancelled"
    assert "It ended early: it was cancelled." in done.notes
    assert 0 < done.deleted < 60
    assert len(world.dlq.messages()) == 70 - done.deleted
    assert not any(message["hidden"] for message in world.dlq.messages())
    assert audit_log.read_records(state_folder(world.source.aws.target))[0].outcome == "cancelled"


def test_the_rest_of_an_export_is_purged_by_the_same_file(world: World) -> None:
    plan = fill(world, bad=60, good=10)
    answers = itertools.chain([False], itertools.repeat(True))
    first = run_purge(world, plan, stop=lambda: next(answers))
    export = world.source.folder / f"{plan.id}.jsonl"
    rest = purge.plan_purge(world.source, export)
    assert len(rest.ids) == 60 - first.deleted
    assert run_purge(world, rest, export=export).outcome == "done"
    assert world.bodies() == good_bodies(10)
    with pytest.raises(UsageError, match="60 already purged"):
        purge.plan_purge(world.source, export)


def test_ctrl_c_stops_it_too(world: World) -> None:
    plan = fill(world, bad=60, good=10)

    def interrupted(*_: int) -> None:
        raise KeyboardInterrupt

    done = run_purge(world, plan, progress=interrupted)
    assert done.outcome == "cancelled"
    assert not any(message["hidden"] for message in world.dlq.messages())


def test_a_queue_that_would_move_messages_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_world(tmp_path, monkeypatch) as world:
        plan = fill(world)
        source = replace(world.source, queue=replace(world.source.queue, dlq_arn="arn:aws:sqs:eu-west-1:1:next"))
        with pytest.raises(UsageError, match="redrive policy of its own"):
            run_purge(replace(world, source=source), plan)


def test_in_a_fifo_queue_hidden_messages_are_reported(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifo = world.with_new_queues(tmp_path / "fifo", monkeypatch, suffix=".fifo", FifoQueue="true")
    system = {"DeadLetterQueueSourceArn": fifo.source.workload.queue.arn, "MessageGroupId": "one"}
    bodies = [f"good {number}" for number in range(20)] + ["bad 1"]
    ids = fifo.dlq.put([{"body": body, "system": system} for body in bodies])
    with Snapshot.open(fifo.source) as snapshot:
        known = fifo.source.workload.queue.arn
        snapshot.add([a_dead_letter("bad 1", ids[-1], system=system, source_arn=known)], Place.QUEUE)
    done = run_purge(fifo, plans.make_plan(fifo.source, BAD, action=Action.PURGE))
    assert (done.deleted, done.missing) == (0, 1)
    assert any("hidden behind others of their message group" in note for note in done.notes)
    assert fifo.bodies() == sorted(bodies)
    assert not any(message["hidden"] for message in fifo.dlq.messages())


def test_no_more_are_held_than_sqs_allows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selective_delete, "MAX_HELD", 10)
    plan = fill(world, bad=12, good=60)
    done = run_purge(world, plan)
    assert done.outcome in ("stopped", "done")
    assert len([body for body in world.bodies() if body.startswith("good")]) == 60
    world.dlq.limit(5)
