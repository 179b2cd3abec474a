"""First-passage time of the backlog to zero: the fluid model plus a random walk.

The mean ``m`` and the variance ``v`` of what waits are known functions of time, and the walk's increments are independent. The
density ``g`` of the time at which nothing waits first solves a Volterra equation of the second kind (A. Buonocore, A. G. Nobile,
L. M. Ricciardi, 1987, for Gauss-Markov processes by E. Di Nardo et al., 2001):

    g(t) = 2 Ψ(t) - 2 ∫ g(s) Ψ(t|s) ds,  Ψ(t|s) = (v'(t) (m(t) - m(s)) / (v(t) - v(s)) - m'(t)) / 2 · φ(m(t) - m(s), v(t) - v(s))

``φ(x, v)`` is the normal density at ``x`` with variance ``v``. ``Ψ(t)`` is ``Ψ(t|0)`` for a walk that starts at ``m(0)``. With steady
arrivals ``Ψ(t|s)`` is zero and the result is the inverse Gaussian distribution. The kernel vanishes as ``s`` approaches ``t``, so
errors do not accumulate, as they do in Fortet's equation of the first kind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ops.insight.forecast.chance import SAMPLES, Array, Chance
from ops.insight.forecast.drain_model import HORIZON_S, ArrivalProfile, ConcurrencyLaw, empty_seconds, first_zero

_MULTIPLES = np.concatenate(([0.0], np.geomspace(0.05, 60.0, 160)))
"""Of the fluid model's time, within which the distribution is looked for."""
_AROUND = np.unique(np.concatenate((np.linspace(0.0, 2.0, 201), np.geomspace(2.0, 60.0, 100))))
_FAR = 6.0
"""Standard deviations from zero that no walk covers."""
_EPSILON = 1e-9
_STANDARD = NormalDist()
_CERTAIN = 0.999
_MAX_CHANGES, _MIN_POINTS = 48, 6
"""Changes of the arrivals that are looked at, and points between two of them."""
_WIDEST = 100.0
"""Maximum ratio of a mesh's last time to its second time."""
LEVELS_POINTS, FEW_SAMPLES_POINTS, POINTS, PARTS_POINTS, STEADY_POINTS = 128, 64, 48, 40, 32
"""Points of a distribution's mesh: for several quantiles of one distribution, which can have a plateau; for one quantile; for many
samples; for many samples of several kinds of queue; and for many samples with steady arrivals."""


@dataclass(frozen=True)
class Distribution:
    """``chances`` that it was reached by ``times``, both (points, samples)."""

    times: Array
    chances: Array

    def quantile(self, levels: Array) -> Array:
        """The time by which it was reached with the probability of ``levels`` (samples,); inf where that is never."""
        times, chances = self.times, self.chances
        each = enumerate(levels)
        return np.array([np.interp(level, chances[:, at], times[:, at], right=math.inf) for at, level in each])


