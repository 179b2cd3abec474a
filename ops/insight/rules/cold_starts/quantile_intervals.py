"""Confidence intervals of percentiles, from the order of the values alone: whatever their distribution is.

Of ``count`` values, the number below the true percentile is binomial. So two of the sorted values enclose it with the given
confidence, where the tails of the binomial distribution leave room for them: at 95%, of 72 values for the 95th percentile and of
368 for the 99th (David and Nagaraja, Order Statistics, 7.1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

import numpy as np

CONFIDENCE = 0.95
_DEVIATIONS = 12
"""Standard deviations around the mean of the binomial distribution, outside of which nothing is left."""
NONE = (math.nan, math.nan)


def ranks(count: int, share: float, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """The ranks (from 1) of the sorted values that enclose the percentile; what is left of 1 is shared by both tails.
    None where there are too few values."""
    if count < 1:
        return None
    tail = (1 - confidence) / 2
    mean, reach = count * share, _DEVIATIONS * math.sqrt(count * share * (1 - share)) + _DEVIATIONS
    first, last = max(0, math.floor(mean - reach)), min(count, math.ceil(mean + reach))
    up_to = list(accumulate(_probability(count, share, number) for number in range(first, last + 1)))
    low = first + sum(chance <= tail for chance in up_to)
    high = first + sum(chance < 1 - tail for chance in up_to) + 1
    return (low, high) if low >= 1 and high <= count else None


def interval(values: Any, share: float) -> tuple[float, float]:
    """The interval of the percentile of ``values``; NaN where there are too few."""
    found = ranks(len(values), share)
    if found is None:
        return NONE
    ordered = np.sort(values)
    return float(ordered[found[0] - 1]), float(ordered[found[1] - 1])


def interval_between(percentiles: Mapping[float, float], count: int, share: float) -> tuple[float, float]:
    """``interval`` if only some ``percentiles`` of the ``count`` values are known: it extends to the next known ones
    outside. NaN where there are too few values, or no known percentile is outside."""
    found = ranks(count, share)
    if found is None:
        return NONE
    low, high = ((found[0] - 1) / count * 100, found[1] / count * 100)
    known = [level for level, value in percentiles.items() if not math.isnan(value)]
    below = [level for level in known if level <= low]
    above = [level for level in known if level >= high]
    return (percentiles[max(below)], percentiles[min(above)]) if below and above else NONE


def _probability(count: int, share: float, number: int) -> float:
    ways = math.lgamma(count + 1) - math.lgamma(number + 1) - math.lgamma(count - number + 1)
    return math.exp(ways + number * math.log(share) + (count - number) * math.log1p(-share))
