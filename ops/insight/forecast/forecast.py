"""One forecast: from what is there and how it changes to when it is drained, how old messages get, and which limit breaks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ops import formatting
from ops.insight.forecast import group_drain, group_turns
from ops.insight.forecast.drain_model import (
    HORIZON_S,
    Array,
    ArrivalProfile,
    ConcurrencyLaw,
    DrainCourse,
    concurrency_for,
    course,
    drain_seconds,
    paths,
)
from ops.insight.forecast.group_drain import MessageGroups

INTERVAL = (10, 90)
"""Percentiles of the interval that is shown."""
LEAST_SHOWN_S = 60.0
MOST_SHOWN = 3.0
"""Times to drain that the course goes on, where the interval is wide."""
LONG_RUN = 50
"""Retention periods that are looked ahead for when messages expire, where the backlog is never drained."""
QUICK_S = 3_600.0
"""The goal where neither a deadline nor a time is given: drained within the hour."""
DAY_S = 86_400.0


@dataclass(frozen=True)
class DrainQuantiles:
    """``low`` to ``high`` are the 10th and 90th percentile; equal to ``mid`` where nothing is known of the spread. A
    ``high`` of infinity: in more than a tenth of the samples it is never drained."""

    mid: float
    low: float
    high: float

    @property
    def span(self) -> str:
        """``2 min 50 s to 3 min 32 s``; empty where nothing is known of the spread."""
        if self.low == self.high:
            return ""
        most = formatting.duration(self.high) if math.isfinite(self.high) else "never"
        return f"{formatting.duration(self.low)} to {most}"

    @property
    def text(self) -> str:
        return f"{formatting.duration(self.mid)} ({self.span})" if self.span else formatting.duration(self.mid)


@dataclass(frozen=True)
class Load:
    """``seconds_per_message``: one environment's time until a message is done, all its receives counted; ``gap_s`` of it
    pass before the next batch is there, ``throttled_gap_s`` where pollers are throttled (None: not observed). ``batch``:
    messages that it takes at once. ``window_s``: how long the mapping waits for the last batch to fill. The factors are samples
    of how far the truth may be off; empty where nothing is known of that. ``groups``: of a FIFO queue."""

    backlog: float
    oldest_s: float
    arrivals: ArrivalProfile
    seconds_per_message: float
    arrival_factors: Array
    second_factors: Array
    batch: float = 0.0
    groups: MessageGroups | None = None
    gap_s: float = 0.0
    window_s: float = 0.0
    throttled_gap_s: float | None = None

    def under(self, law: ConcurrencyLaw) -> Load:
        """With the gap of a mapping that is throttled, where the law has it and one was observed."""
        gap_s = self.throttled_gap_s
        if not law.throttles or gap_s is None:
            return self
        return replace(self, seconds_per_message=self.seconds_per_message - self.gap_s + gap_s, gap_s=gap_s)

    def with_faster_job(self, times: float) -> Load:
        """That many times as fast; the gap between batches stays."""
        return replace(self, seconds_per_message=self.gap_s + (self.seconds_per_message - self.gap_s) / times)

    @property
    def needed(self) -> float:
        """Concurrent invocations that arrivals alone keep busy."""
        return self.arrivals.mean_per_minute / 60 * self.seconds_per_message

    def overloads(self, law: ConcurrencyLaw) -> bool:
        """Whether arrivals alone are more than is ever done, of all groups or of the busiest."""
        return self.needed > law.limit or (self.groups is not None and self.needed * self.groups.largest > 1)

    def samples(self) -> tuple[Array, Array]:
        """Factors of arrivals and of seconds, as many of both; empty where nothing is known."""
        number = max(self.second_factors.size, self.arrival_factors.size)
        arrivals = self.arrival_factors if self.arrival_factors.size else np.ones(number)
        return arrivals, self.second_factors if self.second_factors.size else np.ones(number)


@dataclass(frozen=True)
class Goals:
    """Ages in seconds; None where there is no such limit."""

    retention_s: float
    deadline_s: float | None = None
    within_s: float | None = None


@dataclass(frozen=True)
class Forecast:
    """``drained_s``: None where the backlog is not drained within SQS's longest retention. ``deadline_missed_s`` and
    ``expires_s``: when the oldest message is older than the deadline, and is deleted unprocessed; None: never.
    ``needed``: the concurrency that drains within ``goal_s`` (the goal, or longer where it cannot be met); None where none
    does."""

    law: ConcurrencyLaw
    drained_s: DrainQuantiles | None
    course: DrainCourse
    peak_depth: float
    peak_age_s: float
    deadline_missed_s: float | None
    expires_s: float | None
    needed: int | None
    goal_s: float


def forecast(load: Load, law: ConcurrencyLaw, goals: Goals) -> Forecast:
    mid = float(_drained(load, law, np.ones(1), np.ones(1))[0])
    never = load.backlog <= 0 and load.overloads(law)
    drained = DrainQuantiles(mid, *_spread(load, law, mid)) if math.isfinite(mid) and not never else None
    if drained:
        until = min(drained.high, MOST_SHOWN * mid)
        shown_s = max(mid * 1.2, until * 1.05, load.arrivals.varied_s, LEAST_SHOWN_S)
    else:
        shown_s = goals.retention_s * 1.2
    path = _course(load, law, min(HORIZON_S, shown_s))
    long_run = path if drained else _course(load, law, LONG_RUN * goals.retention_s)
    needed, goal_s = _needed(load, law, goals)
    return Forecast(
        law=law,
        drained_s=drained,
        course=path,
        peak_depth=float(path.depth.max()),
        peak_age_s=_peak_age(load, law, path),
        deadline_missed_s=path.first_older_than(goals.deadline_s) if goals.deadline_s else None,
        expires_s=long_run.first_older_than(goals.retention_s),
        needed=needed,
        goal_s=goal_s,
    )


def _needed(load: Load, law: ConcurrencyLaw, goals: Goals) -> tuple[int | None, float]:
    """The concurrency, and the time within which it drains: the goal, else an hour, else a day."""
    goal_s = goals.within_s or goals.deadline_s or QUICK_S
    for within_s in (goal_s, *(longer for longer in (QUICK_S, DAY_S) if longer > goal_s)):
        found = concurrency_for(load.backlog, load.arrivals, law, load.seconds_per_message, within_s, load.batch)
        if found is not None:
            return found, within_s
    return None, goal_s


@dataclass(frozen=True)
class Band:
    """The 10th and 90th percentiles of depth and age at each point of a forecast's course."""

    depth: tuple[Array, Array]
    age_s: tuple[Array, Array]


