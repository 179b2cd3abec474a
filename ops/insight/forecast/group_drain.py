"""A FIFO queue: each message group is drained by one invocation at a time, and the queue only with its last group.

The fluid model gives the mean of one group. Groups differ by their share of the messages and by chance: the time until a
group is empty for the first time is that of a random walk with drift, which has an inverse Gaussian distribution, and the
queue's is the largest of all groups.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ops.errors import UsageError
from ops.insight.forecast.drain_model import HORIZON_S, Array, ArrivalProfile, ConcurrencyLaw, empty_seconds

_MULTIPLES = np.concatenate(([0.0], np.geomspace(0.02, 60.0, 500)))
"""Of a group's mean time, at which its distribution is evaluated."""
_CERTAIN = 1e9


@dataclass(frozen=True)
class MessageGroups:
    """``number``: groups with messages. ``busiest``: share (0 to 1) of the messages in the largest group, the others alike;
    None: all alike. ``batch_variation``: standard deviation over mean of a batch's time."""

    number: int
    busiest: float | None = None
    batch_variation: float = 0.0

    def __post_init__(self) -> None:
        """Raises UsageError for groups that cannot be."""
        if self.number < 1:
            raise UsageError("A queue that is drained has at least one message group.", "Give a number from 1.")
        if self.busiest is not None and not 1 / self.number - 1e-9 <= self.busiest <= 1:
            least = 100 / self.number
            raise UsageError(
                f"The busiest of {self.number:,} message groups has {least:.2g}% to 100% of the messages.",
                "Give a share in that range.",
            )

    @property
    def largest(self) -> float:
        """The share of the messages that the busiest group has, or each where all are alike."""
        return 1 / self.number if self.busiest is None else self.busiest

    def parts(self, law: ConcurrencyLaw) -> tuple[tuple[int, float, ConcurrencyLaw], ...]:
        """How many groups have which share of the messages, the busiest first, and the concurrency of one of them."""
        if self.busiest is None or self.number == 1:
            return ((self.number, 1 / self.number, law.of_group(1 / self.number)),)
        others, left = self.number - 1, self.left_by_busiest(law)
        return (
            (1, self.busiest, law.of_group(max(self.busiest, 1 / self.number))),
            (others, (1 - self.busiest) / others, law.of_group(left / others)),
        )

    def left_by_busiest(self, law: ConcurrencyLaw) -> float:
        """The share of the concurrency that the other groups have: the busiest one has its share, and no more than one
        invocation."""
        if law.limit <= 0:
            return 1 - self.largest
        return 1 - min(1.0, law.limit * self.largest) / law.limit

    def variance(self, done: Array, batch: float) -> Array:
        """Of a group's messages, where so many are done: which group a message belongs to is chance, and so is the time of
        a batch."""
        return done * (1 + self.batch_variation**2 * batch)

    def peak_age(
        self, least: float, mean: float, done: float, needed: float, seconds_per_message: float, batch: float
    ) -> float:
        """The expected age (s) of the oldest message of all groups, at its peak. ``least``: it is that old at some time in any
        case; ``mean``: in a mean group after so many are ``done``; ``needed``: invocations that arrivals keep busy."""
        variance = float(self.variance(np.array([done]), batch)[0]) * seconds_per_message**2
        share = min(0.999, needed * self.largest)
        # After that, each group is a queue of its own that now and then grows: the mean wait of M/G/1 (Pollaczek-Khinchine).
        further = seconds_per_message * share * (1 + self.batch_variation**2 * batch) / (2 * (1 - share))
        mean, variance = mean + further, variance + further**2
        return largest_above(least, mean, math.sqrt(variance), self.number if self.busiest is None else 1)


