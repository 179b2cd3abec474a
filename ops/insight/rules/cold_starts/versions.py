"""Init durations by version, and whether a version is slower to start than the one before."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ops.insight.rules.cold_starts import quantile_intervals
from ops.insight.rules.cold_starts.quantile_intervals import CONFIDENCE
from ops.insight.sources.log_totals import LogTotals, VersionTotal

MIN_COLD_STARTS = 10
"""Cold starts of a version below which it is not compared."""
RESAMPLES = 1_000
AT_ONCE = 1_000_000
"""Values drawn at a time, for the sake of memory."""
Z, MEDIAN_ERROR = 1.96, 0.93
"""The normal quantile for ``CONFIDENCE``; and the standard error of a median, in interquartile ranges over the root of
the count."""
SEED = 20_261_129
"""Fixed, so that the same cold starts give the same answer at each refresh."""
PERCENTILES = ("p50", "p95", "p99")
SLOWER, NOT_SLOWER, TOO_FEW = "yes", "no", "too few"
COLUMNS = (
    "version",
    "invocations",
    "cold",
    "share",
    "init_p50_ms",
    "init_p50_low_ms",
    "init_p50_high_ms",
    "init_p95_ms",
    "init_p95_low_ms",
    "init_p95_high_ms",
    "init_p99_ms",
    "init_p99_low_ms",
    "init_p99_high_ms",
    "too_few",
    "slower",
)

_Inits = tuple[tuple[float, float, float], ...]


def waited_ms(frame: pd.DataFrame) -> pd.Series:
    """Wait of each cold invocation in ms: its INIT, or its restore from a snapshot."""
    cold = frame[frame["cold"]]
    return cold["init_ms"].fillna(cold["restore_ms"]).dropna()


def by_version(frame: pd.DataFrame, measured: Collection[str] = ()) -> pd.DataFrame:
    """One row per version, the one that ran first first, with ``COLUMNS``: share 0–1; percentiles with their 95% confidence
    intervals; ``too_few``: the percentiles that have none; ``slower``: whether its median is above that of the version before,
    by more than chance (``yes``, ``no``, ``too few``; empty for the first, and for those that were ``measured`` by a memory
    sweep: no version is compared with them)."""
    groups = sorted(frame.groupby("version", sort=False), key=lambda group: group[1]["started"].min())
    waits = [waited_ms(some).to_numpy(dtype=float) for _, some in groups]
    medians = [_resampled_medians(some) for some in waits]
    before = _before([str(version) for version, _ in groups], measured)
    slower = [
        "" if last is None else _slower((waits[last], medians[last]), (waits[place], medians[place]))
        for place, last in enumerate(before)
    ]
    rows = [
        _row(str(version), some, own, resampled, answer)
        for (version, some), own, resampled, answer in zip(groups, waits, medians, slower, strict=False)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


@dataclass(frozen=True)
class InitLatency:
    """Percentiles of what cold starts waited for (ms); None when unknown. ``version``: the one they are of; empty: all."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    version: str = ""


def _before(versions: Iterable[str], measured: Collection[str]) -> list[int | None]:
    """The place of the version with which each is compared."""
    last: int | None = None
    places: list[int | None] = []
    for place, version in enumerate(versions):
        places.append(None if version in measured else last)
        last = last if version in measured else place
    return places


def init_latency(frame: pd.DataFrame, totals: LogTotals | None, measured: Collection[str] = ()) -> InitLatency:
    """Latency of all cold starts; from aggregates, that of the newest version that no sweep ``measured``, because
    percentiles of several versions cannot be combined."""
    cold = (
        [version for version in totals.by_version if version.cold and version.version not in measured] if totals else []
    )
    if totals is not None and cold:
        newest, alone = cold[-1], len([version for version in totals.by_version if version.cold]) == 1
        p50, p95, p99 = (newest.init_ms.get(share) for share in (50, 95, 99))
        return InitLatency(p50, p95, p99, "" if alone else newest.version)
    inits = waited_ms(frame)
    if inits.empty:
        return InitLatency()
    p50, p95, p99 = (float(inits.quantile(q)) for q in (0.5, 0.95, 0.99))
    return InitLatency(p50, p95, p99)


