"""A plan for some of a queue's messages is true for as long as these are there, whatever else comes meanwhile."""

from __future__ import annotations

import pytest

from ops.deadletters import plans
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Selection, Steps
from ops.deadletters.redrive import redrive
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from tests.fakes.dlq_world import World, a_plan

UNWATCHED = Steps(("100%",), watch=False)


@pytest.mark.parametrize("by", ["ids", "text"])
def test_growth_alone_makes_no_plan_stale(world: World, by: str) -> None:
    ids = world.put([f"broken {number}" for number in range(4)])
    some = Selection(ids=tuple(ids)) if by == "ids" else Selection(text="broken")
    plan = a_plan(world, some, steps=UNWATCHED)
    world.put(["broken, too", *(f"another {number}" for number in range(20))])
    plans.ensure_current(world.source, plan)
    run = redrive.start_redrive(world.source, plan, reason="r")
    assert (run.sent, run.remaining, len(world.bodies())) == (4, 0, 21)


def test_what_is_missing_does(world: World) -> None:
    ids = world.put([f"broken {number}" for number in range(20)])
    plan = a_plan(world, Selection(ids=tuple(ids[:10])))
    with Snapshot.open(world.source) as snapshot:
        snapshot.set_place(ids[:2], Place.REDRIVEN)
    with pytest.raises(UsageError, match="of its 10 messages, 2 no longer match"):
        plans.ensure_current(world.source, plan)
    plan = a_plan(world, Selection(ids=tuple(ids[10:])))
    world.dlq.remove(ids[:5])
    with pytest.raises(UsageError, match="held 20 messages then and holds 15 now"):
        plans.ensure_current(world.source, plan)


def test_a_plan_for_the_whole_queue_minds_growth(world: World) -> None:
    world.put(["a", "b"])
    plan = a_plan(world)
    world.put(["c", "d"])
    with pytest.raises(UsageError, match="stale"):
        plans.ensure_current(world.source, plan)
