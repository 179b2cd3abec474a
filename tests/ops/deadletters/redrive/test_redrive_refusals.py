"""What is not started, and runs that cannot be read: refused with the reason, and nothing is sent."""

from __future__ import annotations

import pytest

from ops.deadletters import queue_lock
from ops.deadletters.archive import audit_log
from ops.deadletters.plan_model import Action
from ops.deadletters.redrive import redrive
from ops.deadletters.redrive.runs import list_runs, read_run
from ops.errors import OpsError, UsageError
from ops.target import state_folder
from tests.fakes.dlq_world import World, a_plan

WAITS_S = 0.02


def test_a_reason_is_needed(world: World) -> None:
    world.put(["a"])
    with pytest.raises(UsageError, match="reason"):
        redrive.start_redrive(world.source, a_plan(world), reason="  ")
    assert world.bodies() == ["a"]
    assert not audit_log.read_records(state_folder(world.source.aws.target))


def test_a_plan_for_purging_is_no_redrive(world: World) -> None:
    world.put(["a"])
    with pytest.raises(UsageError, match="deletes messages"):
        redrive.start_redrive(world.source, a_plan(world, action=Action.PURGE), reason="r")


def test_a_plan_is_carried_out_once(world: World) -> None:
    world.put(["a"])
    plan = a_plan(world)
    redrive.start_redrive(world.source, plan, reason="r")
    with pytest.raises(UsageError, match=r"was run at \d\d:\d\d UTC, 1 of 1 sent\."):
        redrive.start_redrive(world.source, plan, reason="r")
    with pytest.raises(UsageError, match="is done"):
        redrive.resume_redrive(world.source, plan.id)


def test_a_stale_plan_is_refused(world: World) -> None:
    world.put(["a"])
    plan = a_plan(world)
    world.put(["b", "c", "d"])
    with pytest.raises(UsageError, match="stale"):
        redrive.start_redrive(world.source, plan, reason="r")
    assert world.bodies() == ["a", "b", "c", "d"]


def test_the_second_of_two_is_refused(world: World) -> None:
    world.put(["a"])
    plan = a_plan(world)
    with (
        queue_lock.hold_lock(world.source, "another", "somebody"),
        pytest.raises(queue_lock.QueueBusy, match="by somebody since"),
    ):
        redrive.start_redrive(world.source, plan, reason="r")
    assert world.bodies() == ["a"]


def test_runs_that_are_not_there(world: World) -> None:
    assert list_runs(world.source) == ()
    for name in ("20261124T000000-aaaa", "../../etc/passwd", "*", ""):
        with pytest.raises(UsageError):
            read_run(world.source, name)


def test_a_damaged_ledger_is_refused_and_hides_no_other_run(world: World) -> None:
    world.put(["a"])
    plan = a_plan(world)
    run = redrive.start_redrive(world.source, plan, reason="r")
    (world.source.runs_folder / "20261124T000000-ffff.db").write_bytes(b"not a database" * 100)
    assert list_runs(world.source) == (run,)
    with pytest.raises(OpsError) as refused:
        read_run(world.source, "20261124T000000-ffff")
    assert refused.value.next_step
