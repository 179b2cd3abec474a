"""Helpers of the scan tests."""

from __future__ import annotations

import json
from typing import Any

from ops.deadletters.scan.scan import scan_queue
from ops.deadletters.snapshot import Snapshot
from tests.fakes.dlq_world import World


def bury(world: World, count: int) -> list[str]:
    return list(world.dlq.put([{"body": json.dumps({"n": number})} for number in range(count)]))


def stored(world: World, **places: Any) -> set[str]:
    with Snapshot.open(world.source) as snapshot:
        return set(snapshot.ids(**places))


def all_back(world: World) -> bool:
    """A second look reads everything, so nobody holds anything any more."""
    done = scan_queue(world.source)
    return done.complete and done.in_flight == 0
