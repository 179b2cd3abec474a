"""Redrives are listed by when they began; a plan's id only tells when it was planned."""

from __future__ import annotations

from dashboard.services.run_cache import RunCache
from ops.deadletters.ledger.model import Run
from ops.deadletters.plan_model import Selection, Steps
from ops.deadletters.redrive import redrive
from ops.deadletters.redrive.runs import list_runs, read_run
from tests.fakes.dlq_world import a_plan
from tests.ops.cli.conftest import Desk, _doors, _workloads, _world, desk

__all__ = ["_doors", "_workloads", "_world", "desk"]

UNWATCHED = Steps(("100%",), watch=False)


def test_the_redrive_that_began_last_comes_first(desk: Desk) -> None:
    """Two plans, carried out the other way round: in the list, what to type next, and on the page."""
    first, second = desk.bury({"n": 1}, {"n": 2})
    source = desk.world.source
    earlier = a_plan(desk.world, Selection(ids=(first,)), steps=UNWATCHED, margin=1.0)
    later = a_plan(desk.world, Selection(ids=(second,)), steps=UNWATCHED, margin=1.0)
    redrive.start_redrive(source, later, reason="planned last, started first")
    desk.world.add_to_snapshot()
    redrive.start_redrive(source, earlier, reason="planned first, started last", stop=lambda: True)
    assert [run.id for run in list_runs(source)] == [earlier.id, later.id]
    assert [run.id for run in RunCache(source).load_all() if isinstance(run, Run)] == [earlier.id, later.id]
    code, out, _ = desk.ops("runs")
    assert code == 0
    assert out.index(earlier.id) < out.index(later.id)
    assert f"ops dlq resume {earlier.id}" in out
    assert f"ops dlq runs {earlier.id} --queue jobs   details of the latest" in out
    assert desk.json("runs")[0]["id"] == earlier.id
    assert desk.ops("resume")[0] == 0, "without a name: the latest that can go on"
    assert read_run(source, earlier.id).sent == 1
