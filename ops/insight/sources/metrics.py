"""The metrics of a page, read in one GetMetricData call and laid out by period.

In plain Python, because `ops status` needs no more; the pages ask for ``Readings.frame``, which imports pandas.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from ops import formatting, pricing
from ops.aws import cloudwatch
from ops.aws.cloudwatch import MetricQuery, Points
from ops.insight import time_window as windows
from ops.insight.report_types import Finding, QueryCost, Window

if TYPE_CHECKING:
    import pandas as pd

    from ops.aws import Aws

SUM_STATISTICS = ("Sum", "SampleCount")
"""Statistics that grow while a period lasts: an unfinished period's value is not yet known."""
RECENT_S, RECENT_LEAST_S, RECENT_PERIODS = 300, 120, 5
"""What "now" means for a rate: the last five periods, but two minutes at least and five minutes (or one period, where
periods are longer) at most."""

QUEUE_COLUMNS = ("visible", "in_flight", "sent", "received", "deleted")
"""Columns that every page of a queue reads: what is recent is the same on all of them only if it depends on nothing else."""
FRESH_PERIODS = 3
"""Periods that a gauge may lag behind the others (CloudWatch publishes services' metrics a minute or so apart)."""

LATE = timedelta(minutes=5)
"""How old SQS's newest metrics may be, in a range that ends now, without being called late: they are published once a
minute, and come a minute or two later."""
STEADY_NAMESPACE = "AWS/SQS"
"""It publishes zeros, too, until a queue has been inactive for hours: its silence is no sign of an idle workload."""


