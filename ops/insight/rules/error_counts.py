"""Failed invocations per period by error type: what the log lines show, compared with what the metric counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ops.insight import time_window

if TYPE_CHECKING:
    from ops.insight.report_types import Window
    from ops.insight.sources.log_totals import LogTotals
    from ops.insight.sources.metrics import Readings

MAX_ERROR_TYPES = 6
"""Error types with a column of their own, the most frequent ones."""
OTHER_ERRORS, UNTYPED_ERROR = "Other types", "No error type"
ALL_ERRORS = "All types"
UNLOGGED_ERRORS = "Not in the logs"
"""Errors that CloudWatch counted and no log line of the function explains."""


def errors_by_type(failed: pd.DataFrame, readings: Readings, window: Window, longest_s: float) -> pd.DataFrame:
    """Failed invocations per period by error type; what only the metric counts is a column of its own.

    ``longest_s``: the longest that an invocation takes, in seconds.
    """
    periods = failed["started"].dt.floor(pd.Timedelta(seconds=window.period))
    return _by_type(failed["error_type"], periods, np.ones(len(failed)), readings, window, longest_s)


def errors_of_totals(totals: LogTotals, readings: Readings, window: Window, longest_s: float) -> pd.DataFrame:
    """``errors_by_type`` from aggregates of all log lines."""
    found = totals.failures
    types = pd.Series([total.error_type for total in found], dtype=object)
    periods = pd.Series(pd.DatetimeIndex([total.time for total in found], tz="UTC"), name="started")
    counts = np.array([total.count for total in found], dtype=float)
    return _by_type(types, periods, counts, readings, window, longest_s)


def _by_type(
    named: pd.Series,
    periods: pd.Series,
    failures: npt.NDArray[np.float64],
    readings: Readings,
    window: Window,
    longest_s: float,
) -> pd.DataFrame:
    """``failures``: how many each entry of ``named`` and ``periods`` stands for."""
    index = time_index(window)
    types = named.replace("", UNTYPED_ERROR)
    sums = pd.Series(failures, index=types.index).groupby(types).sum().sort_values(ascending=False, kind="stable")
    frequent = list(sums.index[:MAX_ERROR_TYPES])
    types = types.where(types.isin(frequent), OTHER_ERRORS)
    counts = pd.crosstab(periods, types, values=failures, aggfunc="sum").fillna(0) if len(types) else pd.DataFrame()
    order = [name for name in dict.fromkeys((*frequent, OTHER_ERRORS)) if name in counts]  # a type may be named so
    frame = counts.reindex(index=index, columns=order, fill_value=0).astype(float)
    if readings.has("errors"):
        counted = readings.frame["errors"].iloc[list(readings.finished)].reindex(index).fillna(0)
        unlogged = _unmatched(counted - frame.sum(axis=1), longest_s)
        if unlogged.sum():
            frame[UNLOGGED_ERRORS] = unlogged
    frame.index.name = "time"
    return frame


def all_errors(readings: Readings, window: Window) -> pd.DataFrame:
    """Failed invocations per period by the metric alone, in one column: a sample has too few of a period's failures to
    share them out by type."""
    index = time_index(window)
    if readings.total("errors") is None:
        return pd.DataFrame(index=index)
    counted = readings.so_far("errors").reindex(index, fill_value=0.0)
    return counted.to_frame(ALL_ERRORS) if counted.sum() else pd.DataFrame(index=index)


def time_index(window: Window) -> pd.DatetimeIndex:
    """The beginnings of the window's periods."""
    return pd.DatetimeIndex(time_window.periods(window), tz="UTC", name="time")


def _unmatched(excess: pd.Series, longest_s: float) -> pd.Series:
    """``excess``: errors by the metric minus failed rows. A metric and its row may be a whole invocation apart: an excess
    is cancelled by a shortfall as near as that."""
    left = excess.to_numpy(dtype=float).copy()
    period = (excess.index[1] - excess.index[0]).total_seconds() if len(excess) > 1 else 60.0
    reach = int(longest_s // period) + 1
    for at in np.flatnonzero(left > 0):
        for near in _nearest_first(int(at), reach, len(left)):
            matched = min(left[at], max(0.0, -left[near]))
            left[at] -= matched
            left[near] += matched
    return pd.Series(left, index=excess.index).clip(lower=0)


def _nearest_first(at: int, reach: int, length: int) -> list[int]:
    return sorted(range(max(0, at - reach), min(length, at + reach + 1)), key=lambda other: abs(other - at))
