"""The time series that an alarm watches: a metric, or the result of metric math."""

from __future__ import annotations

from collections.abc import Sequence

from ops.alarms.evaluate.cells import Cells, Values
from ops.alarms.evaluate.metric_alarm import MetricAlarm
from ops.alarms.evaluate.metric_math.functions import Grid
from ops.alarms.evaluate.metric_math.program import Program
from ops.alarms.evaluate.points import Metrics, Point

MAX_COMPUTED, MAX_REMEMBERED = 10_000, 200
"""Results that are kept, and periods of one. A workload whose values repeat is computed once for each of them."""


class WatchedSeries:
    """``late`` is what arrives later: (when, input, cell, point), in order of arrival."""

    def __init__(self, alarm: MetricAlarm, metrics: Metrics) -> None:
        self._alarm = alarm
        self._inputs = [Cells(metrics.get(stat.metric, ()), stat, alarm.cell) for _, stat in alarm.inputs]
        arrivals = [(when, at, cell, each) for at, cells in enumerate(self._inputs) for when, cell, each in cells.late]
        self._computed_before: dict[tuple[tuple[float | None, ...], ...], Values] = {}
        self.late: list[tuple[float, int, int, Point]] = sorted(arrivals, key=lambda arrival: arrival[:3])

    @property
    def by_range(self) -> bool:
        """Whether values depend on the positions that they are asked for with."""
        return self._alarm.program is not None and self._alarm.program.depends_on_range

    def add(self, at: int, cell: int, point: Point) -> range:
        """A late point of an input. Returns the positions of which the value may have changed."""
        return self._inputs[at].add(cell, point)

    def values(self, positions: Sequence[int], hidden: int | Sequence[int] = 0) -> Values:
        """``positions``: the last cells of the periods, oldest first. ``hidden``: how many of its last cells every period
        lacks, as not published yet; or, of the newest ones, each, the newest last."""
        if isinstance(hidden, int):
            inputs = [cells.values(positions, hidden) for cells in self._inputs]
        else:
            inputs = [_without_hidden(cells, positions, hidden) for cells in self._inputs]
        if self._alarm.program is None:
            return inputs[0]
        if self._alarm.program.depends_on_clock or len(positions) > MAX_REMEMBERED:
            return self._computed(self._alarm.program, inputs, positions)
        key = tuple(map(tuple, inputs))
        known = self._computed_before.get(key)
        if known is None:
            if len(self._computed_before) >= MAX_COMPUTED:
                self._computed_before.clear()
            known = self._computed_before[key] = self._computed(self._alarm.program, inputs, positions)
        return list(known)

    def _computed(self, program: Program, inputs: Sequence[Values], positions: Sequence[int]) -> Values:
        series = {name: values for (name, _), values in zip(self._alarm.inputs, inputs, strict=True)}
        return program.series(series, Grid(self.begins(positions), self._alarm.period))

    def begins(self, positions: Sequence[int]) -> list[float]:
        """Starts of the periods, epoch seconds."""
        cell, period = self._alarm.cell, self._alarm.period
        return [float((position + 1) * cell - period) for position in positions]

    def samples(self, position: int, hidden: int = 0) -> float:
        return self._inputs[0].samples(position, hidden)


def _without_hidden(cells: Cells, positions: Sequence[int], hidden: Sequence[int]) -> Values:
    whole = len(positions) - len(hidden)
    values = cells.remembered(positions[:whole])
    for position, count in zip(positions[whole:], hidden, strict=True):
        values += cells.values([position], count)
    return values
