"""Costs and durations of each setting with their 95% intervals, from few invocations.

Every setting ran the same jobs, so settings are compared job by job: a resample (bootstrap) draws invocations by their
number, the same for all settings, and what differs between jobs cancels out. Intervals of percentiles are by order
statistics, which assume nothing about the distribution; where there are too few measurements an end is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ops.pricing import Prices
from ops.rightsize.model import Attempt, Interval, Setting

Numbers = npt.NDArray[np.float64]
RESAMPLES = 2_000
SEED = 20_261_129
"""Fixed, so that the same measurements always give the same intervals."""
CONFIDENCE = 0.95
TAIL = (1 - CONFIDENCE) / 2
MATTERS = 0.01
"""The smallest difference of cost or duration that counts, however certain a smaller one is. Our choice."""
MIN_INVOCATIONS = 5
"""Warm invocations below which nothing is concluded."""


@dataclass(frozen=True)
class Resampled:
    """Point estimates (one per setting, in the order of the measured settings) and resamples (one row each) of USD per
    successful job, and of the 95th percentile of durations in ms."""

    settings: tuple[Setting, ...]
    usd: Numbers
    usd_resampled: Numbers
    p95: Numbers
    p95_resampled: Numbers

    def usd_interval(self, setting: Setting) -> Interval:
        place = self.settings.index(setting)
        return interval(float(self.usd[place]), self.usd_resampled[:, place])


def interval(value: float, resampled: Numbers) -> Interval:
    low, high = np.quantile(resampled, (TAIL, 1 - TAIL))
    return Interval(value, float(low), float(high))


def differ(one: Numbers, other: Numbers) -> bool:
    """Whether two settings differ by more than 1%, as far as the interval of their resamples' difference tells."""
    low, high = np.quantile(one / other - 1, (TAIL, 1 - TAIL))
    return bool(low > MATTERS or high < -MATTERS)


def warm(attempts: Sequence[Attempt], setting: Setting) -> dict[int, Attempt]:
    """The invocations of ``setting`` that were not cold and have their REPORT, by number."""
    return {
        attempt.number: attempt
        for attempt in attempts
        if _is_of(attempt, setting)
        and not attempt.cold
        and attempt.billed_ms is not None
        and attempt.duration_ms is not None
    }


def of_setting(attempts: Sequence[Attempt], setting: Setting) -> list[Attempt]:
    return [attempt for attempt in attempts if _is_of(attempt, setting)]


def percentile(values: Sequence[float], share: float) -> Interval | None:
    """The percentile with its interval by order statistics: the ranks between which it lies with 95% confidence."""
    if not values:
        return None
    ordered, count = sorted(values), len(values)
    value = float(np.quantile(ordered, share))
    low = high = None
    below = 0.0  # the chance that at most ``rank`` values are below the percentile
    for rank in range(count + 1):
        before, below = below, below + math.comb(count, rank) * share**rank * (1 - share) ** (count - rank)
        if before <= TAIL and rank >= 1:
            low = ordered[rank - 1]
        if below >= 1 - TAIL and high is None and rank < count:
            high = ordered[rank]
    return Interval(value, low, high)


def spread(values: Sequence[float]) -> Interval | None:
    """The median of few values with their range, which is not a confidence interval."""
    return Interval(float(np.median(values)), min(values), max(values)) if values else None


def resample(
    attempts: Sequence[Attempt], settings: Sequence[Setting], prices: Prices, architecture: str, cold_share: float
) -> Resampled:
    """The settings with enough warm invocations and a success among them; a cold start costs what it takes longer than a
    warm invocation of the same size, INIT included, at ``cold_share`` of the invocations."""
    every = {setting: warm(attempts, setting) for setting in settings}
    chosen = tuple(
        setting
        for setting, found in every.items()
        if len(found) >= MIN_INVOCATIONS and any(attempt.succeeded for attempt in found.values())
    )
    if not chosen:
        empty = np.empty((0, 0))
        return Resampled((), np.empty(0), empty, np.empty(0), empty)
    numbers = sorted({number for setting in chosen for number in every[setting]})
    draws = np.random.default_rng(SEED).integers(0, len(numbers), (RESAMPLES, len(numbers)))
    columns = []
    for setting in chosen:
        found = every[setting]
        billed = np.array([found[n].billed_ms if n in found else np.nan for n in numbers], dtype=float)
        done = np.array([found[n].succeeded if n in found else np.nan for n in numbers], dtype=float)
        lasted = np.array([found[n].duration_ms if n in found else np.nan for n in numbers], dtype=float)
        penalty = _penalties(attempts, setting, settings, every)
        gb_ms = setting.memory_mb / 1024 * prices.gb_second(architecture) / 1000
        request = prices.lambda_request
        point = _usd(billed, done, penalty.mean(), gb_ms, request, cold_share)
        chance = np.random.default_rng(SEED + setting.memory_mb)
        drawn_penalty = penalty[chance.integers(0, len(penalty), (RESAMPLES, len(penalty)))].mean(axis=1)
        drawn = _usd(billed[draws], done[draws], drawn_penalty, gb_ms, request, cold_share)
        p95 = np.nanquantile(lasted, 0.95)
        columns.append((point, drawn, p95, p95_by_row(lasted[draws], p95)))
    usd, usd_resampled, p95s, p95_resampled = zip(*columns, strict=True)
    return Resampled(
        chosen,
        np.array(usd, dtype=float),
        np.stack(usd_resampled, axis=1),
        np.array(p95s),
        np.stack(p95_resampled, axis=1),
    )


def _usd(billed: Numbers, done: Numbers, penalty: Numbers, gb_ms: float, request: float, cold_share: float) -> Numbers:
    """USD per successful job, along the last axis."""
    count = np.sum(~np.isnan(billed), axis=-1)
    spent = np.nansum(billed, axis=-1) * gb_ms + count * (request + cold_share * penalty * gb_ms)
    successes = np.nansum(done, axis=-1)
    return np.asarray(np.where(successes > 0, spent / np.maximum(successes, 1), np.inf), dtype=float)


def p95_by_row(drawn: Numbers, otherwise: float) -> Numbers:
    """``otherwise`` for a row without a number. np.nanquantile gives the same row by row, which takes 70 times as long."""
    ordered = np.sort(drawn, axis=1)  # NaN last
    known = np.count_nonzero(~np.isnan(ordered), axis=1)
    found = np.full(len(drawn), otherwise)
    for count in np.unique(known[known > 0]):
        rows = known == count
        found[rows] = np.quantile(ordered[rows, :count], 0.95, axis=1)
    return found


def _penalties(
    attempts: Sequence[Attempt], setting: Setting, settings: Sequence[Setting], every: dict[Setting, dict[int, Attempt]]
) -> Numbers:
    """What each cold start of that memory size took longer than warm invocations of its batch size (ms)."""
    found = []
    for other in settings:
        if other.memory_mb != setting.memory_mb or not every[other]:
            continue
        usual = float(np.mean([attempt.billed_ms or 0.0 for attempt in every[other].values()]))
        colds = [
            attempt for attempt in attempts if _is_of(attempt, other) and attempt.cold and attempt.billed_ms is not None
        ]
        found += [max(attempt.init_ms or 0.0, (attempt.billed_ms or 0.0) - usual) for attempt in colds]
    return np.array(found or [0.0], dtype=float)


def _is_of(attempt: Attempt, setting: Setting) -> bool:
    return (attempt.memory_mb, attempt.batch_size) == (setting.memory_mb, setting.batch_size)
