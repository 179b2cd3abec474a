"""Messages put and planned, what arrived, and that a run is complete."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.plan_model import Plan
from tests.fakes.dlq_world import World
from tests.fakes.sqs.client import FakeQueue
from tests.ops.deadletters.redrives_without_rollout import LETTERS, a_plan


def put_and_plan(world: World, letters: int = LETTERS, **more: Any) -> tuple[list[str], Plan]:
    ids = world.put([f"letter {number}" for number in range(letters)])
    return ids, a_plan(world, **more)


def arrived_bodies(queue: FakeQueue) -> Counter[str]:
    return Counter(message["Body"] for message in queue.messages())


def ensure_complete(world: World, run: Run, ids: list[str], bodies: list[str] | None = None) -> None:
    """Done; every message arrived, once unless it is listed; none is left behind."""
    assert run.state is RunState.DONE, run.status_text
    sent = arrived_bodies(world.jobs)
    expected = bodies or [f"letter {number}" for number in range(len(ids))]
    assert set(sent) == set(expected)
    assert {name for name, body in zip(ids, expected, strict=True) if sent[body] > 1} <= set(run.possible_duplicates)
    assert world.bodies() == []
    assert (run.sent, run.deleted) == (len(ids), len(ids))
