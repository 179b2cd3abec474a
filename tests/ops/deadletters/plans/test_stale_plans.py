"""A plan is refused when the queue or the snapshot is no longer as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.deadletters import plans
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from tests.factories import a_dead_letter, bodies
from tests.fakes.dlq_world import World

ALL = Selection()


def test_a_plan_is_stale_when_the_queue_changed(world: World) -> None:
    world.put(bodies(20))
    plan = plans.make_plan(world.source, ALL)
    world.dlq.put([{"body": "new"}] * 2)
    plans.ensure_current(world.source, plan)
    world.dlq.put([{"body": "new"}])
    with pytest.raises(
        UsageError, match="held 20 messages then and holds 23 now, more than its margin of 10%"
    ) as caught:
        plans.ensure_current(world.source, plan)
    assert "ops dlq scan" in caught.value.next_step
    exact = plans.make_plan(world.source, ALL, margin=0)
    world.dlq.put([{"body": "new"}])
    with pytest.raises(UsageError, match="stale"):
        plans.ensure_current(world.source, exact)


def test_a_plan_is_stale_when_its_selection_changed_or_it_is_old(world: World) -> None:
    ids = world.put(bodies(20))
    plan = plans.make_plan(world.source, ALL)
    with Snapshot.open(world.source) as snapshot:
        snapshot.set_place(ids[:3], Place.REDRIVEN)
    with pytest.raises(UsageError, match="of its 20 messages, 3 no longer match, and 0 more would"):
        plans.ensure_current(world.source, plan)
    plan = plans.make_plan(world.source, ALL)
    with pytest.raises(UsageError, match="it was created 25 h ago"):
        plans.ensure_current(world.source, replace(plan, made_at=plan.made_at - timedelta(hours=25)))
    with pytest.raises(UsageError, match="in the future by this clock"):
        plans.ensure_current(world.source, replace(plan, made_at=plan.made_at + timedelta(hours=1)))


def test_a_plan_of_imported_messages_does_not_mind_the_queue(world: World) -> None:
    with Snapshot.open(world.source) as snapshot:
        snapshot.add([a_dead_letter(source_arn=world.source.workload.queue.arn)])
    plan = plans.make_plan(world.source, Selection(imported=True))
    world.dlq.put([{"body": "new"}] * 50)
    plans.ensure_current(world.source, plan)
