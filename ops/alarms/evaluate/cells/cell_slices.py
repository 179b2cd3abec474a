"""The statistics of long windows, from one array of values by cell: the same sums in the same order, many times faster.

A window of a day has 1,440 cells, and it slides by the minute.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ops.alarms.evaluate.points import Point
from ops.alarms.evaluate.statistics import Statistic

_TAKEN: dict[str, tuple[float, Callable[[Point], float]]] = {
    "Sum": (0.0, lambda point: point.total),
    "Average": (0.0, lambda point: point.total),
    "SampleCount": (0.0, lambda point: point.samples),
    "Maximum": (-math.inf, lambda point: point.maximum),
    "Minimum": (math.inf, lambda point: point.minimum),
}
"""What an empty cell counts as, and a cell with a point."""
_COMBINED: dict[str, Callable[[Sequence[float]], float]] = {"Maximum": max, "Minimum": min}
_SUMMED, _WHOLE_BELOW = ("Sum", "SampleCount"), 1e10
MAX_CELLS = 100_000
"""Cells of an array; more than that are mostly empty."""


@dataclass(frozen=True)
class CellSlices:
    """Slices of cells with at most one point each, so that a sum adds the points in their order."""

    name: str
    compute: Statistic
    length: int
    first: int
    points: Sequence[Point | None]
    values: Sequence[float]
    known: Sequence[int]
    """How many cells before each one hold a point."""
    sums: Sequence[float]
    """Of the values before each cell, where they are whole numbers, so that no digit is lost; else empty."""

    @classmethod
    def of(
        cls, cells: Mapping[int, Point | list[Point]], length: int, name: str, compute: Statistic
    ) -> CellSlices | None:
        """None where a cell holds several points, or there are too many cells."""
        first, last = min(cells, default=0), max(cells, default=0)
        if last - first >= MAX_CELLS:
            return None
        points: list[Point | None] = [None] * (last - first + 1)
        for at, each in cells.items():
            if not isinstance(each, Point):
                return None
            points[at - first] = each
        empty, take = _TAKEN.get(name, (0.0, None))
        values = [empty if each is None else float(take(each)) for each in points] if take else []
        known = [0, *accumulate(each is not None for each in points)]
        whole = name in _SUMMED and all(each.is_integer() and abs(each) < _WHOLE_BELOW for each in values)
        sums = [0.0, *accumulate(values)] if whole else []
        return cls(name, compute, length, first, points, values, known, sums)

    def measured(self, positions: Iterable[int], hidden: int = 0) -> list[float | None]:
        """Values of the windows whose last cells are at ``positions``, without their last ``hidden`` cells."""
        if not self.sums:
            return [self.value(at, hidden) for at in positions]
        known, sums, size = self.known, self.sums, len(self.points)
        found: list[float | None] = []
        for at in positions:
            end = min(max(0, at + 1 - hidden - self.first), size)
            begin = min(max(0, at + 1 - self.length - self.first), end)
            found.append(sums[end] - sums[begin] if known[begin] != known[end] else None)
        return found

    def value(self, position: int, hidden: int = 0) -> float | None:
        end = min(max(0, position + 1 - hidden - self.first), len(self.points))
        begin = min(max(0, position + 1 - self.length - self.first), end)
        if self.known[begin] == self.known[end]:
            return None
        if not self.values or self.name == "Average":
            return self.compute([each for each in self.points[begin:end] if each is not None])
        combine: Callable[[Sequence[float]], float] = _COMBINED.get(self.name, sum)
        return combine(self.values[begin:end])
