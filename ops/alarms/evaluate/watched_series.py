"""What an alarm watches over time: its only metric, or what metric math makes of several."""

from __future__ import annotations

from collections.abc import Sequence

from ops.alarms.evaluate.cells import Cells, Values
from ops.alarms.evaluate.metric_alarm import MetricAlarm
from ops.alarms.evaluate.metric_math.functions import Grid
from ops.alarms.evaluate.points import Metrics, Point


class WatchedSeries:
    """``late`` is what arrives later: (when, input, cell, point), in order of arrival."""

    def __init__(self, alarm: MetricAlarm, metrics: Metrics) -> None:
        self._alarm = alarm
        self._inputs = [Cells(metrics.get(stat.metric, ()), stat, alarm.cell) for _, stat in alarm.inputs]
        arrivals = [(when, at, cell, each) for at, cells in enumerate(self._inputs) for when, cell, each in cells.late]
        self.late: list[tuple[float, int, int, Point]] = sorted(arrivals, key=lambda arrival: arrival[:3])

    @property
    def by_range(self) -> bool:
        """Whether values depend on the positions that they are asked for with."""
        return self._alarm.program is not None and self._alarm.program.depends_on_range

    def add(self, at: int, cell: int, point: Point) -> range:
        """A late point of an input. Returns the positions of which the value may have changed."""
        return self._inputs[at].add(cell, point)

    def values(self, positions: Sequence[int]) -> Values:
        """``positions``: the last cells of the periods, oldest first."""
        if self._alarm.program is None:
            return self._inputs[0].values(positions)
        series = {
            name: cells.values(positions) for (name, _), cells in zip(self._alarm.inputs, self._inputs, strict=True)
        }
        return self._alarm.program.series(series, Grid(self.begins(positions), self._alarm.period))

    def begins(self, positions: Sequence[int]) -> list[float]:
        """When the periods begin, epoch seconds."""
        return [float((position + 1) * self._alarm.cell - self._alarm.period) for position in positions]

    def samples(self, position: int) -> float:
        return self._inputs[0].samples(position)
