"""The states of one metric alarm over a stretch of time, on a virtual clock.

When it is evaluated (CloudWatch user guide, alarm-evaluation, read 2026-11): every minute; every 10 seconds with a period
below a minute; once an hour with the data up to that hour when N periods are longer than a day. ⚠ The seconds that an
evaluation takes after the end of a period are not published: here it is evaluated exactly at the end, and what a query
sees later says so by ``Point.arrived``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ops.alarms.evaluate.metric_alarm import MetricAlarm
from ops.alarms.evaluate.points import Metrics, Point
from ops.alarms.evaluate.reasons import reason
from ops.alarms.evaluate.threshold import INSUFFICIENT_DATA, NONE, Datapoint, decide, pattern, state_of
from ops.alarms.evaluate.watched_series import WatchedSeries


@dataclass(frozen=True)
class Transition:
    at: float  # epoch seconds
    alarm: str
    old: str
    new: str
    reason: str


def metric_states(
    alarm: MetricAlarm,
    metrics: Metrics,
    start: float,
    end: float,
    state: str = INSUFFICIENT_DATA,
    created: float | None = None,
) -> list[Transition]:
    """The changes of state between ``start`` and ``end``, both included, of an alarm that is in ``state`` before.

    ``created``: when it was, for its warm-up, in which it is not evaluated; it ends early once there is data for all N
    periods, unless the alarm waits for its end (PutMetricAlarm, WarmUpConfiguration, botocore 1.44.5). None: long ago.
    """
    return _Run(alarm, metrics, start, end).transitions(state, created)


class _Run:
    def __init__(self, alarm: MetricAlarm, metrics: Metrics, start: float, end: float) -> None:
        self._alarm = alarm
        self._cell = alarm.cell
        self._stride = alarm.period // self._cell
        self._span = self._stride * (alarm.rule.looks_at - 1)
        interval = alarm.interval
        first = -int(-start // interval) * interval  # the first evaluation at or after the start
        self._ends = range(first, int(end) + 1, interval)
        self._series = WatchedSeries(alarm, metrics)
        self._first = first // self._cell - 1 - self._span - self._stride
        self._last = int(end) // self._cell - 1
        all_positions = range(0) if self._series.by_range else range(self._first, self._last + 1)
        self._flags = bytearray(self._patterned(all_positions))

    def transitions(self, state: str, created: float | None) -> list[Transition]:
        changes: list[Transition] = []
        cold_until = -math.inf if created is None else created + self._alarm.warm_up
        evaluate = self._evaluator()
        late, arrived = self._series.late, 0
        for at in self._ends:
            while arrived < len(late) and late[arrived][0] <= at:
                self._add(*late[arrived][1:])
                arrived += 1
            if at < cold_until:
                if self._alarm.whole_warm_up or NONE in self._recent(at)[-self._alarm.rule.periods :]:
                    continue
                cold_until = -math.inf
            new = evaluate(at)
            if new and new != state:
                changes.append(Transition(at, self._alarm.name, state, new, self._reason(at)))
                state = new
        return changes

    def _evaluator(self) -> Callable[[int], str]:
        """The state at a time, remembered by the pattern of data: over days there are few different ones."""
        rule, recent_at = self._alarm.rule, self._recent
        remembered: dict[bytes, str] = {}

        def evaluate(at: int) -> str:
            recent = recent_at(at)
            new = remembered.get(recent)
            if new is None:
                new = remembered[recent] = state_of(rule, recent)
            return new

        if not self._alarm.low_sample_limit:
            return evaluate
        return lambda at: "" if self._too_few_samples(at) else evaluate(at)

    def _recent(self, at: int) -> bytes:
        """The pattern of the periods that are looked at."""
        if self._series.by_range:
            return self._patterned(self._positions(at))
        last = self._position(at) - self._first
        return bytes(self._flags[last - self._span : last + 1 : self._stride])

    def _positions(self, at: int) -> range:
        newest = self._position(at)
        return range(newest - self._span, newest + 1, self._stride)

    def _position(self, at: int) -> int:
        """Of the newest period that is complete at a time."""
        return (at // self._alarm.period * self._stride if self._alarm.wall_clock else at // self._cell) - 1

    def _too_few_samples(self, at: int) -> bool:
        """⚠ The guide counts the samples "during the evaluation period"; read as all N periods together."""
        samples = sum(map(self._series.samples, self._positions(at)[-self._alarm.rule.periods :]))
        return 0 < samples < self._alarm.low_sample_limit

    def _add(self, at: int, cell: int, point: Point) -> None:
        changed = self._series.add(at, cell, point)
        if self._series.by_range:
            return
        for position in changed:
            if self._first <= position <= self._last:
                self._flags[position - self._first] = self._patterned([position])[0]

    def _patterned(self, positions: Sequence[int]) -> bytes:
        return pattern(self._alarm.rule, self._series.values(positions))

    def _reason(self, at: int) -> str:
        positions = self._positions(at)
        periods = zip(self._series.begins(positions), self._series.values(positions), strict=True)
        return reason(self._alarm.rule, decide(self._alarm.rule, [Datapoint(*each) for each in periods]))
