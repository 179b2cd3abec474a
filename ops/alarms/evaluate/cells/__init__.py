"""The points of one metric in cells of equal length, and what each window of cells measures.

A window slides with each evaluation (CloudWatch user guide, alarm-evaluation, read 2026-11: an alarm with a period of
five minutes is evaluated at the end of minute 5 with minutes 1 to 5, at the end of minute 6 with minutes 2 to 6). A
position is the number of a window's last cell since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ops.alarms.evaluate.cells.cell_slices import CellSlices
from ops.alarms.evaluate.metric_alarm import MetricStat
from ops.alarms.evaluate.points import Point
from ops.alarms.evaluate.statistics import statistic, statistic_of_one

Values = list[float | None]
LONG = 5
"""Cells of a window from which slices are faster than lists of points."""


class Cells:
    """Points are added as they arrive; those that are there when their cell ends are in it from the start."""

    def __init__(self, points: Iterable[Point], watched: MetricStat, cell: int) -> None:
        self._statistic = statistic(watched.statistic)
        self._of_one = statistic_of_one(watched.statistic)
        self._length = watched.period // cell
        self._name = watched.statistic
        self._slices: CellSlices | None = None
        self._unsliced = False
        self._known: dict[int, float | None] = {}
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
        self._slices = None
        changed = range(cell, cell + self._length)
        for position in changed if self._known else ():
            self._known.pop(position, None)
        return changed

    def remembered(self, positions: Sequence[int]) -> Values:
        """``values`` with a cache, for positions that are evaluated repeatedly."""
        known = self._known
        for at in positions:
            if at not in known:
                known[at] = self.values([at])[0]
        return [known[at] for at in positions]

    def values(self, positions: Sequence[int], hidden: int = 0) -> Values:
        """``hidden``: the last cells of each window that are left out, as not published yet."""
        if hidden >= self._length:
            return [None] * len(positions)
        if self._length >= LONG and self._slices is None and not self._unsliced:
            self._slices = CellSlices.of(self._cells, self._length, self._name, self._statistic)
            self._unsliced = self._slices is None
        if self._slices is not None:
            return self._slices.measured(positions, hidden)
        compute = self._statistic
        if self._length == 1:
            of_one, cell = self._of_one, self._cells.get
            found = map(cell, positions)
            return [
                None if each is None else of_one(each) if isinstance(each, Point) else compute(each) for each in found
            ]
        return [compute(points) if (points := self._window(at, hidden)) else None for at in positions]

    def samples(self, position: int, hidden: int = 0) -> float:
        return sum(each.samples for each in self._window(position, hidden))

    def _points(self, cell: int) -> list[Point]:
        there = self._cells.get(cell)
        if there is None:
            return []
        return [there] if isinstance(there, Point) else there

    def _window(self, position: int, hidden: int) -> list[Point]:
        return [each for at in range(position - self._length + 1, position + 1 - hidden) for each in self._points(at)]
