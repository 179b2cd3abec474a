"""The fluid model: messages as a liquid that arrives at a rate and is processed as fast as the concurrency allows.

Exact arithmetic over a whole time axis at once, so that ten million messages cost as much as ten. An environment holds a
batch, half of which is still to do on average. What it leaves out: that a mapping scales down while nothing waits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ops.insight.forecast.chance import Array, Chance

POINTS = 1_001
"""Of a time axis. They lie closer together at its beginning, where concurrency ramps up."""
LENGTHS_S = (3_600.0, 14_400.0, 86_400.0, 345_600.0)
"""Of the stretches that are looked at one after the other: a shorter one has its points closer together."""
HORIZON_S = 14 * 86_400.0
"""SQS keeps no message longer (14 days, SetQueueAttributes in botocore 1.44.5, 2026-11): a later drain is none."""


@dataclass(frozen=True)
class ConcurrencyLaw:
    """Concurrency while messages wait: ``start`` invocations at first, ``per_minute`` more each minute, up to
    ``limit``. ``limited_by``: the limit's name. ``warm``: environments that are there already; each further one works
    after its INIT of ``init_s`` seconds. ``throttles``: whether pollers ask for more than the limit, and are
    throttled."""

    start: float
    per_minute: float
    limit: float
    limited_by: str
    warm: float = math.inf
    init_s: float = 0.0
    throttles: bool = False

    def at(self, seconds: Array) -> Array:
        """Concurrency after so many seconds."""
        grown = np.minimum(self.limit, min(self.start, self.limit) + self.per_minute / 60 * seconds)
        return np.asarray(grown, dtype=np.float64)

    def scaled(self, share: float) -> ConcurrencyLaw:
        """The law with a share of its concurrency."""
        return replace(
            self,
            start=self.start * share,
            per_minute=self.per_minute * share,
            limit=self.limit * share,
            warm=self.warm * share,
        )

    def of_group(self, share: float) -> ConcurrencyLaw:
        """The law for one message group, which runs at most one invocation at a time."""
        whole = self.scaled(share)
        return replace(whole, start=min(1.0, whole.start), limit=min(1.0, whole.limit))

    def work(self, seconds: Array) -> Array:
        """Environment-seconds of work done by then, while there is always something to do."""
        if self.init_s <= 0 or self.warm >= self.limit:
            return self._running(seconds, self.limit)
        initialized = np.maximum(0.0, seconds - self.init_s)
        cold = self._running(initialized, self.limit) - self._running(initialized, self.warm)
        return np.asarray(self._running(seconds, self.warm) + cold, dtype=np.float64)

    def _running(self, seconds: Array, most: float) -> Array:
        """Seconds that environments have run by then, where there are ``most`` of them at most."""
        start, growth = min(self.start, most), self.per_minute / 60
        ramp_s = (most - start) / growth if growth > 0 else 0.0
        ramping = np.minimum(seconds, ramp_s)
        full = (most if growth > 0 else start) * np.maximum(0.0, seconds - ramp_s)
        return np.asarray(start * ramping + growth * ramping**2 / 2 + full, dtype=np.float64)


@dataclass(frozen=True)
class ArrivalProfile:
    """Arrivals per minute, a rate for each ``step_s`` seconds; after the last the first follows again."""

    per_minute: tuple[float, ...]
    step_s: float = 3_600.0

    def part(self, share: float) -> ArrivalProfile:
        """The same rates times a share."""
        return ArrivalProfile(tuple(rate * share for rate in self.per_minute), self.step_s)

    def total(self, seconds: Array) -> Array:
        """Messages that have arrived by then."""
        if len(self.per_minute) == 1:
            return np.asarray(self.per_minute[0] / 60 * seconds, dtype=np.float64)
        by_step = np.concatenate(([0.0], np.cumsum(self.per_minute))) * self.step_s / 60
        length = self.step_s * len(self.per_minute)
        rounds, rest = np.divmod(seconds, length)
        ends = np.arange(len(by_step)) * self.step_s
        return np.asarray(rounds * by_step[-1] + np.interp(rest, ends, by_step), dtype=np.float64)

    def changes(self, most: int) -> Array:
        """The first times at which the rate changes, in seconds."""
        number = most if len(self.per_minute) > 1 else 0
        return np.asarray(np.arange(1, number + 1) * self.step_s, dtype=np.float64)

    @property
    def mean_per_minute(self) -> float:
        return sum(self.per_minute) / len(self.per_minute)

    @property
    def varied_s(self) -> float:
        """Seconds in which the rate changes; 0 for a constant rate."""
        return self.step_s * len(self.per_minute) if len(self.per_minute) > 1 else 0.0


@dataclass(frozen=True)
class DrainCourse:
    """The course of a drain, one value for each point of ``seconds``. ``age_s``: how long the oldest waiting message
    has waited, if messages are taken about in order; 0 where none waits."""

    seconds: Array
    depth: Array
    concurrency: Array
    age_s: Array

    def first_older_than(self, age_s: float) -> float | None:
        """Seconds until the oldest message first exceeds an age; None if it never does."""
        over = self.age_s > age_s
        if not over.any():
            return None
        after = int(np.argmax(over))
        around = slice(max(after - 1, 0), after + 1)
        return float(np.interp(age_s, self.age_s[around], self.seconds[around]))


def empty_seconds(
    backlog: float,
    arrivals: ArrivalProfile,
    law: ConcurrencyLaw,
    seconds_per_message: Array,
    arrival_factors: Array,
    horizon_s: float = HORIZON_S,
    batch: float = 0.0,
) -> Array:
    """Seconds until the mean number of waiting messages first reaches zero, while the last batches still run; inf
    beyond ``horizon_s``. ``batch``: messages that an environment takes at once.

    One result for each pair of ``seconds_per_message`` (one environment's time for one message, all its receives
    counted) and of ``arrival_factors`` (times ``arrivals``).
    """
    if backlog <= 0:
        return np.zeros_like(seconds_per_message)
    found = np.full(seconds_per_message.shape, np.inf)
    for length in (*(step_s for step_s in LENGTHS_S if step_s < horizon_s), horizon_s):
        open_ = np.isinf(found)
        axis = time_axis(length)
        left = backlog + np.multiply.outer(arrival_factors[open_], arrivals.total(axis))
        left -= law.work(axis) / seconds_per_message[open_, None] + law.at(axis) * batch / 2
        found[open_] = first_zero(axis, left)
        if np.isfinite(found).all():
            break
    return found


def course(
    backlog: float,
    oldest_s: float,
    arrivals: ArrivalProfile,
    law: ConcurrencyLaw,
    seconds_per_message: float,
    length_s: float,
) -> DrainCourse:
    """The next ``length_s`` seconds. ``oldest_s``: the age of the oldest message now; the backlog is taken to have
    arrived evenly since."""
    axis = time_axis(length_s)
    depth, age = paths(backlog, oldest_s, arrivals, law, np.array([seconds_per_message]), np.ones(1), axis)
    busy = depth[0] > 1e-9 * max(1.0, backlog)
    rate = np.gradient(arrivals.total(axis), axis)
    concurrency = np.where(busy, law.at(axis), np.minimum(law.at(axis), rate * seconds_per_message))
    return DrainCourse(axis, depth[0], concurrency, age[0])


def paths(
    backlog: float,
    oldest_s: float,
    arrivals: ArrivalProfile,
    law: ConcurrencyLaw,
    seconds_per_message: Array,
    arrival_factors: Array,
    axis: Array,
    chance: Chance | None = None,
) -> tuple[Array, Array]:
    """Depth and age (s) at the times of ``axis``, a row for each pair of ``seconds_per_message`` and ``arrival_factors``,
    with ``chance`` each of a random walk of its own."""
    came = np.multiply.outer(arrival_factors, arrivals.total(axis))
    done = law.work(axis) / seconds_per_message[:, None]
    arrived = backlog + came
    net = arrived - done
    if chance is not None:
        net += chance.walks(came, arrived - _depth(net))  # capacity that finds nothing to do adds no chance
    depth = _depth(net)
    times = np.concatenate(([-oldest_s if backlog else 0.0], axis))
    sent_at = np.stack(
        [np.interp(row - left, np.concatenate(([0.0], row)), times) for row, left in zip(arrived, depth, strict=True)]
    )
    return depth, np.where(depth > 1e-9 * max(1.0, backlog), axis - sent_at, 0.0)


def _depth(net: Array) -> Array:
    """Waiting messages: arrivals minus completed work. Capacity without waiting messages is lost."""
    return np.asarray(net - np.minimum(0.0, np.minimum.accumulate(net, axis=1)), dtype=np.float64)


def lowest(suffices: Callable[[int], bool], most: int) -> int | None:
    """The lowest number from 1 that suffices, where each higher one does, too; None where even ``most`` does not."""
    if not suffices(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high


def time_axis(length_s: float) -> Array:
    return np.asarray(length_s * np.linspace(0.0, 1.0, POINTS) ** 2, dtype=np.float64)


def first_zero(axis: Array, left: Array) -> Array:
    """First zero of each row, interpolated linearly; inf for a row without one."""
    done = left <= 0
    after = np.argmax(done, axis=1)
    rows = np.arange(len(left))
    high, low = left[rows, np.maximum(after - 1, 0)], left[rows, after]
    share = np.divide(high, high - low, out=np.zeros_like(high), where=high > low)
    start = axis[np.maximum(after - 1, 0)]
    crossing = start + share * (axis[after] - start)
    return np.asarray(np.where(done.any(axis=1), crossing, np.inf), dtype=np.float64)