def band(load: Load, found: Forecast) -> Band | None:
    """None where nothing is known of the spread."""
    arrivals, seconds = load.samples()
    if not seconds.size:
        return None
    kinds = [
        paths(
            load.backlog * share,
            load.oldest_s,
            load.arrivals.part(share),
            law,
            load.seconds_per_message * seconds,
            arrivals,
            found.course.seconds,
        )
        for share, law in _parts(load, found.law)
    ]
    numbers = [number for number, _ in load.groups.shares] if load.groups else [1]
    depth = sum(number * one for number, (one, _) in zip(numbers, kinds, strict=True))
    age = np.maximum.reduce([one for _, one in kinds])
    return Band(_percentiles(np.asarray(depth), found.course.depth), _percentiles(age, found.course.age_s))


def _percentiles(samples: Array, mid: Array) -> tuple[Array, Array]:
    ranked = np.sort(samples, axis=0)
    low, high = (ranked[round(percentile / 100 * (len(ranked) - 1))] for percentile in INTERVAL)
    return np.minimum(low, mid), np.maximum(high, mid)


def _spread(load: Load, law: ConcurrencyLaw, mid: float) -> tuple[float, float]:
    arrivals, seconds = load.samples()
    if not seconds.size:
        return mid, mid
    found = np.sort(_drained(load, law, arrivals, seconds))
    low, high = (float(found[round(percentile / 100 * (len(found) - 1))]) for percentile in INTERVAL)
    return min(low, mid), max(high, mid)


def _drained(load: Load, law: ConcurrencyLaw, arrivals: Array, seconds: Array) -> Array:
    per_message = load.seconds_per_message * seconds
    waiting = load.backlog - (load.groups.in_turn(load.backlog, load.needed, law, load.batch) if load.groups else 0.0)
    together = drain_seconds(waiting, load.arrivals, law, per_message, arrivals, batch=load.batch)
    if load.backlog <= 0:
        return together
    # The last batch is half full, and its window runs while the batches before it are at work.
    together = together + np.maximum(0.0, load.window_s - load.batch / 2 * per_message)
    if load.groups is None:
        return together
    batch = load.batch or 1.0
    if load.groups.take_turns(law):
        last = group_turns.drain_seconds(
            load.backlog, waiting, load.arrivals, law, load.groups, per_message, arrivals, batch
        )
        return np.maximum(together, last)
    alone = group_drain.drain_seconds(load.backlog, load.arrivals, law, load.groups, per_message, arrivals, batch)
    return np.maximum(together, alone)


def _parts(load: Load, law: ConcurrencyLaw) -> list[tuple[float, ConcurrencyLaw]]:
    """The share of the messages, and of the concurrency, of a group of each kind; all of it without groups."""
    return (
        [(1.0, law)]
        if load.groups is None
        else [(share, load.groups.law(law, share)) for _, share in load.groups.shares]
    )


def _course(load: Load, law: ConcurrencyLaw, length_s: float) -> DrainCourse:
    kinds = [
        course(load.backlog * share, load.oldest_s, load.arrivals.part(share), own, load.seconds_per_message, length_s)
        for share, own in _parts(load, law)
    ]
    numbers = [number for number, _ in load.groups.shares] if load.groups else [1]
    seconds, age = kinds[0].seconds, np.maximum.reduce([one.age_s for one in kinds])
    return DrainCourse(
        seconds,
        np.sum([number * one.depth for number, one in zip(numbers, kinds, strict=True)], axis=0),
        np.sum([number * one.concurrency for number, one in zip(numbers, kinds, strict=True)], axis=0),
        np.where(age > 0, np.maximum(age, _ages_in_turn(load, law, seconds)), age),
    )


def _ages_in_turn(load: Load, law: ConcurrencyLaw, seconds: Array) -> Array:
    """0 where groups do not wait for their turn."""
    if load.groups is None or load.backlog <= 0 or not load.groups.take_turns(law):
        return np.zeros_like(seconds)
    per_message, batch = load.seconds_per_message, load.batch or 1.0
    return group_turns.ages(load.backlog, load.oldest_s, load.arrivals, law, load.groups, per_message, batch, seconds)


def _peak_age(load: Load, law: ConcurrencyLaw, path: DrainCourse) -> float:
    peak = float(path.age_s.max())
    if load.groups is None or load.backlog <= 0:
        return peak
    own = load.groups.law(law, load.groups.largest)
    done = own.work(path.seconds) / load.seconds_per_message
    later = done >= load.backlog * load.groups.largest  # each group is at messages that have arrived since
    if own.limit < 1 - 1e-9 or not later.any():
        return peak
    at = int(np.argmax(np.where(later, path.age_s, -1.0)))
    return load.groups.peak_age(
        peak, float(path.age_s[at]), float(done[at]), load.needed, load.seconds_per_message, load.batch or 1.0
    )
