"""Redrives in one step without outcomes, and what an error must look like to a user."""

from __future__ import annotations

from typing import Any

from ops.deadletters import plans
from ops.deadletters.ledger.model import Run
from ops.deadletters.plan_model import Pace, Plan, Selection, Steps
from ops.deadletters.redrive import redrive
from ops.errors import OpsError
from tests.fakes.dlq_world import World

LETTERS = 40


def a_plan(world: World, **more: Any) -> Plan:
    more = {"pace": Pace(None, headroom=False), "steps": Steps(watch=False), "engine": "ledger", **more}
    return plans.make_plan(world.source, Selection(), **more)


def start_run(world: World, plan: Plan) -> Run:
    return redrive.start_redrive(world.source, plan, reason="a test")


def ensure_sentence(error: OpsError) -> None:
    said = f"{error} {error.next_step}"
    assert "\n" not in said and "Traceback" not in said and "Error(" not in said
    assert error.next_step
