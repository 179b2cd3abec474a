"""Runs that were killed: other plans may not send their messages, and they can be resumed or abandoned."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ops.deadletters import plans
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import RunState
from ops.deadletters.plan_codec import with_hash
from ops.deadletters.plan_model import Pace, Plan
from ops.deadletters.redrive import redrive
from ops.deadletters.redrive.runs import read_run
from ops.errors import UsageError
from tests.fakes.dlq_world import World, a_plan

WAITS_S = 0.02


def killed(world: World) -> Plan:
    """The plan of a run whose process was killed with one of three messages in flight."""
    world.put(["a", "b", "c"])
    plan = a_plan(world)
    plans.save_plan(world.source, plan)
    with Ledger.create(ledger_of(world, plan), plan, "r", "one") as ledger:
        ledger.start_run("Starting.")
        ledger.record_intent([(0, "a receipt")], 1)
    return plan


def ledger_of(world: World, plan: Plan) -> Path:
    return world.source.runs_folder / f"{plan.id}.db"


def file_of(world: World, plan: Plan) -> Path:
    return world.source.plans_folder / f"{plan.id}.json"


def as_made_before_ledgers_kept_plans(path: Path) -> None:
    db = sqlite3.connect(path)
    with db:
        db.execute("DELETE FROM run WHERE key = 'plan'")
    db.close()


def lose(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def of_another_version(path: Path) -> None:
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 99'))


def test_a_killed_run_is_interrupted_and_keeps_its_messages_from_other_plans(world: World) -> None:
    plan = killed(world)
    run = read_run(world.source, plan.id)
    assert run.state is RunState.INTERRUPTED
    assert f"ops dlq resume {plan.id}" in run.status_text
    again = a_plan(world)
    with pytest.raises(UsageError, match=r"interrupted with 1 message of this plan in flight") as refused:
        redrive.start_redrive(world.source, again, reason="r")
    assert refused.value.next_step == f"Finish it first: ops dlq resume {plan.id}; then scan again and make a new plan."
    done = redrive.resume_redrive(world.source, plan.id)
    assert (done.state, done.deleted, done.possible_duplicates) == (RunState.DONE, 3, (plan.ids[0],))


@pytest.mark.parametrize("damage", [lose, cut, replace_by_a_folder])
def test_a_run_whose_plan_is_lost_resumes_with_the_copy_in_its_ledger(
    world: World, damage: Callable[[Path], None]
) -> None:
    plan = killed(world)
    damage(file_of(world, plan))
    done = redrive.resume_redrive(world.source, plan.id)
    assert (done.state, done.deleted, done.possible_duplicates) == (RunState.DONE, 3, (plan.ids[0],))
    assert done.plan_hash == plan.hash


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lose, "There is no plan at"),
        (cut, "is not a plan: it is not valid JSON"),
        (of_another_version, "a plan of version 99"),
    ],
)
def test_where_no_ledger_keeps_it_there_is_another_way_out(
    world: World, damage: Callable[[Path], None], says: str
) -> None:
    plan = killed(world)
    ledger = ledger_of(world, plan)
    as_made_before_ledgers_kept_plans(ledger)
    damage(file_of(world, plan))
    with pytest.raises(UsageError, match=says) as refused:
        redrive.resume_redrive(world.source, plan.id)
    assert str(refused.value).startswith(f"Run {plan.id} cannot be resumed without its plan. ")
    assert f"In doubt (possibly sent, not yet deleted): 1: {plan.ids[0]}." in str(refused.value)
    assert f"mv {ledger} {ledger}.old" in refused.value.next_step
    ledger.rename(f"{ledger}.old")
    again = redrive.start_redrive(world.source, a_plan(world), reason="r")
    assert (again.state, again.deleted) == (RunState.DONE, 3)


def test_a_changed_plan_is_not_resumed_until_it_is_out_of_the_way(world: World) -> None:
    plan = killed(world)
    changed = a_plan(world, pace=Pace(7, headroom=False))
    path = plans.save_plan(world.source, with_hash(replace(changed, id=plan.id)))
    for _ in range(2):
        with pytest.raises(UsageError, match="was changed") as refused:
            redrive.resume_redrive(world.source, plan.id)
        assert "move it away: then the run resumes with the copy of its plan" in refused.value.next_step
        plans.save_plan(world.source, replace(changed, id=plan.id, hash="not its own"))
    assert world.bodies() == ["a", "b", "c"]
    path.unlink()
    assert redrive.resume_redrive(world.source, plan.id).state is RunState.DONE


def test_a_changed_plan_is_not_resumed_where_no_ledger_keeps_the_right_one(world: World) -> None:
    plan = killed(world)
    as_made_before_ledgers_kept_plans(ledger_of(world, plan))
    plans.save_plan(world.source, with_hash(replace(a_plan(world, pace=Pace(7, headroom=False)), id=plan.id)))
    with pytest.raises(UsageError, match="is not the one that the run started with: its file was changed") as refused:
        redrive.resume_redrive(world.source, plan.id)
    assert "Restore the plan's file" in refused.value.next_step
    plans.save_plan(world.source, plan)
    assert redrive.resume_redrive(world.source, plan.id).state is RunState.DONE
