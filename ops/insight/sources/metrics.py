"""The metrics of a page, read in one GetMetricData call and laid out as one frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ops import pricing
from ops.aws import cloudwatch
from ops.aws.cloudwatch import MetricQuery
from ops.insight import time_window as windows
from ops.insight.report_types import QueryCost, Window

if TYPE_CHECKING:
    from ops.aws import Aws

SUM_STATISTICS = ("Sum", "SampleCount")
"""Statistics that grow while a period lasts: an unfinished period's value is not yet known."""
RECENT_S, RECENT_LEAST_S, RECENT_PERIODS = 300, 120, 5
"""What "now" means for a rate: the last five periods, but two minutes at least and five minutes (or one period, where
periods are longer) at most."""

FRESH_PERIODS = 3
"""Periods that a gauge may lag behind the others (CloudWatch publishes services' metrics a minute or so apart)."""


@dataclass(frozen=True)
class Readings:
    """``frame``: one row a period, one column a query's key, gaps as NaN. ``counted``: the columns that are sums.
    ``fine``: the series of queries with a period of their own, by key, indexed by time."""

    frame: pd.DataFrame
    counted: tuple[str, ...]
    window: Window
    look: QueryCost
    fine: Mapping[str, pd.Series] = field(default_factory=dict)

    def has(self, column: str) -> bool:
        return column in self.frame and bool(self.frame[column].notna().any())

    def total(self, column: str) -> float | None:
        """The sum over the window; None when there is no data point at all."""
        return float(self.frame[column].sum()) if self.has(column) else None

    def latest(self, column: str, quiet: float | None = None) -> float | None:
        """The value now: the last point, if it is among the last ``FRESH`` periods that any metric has a point for.

        ``quiet``: what the metric's silence means while others speak (ConcurrentExecutions has no points while nothing
        runs). None when nothing speaks at all.
        """
        spoken = self.frame.dropna(how="all").tail(FRESH_PERIODS)
        if column not in spoken or spoken.empty:
            return None
        points = spoken[column].dropna()
        return float(points.iloc[-1]) if len(points) else quiet

    def replaced(self, columns: pd.DataFrame) -> Readings:
        """With these columns instead of, or besides, the ones read."""
        return replace(self, frame=self.frame.assign(**{str(name): columns[name] for name in columns}))

    def finished(self) -> pd.DataFrame:
        """Without the last period where that is not over yet."""
        whole = len(self.frame) - (0 if _whole(self.frame, self.window) else 1)
        return self.frame.iloc[:whole]

    @cached_property
    def recent(self) -> pd.DataFrame:
        """The last finished and published periods, gaps in sums taken as zeros by those who use them.

        A Lambda or EMF metric has no point where nothing happened, while a period that no metric has a point for was
        not published yet (CloudWatch is a minute or more behind).
        """
        if not self.counted:
            return self.frame.iloc[0:0]
        published = self.frame[list(self.counted)].dropna(how="all").index
        if published.empty:
            return self.frame.iloc[0:0]
        period = self.window.period
        rows = max(1, min(RECENT_S // period, max(RECENT_PERIODS, RECENT_LEAST_S // period)))
        return self.frame.loc[published[0] : published[-1]].tail(rows)

    def per_minute(self, column: str) -> float | None:
        """How many a minute lately; None when the metric has no point in the whole window."""
        if not self.has(column):
            return None
        recent = self.recent
        return float(recent[column].fillna(0).mean()) * 60 / self.window.period if len(recent) else None


def read(aws: Aws, queries: Sequence[MetricQuery], window: Window) -> Readings:
    """``queries`` over ``window``: one call, its cost and what CloudWatch left out. Raises what ``ops.aws`` raises."""
    index = windows.index(window)
    if not queries:
        return Readings(pd.DataFrame(index=index), (), window, QueryCost())
    data = cloudwatch.get_metric_data(aws, queries, window.start, window.end, window.period)
    fine = {query.key: _series(data.series[query.key]) for query in queries if query.period}
    queries = [query for query in queries if not query.period]
    first = windows.floor(window.start, window.period)
    values = np.full((len(index), len(queries)), np.nan)
    for column, query in enumerate(queries):
        for moment, value in data.series[query.key]:
            row = int((moment - first).total_seconds() // window.period)
            if 0 <= row < len(index):
                values[row, column] = value
    frame = pd.DataFrame(values, index=index, columns=[query.key for query in queries])
    counted = tuple(query.key for query in queries if query.stat in SUM_STATISTICS)
    if counted and not _whole(frame, window):
        frame.loc[frame.index[-1], list(counted)] = float("nan")
    look = QueryCost(
        metrics_requested=data.requested,
        usd=data.requested * pricing.load().metric_requested,
        partial=tuple(f"CloudWatch: {text}" for text in data.partial),
    )
    return Readings(frame, counted, window, look, fine)


def _series(points: Sequence[tuple[datetime, float]]) -> pd.Series:
    index = pd.DatetimeIndex([moment for moment, _ in points], tz="UTC")
    return pd.Series([value for _, value in points], index=index, dtype=float)


def _whole(frame: pd.DataFrame, window: Window) -> bool:
    """Whether the last period is over by the window's end."""
    return frame.empty or (window.end - frame.index[-1]).total_seconds() >= window.period
