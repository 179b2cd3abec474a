"""Statistics of one period's points, the basic and the extended ones.

Definitions: CloudWatch user guide, Statistics-definitions (read 2026-11); which of them an alarm takes: PutMetricAlarm,
``ExtendedStatistic`` (botocore 1.44.5). Lower bounds of values are exclusive, upper bounds inclusive.

CloudWatch has no percentile, and nothing made of percentiles, of negative values, or of statistic sets of which the
values are not known (same page and PutMetricData, read 2026-11).

⚠ Not documented: how a percentile between two values is interpolated (here linearly between the nearest ranks), and what
happens to a value that a percentage of the samples cuts in two (here it counts by its share).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter

from ops.alarms.evaluate.errors import AlarmError
from ops.alarms.evaluate.points import Point

Statistic = Callable[[Sequence[Point]], float | None]
"""Of at least one point; None where CloudWatch has no value for them."""

Weighted = list[tuple[float, float]]  # (value, how many samples), ascending

_SHORT = re.compile(r"(p|tm|tc|ts|wm)(\d{1,3}(?:\.\d{1,10})?)")
_NUMBER = r"((?:-?\d+(?:\.\d{1,10})?%?)?)"
_RANGE = re.compile(rf"(TM|TC|TS|WM|PR)\({_NUMBER}:{_NUMBER}\)")
_BASIC: dict[str, Statistic] = {
    "SampleCount": lambda points: sum([each.samples for each in points]),
    "Sum": lambda points: sum([each.total for each in points]),
    "Average": lambda points: sum([each.total for each in points]) / sum([each.samples for each in points]),
    "Minimum": lambda points: min([each.minimum for each in points]),
    "Maximum": lambda points: max([each.maximum for each in points]),
}


_OF_ONE: dict[str, Callable[[Point], float | None]] = {
    "SampleCount": attrgetter("samples"),
    "Sum": attrgetter("total"),
    "Average": lambda point: point.total / point.samples,
    "Minimum": attrgetter("minimum"),
    "Maximum": attrgetter("maximum"),
}


def statistic_of_one(name: str) -> Callable[[Point], float | None]:
    """``statistic`` of a single point, without a list of it: most minutes have one."""
    if name in _OF_ONE:
        return _OF_ONE[name]
    compute = statistic(name)
    if _SHORT.fullmatch(name) and name.startswith("p"):
        return lambda point: point.minimum if 0 <= point.minimum == point.maximum and point.samples > 0 else None
    return lambda point: compute([point])


@lru_cache(maxsize=256)
def statistic(name: str) -> Statistic:
    """Parses the name of a statistic such as ``Sum``, ``p99``, ``tm90``, ``IQM``, ``TM(10%:90%)`` or ``PR(:300)``.

    Raises AlarmError for a name that is none of CloudWatch's.
    """
    if name in _BASIC:
        return _BASIC[name]
    short = _SHORT.fullmatch(name)
    if short and float(short[2]) <= 100:
        upper = float(short[2])
        if short[1] == "p":
            return lambda points: _percentile(_distribution(points), upper)
        return _between(short[1].upper(), ("0%", f"{upper}%"))
    if name in ("IQM", "iqm"):
        return _between("TM", ("25%", "75%"))
    bounds = _RANGE.fullmatch(name)
    if bounds and (bounds[2] or bounds[3]):
        return _between(bounds[1], (bounds[2], bounds[3]))
    raise AlarmError(
        f'"{name}" is not a statistic of CloudWatch.',
        "Use SampleCount, Sum, Average, Minimum, Maximum, or an extended one such as p99, tm90, IQM or PR(:300).",
    )


def low_sample_limit(name: str) -> float:
    """Samples below which a percentile counts as not significant; 0 for other statistics.

    CloudWatch user guide, percentiles-with-low-samples (read 2026-11): 10/(1-p) from the median up, 10/p below it.
    """
    short = _SHORT.fullmatch(name)
    if not short or short[1] != "p":
        return 0.0
    share = float(short[2]) / 100
    if share in (0.0, 1.0):
        return 0.0
    return round(10 / (1 - share) if share >= 0.5 else 10 / share, 9)


def _between(kind: str, bounds: tuple[str, str]) -> Statistic:
    percent = any(each.endswith("%") for each in bounds)
    if percent and kind == "PR":
        raise AlarmError("PR takes values, not percentages.", "For example PR(:300) or PR(100:2000).")
    if percent and not all(each.endswith("%") or not each for each in bounds):
        raise AlarmError(f"The bounds of {kind} are both percentages or both values: ({bounds[0]}:{bounds[1]}).")
    low, high = (float(each.rstrip("%")) if each.rstrip("%") else None for each in bounds)
    if low is not None and high is not None and low >= high:
        raise AlarmError(f"The lower bound of {kind} is not below the upper one: ({bounds[0]}:{bounds[1]}).")

    def of(points: Sequence[Point]) -> float | None:
        samples = _distribution(points)
        if samples is None:
            return None
        everything = sum(weight for _, weight in samples)
        kept = (
            _by_share(samples, low or 0.0, 100.0 if high is None else high)
            if percent
            else _by_value(samples, low, high)
        )
        count = sum(weight for _, weight in kept)
        total = sum(value * weight for value, weight in kept)
        if kind == "PR":
            return 100 * count / everything
        if kind == "WM":
            return _winsorized(samples, kept, everything)
        if kind == "TM":
            # Within what was kept, also by its last digit: a threshold may lie exactly there.
            return min(max(total / count, kept[0][0]), kept[-1][0]) if count else None
        return count if kind == "TC" else total

    return of


def _distribution(points: Sequence[Point]) -> Weighted | None:
    """The values and how often each occurred, ascending; None when a percentile of them does not exist."""
    samples: Weighted = []
    for each in points:
        if each.minimum < 0 or each.minimum != each.maximum:
            return None
        if each.samples > 0:
            samples.append((each.minimum, each.samples))
    return sorted(samples) or None


def _percentile(samples: Weighted | None, percentile: float) -> float | None:
    if samples is None:
        return None
    count = sum(weight for _, weight in samples)
    rank = percentile / 100 * (count - 1) if count > 1 else 0.0
    whole = int(rank)
    low = _at_rank(samples, whole)
    part = rank - whole
    return low + part * (_at_rank(samples, whole + 1) - low) if part else low


def _at_rank(samples: Weighted, rank: float) -> float:
    before = 0.0
    for value, weight in samples:
        before += weight
        if rank < before:
            return value
    return samples[-1][0]


def _by_share(samples: Weighted, low: float, high: float) -> Weighted:
    """Without the lowest ``low`` percent and what is above ``high`` percent of all samples."""
    everything = sum(weight for _, weight in samples)
    first, last = everything * low / 100, everything * high / 100
    kept: Weighted = []
    before = 0.0
    for value, weight in samples:
        share = min(before + weight, last) - max(before, first)
        if share > 1e-9:
            kept.append((value, share))
        before += weight
    return kept


def _by_value(samples: Weighted, low: float | None, high: float | None) -> Weighted:
    return [
        (value, weight) for value, weight in samples if (low is None or value > low) and (high is None or value <= high)
    ]


def _winsorized(samples: Weighted, kept: Weighted, everything: float) -> float | None:
    """The mean when what was cut off counts as the nearest value that was kept."""
    if not kept:
        return None
    below = sum(weight for value, weight in samples if value < kept[0][0])
    above = sum(weight for value, weight in samples if value > kept[-1][0])
    inside = everything - below - above
    middle = sum(value * weight for value, weight in samples if kept[0][0] <= value <= kept[-1][0])
    return (below * kept[0][0] + middle + above * kept[-1][0]) / everything if inside else None
