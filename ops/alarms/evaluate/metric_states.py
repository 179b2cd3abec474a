"""The states of one metric alarm over a stretch of time, on a virtual clock.

When it is evaluated (CloudWatch user guide, alarm-evaluation, read 2026-11): every minute; every 10 seconds with a period
below a minute; once an hour with the data up to that hour when N periods are longer than a day. ⚠ The seconds that an
evaluation takes after the end of a period are not published: here it is evaluated exactly at the end, and what a query
sees later says so by ``Point.arrived``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from ops.alarms.evaluate.metric_alarm import MetricAlarm
from ops.alarms.evaluate.points import Metrics, Point
from ops.alarms.evaluate.reasons import reason
from ops.alarms.evaluate.threshold import INSUFFICIENT_DATA, NONE, UNCHANGED, Datapoint, decide, pattern, state_of
from ops.alarms.evaluate.watched_series import WatchedSeries


@dataclass(frozen=True)
class Transition:
    at: float  # epoch seconds
    alarm: str
    old: str
    new: str
    explain: Callable[[], str] = field(default=str, compare=False, repr=False)

    @property
    def reason(self) -> str:
        """Worded only when it is asked for: over weeks of a restless metric most are not."""
        return self.explain()


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
        # Where values depend on what was retrieved, they are computed at each evaluation instead.
        self._values = [] if self._series.by_range else self._series.values(range(self._first, self._last + 1))
        self._flags = bytearray(pattern(alarm.rule, self._values))

    def transitions(self, state: str, created: float | None) -> list[Transition]:
        changes: list[Transition] = []
        rule, name = self._alarm.rule, self._alarm.name
        cold_until = -math.inf if created is None else created + self._alarm.warm_up
        few_samples = self._alarm.low_sample_limit > 0
        recent_at = self._recent()
        states: dict[bytes, str] = {}  # over days there are few different patterns
        late, arrived = self._series.late, 0
        for at in self._ends:
            while arrived < len(late) and late[arrived][0] <= at:
                self._add(*late[arrived][1:])
                arrived += 1
            recent = recent_at(at)
            if at < cold_until:
                if self._alarm.whole_warm_up or NONE in recent[-rule.periods :]:
                    continue
                cold_until = -math.inf
            if few_samples and self._too_few_samples(at):
                continue
            new = states.get(recent)
            if new is None:
                new = states[recent] = state_of(rule, recent)
            if new != state and new != UNCHANGED:
                changes.append(Transition(at, name, state, new, partial(_worded, self._alarm, *self._periods(at))))
                state = new
        return changes

    def _recent(self) -> Callable[[int], bytes]:
        """The pattern of the periods that are looked at, at a time."""
        if self._series.by_range:
            return lambda at: pattern(self._alarm.rule, self._series.values(self._positions(at)))
        flags, span, stride, cell, before = self._flags, self._span, self._stride, self._cell, self._first

        def sliding(at: int) -> bytes:
            end = at // cell - before
            return bytes(flags[end - 1 - span : end : stride])

        def aligned(at: int) -> bytes:
            end = self._position(at) + 1 - before
            return bytes(flags[end - 1 - span : end : stride])

        return aligned if self._alarm.wall_clock else sliding

    def _periods(self, at: int) -> tuple[float, list[float | None]]:
        """When the oldest of them begins, and their values, oldest first."""
        positions = self._positions(at)
        begins = float((positions[0] + 1) * self._cell - self._alarm.period)
        if self._series.by_range:
            return begins, self._series.values(positions)
        return begins, [self._values[position - self._first] for position in positions]

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
                value = self._series.values([position])
                self._values[position - self._first] = value[0]
                self._flags[position - self._first] = pattern(self._alarm.rule, value)[0]


def _worded(alarm: MetricAlarm, begins: float, values: Sequence[float | None]) -> str:
    datapoints = [Datapoint(begins + alarm.period * number, value) for number, value in enumerate(values)]
    return reason(alarm.rule, decide(alarm.rule, datapoints))
