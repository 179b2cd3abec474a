"""When the next step may start."""

from __future__ import annotations

import pytest

from ops.deadletters.plan_model import Steps
from ops.deadletters.plans.steps import step_boundaries
from ops.deadletters.redrive.canary import CanaryDecision, StepTally, decide_step, should_stop_early
from ops.errors import UsageError


@pytest.mark.parametrize(
    ("sizes", "total", "ends"),
    [
        (("5", "1%", "10%", "100%"), 2000, (5, 20, 200, 2000)),
        (("5", "1%", "10%", "100%"), 50, (5, 50)),
        (("5", "1%", "10%", "100%"), 3, (3,)),
        (("5", "1%", "10%", "100%"), 100_000, (5, 1000, 10_000, 100_000)),
        (("100%",), 7, (7,)),
        (("10",), 25, (10, 25)),
        (("0.1%",), 10, (1, 10)),
        (("5",), 0, ()),
    ],
)
def test_steps_grow_to_the_whole(sizes: tuple[str, ...], total: int, ends: tuple[int, ...]) -> None:
    assert step_boundaries(sizes, total) == ends


@pytest.mark.parametrize(
    "sizes", [("0",), ("-5",), ("five",), ("0%",), ("101%",), ("",), ("10%", "1%"), ("5", "5"), ("2.5",), ("nan%",)]
)
def test_sizes_that_make_no_sense_are_refused(sizes: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as refused:
        step_boundaries(sizes, 100)
    assert refused.value.next_step


STEPS = Steps(stop_share=0.2, patience_s=60)


@pytest.mark.parametrize(
    ("tally", "waited_s", "verdict"),
    [
        (StepTally(5, 5, succeeded=5, failed_again=0), 0, CanaryDecision.GO),
        (StepTally(5, 5, succeeded=4, failed_again=1), 0, CanaryDecision.GO),  # 20% is not more than 20%
        (StepTally(5, 5, succeeded=4, failed_again=0), 0, CanaryDecision.GO),  # the one that waits cannot change it
        (StepTally(5, 5, succeeded=0, failed_again=2), 0, CanaryDecision.STOP),  # nor can the three here
        (StepTally(5, 5, succeeded=1, failed_again=1), 59, CanaryDecision.WAIT),
        (StepTally(5, 5, succeeded=1, failed_again=1), 60, CanaryDecision.STOP),
        (StepTally(5, 5, succeeded=3, failed_again=0), 60, CanaryDecision.OPEN),
        (StepTally(5, 5, succeeded=0, failed_again=0), 60, CanaryDecision.OPEN),
        (StepTally(5, 5, succeeded=0, failed_again=0, unwatched=5), 0, CanaryDecision.GO),
        (StepTally(5, 0, succeeded=0, failed_again=0), 0, CanaryDecision.GO),  # all had vanished
    ],
)
def test_a_step_is_decided_as_soon_as_it_can_be(tally: StepTally, waited_s: float, verdict: CanaryDecision) -> None:
    assert decide_step(tally, STEPS, waited_s) is verdict


def test_a_stop_share_of_nothing_stops_at_the_first_that_comes_back() -> None:
    strict = Steps(stop_share=0.0)
    assert decide_step(StepTally(100, 100, succeeded=99, failed_again=1), strict, 0) is CanaryDecision.STOP
    assert decide_step(StepTally(100, 100, succeeded=99, failed_again=0), strict, 0) is CanaryDecision.WAIT


def test_a_step_on_its_way_is_stopped_once_enough_came_back() -> None:
    assert not should_stop_early(StepTally(1000, 500, succeeded=0, failed_again=19), STEPS)
    assert should_stop_early(StepTally(1000, 500, succeeded=0, failed_again=20), STEPS)
    assert not should_stop_early(StepTally(1000, 500, succeeded=80, failed_again=20), STEPS)
    assert should_stop_early(StepTally(1000, 500, succeeded=79, failed_again=21), STEPS)
    assert should_stop_early(StepTally(3, 3, succeeded=0, failed_again=3), STEPS)