def of_totals(totals: LogTotals, measured: Collection[str] = ()) -> pd.DataFrame:
    """``by_version`` from aggregates of all log lines. The median's interval is by its asymptotic standard error in
    a normal distribution, 0.93 of the interquartile range over the root of the count (as the notches of box plots
    are): an aggregate has no values to resample. Those of p95 and p99 are as wide as the percentiles that the
    aggregate has."""
    errors = [_median_error(version) for version in totals.by_version]
    places = _before([version.version for version in totals.by_version], measured)
    rows: list[tuple[Any, ...]] = []
    for place, version, error in zip(places, totals.by_version, errors, strict=True):
        p50, p95, p99 = (version.init_ms.get(share, np.nan) for share in (50, 95, 99))
        low, high = (p50 - Z * error, p50 + Z * error) if version.cold >= MIN_COLD_STARTS else (np.nan, np.nan)
        slower = ""
        if place is not None:
            slower = _slower_median(totals.by_version[place], version, float(np.hypot(errors[place], error)))
        of_p95, of_p99 = (quantile_intervals.interval_between(version.init_ms, version.cold, q) for q in (0.95, 0.99))
        inits = ((p50, low, high), (p95, *of_p95), (p99, *of_p99))
        rows.append(_values(version.version, version.invocations, version.cold, inits, slower))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _median_error(version: VersionTotal) -> float:
    spread = version.init_ms.get(75, np.nan) - version.init_ms.get(25, np.nan)
    return float(MEDIAN_ERROR * spread / np.sqrt(version.cold)) if version.cold else np.nan


def _slower_median(before: VersionTotal, after: VersionTotal, error: float) -> str:
    if min(before.cold, after.cold) < MIN_COLD_STARTS:
        return TOO_FEW
    return SLOWER if after.init_ms[50] - before.init_ms[50] > Z * error else NOT_SLOWER


def _row(version: str, some: pd.DataFrame, own: Any, resampled: Any, answer: str) -> tuple[Any, ...]:
    p50, p95, p99 = map(float, np.quantile(own, (0.5, 0.95, 0.99)) if len(own) else (np.nan,) * 3)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, (tail, 1 - tail)) if len(own) >= MIN_COLD_STARTS else (np.nan, np.nan)
    of_p95, of_p99 = (quantile_intervals.interval(own, share) for share in (0.95, 0.99))
    inits = ((p50, float(low), float(high)), (p95, *of_p95), (p99, *of_p99))
    return _values(version, len(some), int(some["cold"].sum()), inits, answer)


def _values(version: str, invocations: int, cold: int, inits: _Inits, slower: str) -> tuple[Any, ...]:
    """A row of ``COLUMNS``. ``inits``: p50, p95 and p99, each with its interval."""
    few = [name for name, (ms, low, _) in zip(PERCENTILES, inits, strict=True) if not np.isnan(ms) and np.isnan(low)]
    share = cold / invocations
    return version, invocations, cold, share, *inits[0], *inits[1], *inits[2], ", ".join(few), slower


def _resampled_medians(own: Any) -> Any:
    if not len(own):
        return np.empty(0)
    random = np.random.default_rng(SEED)
    at_once = max(1, AT_ONCE // len(own))
    sizes = [min(at_once, RESAMPLES - done) for done in range(0, RESAMPLES, at_once)]
    return np.concatenate([np.median(own[random.integers(0, len(own), (size, len(own)))], axis=1) for size in sizes])


def _slower(before: tuple[Any, Any], after: tuple[Any, Any]) -> str:
    """The verdict by the confidence interval of the difference of the medians."""
    if min(len(before[0]), len(after[0])) < MIN_COLD_STARTS:
        return TOO_FEW
    shuffled = np.random.default_rng(SEED + 1).permutation(after[1])  # the same draws would move both together
    return SLOWER if np.quantile(shuffled - before[1], (1 - CONFIDENCE) / 2) > 0 else NOT_SLOWER
