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
        self._cells: dict[int, list[Point]] = {}
        self.late: list[tuple[float, int, Point]] = []  # (arrived, cell, point), in order of arrival
        cells, unit, late = self._cells, watched.unit, self.late
        for each in points:
            if unit and each.unit != unit:
                continue
            at = int(each.timestamp // cell)
            if each.arrived is not None and each.arrived > (at + 1) * cell:
                late.append((each.arrived, at, each))
            elif at in cells:
                cells[at].append(each)
            else:
                cells[at] = [each]
        late.sort(key=lambda arrival: arrival[:2])

    def add(self, cell: int, point: Point) -> range:
        """A late point. Returns the positions of which the value may have changed."""
        self._cells.setdefault(cell, []).append(point)
        return range(cell, cell + self._length)

    def values(self, positions: Sequence[int]) -> Values:
        compute, cells = self._statistic, self._cells
        if self._length == 1:
            return [compute(cells[at]) if at in cells else None for at in positions]
        return [compute(points) if (points := self._window(at)) else None for at in positions]

    def samples(self, position: int) -> float:
        return sum(each.samples for each in self._window(position))

    def _window(self, position: int) -> list[Point]:
        get = self._cells.get
        return [each for at in range(position - self._length + 1, position + 1) for each in get(at, ())]
