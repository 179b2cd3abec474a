"""The states of one metric alarm over a stretch of time, on a virtual clock.

When it is evaluated (CloudWatch user guide, alarm-evaluation, read 2026-11): every minute; every 10 seconds with a period
below a minute; once an hour with the data up to that hour when N periods are longer than a day. ⚠ How long a metric takes
to be published after the end of a period is not published: ``publication``, and by point ``Point.arrived``.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from ops.alarms.evaluate.metric_alarm import MetricAlarm
from ops.alarms.evaluate.points import Metrics, Point
from ops.alarms.evaluate.reasons import reason
from ops.alarms.evaluate.threshold import (
    INSUFFICIENT_DATA,
    NONE,
    UNCHANGED,
    Datapoint,
    ThresholdRule,
    decide,
    pattern,
    state_of,
)
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
    publication: int = 0,
) -> list[Transition]:
    """The changes of state between ``start`` and ``end``, both included, of an alarm that is in ``state`` before.

    ``publication``: seconds after the end of a minute (or of a shorter period) until its points are seen, other than those
    that say when they arrive.
    ``created``: when it was, for its warm-up, in which it is not evaluated; it ends early once there is data for all N
    periods, unless the alarm waits for its end (PutMetricAlarm, WarmUpConfiguration, botocore 1.44.5). None: long ago.
    """
    return _Run(alarm, metrics, start, end, publication).transitions(state, created)


class _States(dict[bytes, str]):
    """The state that a pattern leads to: over days there are few different ones."""

    def __init__(self, rule: ThresholdRule) -> None:
        self._rule = rule

    def __missing__(self, recent: bytes) -> str:
        found = self[recent] = state_of(self._rule, recent)
        return found


class _Run:
    def __init__(self, alarm: MetricAlarm, metrics: Metrics, start: float, end: float, publication: int) -> None:
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
        self._unseen = -(-publication // self._cell)  # cells that have ended and are not published
        # Where values depend on what was retrieved, or on the time since their end, each evaluation computes them.
        self._at_each = self._series.by_range or (alarm.wall_clock and self._unseen > 0)
        every = range(self._first, 0 if self._at_each else self._last + 1)
        # Of whole periods, and first of the newest ones, as they are seen when so many of their last cells are not.
        self._hidden = (*self._hidden_cells(self._unseen)[::-1], 0)
        self._values = [self._measured(every, each) for each in self._hidden]
        self._flags = [bytearray(pattern(alarm.rule, values)) for values in self._values]

    def _measured(self, every: range, hidden: int) -> list[float | None]:
        """Values at each position of ``every``. If the periods are longer than the whole run, only the positions that
        an evaluation reads: for a period of a day, one in each day before."""
        newest = range(self._ends.start // self._cell - 1, every.stop)
        if self._alarm.wall_clock or len(newest) >= self._stride:
            return self._series.values(every, hidden)
        values: list[float | None] = [None] * len(every)
        for age in range(0, self._span + 1, self._stride):
            at = newest.start - age - every.start
            positions = range(newest.start - age, newest.stop - age)
            values[at : at + len(newest)] = self._series.values(positions, hidden)
        return values

    def _hidden_cells(self, unseen: int) -> list[int]:
        """Numbers of unpublished cells in the newest, incomplete periods, the newest last."""
        lacking = -(-unseen // self._stride)
        return [unseen - self._stride * age for age in range(min(lacking, self._alarm.rule.looks_at))][::-1]

    def transitions(self, state: str, created: float | None) -> list[Transition]:
        changes: list[Transition] = []
        rule, name = self._alarm.rule, self._alarm.name
        cold_until = -math.inf if created is None else created + self._alarm.warm_up
        few_samples = self._alarm.low_sample_limit > 0
        states = _States(rule)
        for ends in self._stretches():
            for at, recent in zip(ends, self._recent(ends), strict=True):
                if at < cold_until:
                    if self._alarm.whole_warm_up or NONE in recent[-rule.periods :]:
                        continue
                    cold_until = -math.inf
                new = states[recent]
                if new in (state, UNCHANGED) or (few_samples and self._too_few_samples(at)):
                    continue
                changes.append(Transition(at, name, state, new, partial(_worded, self._alarm, *self._periods(at))))
                state = new
        return changes

    def _stretches(self) -> Iterator[range]:
        """The times of evaluations, apart where late points arrive, which are added before the next stretch."""
        late, ends = self._series.late, self._ends
        arrived, started = 0, 0
        while started < len(ends):
            while arrived < len(late) and late[arrived][0] <= ends[started]:
                self._add(*late[arrived][1:])
                arrived += 1
            until = len(ends) if arrived == len(late) else bisect_left(ends, late[arrived][0], started)
            yield ends[started:until]
            started = until

    def _recent(self, ends: range) -> Iterable[bytes]:
        """The pattern of the periods that are looked at, at each of the times."""
        if self._at_each:
            return (pattern(self._alarm.rule, self._seen(at)) for at in ends)
        *newest, last = self._flags
        whole = bytes(last)
        span, stride, cell, before = self._span, self._stride, self._cell, self._first
        if self._alarm.wall_clock:
            positions: Iterable[int] = (self._position(at) - before for at in ends)
            return (whole[position - span : position + 1 : stride] for position in positions)
        positions = range(ends.start // cell - 1 - before, ends.stop // cell - 1 - before, ends.step // cell)
        if not newest:
            return [whole[position - span : position + 1 : stride] for position in positions]

        # The newest ones as far as they are published, the newest last, after those that are whole.
        tails = [(bytes(flags), age * stride) for age, flags in enumerate(newest)][::-1]
        seen = len(newest) * stride - 1
        return [
            whole[position - span : position - seen : stride]
            + b"".join([flags[position - back : position - back + 1] for flags, back in tails])
            for position in positions
        ]

    def _seen(self, at: int) -> list[float | None]:
        """Values of the evaluated periods, as far as they are published."""
        if not self._unseen:
            return self._series.values(self._positions(at))
        since = at // self._cell - 1 - self._position(at)
        return self._series.values(self._positions(at), self._hidden_cells(max(0, self._unseen - since)))

    def _periods(self, at: int) -> tuple[float, list[float | None]]:
        """Start of the oldest period, and all values, oldest first."""
        positions = self._positions(at)
        begins = float((positions[0] + 1) * self._cell - self._alarm.period)
        if self._at_each:
            return begins, self._seen(at)
        ages = range(len(positions) - 1, -1, -1)
        which = (self._values[min(age, len(self._values) - 1)] for age in ages)
        return begins, [values[position - self._first] for values, position in zip(which, positions, strict=True)]

    def _positions(self, at: int) -> range:
        newest = self._position(at)
        return range(newest - self._span, newest + 1, self._stride)

    def _position(self, at: int) -> int:
        """Position of the newest period that is complete at a time."""
        return (at // self._alarm.period * self._stride if self._alarm.wall_clock else at // self._cell) - 1

    def _too_few_samples(self, at: int) -> bool:
        """⚠ The guide counts the samples "during the evaluation period"; read as all N periods together."""
        newest = self._positions(at)[-self._alarm.rule.periods :][::-1]
        samples = sum(
            self._series.samples(position, max(0, self._unseen - self._stride * age))
            for age, position in enumerate(newest)
        )
        return 0 < samples < self._alarm.low_sample_limit

    def _add(self, at: int, cell: int, point: Point) -> None:
        changed = self._series.add(at, cell, point)
        if self._at_each:
            return
        for position in changed:
            if self._first <= position <= self._last:
                for hidden, values, flags in zip(self._hidden, self._values, self._flags, strict=True):
                    value = self._series.values([position], hidden)
                    values[position - self._first] = value[0]
                    flags[position - self._first] = pattern(self._alarm.rule, value)[0]


def _worded(alarm: MetricAlarm, begins: float, values: Sequence[float | None]) -> str:
    datapoints = [Datapoint(begins + alarm.period * number, value) for number, value in enumerate(values)]
    return reason(alarm.rule, decide(alarm.rule, datapoints))
