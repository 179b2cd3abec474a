"""Message groups of a FIFO queue: the last one governs, by share and by chance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ops.errors import UsageError
from ops.insight.forecast import group_drain
from ops.insight.forecast.drain_model import ArrivalProfile
from ops.insight.forecast.forecast import Goals, Load, forecast
from ops.insight.forecast.group_drain import MessageGroups
from ops.insight.forecast.scaling_laws import ScalingSettings

NONE = np.empty(0)


def drained(groups: MessageGroups, arrivals: float = 0.0, limit: int | None = None, backlog: float = 6_000) -> float:
    load = Load(backlog, 0.0, ArrivalProfile((arrivals,)), 0.5, NONE, NONE, batch=10.0, groups=groups)
    law = ScalingSettings(maximum_concurrency=limit, groups=groups.number).law()
    found = forecast(load, law, Goals(345_600.0)).drained_s
    return math.inf if found is None else found.mid


def test_the_largest_of_many_is_that_of_a_simulation() -> None:
    chance = np.random.default_rng(5)
    mean, variance, number = 100.0, 900.0, 20
    drawn = chance.wald(mean, mean**3 / variance, size=(4_000, number)).max(axis=1).mean()
    found = group_drain.last_of_groups(np.array([[mean]]), np.array([[variance]]), np.array([number]))
    assert found[0] == pytest.approx(drawn, rel=0.02)


def test_the_expected_largest_above_a_floor() -> None:
    drawn = np.maximum(50.0, np.random.default_rng(5).normal(45, 10, size=(20_000, 8)).max(axis=1)).mean()
    assert group_drain.largest_above(50.0, 45.0, 10.0, 8) == pytest.approx(drawn, rel=0.02)
    assert group_drain.largest_above(50.0, 10.0, 0.0, 8) == pytest.approx(50)


def test_one_group_is_one_invocation() -> None:
    assert drained(MessageGroups(1)) == pytest.approx(3_000, rel=0.01)


def test_groups_that_are_alike_end_a_little_after_their_mean() -> None:
    mean = 6_000 / 20 * 0.5
    assert mean < drained(MessageGroups(20)) < 1.25 * mean


def test_the_busiest_group_governs() -> None:
    assert drained(MessageGroups(20, 0.5)) == pytest.approx(1_500, rel=0.02)
    assert drained(MessageGroups(20, 0.5), arrivals=120) == pytest.approx(1_500 / (1 - 0.5), rel=0.03), (
        "1 a second of its own"
    )


def test_more_groups_than_may_run_are_drained_as_one() -> None:
    assert drained(MessageGroups(500), limit=10) == pytest.approx(6_000 / 10 * 0.5, rel=0.03)


def test_a_group_that_gets_more_than_it_does_is_never_drained() -> None:
    assert drained(MessageGroups(20, 0.9), arrivals=240) == math.inf
    assert drained(MessageGroups(20, 0.9), arrivals=240, backlog=0) == math.inf
    assert math.isfinite(drained(MessageGroups(20), arrivals=240))


@pytest.mark.parametrize(
    ("number", "busiest", "error"),
    [
        (0, None, "has at least one message group"),
        (4, 0.1, "has 25% to 100% of the messages"),
        (4, 1.1, "has 25% to 100% of the messages"),
        (4, -0.5, "has 25% to 100% of the messages"),
    ],
)
def test_groups_that_cannot_be(number: int, busiest: float | None, error: str) -> None:
    with pytest.raises(UsageError, match=error):
        MessageGroups(number, busiest)
