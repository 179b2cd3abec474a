"""The states of one metric alarm over a stretch of time, on a virtual clock.

When it is evaluated (CloudWatch user guide, alarm-evaluation, read 2026-11): every minute; every 10 seconds with a period
below a minute; once an hour with the data up to that hour when N periods are longer than a day. ⚠ The seconds that an
evaluation takes after the end of a period are not published: here it is evaluated exactly at the end, and what a query
sees later says so by ``Point.arrived``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ops.alarms.evaluate.cells import Cells
from ops.alarms.evaluate.metric_alarm import MetricAlarm
from ops.alarms.evaluate.points import Metrics
from ops.alarms.evaluate.reasons import reason
from ops.alarms.evaluate.threshold import INSUFFICIENT_DATA, Datapoint, decide, pattern, state_of


@dataclass(frozen=True)
class Transition:
    at: float  # epoch seconds
    alarm: str
    old: str
    new: str
    reason: str


def metric_states(
    alarm: MetricAlarm, metrics: Metrics, start: float, end: float, state: str = INSUFFICIENT_DATA
) -> list[Transition]:
    """The changes of state between ``start`` and ``end``, both included, of an alarm that is in ``state`` before."""
    return _Run(alarm, metrics, start, end).transitions(state)


class _Run:
    def __init__(self, alarm: MetricAlarm, metrics: Metrics, start: float, end: float) -> None:
        self._alarm = alarm
        self._cell = alarm.cell
        self._stride = alarm.period // self._cell
        self._span = self._stride * (alarm.rule.looks_at - 1)
        interval = alarm.interval
        first = -int(-start // interval) * interval  # the first evaluation at or after the start
        self._ends = range(first, int(end) + 1, interval)
        self._cells = Cells(metrics.get(alarm.watched.metric, ()), alarm.watched, self._cell)
        self._first = first // self._cell - 1 - self._span - self._stride
        self._last = int(end) // self._cell - 1
        self._flags = bytearray(self._patterned(range(self._first, self._last + 1)))

    def transitions(self, state: str) -> list[Transition]:
        changes: list[Transition] = []
        evaluate = self._evaluator()
        late, arrived = self._cells.late, 0
        for at in self._ends:
            while arrived < len(late) and late[arrived][0] <= at:
                self._add(late[arrived][1], arrived)
                arrived += 1
            new = evaluate(at)
            if new and new != state:
                changes.append(Transition(at, self._alarm.name, state, new, self._reason(at)))
                state = new
        return changes

    def _evaluator(self) -> Callable[[int], str]:
        """The state at a time, remembered by the pattern of data: over days there are few different ones."""
        rule, flags, stride, span = self._alarm.rule, self._flags, self._stride, self._span
        remembered: dict[bytes, str] = {}

        def evaluate(at: int) -> str:
            last = self._position(at) - self._first
            recent = bytes(flags[last - span : last + 1 : stride])
            new = remembered.get(recent)
            if new is None:
                new = remembered[recent] = state_of(rule, recent)
            return new

        if not self._alarm.low_sample_limit:
            return evaluate
        return lambda at: "" if self._too_few_samples(at) else evaluate(at)

    def _position(self, at: int) -> int:
        """Of the newest window that is complete at a time."""
        return (at // self._alarm.period * self._stride if self._alarm.wall_clock else at // self._cell) - 1

    def _too_few_samples(self, at: int) -> bool:
        """⚠ The guide counts the samples "during the evaluation period"; read as all N periods together."""
        newest, periods = self._position(at), self._alarm.rule.periods
        samples = sum(self._cells.samples(newest - self._stride * back) for back in range(periods))
        return 0 < samples < self._alarm.low_sample_limit

    def _add(self, cell: int, late: int) -> None:
        for position in self._cells.add(cell, self._cells.late[late][2]):
            if self._first <= position <= self._last:
                self._flags[position - self._first] = self._patterned([position])[0]

    def _patterned(self, positions: Sequence[int]) -> bytes:
        return pattern(self._alarm.rule, self._cells.values(positions))

    def _reason(self, at: int) -> str:
        newest = self._position(at)
        positions = range(newest - self._span, newest + 1, self._stride)
        begins = [(position + 1 - self._stride) * self._cell for position in positions]
        values = self._cells.values(positions)
        datapoints = [Datapoint(float(when), value) for when, value in zip(begins, values, strict=True)]
        return reason(self._alarm.rule, decide(self._alarm.rule, datapoints))
