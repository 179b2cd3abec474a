"""Long windows are computed from slices: with the same result as from the points of each window."""

from __future__ import annotations

import random

import pytest

from ops.alarms.evaluate import Metric, MetricStat, Point, point
from ops.alarms.evaluate.cells import LONG, Cells
from ops.alarms.evaluate.statistics import statistic

MINUTES, LENGTH = 400, 60


def points(whole: bool, seed: int) -> list[Point]:
    pick = random.Random(seed)
    minutes = [minute for minute in range(MINUTES) if pick.random() < 0.4 or 200 < minute < 210]
    return [
        point(60.0 * minute, pick.randint(0, 9) if whole else pick.uniform(0, 9), pick.randint(1, 4))
        for minute in minutes
    ]


@pytest.mark.parametrize("name", ["Sum", "SampleCount", "Average", "Minimum", "Maximum", "p90", "tm50"])
@pytest.mark.parametrize("whole", [True, False])
def test_each_window_as_its_points(name: str, whole: bool) -> None:
    assert LENGTH >= LONG
    recorded = points(whole, 3)
    cells = Cells(recorded, MetricStat(Metric("N", "M"), name, 60 * LENGTH), 60)
    positions = range(-LENGTH, MINUTES + 2 * LENGTH)

    def from_points(position: int, among: list[Point]) -> float | None:
        window = [each for each in among if position - LENGTH < each.timestamp // 60 <= position]
        return statistic(name)(window) if window else None

    assert cells.values(positions) == [from_points(at, recorded) for at in positions]
    late = point(60.0 * 205, 5)
    cells.add(205, late)
    positions = range(190, 280)
    expected = [from_points(at, sorted([*recorded, late], key=lambda each: each.timestamp)) for at in positions]
    assert cells.values(positions) == pytest.approx(expected)
