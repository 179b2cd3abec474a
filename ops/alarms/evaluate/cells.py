"""The points of one metric in cells of equal length, and what each window of cells measures.

A window slides with each evaluation (CloudWatch user guide, alarm-evaluation, read 2026-11: an alarm with a period of
five minutes is evaluated at the end of minute 5 with minutes 1 to 5, at the end of minute 6 with minutes 2 to 6). A
position is the number of a window's last cell since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ops.alarms.evaluate.metric_alarm import MetricStat
from ops.alarms.evaluate.points import Point
from ops.alarms.evaluate.statistics import statistic

Values = list[float | None]


class Cells:
    """Points are added as they arrive; those that are there when their cell ends are in it from the start."""

    def __init__(self, points: Iterable[Point], watched: MetricStat, cell: int) -> None:
        self._statistic = statistic(watched.statistic)
        self._length = watched.period // cell
        self._cells: dict[int, Point | list[Point]] = {}  # one without a list: over weeks there are many
        self.late: list[tuple[float, int, Point]] = []  # (arrived, cell, point), in order of arrival
        cells, wanted, late = self._cells, watched.unit, self.late
        for each in points:
            timestamp, _, _, _, _, unit, arrived = each  # faster than by name, for the many that there may be
            if wanted and unit != wanted:
                continue
            at = int(timestamp // cell)
            if arrived is not None and arrived > (at + 1) * cell:
                late.append((arrived, at, each))
                continue
            there = cells.get(at)
            if there is None:
                cells[at] = each
            elif isinstance(there, Point):
                cells[at] = [there, each]
            else:
                there.append(each)
        late.sort(key=lambda arrival: arrival[:2])

    def add(self, cell: int, point: Point) -> range:
        """A late point. Returns the positions of which the value may have changed."""
        self._cells[cell] = [*self._points(cell), point]
        return range(cell, cell + self._length)

    def values(self, positions: Sequence[int]) -> Values:
        compute = self._statistic
        points_of = self._points if self._length == 1 else self._window
        return [compute(points) if (points := points_of(at)) else None for at in positions]

    def samples(self, position: int) -> float:
        return sum(each.samples for each in self._window(position))

    def _points(self, cell: int) -> list[Point]:
        there = self._cells.get(cell)
        if there is None:
            return []
        return [there] if isinstance(there, Point) else there

    def _window(self, position: int) -> list[Point]:
        return [each for at in range(position - self._length + 1, position + 1) for each in self._points(at)]