def drain_seconds(
    backlog: float,
    arrivals: ArrivalProfile,
    law: ConcurrencyLaw,
    groups: MessageGroups,
    seconds_per_message: Array,
    arrival_factors: Array,
    batch: float,
) -> Array:
    """When the last group is drained, as ``drain_model.drain_seconds``; 0 where no group keeps an environment busy: then the
    environments go to whichever group waits, and the queue is drained as one."""
    means, variances, numbers = [], [], []
    for number, share, own in groups.parts(law):
        waiting = backlog * share
        if own.limit < 1 - 1e-9 or waiting <= 0:
            continue
        mean = empty_seconds(
            waiting, arrivals.part(share), own, seconds_per_message, arrival_factors, HORIZON_S, min(batch, waiting)
        )
        finite = np.isfinite(mean)
        known = np.where(finite, mean, 1.0)
        spread = groups.variance(own.work(known) / seconds_per_message, batch)
        pace = _pace(waiting, arrivals.part(share), own, seconds_per_message, arrival_factors, known)
        means.append(mean)
        variances.append(np.where(finite, spread / pace**2, 1.0))
        numbers.append(number)
    if not means:
        return np.zeros_like(seconds_per_message)
    last = min(batch, backlog * groups.largest) / 2
    return last_of_groups(np.array(means), np.array(variances), np.array(numbers)) + last * seconds_per_message


def _pace(
    waiting: float, arrivals: ArrivalProfile, law: ConcurrencyLaw, seconds: Array, factors: Array, until: Array
) -> Array:
    """Messages a second by which a group's backlog falls: what is more or less than its mean takes so much more or less
    time. Between its mean and that of the end, where arrivals change: chance acts all the way."""
    until = np.maximum(until, 1e-9)
    mean = waiting / until
    near = until * 0.1
    before, after = until - near, until + near
    done = (law.work(after) - law.work(before)) / seconds
    came = factors * (arrivals.total(after) - arrivals.total(before))
    at_end = (done - came) / (2 * near)
    return np.asarray(np.where(at_end > 0, np.sqrt(mean * np.maximum(at_end, 1e-12)), mean), dtype=np.float64)


def last_of_groups(means: Array, variances: Array, numbers: Array) -> Array:
    """The expected largest of independent inverse Gaussian times. ``means`` and ``variances``: (kinds, samples), seconds
    and seconds²; ``numbers``: (kinds,), how many groups are of each kind. inf where a mean is."""
    longest = means.max(axis=0)
    known = np.isfinite(longest) & (longest > 0)
    found = np.array(longest)
    if not known.any():
        return found
    means, variances, longest = means[:, known], variances[:, known], longest[known]
    times = np.multiply.outer(_MULTIPLES, longest)  # (points, samples)
    none_left = np.ones_like(times)
    for mean, variance, number in zip(means, variances, numbers, strict=True):
        none_left *= _first_passage(times, np.maximum(mean, 1e-9), variance) ** number
    found[known] = np.trapezoid(1 - none_left, times, axis=0)
    return found


def largest_above(least: float, mean: float, deviation: float, number: int) -> float:
    """The expected largest of ``least`` and so many normal values."""
    points = np.linspace(least, max(least, mean + 8 * deviation), 1_001)
    below = _normal((points - mean) / max(deviation, 1e-9)) ** number
    return least + float(np.trapezoid(1 - below, points))


def _first_passage(times: Array, mean: Array, variance: Array) -> Array:
    """The inverse Gaussian distribution: the chance that it took no longer than ``times`` (points, samples)."""
    shape = np.minimum(mean**3 / np.maximum(variance, 1e-12), _CERTAIN * mean)
    positive = np.maximum(times, 1e-12)
    root = np.sqrt(shape / positive)
    ratio = positive / mean
    reflected = np.exp(np.minimum(0.0, 2 * shape / mean + _log_normal_tail(root * (ratio + 1))))
    return np.where(times > 0, np.clip(_normal(root * (ratio - 1)) + reflected, 0.0, 1.0), 0.0)


def _normal(points: Array) -> Array:
    tail = np.exp(_log_normal_tail(np.abs(points)))
    return np.where(points > 0, 1 - tail, tail)


def _log_normal_tail(points: Array) -> Array:
    """log P(Z > points) of a standard normal Z for points ≥ 0, with a relative error below 1.2e-7 (a Chebyshev fit of
    erfc, Numerical Recipes §6.2)."""
    z = points / math.sqrt(2)
    t = 1 / (1 + z / 2)
    fit = np.polyval(_ERFC, t)
    return np.asarray(np.log(t / 2) - z * z + fit, dtype=np.float64)


_ERFC = (
    0.17087277,
    -0.82215223,
    1.48851587,
    -1.13520398,
    0.27886807,
    -0.18628806,
    0.09678418,
    0.37409196,
    1.00002368,
    -1.26551223,
)
"""Coefficients of that fit, the highest power first."""
