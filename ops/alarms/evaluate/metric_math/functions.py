"""The functions of metric math that an alarm may use (CloudWatch user guide, using-metric-math, copies of 2023, 2026-11).

Days are numbered from 1, Monday (AWS blog, enhance-cloudwatch-metrics-with-metric-math-functions, 2021-06); times are UTC.

⚠ Not published, and chosen here: STDDEV divides by the number of values; MIN, MAX and STDDEV of an array leave missing
values out (AVG counts them as 0, which is published); REPEAT and LINEAR leave a gap at the edge that they cannot fill;
DIFF, DIFF_TIME and RATE refer to the preceding value there is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, pairwise

from ops.alarms.evaluate.metric_math.values import Array, Scalar, Series, defined


@dataclass(frozen=True)
class Grid:
    """The periods of a series: when each begins, epoch seconds, and its length."""

    begins: Sequence[float]
    period: int


def _known(series: Series) -> list[float]:
    return [each for each in series if each is not None]


def _average(values: Sequence[float], places: int) -> float:
    return sum(values) / places


def _deviation(values: Sequence[float], _: int) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((each - mean) ** 2 for each in values) / len(values))


SUMMARIES: dict[str, Callable[[Sequence[float], int], float]] = {
    "AVG": _average,
    "MAX": lambda values, _: max(values),
    "MIN": lambda values, _: min(values),
    "STDDEV": _deviation,
    "SUM": lambda values, _: sum(values),
    "DATAPOINT_COUNT": lambda values, _: float(len(values)),
}
"""Of the values there are, and of how many places there are for values."""


def summarize(function: str, value: Series | Array) -> Scalar | Series:
    """A number of one series, a series of an array."""
    compute = SUMMARIES[function]
    if isinstance(value, Array):
        places = len(value.series)
        columns = [_known(list(column)) for column in zip(*value.series, strict=True)]
        return [defined(compute, values, places) if values else None for values in columns]
    values = _known(value)
    if not values:
        return Scalar(0.0 if function in ("SUM", "DATAPOINT_COUNT") else None)
    return Scalar(defined(compute, values, len(value)))


EACH: dict[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
    "LOG": math.log,
    "LOG10": math.log10,
}
"""Of one value."""


def each_value(function: str, series: Series, _: Grid) -> Series:
    compute = EACH[function]
    return [None if value is None else defined(compute, value) for value in series]


def differences(function: str, series: Series, grid: Grid) -> Series:
    """DIFF, DIFF_TIME and RATE."""
    result: Series = [None] * len(series)
    before: tuple[float, float] | None = None
    for at, value in enumerate(series):
        if value is None:
            continue
        if before is not None:
            rise, seconds = value - before[0], grid.begins[at] - before[1]
            result[at] = {"DIFF": rise, "DIFF_TIME": seconds}.get(function, rise / seconds)
        before = (value, grid.begins[at])
    return result


def running_sum(_: str, series: Series, __: Grid) -> Series:
    sums = accumulate(each or 0.0 for each in series)
    return [None if value is None else total for value, total in zip(series, sums, strict=True)]


SERIES: dict[str, Callable[[str, Series, Grid], Series]] = {
    **dict.fromkeys(EACH, each_value),
    "DIFF": differences,
    "DIFF_TIME": differences,
    "RATE": differences,
    "RUNNING_SUM": running_sum,
}
"""A series of a series, and an array of an array."""

CLOCK: dict[str, Callable[[datetime], int]] = {
    "MINUTE": lambda when: when.minute,
    "HOUR": lambda when: when.hour,
    "DAY": lambda when: when.isoweekday(),
    "DATE": lambda when: when.day,
    "MONTH": lambda when: when.month,
    "YEAR": lambda when: when.year,
    "EPOCH": lambda when: int(when.timestamp()),
}


def clock(function: str, grid: Grid) -> Series:
    read = CLOCK[function]
    return [float(read(datetime.fromtimestamp(begins, UTC))) for begins in grid.begins]


def filled(series: Series, filler: Scalar | Series) -> Series:
    if isinstance(filler, Scalar):
        return [filler.value if each is None else each for each in series]
    return [other if each is None else each for each, other in zip(series, filler, strict=True)]


def repeated(series: Series) -> Series:
    result: Series = []
    for each in series:
        result.append(each if each is not None or not result else result[-1])
    return result


def interpolated(series: Series) -> Series:
    result = list(series)
    known = [at for at, each in enumerate(series) if each is not None]
    for left, right in pairwise(known):
        first, last = series[left] or 0.0, series[right] or 0.0
        for at in range(left + 1, right):
            result[at] = first + (last - first) * (at - left) / (right - left)
    return result


def chosen(condition: Series, true: Scalar | Series, false: Scalar | Series | None) -> Series:
    """IF with a series as its condition: a true value that is missing is 0, a false one is dropped."""
    result: Series = []
    for at, each in enumerate(condition):
        if each is None:
            result.append(None)
        elif each:
            result.append(true.value if isinstance(true, Scalar) else true[at] or 0.0)
        elif false is None:
            result.append(None)
        else:
            result.append(false.value if isinstance(false, Scalar) else false[at])
    return result


def ordered(array: Array, function: str, descending: bool, limit: int | None) -> Array:
    """SORT; series without a value come last. ⚠ Where they go is not published."""

    def rank(series: Series) -> tuple[bool, float]:
        value = summarize(function, series) if _known(series) else Scalar(None)
        number = value.value if isinstance(value, Scalar) else None
        return number is None, -(number or 0.0) if descending else (number or 0.0)

    return Array(tuple(sorted(array.series, key=rank)[:limit]))


def mapped(value: Series | Array, change: Callable[[Series], Series]) -> Series | Array:
    """Applies a function to a series, or to each series of an array."""
    if isinstance(value, Array):
        return Array(tuple(change(each) for each in value.series))
    return change(value)
