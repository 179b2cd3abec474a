"""In which steps letters go, and when the next step may."""

from __future__ import annotations

import pytest

from ops.deadletters.plan_model import Steps
from ops.deadletters.plans.steps import boundaries
from ops.deadletters.redrive.canary import CanaryDecision, Tally, brake, decide
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
    assert boundaries(sizes, total) == ends


@pytest.mark.parametrize(
    "sizes", [("0",), ("-5",), ("five",), ("0%",), ("101%",), ("",), ("10%", "1%"), ("5", "5"), ("2.5",), ("nan%",)]
)
def test_sizes_that_make_no_sense_are_refused(sizes: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as refused:
        boundaries(sizes, 100)
    assert refused.value.next_step


STEPS = Steps(stop_share=0.2, patience_s=60)


@pytest.mark.parametrize(
    ("tally", "waited_s", "verdict"),
    [
        (Tally(5, 5, succeeded=5, came_back=0), 0, CanaryDecision.GO),
        (Tally(5, 5, succeeded=4, came_back=1), 0, CanaryDecision.GO),  # 20% is not more than 20%
        (Tally(5, 5, succeeded=4, came_back=0), 0, CanaryDecision.GO),  # the one that waits cannot change it
        (Tally(5, 5, succeeded=0, came_back=2), 0, CanaryDecision.STOP),  # nor can the three here
        (Tally(5, 5, succeeded=1, came_back=1), 59, CanaryDecision.WAIT),
        (Tally(5, 5, succeeded=1, came_back=1), 60, CanaryDecision.STOP),
        (Tally(5, 5, succeeded=3, came_back=0), 60, CanaryDecision.OPEN),
        (Tally(5, 5, succeeded=0, came_back=0), 60, CanaryDecision.OPEN),
        (Tally(5, 5, succeeded=0, came_back=0, unwatched=5), 0, CanaryDecision.GO),
        (Tally(5, 0, succeeded=0, came_back=0), 0, CanaryDecision.GO),  # all had vanished
    ],
)
def test_a_step_is_decided_as_soon_as_it_can_be(tally: Tally, waited_s: float, verdict: CanaryDecision) -> None:
    assert decide(tally, STEPS, waited_s) is verdict


def test_a_stop_share_of_nothing_stops_at_the_first_that_comes_back() -> None:
    strict = Steps(stop_share=0.0)
    assert decide(Tally(100, 100, succeeded=99, came_back=1), strict, 0) is CanaryDecision.STOP
    assert decide(Tally(100, 100, succeeded=99, came_back=0), strict, 0) is CanaryDecision.WAIT


def test_a_step_on_its_way_is_stopped_once_enough_came_back() -> None:
    assert not brake(Tally(1000, 500, succeeded=0, came_back=19), STEPS)
    assert brake(Tally(1000, 500, succeeded=0, came_back=20), STEPS)
    assert not brake(Tally(1000, 500, succeeded=80, came_back=20), STEPS)
    assert brake(Tally(1000, 500, succeeded=79, came_back=21), STEPS)
    assert brake(Tally(3, 3, succeeded=0, came_back=3), STEPS)