@dataclass(frozen=True)
class Walk:
    """The waiting part of ``backlog`` as a random walk: the fluid model (``drain_model.empty_seconds``) with
    ``chance``. ``seconds_per_message`` and ``arrival_factors``: (samples,)."""

    backlog: float
    arrivals: ArrivalProfile
    law: ConcurrencyLaw
    seconds_per_message: Array
    arrival_factors: Array
    batch: float
    chance: Chance

    def fluid(self) -> Array:
        """Seconds until the mean number of waiting messages first reaches zero (samples,); inf beyond the horizon."""
        return empty_seconds(
            self.backlog, self.arrivals, self.law, self.seconds_per_message, self.arrival_factors, HORIZON_S, self.batch
        )

    def level_path(self, deviations: Array) -> Array:
        """Seconds until nothing waits (samples,) on a path that stays a number of standard deviations above the
        mean."""
        found = self.fluid()
        known = np.flatnonzero(np.isfinite(found) & (found > 0))
        times = np.multiply.outer(found[known], _AROUND)
        mean, variance = self.only(known).at(times)
        found[known] *= first_zero(_AROUND, mean + deviations[known, None] * np.sqrt(variance))
        return found

    def only(self, samples: NDArray[Any]) -> Walk:
        return replace(
            self,
            seconds_per_message=self.seconds_per_message[samples],
            arrival_factors=self.arrival_factors[samples],
        )

    def at(self, times: Array) -> tuple[Array, Array]:
        """The mean and the variance of what waits, at times (samples, points)."""
        arrived = self.arrival_factors[:, None] * self.arrivals.total(times)
        done = self.law.work(times) / self.seconds_per_message[:, None]
        return self.backlog + arrived - done - self.law.at(times) * self.batch / 2, self.chance.variance(arrived, done)

    def distribution(self, fluid: Array, points: int) -> Distribution:
        """Distribution of the time at which nothing waits for the first time. ``fluid``: as ``fluid()`` gives it,
        finite."""
        times = _times(self, fluid, points)
        mean, variance = self.at(times)
        middle_mean, middle_variance = self.at((times[:, 1:] + times[:, :-1]) / 2)
        moved, spread = np.diff(mean, axis=1), np.maximum(0.0, np.diff(variance, axis=1))
        later, earlier = np.tril_indices(points - 1, -1)
        again = np.zeros((len(fluid), points - 1, points - 1))
        again[:, later, earlier] = _downward(
            middle_mean[:, later] - middle_mean[:, earlier],
            middle_variance[:, later] - middle_variance[:, earlier],
            moved[:, later],
            spread[:, later],
        )
        at_once, steps = _first(mean, variance, _downward(middle_mean, middle_variance, moved, spread))
        for at in range(1, points - 1):
            steps[:, at] -= np.einsum("ij,ij->i", again[:, at, :at], steps[:, :at])
        reached = np.maximum.accumulate(np.clip(at_once + np.cumsum(steps, axis=1), 0.0, 1.0), axis=1)
        below = normal(-mean[:, -1:] / np.sqrt(np.maximum(variance[:, -1:], _EPSILON)))
        last = reached[:, -1:]
        reached = np.divide(reached, last, out=reached, where=(below > _CERTAIN) & (last > 0))
        return Distribution(times.T, np.concatenate((at_once, reached), axis=1).T)


def _first(mean: Array, variance: Array, middle: Array) -> tuple[Array, Array]:
    """Probability that nothing waits at the first point, and ``2 ∫ Ψ(t) dt`` over each step. The integral is exact where the mean is
    linear in the variance, however wide the step; where the backlog grows it is ``middle``, the midpoint rule."""
    variance = np.maximum(variance, _EPSILON)
    moved, spread = np.diff(mean, axis=1), np.diff(variance, axis=1)
    drift = np.divide(moved, spread, out=np.zeros_like(moved), where=spread > 0)
    start = mean[:, :-1] - drift * variance[:, :-1]
    below = normal(-mean / np.sqrt(variance))
    steps = np.diff(below, axis=1)
    mirrored = [
        (drift * variance[:, ends] - start) / np.sqrt(variance[:, ends]) for ends in (slice(None, -1), slice(1, None))
    ]
    turned = [
        np.exp(-(mean[:, ends] ** 2) / (2 * variance[:, ends])) * _tail(np.minimum(0.0, points))
        for ends, points in zip((slice(None, -1), slice(1, None)), mirrored, strict=True)
    ]
    steps = np.where(spread > 0, steps + turned[1] - turned[0], steps)
    steps = np.where(np.maximum(*mirrored) > 0, middle, steps)
    before = below[:, :1] + turned[0][:, :1]  # the formula's probability of zero before the first point
    return below[:, :1], steps * (1 - below[:, :1]) / np.maximum(_EPSILON, 1 - before)


def _downward(level: Array, variance: Array, moved: Array, spread: Array) -> Array:
    """``2 Ψ dt`` by the midpoint rule. ``level``, ``variance``: at the middle of a step that changes them by ``moved`` and ``spread``."""
    variance = np.maximum(variance, _EPSILON)
    density = np.exp(-level * level / (2 * variance)) / np.sqrt(2 * math.pi * variance)
    return np.asarray((spread * level / variance - moved) * density, dtype=np.float64)


