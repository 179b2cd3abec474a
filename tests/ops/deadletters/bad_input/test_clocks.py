"""A wall clock that is set during a run: it changes neither leases nor pace."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.plan_model import Pace
from ops.deadletters.redrive import redrive
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import Fault
from tests.ops.deadletters.redrives_without_rollout import LETTERS, a_plan
from tests.timing import set_timing

pytestmark = pytest.mark.slow  # half a second each, and many of them

RETRIES = 1
WAITS_S = 0.05


@pytest.mark.parametrize("jump", [-86_400 * 400, -3_600, 3_600, 86_400 * 400], ids=str)
def test_a_clock_that_is_set_while_messages_move(world: World, jump: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases, patience and pace go by a clock that nobody sets; the wall clock is for display."""
    world.put([f"letter {number}" for number in range(LETTERS)])
    plan = a_plan(world, pace=Pace(400, headroom=False))
    world.aws.fault(Fault("empty", "ReceiveMessage", skip=2))  # so that some are sent before it, and some after
    set_timing(monkeypatch, rollout_tick=0.01)
    real, began = time.time, time.monotonic()
    ahead = 0

    def set_the_clock(now: Run) -> None:
        nonlocal ahead
        if now.sent and not ahead:
            assert now.sent < LETTERS
            ahead = jump
            world.aws.heal()

    monkeypatch.setattr(time, "time", lambda: real() + ahead)
    run = redrive.start_redrive(world.source, plan, reason="bad clock", progress=set_the_clock)
    assert ahead
    assert (run.state, run.sent, run.possible_duplicates) == (RunState.DONE, LETTERS, ())
    assert time.monotonic() - began < 600, "it waited for a clock that had been set back by an hour or more"
    monkeypatch.undo()
    assert Counter(message["Body"] for message in world.jobs.messages()).total() == LETTERS and not world.bodies()
