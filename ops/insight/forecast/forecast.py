"""One forecast: from what is there and how it changes to when it is drained, how old messages get, and which limit breaks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ops import formatting
from ops.insight.forecast import group_drain, group_turns, last_batches
from ops.insight.forecast.chance import Array, independent, levels
from ops.insight.forecast.drain_model import (
    HORIZON_S,
    ConcurrencyLaw,
    DrainCourse,
    course,
    lowest,
    paths,
)
from ops.insight.forecast.drain_quantiles import DrainQuantiles
from ops.insight.forecast.first_passage import Walk, last_seconds
from ops.insight.forecast.load import Load

INTERVAL = (10, 90)
"""Percentiles of the interval that is shown."""
MIN_SHOWN_S = 60.0
GAP = 0.4
"""Of the interval, between the 40th and the 60th percentile, from which these are two times; 0.2 in a normal distribution."""
MIN_GAP = 0.1
"""Of the earlier time: two times that are closer are one."""
MAX_SHOWN = 3.0
"""Times to drain that the course goes on, where the interval is wide."""
LONG_RUN = 50
"""Retention periods that are looked ahead for when messages expire, where the backlog is never drained."""
QUICK_S = 3_600.0
"""The goal where neither a deadline nor a time is given: drained within the hour."""
DAY_S = 86_400.0
MAX_CONCURRENCY = 100_000
"""10,000 provisioned pollers of 10 invocations each (Lambda developer guide, 2026-08)."""


@dataclass(frozen=True)
class Goals:
    """Ages in seconds; None where there is no such limit."""

    retention_s: float
    deadline_s: float | None = None
    within_s: float | None = None


@dataclass(frozen=True)
class Forecast:
    """``drained_s``: None where the backlog is not drained within SQS's longest retention. ``overloaded``: then never, as
    arrivals alone are more than is ever done. ``deadline_missed_s`` and
    ``expires_s``: when the oldest message is older than the deadline, and is deleted unprocessed; None: never.
    ``needed``: the concurrency that drains within ``goal_s`` (the goal, or longer where it cannot be met), or the message groups
    of one size that do, where groups are the limit; None where none does."""

    law: ConcurrencyLaw
    drained_s: DrainQuantiles | None
    overloaded: bool
    course: DrainCourse
    peak_depth: float
    peak_age_s: float
    deadline_missed_s: float | None
    expires_s: float | None
    needed: int | None
    goal_s: float

    @property
    def drained_text(self) -> str:
        """``2 min 50 s (2 min to 3 min)``, ``not within 14 d`` or ``never``."""
        if self.drained_s:
            return self.drained_s.text
        return "never" if self.overloaded else f"not within {formatting.duration(HORIZON_S)}"


def forecast(load: Load, law: ConcurrencyLaw, goals: Goals) -> Forecast:
    mid, either = _mid_or_either(load, law)
    overloaded = load.overloads(law)
    never = load.backlog <= 0 and overloaded
    drained = DrainQuantiles(mid, *_spread(load, law, mid), either) if math.isfinite(mid) and not never else None
    if drained:
        until = min(drained.high, MAX_SHOWN * mid)
        shown_s = max(mid * 1.2, until * 1.05, load.arrivals.varied_s, MIN_SHOWN_S)
    else:
        shown_s = goals.retention_s * 1.2
    path = _course(load, law, min(HORIZON_S, shown_s))
    long_run = path if drained else _course(load, law, LONG_RUN * goals.retention_s)
    needed, goal_s = _needed(load, law, goals)
    return Forecast(
        law=law,
        drained_s=drained,
        overloaded=overloaded,
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
        found = _concurrency_for(load, law, within_s)
        if found is not None:
            return found, within_s
    return None, goal_s


def _concurrency_for(load: Load, law: ConcurrencyLaw, within_s: float) -> int | None:
    """The lowest limit with which the backlog is drained within that time, the ramp being what it is: no more than there are
    message groups, or, where these are the limit, as many groups of one size."""
    groups = load.groups

    def drains(limit: int) -> bool:
        alike = replace(groups, number=limit, busiest=None) if groups and law.limit >= groups.number else groups
        lifted = replace(law, limit=float(limit), limited_by="")
        return _median(replace(load, groups=alike), lifted) <= within_s

    most = MAX_CONCURRENCY
    if groups:
        full = math.ceil(load.backlog / (load.batch or 1.0))  # groups that have a full batch
        most = groups.number if law.limit < groups.number else min(most, max(groups.number, full))
    return lowest(drains, most)


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
        (
            number,
            *paths(
                load.backlog * share,
                load.oldest_s,
                load.arrivals.part(share),
                own,
                load.seconds_per_message * seconds,
                arrivals,
                found.course.seconds,
                load.chance.of_each(number),
            ),
        )
        for number, share, own in _parts(load, found.law)
    ]
    depth = sum(number * depth for number, depth, _ in kinds)
    age = np.maximum.reduce([age for _, _, age in kinds])
    return Band(_percentiles(np.asarray(depth), found.course.depth), _percentiles(age, found.course.age_s))


def _percentiles(samples: Array, mid: Array) -> tuple[Array, Array]:
    ranked = np.sort(samples, axis=0)
    low, high = (ranked[round(percentile / 100 * (len(ranked) - 1))] for percentile in INTERVAL)
    return np.minimum(low, mid), np.maximum(high, mid)


def _spread(load: Load, law: ConcurrencyLaw, mid: float) -> tuple[float, float]:
    arrivals, seconds = load.samples()
    if not seconds.size:
        return mid, mid
    found = np.sort(_drained(load, law, arrivals, seconds, levels()))
    low, high = (float(found[round(percentile / 100 * (len(found) - 1))]) for percentile in INTERVAL)
    return min(low, mid), max(high, mid)


def _mid_or_either(load: Load, law: ConcurrencyLaw) -> tuple[float, tuple[float, float] | None]:
    """The median at the mean rates, and where it is in a gap the times at its ends."""
    low, before, mid, after, high = _drained(load, law, np.ones(5), np.ones(5), np.array([0.1, 0.4, 0.5, 0.6, 0.9]))
    gap = math.isfinite(high) and after - before > max(GAP * (high - low), MIN_GAP * before)
    return float(mid), (float(before), float(after)) if gap else None


def _median(load: Load, law: ConcurrencyLaw) -> float:
    """Median drain time at the mean rates. A mean would be dominated by the few drains that take much longer near
    capacity."""
    return float(_drained(load, law, np.ones(1), np.ones(1), np.array([0.5]))[0])


def _drained(load: Load, law: ConcurrencyLaw, arrivals: Array, seconds: Array, at: Array) -> Array:
    """Seconds until the last waiting message is done, at the quantiles ``at``: one result per pair of an arrival
    factor and a factor of the time per message."""
    per_message, groups, batch = load.seconds_per_message * seconds, load.groups, load.batch or 1.0
    if groups is None or load.backlog <= 0:
        return _together(load, law, per_message, arrivals, at)
    turns = load.turns(law)
    alone = group_drain.drain_seconds(load.backlog, load.arrivals, law, groups, per_message, arrivals, batch, at)
    in_turn = group_turns.drain_seconds(turns, per_message, arrivals, at) if turns else alone
    return np.maximum(in_turn, alone)


def _together(load: Load, law: ConcurrencyLaw, per_message: Array, arrivals: Array, at: Array) -> Array:
    """``_drained`` for a queue without message groups: each environment takes any waiting message."""
    if load.backlog <= 0:
        return np.zeros_like(per_message)
    walk = Walk(load.backlog, load.arrivals, law, per_message, arrivals, load.batch, load.chance)
    last_batch = min(load.batch, max(1.0, load.backlog / max(1.0, law.limit)))
    # The last batch is half full, and its window runs while the batches before it are at work.
    window_s = np.maximum(0.0, load.window_s - load.batch / 2 * per_message)
    empty = last_seconds([(1, walk)], at)
    at_work = law.at(np.where(np.isfinite(empty), empty, HORIZON_S))
    return (
        empty
        + last_batch * last_batches.longest(at_work, load.batch_variation, independent(at)) * per_message
        + window_s
    )


def _parts(load: Load, law: ConcurrencyLaw) -> tuple[tuple[int, float, ConcurrencyLaw], ...]:
    """Kinds of message groups: how many, their share of the messages and the concurrency of one. A single part without
    groups."""
    return ((1, 1.0, law),) if load.groups is None else load.groups.parts(law)


def _course(load: Load, law: ConcurrencyLaw, length_s: float) -> DrainCourse:
    kinds = [
        (
            number,
            course(
                load.backlog * share, load.oldest_s, load.arrivals.part(share), own, load.seconds_per_message, length_s
            ),
        )
        for number, share, own in _parts(load, law)
    ]
    seconds, age = kinds[0][1].seconds, np.maximum.reduce([course.age_s for _, course in kinds])
    return DrainCourse(
        seconds,
        np.sum([number * course.depth for number, course in kinds], axis=0),
        np.sum([number * course.concurrency for number, course in kinds], axis=0),
        np.where(age > 0, np.maximum(age, _ages_in_turn(load, law, seconds)), age),
    )


def _ages_in_turn(load: Load, law: ConcurrencyLaw, seconds: Array) -> Array:
    """0 where groups do not wait for their turn."""
    turns = load.turns(law)
    return np.zeros_like(seconds) if turns is None else group_turns.ages(turns, load.seconds_per_message, seconds)


def _peak_age(load: Load, law: ConcurrencyLaw, path: DrainCourse) -> float:
    peak = float(path.age_s.max())
    if load.groups is None or load.backlog <= 0:
        return peak
    _, _, own = load.groups.parts(law)[0]
    done = own.work(path.seconds) / load.seconds_per_message
    later = done >= load.backlog * load.groups.largest  # each group is at messages that have arrived since
    if own.limit < 1 - 1e-9 or not later.any():
        return peak
    at = int(np.argmax(np.where(later, path.age_s, -1.0)))
    return load.groups.peak_age(
        peak, float(path.age_s[at]), float(done[at]), load.needed, load.seconds_per_message, load.batch or 1.0
    )
