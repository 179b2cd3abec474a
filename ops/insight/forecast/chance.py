"""Chance during the drain itself, for its interval: rates that are known exactly still give no exact time.

What waits is a random walk around the fluid model: messages arrive by chance, and batches take different times. Where the walk
has little drift, as near capacity, or where the queue nearly empties and fills again, it decides when the drain ends.

The model's own error is not in the interval: of a large standard queue it is 0.05% of the time to drain, less than chance is, and
80% of simulated drains are in the interval without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SAMPLES = 100
"""Of which an interval is made."""
SEED = 20_261_129
"""Fixed, so that the same numbers give the same interval at each refresh."""


@dataclass(frozen=True)
class Chance:
    """``arrivals`` and ``work``: the variance over the mean of how many messages arrive, and of how many
    are done, in a stretch of time; 1 for messages that arrive independently of each other (Poisson). ``now``: the variance of what
    waits now."""

    arrivals: float = 1.0
    work: float = 0.0
    now: float = 0.0

    def of_each(self, number: int) -> Chance:
        """The chance of each of several parts of equal size, so that it adds up to this one."""
        return Chance(self.arrivals / number, self.work / number, self.now / number)

    def variance(self, arrived: Array, done: Array) -> Array:
        """Variance of the number of waiting messages after ``arrived`` arrivals and ``done`` completions."""
        return np.asarray(self.now + self.arrivals * arrived + self.work * done, dtype=np.float64)

    def walks(self, arrived: Array, done: Array) -> Array:
        """Messages more than on average that wait: a random walk for each sample. ``arrived`` and ``done``: messages so far,
        (samples, points)."""
        steps = np.sqrt(np.diff(self.variance(arrived, done), axis=1, prepend=0.0))
        return np.cumsum(_normal(steps.shape[1])[: len(steps)] * steps, axis=1)


POISSON = Chance()


@cache
def levels() -> Array:
    """Evenly spaced probabilities, one for each sample, in a random order of their own."""
    return np.random.default_rng(SEED + 1).permutation((np.arange(SAMPLES) + 0.5) / SAMPLES)


def independent(of: Array) -> Array:
    """Levels that are independent of those of all samples; the same ones of a few quantiles that are asked for."""
    return np.roll(of, SAMPLES // 3) if len(of) == SAMPLES else of


@cache
def _normal(points: int) -> Array:
    return np.random.default_rng(SEED + 2).standard_normal((SAMPLES, points))