def last_seconds(walks: Sequence[tuple[int, Walk]], levels: Array) -> Array:
    """Seconds until the last of several independent queues is empty, at the quantiles ``levels`` (samples,); inf if
    one is not drained. Each kind has its number of queues."""
    fluids = [walk.fluid() for _, walk in walks]
    found = np.maximum.reduce(fluids)
    known = np.isfinite(found) & (found > 0)
    if not known.any():
        return np.asarray(found, dtype=np.float64)
    steady = len(found) == SAMPLES and not any(walk.arrivals.varied_s for _, walk in walks)
    points = _points(len(found), len(walks), steady)
    each = [
        (number, walk.only(known).distribution(np.maximum(fluid[known], _EPSILON), points))
        for (number, walk), fluid in zip(walks, fluids, strict=True)
    ]
    found[known] = _last(each).quantile(levels[known])
    return np.asarray(found, dtype=np.float64)


def _points(samples: int, walks: int, steady: bool) -> int:
    if samples < SAMPLES:
        return FEW_SAMPLES_POINTS if samples == 1 else LEVELS_POINTS
    return STEADY_POINTS if steady else PARTS_POINTS if walks > 1 else POINTS


def _last(each: Sequence[tuple[int, Distribution]]) -> Distribution:
    times = np.sort(np.concatenate([distribution.times for _, distribution in each]), axis=0)
    chances = np.ones_like(times)
    for number, distribution in each:
        for at in range(times.shape[1]):
            chances[:, at] *= np.interp(times[:, at], distribution.times[:, at], distribution.chances[:, at]) ** number
    return Distribution(times, chances)


def _times(walk: Walk, fluid: Array, points: int) -> Array:
    """Points in time from the earliest possible zero of the walk to an almost certain one, (samples, points): denser
    around changes of arrivals, or at the beginning where arrivals do not change or change too often. Near the
    capacity, a drain takes minutes or days."""
    kinks = walk.arrivals.changes(_MAX_CHANGES)
    times = np.multiply.outer(fluid, _MULTIPLES)
    times = np.sort(np.concatenate((times, np.broadcast_to(kinks, (len(fluid), len(kinks)))), axis=1), axis=1)
    mean, variance = walk.at(times)
    deviations = mean / np.sqrt(np.maximum(variance, _EPSILON))
    begins = np.maximum(0, np.argmax(deviations < _FAR, axis=1) - 1)
    surely = deviations < -_FAR
    ends = np.where(surely.any(axis=1), np.argmax(surely, axis=1), times.shape[1] - 1)
    rows = np.arange(len(fluid))
    first, last = times[rows, begins], times[rows, np.maximum(ends, begins + 1)]
    inside = (kinks > first[:, None]) & (kinks < last[:, None])
    changes = inside.sum(axis=1)
    mesh = np.geomspace(np.maximum(first, last / _WIDEST), last, points, axis=1)
    mesh[:, 0] = first
    for row in np.flatnonzero((changes > 0) & (changes < points // _MIN_POINTS)):
        mesh[row] = _around_changes(np.concatenate(([first[row]], kinks[inside[row]], [last[row]])), points)
    return mesh


def _around_changes(edges: Array, points: int) -> Array:
    """Times closer together around the edges, where arrivals change: what waits is least or most there, and may touch zero
    in a moment."""
    parts = len(edges) - 1
    place = np.linspace(0.0, parts, points)
    part = np.minimum(parts - 1, place.astype(int))
    share = (1 - np.cos(np.pi * (place - part))) / 2
    return np.asarray(edges[part] + share * (edges[part + 1] - edges[part]), dtype=np.float64)


def quantiles(levels: Array) -> Array:
    """Quantiles of the standard normal distribution."""
    return np.array([_STANDARD.inv_cdf(level) for level in levels])


def normal(points: Array) -> Array:
    """The standard normal distribution, to 7.5e-8 (Abramowitz and Stegun, 26.2.17)."""
    below = np.exp(-points * points / 2) * _tail(points)
    return np.where(points > 0, 1 - below, below)


def _tail(points: Array) -> Array:
    """Standard normal distribution function at ``-abs(points)``, divided by ``exp(-points² / 2)``."""
    t = 1 / (1 + 0.2316419 * np.abs(points))
    return np.asarray(
        t * (_NORMAL[0] + t * (_NORMAL[1] + t * (_NORMAL[2] + t * (_NORMAL[3] + t * _NORMAL[4])))), dtype=np.float64
    )


_NORMAL = tuple(
    coefficient / math.sqrt(2 * math.pi)
    for coefficient in (0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429)
)
