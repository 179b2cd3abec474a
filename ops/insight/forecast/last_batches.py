"""The batches that are at work when nothing waits any more: the queue is drained with the last of them."""

from __future__ import annotations

import math

import numpy as np

from ops.insight.forecast.chance import Array
from ops.insight.forecast.first_passage import normal

_LEFT = np.linspace(0.0, 20.0, 2_001)
"""Mean times of a batch."""
_MIN_VARIATION = 0.01


def longest(number: Array, variation: float, levels: Array) -> Array:
    """Remaining time of the slowest running batch, at the quantiles ``levels``, in mean batch times. One batch has
    just started, the others at random times before. ``variation``: standard deviation over mean of a batch's time,
    which is lognormal."""
    spread = math.sqrt(math.log1p(max(variation, _MIN_VARIATION) ** 2))
    upper = (-np.log(np.maximum(_LEFT, 1e-12)) + spread**2 / 2) / spread
    still_at_work = normal(upper) - _LEFT * normal(upper - spread)  # what is left of a renewal process
    wanted = 1 - levels ** (1 / np.maximum(1.0, number))
    return np.maximum(1.0, np.interp(wanted, still_at_work[::-1], _LEFT[::-1]))
