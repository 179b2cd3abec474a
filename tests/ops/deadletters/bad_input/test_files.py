"""Ledgers, plans and snapshots that are damaged or of another version: refused, with what to do."""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import pytest

from ops.deadletters import plans
from ops.deadletters.plan_model import Plan
from ops.deadletters.redrive import redrive
from ops.deadletters.redrive.runs import list_runs, list_unreadable_runs, read_run
from ops.deadletters.scan.scan import scan_queue
from ops.errors import OpsError
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import DENIED, Fault
from tests.ops.deadletters.redrives_without_rollout import LETTERS, a_plan, ensure_sentence, start_run

pytestmark = pytest.mark.slow  # half a second each, and many of them

RETRIES = 1
WAITS_S = 0.05


def interrupted(world: World) -> Plan:
    """A run that was sent in part and may not delete."""
    world.put([f"letter {number}" for number in range(LETTERS)])
    plan = a_plan(world)
    world.aws.fault(Fault(**{**DENIED.__dict__, "operation": "DeleteMessage*"}))
    with pytest.raises(OpsError):
        start_run(world, plan)
    world.aws.heal()
    world.aws.advance(60)
    return plan


def test_a_ledger_of_another_version_is_refused_with_the_way_out(world: World) -> None:
    plan = interrupted(world)
    path = world.source.runs_folder / f"{plan.id}.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = world.jobs.messages()
    with pytest.raises(OpsError, match="version 99") as refused:
        redrive.resume_redrive(world.source, plan.id)
    ensure_sentence(refused.value)
    assert "doubt" in str(refused.value)
    assert "dead-letter queue" in refused.value.next_step
    assert (len(world.bodies()), world.jobs.messages()) == (LETTERS, before)


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_ledger_is_refused_or_read_right(world: World, seed: int) -> None:
    """Whatever happened to the file: one sentence, or a run that loses nothing; never a traceback."""
    plan = interrupted(world)
    path = world.source.runs_folder / f"{plan.id}.db"
    for side in ("-wal", "-shm"):
        Path(f"{path}{side}").unlink(missing_ok=True)
    chance, content = random.Random(seed), bytearray(path.read_bytes())
    match seed % 4:
        case 0:
            content = content[: chance.randrange(len(content))]
        case 1:
            content[: chance.randrange(1, 200)] = b""
        case 2:
            at = chance.randrange(len(content) - 4096)
            content[at : at + 4096] = chance.randbytes(4096)
        case 3:
            content = bytearray(chance.randbytes(len(content)))
    path.write_bytes(content)
    for ask in (read_run, redrive.resume_redrive):
        try:
            ask(world.source, plan.id)
        except OpsError as refused:
            ensure_sentence(refused)
    assert len(list_runs(world.source)) + len(list_unreadable_runs(world.source)) == 1, "never left out unsaid"
    kept, sent = set(world.bodies()), {message["Body"] for message in world.jobs.messages()}
    assert kept | sent == {f"letter {number}" for number in range(LETTERS)}


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"hash": "x", "schema": 1}', b"\0" * 100, b"[" * 100_000])
def test_a_damaged_plan_is_refused(world: World, damage: bytes) -> None:
    world.put(["a"])
    plan = a_plan(world)
    path = plans.save_plan(world.source, plan)
    path.write_bytes(damage)
    with pytest.raises(OpsError) as refused:
        plans.load_plan(plan.id, world.source)
    ensure_sentence(refused.value)


def test_a_damaged_snapshot_is_refused_and_may_be_deleted(world: World) -> None:
    world.put(["a", "b"])
    world.source.snapshot_path.write_bytes(os.urandom(20_000))
    with pytest.raises(OpsError) as refused:
        a_plan(world)
    ensure_sentence(refused.value)
    for path in world.source.folder.glob("shelf.db*"):
        path.unlink()
    assert scan_queue(world.source).messages == 2