@dataclass(frozen=True)
class Readings:
    """``columns``: for each query's key a value for each of the window's periods, gaps as NaN. ``counted``: the columns
    that are sums. ``fine``: the points of queries with a period of their own, by key, without gaps. ``late_since``: the
    end of the newest data of a range that reaches up to now, where that is long ago; else None. ``unfinished``: the sums so far
    of the last period where that is not over yet, by key; ``columns`` have a gap there."""

    columns: Mapping[str, Sequence[float]]
    counted: tuple[str, ...]
    window: Window
    look: QueryCost
    fine: Mapping[str, Points] = field(default_factory=dict)
    late_since: datetime | None = None
    unfinished: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def times(self) -> tuple[datetime, ...]:
        """The beginnings of the periods."""
        return windows.periods(self.window)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """``columns`` for a chart."""
        return self.to_frame(self.columns)

    def to_frame(self, columns: Mapping[str, Sequence[float]]) -> pd.DataFrame:
        """One row per period of the window, indexed by ``time``."""
        import pandas as pd  # takes half a second, which `ops status` avoids

        rows = max((len(values) for values in columns.values()), default=len(self.times))
        index = pd.DatetimeIndex(self.times[:rows], tz="UTC", name="time")
        return pd.DataFrame({name: list(values) for name, values in columns.items()}, index=index, dtype=float)

    def so_far(self, column: str) -> pd.Series:
        """A sum by period as a chart of log lines has it: gaps as zeros, and the unfinished period as far as it was counted."""
        return self.to_frame({column: self.with_unfinished(column)})[column].fillna(0.0)

    def with_unfinished(self, column: str) -> list[float]:
        """A sum by period, gaps as NaN, and the unfinished period as far as it was counted: together they are ``total``."""
        values = list(self.columns.get(column, [math.nan] * len(self.times)))
        if column in self.unfinished:
            values[-1] = self.unfinished[column]
        return values

    def has(self, column: str) -> bool:
        """Whether a period has a value; see ``total`` for a sum over the window."""
        return any(not math.isnan(value) for value in self.columns.get(column, ()))

    def total(self, column: str) -> float | None:
        """The sum over the window, as far as it was counted: a day has periods of minutes, of which the last one is in what
        log lines say, too. None when there is no data point at all."""
        if column in self.unfinished:
            return total((*self.columns[column], self.unfinished[column]))
        return total(self.columns[column]) if self.has(column) else None

    def series(self, column: str) -> Points:
        """The value of each period, gaps as NaN."""
        return tuple(zip(self.times, self.columns.get(column, [math.nan] * len(self.times)), strict=True))

    def points(self, column: str) -> Points:
        """The values without gaps."""
        return tuple((time, value) for time, value in self.series(column) if not math.isnan(value))

    def counts(self, column: str, periods: range) -> list[float]:
        """The values of a sum in these periods, gaps as zeros."""
        values = self.columns.get(column)
        return [0.0 if values is None or math.isnan(values[at]) else values[at] for at in periods]

    def latest(self, column: str, quiet: float | None = None) -> float | None:
        """The value now: the last point, if it is not older than the last ``FRESH_PERIODS`` that the queue's metrics (or,
        where they are silent, any) have a point for.

        ``quiet``: what the metric's silence means while others speak (ConcurrentExecutions has no points while nothing
        runs). None when nothing speaks at all.
        """
        spoken = self.published(self._queue_columns(self.columns))
        if column not in self.columns or not spoken:
            return None
        fresh = self.columns[column][spoken[-FRESH_PERIODS:][0] :]
        return next((value for value in reversed(fresh) if not math.isnan(value)), quiet)

    def _queue_columns(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Columns of the queue; all columns if those have no point."""
        every = tuple(columns)
        return tuple(name for name in every if name in QUEUE_COLUMNS and self.has(name)) or every

    def published(self, columns: Iterable[str]) -> list[int]:
        """The periods for which one of ``columns`` has a point."""
        rows = zip(*(self.columns[name] for name in columns), strict=True)
        return [at for at, row in enumerate(rows) if any(not math.isnan(value) for value in row)]

    def replaced(self, columns: Mapping[str, Sequence[float]]) -> Readings:
        """The readings with these columns added or replaced."""
        return replace(self, columns={**self.columns, **columns})

    @property
    def finished(self) -> range:
        """The periods without the last where that is not over yet."""
        return range(len(self.times) - (0 if _whole(self.times, self.window) else 1))

    @cached_property
    def recent(self) -> range:
        """The last finished and published periods, gaps in sums taken as zeros by those who use them.

        A Lambda or EMF metric has no point where nothing happened, while a period that no metric has a point for was
        not published yet (CloudWatch is a minute or more behind).
        """
        published = self.published(self._queue_columns(self.counted))
        if not published:
            return range(0)
        period = self.window.period
        length = max(1, min(RECENT_S // period, max(RECENT_PERIODS, RECENT_LEAST_S // period)))
        # A workload that began within the range did so within its first period: that one's rate would be too low.
        first = published[1] if published[0] and len(published) > 1 else published[0]
        return range(max(first, published[-1] + 1 - length), published[-1] + 1)

    @property
    def rates_over(self) -> tuple[datetime, datetime] | None:
        """The time of which ``per_minute`` is the mean."""
        if not self.recent:
            return None
        return self.times[self.recent[0]], self.times[self.recent[-1]] + timedelta(seconds=self.window.period)

    def dated(self, finding: Finding) -> Finding:
        """The finding with the end of the data, if that is long ago: then it is not about now."""
        if self.late_since is None:
            return finding
        until = formatting.clock(self.late_since, self.window.end)
        chips = (*finding.chips, f"data until {until}") if finding.headline else finding.chips
        return replace(finding, text=f"{finding.text.removesuffix('.')}; data until {until}.", chips=chips)

    def per_minute(self, column: str) -> float | None:
        """The recent rate per minute; None when the metric has no point in the whole window."""
        if not self.has(column) or not self.recent:
            return None
        return total(self.counts(column, self.recent)) / len(self.recent) * 60 / self.window.period


def total(values: Iterable[float]) -> float:
    """The sum of what is known."""
    return math.fsum(value for value in values if not math.isnan(value))


def peaks(points: Points, period: int) -> Points:
    """The highest value of each period (s) that has a point."""
    highest: dict[datetime, float] = {}
    for time, value in points:
        start = windows.floor(time, period)
        highest[start] = max(value, highest.get(start, value))
    return tuple(highest.items())


def read(aws: Aws, queries: Sequence[MetricQuery], window: Window) -> Readings:
    """``queries`` over ``window``: one call, its cost and what CloudWatch left out. Raises what ``ops.aws`` raises."""
    if not queries:
        return Readings({}, (), window, QueryCost())
    data = cloudwatch.get_metric_data(aws, queries, window.start, window.end, window.period)
    fine = {query.key: data.series[query.key] for query in queries if query.period}
    queries = [query for query in queries if not query.period]
    times = windows.periods(window)
    first, over = windows.floor(window.start, window.period), _whole(times, window)
    columns = {query.key: [math.nan] * len(times) for query in queries}
    for key, values in columns.items():
        for moment, value in data.series[key]:
            at = int((moment - first).total_seconds() // window.period)
            if 0 <= at < len(times):
                values[at] = value
    counted = tuple(query.key for query in queries if query.stat in SUM_STATISTICS)
    unfinished: dict[str, float] = {}
    if not over:
        for key in counted:
            if not math.isnan(columns[key][-1]):
                unfinished[key], columns[key][-1] = columns[key][-1], math.nan
    late = _late_since([columns[query.key] for query in queries if query.namespace == STEADY_NAMESPACE], times, window)
    look = QueryCost(
        metrics_requested=data.requested,
        usd=data.requested * pricing.load(aws.region).metric_requested,
        partial=(*(f"CloudWatch: {text}" for text in data.partial), *_late_notes(late, window)),
    )
    return Readings(columns, counted, window, look, fine, late, unfinished)


def _late_since(steady: Sequence[Sequence[float]], times: Sequence[datetime], window: Window) -> datetime | None:
    newest = max((at for values in steady for at, value in enumerate(values) if not math.isnan(value)), default=None)
    if window.past or newest is None:
        return None
    until = times[newest] + timedelta(seconds=window.period)
    return until if window.end - until >= LATE else None


def _late_notes(late: datetime | None, window: Window) -> tuple[str, ...]:
    if late is None:
        return ()
    behind = formatting.duration((window.end - late).total_seconds())
    return (
        f"SQS's metrics end at {formatting.clock(late, window.end)}, {behind} before now: CloudWatch is late, or the queue "
        "has been inactive for hours. Rates are of the minutes before that.",
    )


def _whole(times: Sequence[datetime], window: Window) -> bool:
    """Whether the last period is over by the window's end."""
    return not times or (window.end - times[-1]).total_seconds() >= window.period
