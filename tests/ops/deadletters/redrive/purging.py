"""Helpers for tests of purges: bad messages among good ones, of which the bad ones are purged."""

from __future__ import annotations

from typing import Any

import pytest

from ops.deadletters import plans
from ops.deadletters.archive import exports
from ops.deadletters.plan_model import Action, Plan, Selection
from ops.deadletters.redrive import purge
from ops.deadletters.redrive.purge import PurgeResult
from ops.deadletters.snapshot import Snapshot
from tests.fakes.dlq_world import World
from tests.timing import set_timing

WHY = "they can never succeed, OPS-7"
BAD = Selection(text="bad")


def without_pauses(patch: pytest.MonkeyPatch) -> None:
    """This server knows at once what is there."""
    set_timing(patch, purge_backoff=0.01, purge_long_poll=0)


def fill(world: World, bad: int = 12, good: int = 20) -> Plan:
    world.put([f"bad {number}" for number in range(bad)] + [f"good {number}" for number in range(good)])
    return plans.make_plan(world.source, BAD, action=Action.PURGE)


def run_purge(world: World, plan: Plan, **changes: Any) -> PurgeResult:
    path = world.source.folder / f"{plan.id}.jsonl"
    if not path.exists():
        exports.export_messages(world.source, Selection(ids=plan.ids), path)
    asked: dict[str, Any] = {"export": path, "confirmation": purge.confirmation_text(plan), "reason": WHY, **changes}
    return purge.purge_messages(world.source, plan, **asked)


def good_bodies(number: int = 20) -> list[str]:
    return sorted(f"good {index}" for index in range(number))


def ensure_nothing_was_deleted(world: World, expected: int = 32) -> None:
    messages = world.dlq.messages()
    assert len(messages) == expected
    assert not any(message["hidden"] for message in messages)
    with Snapshot.open(world.source) as snapshot:
        assert snapshot.count() == expected
