"""The metrics of an incident, a little before and after it: depth, age, errors, throttles, dead letters."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from ops.aws import Aws
from ops.insight import time_window
from ops.insight.sources import metric_queries, metrics
from ops.runbooks.report.model import IncidentMetric, IncidentMetrics
from ops.workload import Workload

MARGIN_SHARE = 0.1
"""The share of the incident's length that is shown before and after it. Our choice."""
MIN_MARGIN, MAX_MARGIN = timedelta(minutes=5), timedelta(minutes=30)
_DLQ = "dlq_visible"
_GAUGES = {"visible": ("Messages visible", "messages"), "oldest_s": ("Age of oldest message", "s")}
_SUMS = {"errors": ("Errors", "invocations"), "throttles": ("Throttles", "invocations")}


def read_metrics(aws: Aws, workload: Workload, start: datetime, end: datetime, now: datetime) -> IncidentMetrics:
    """One GetMetricData call. Raises what ``ops.aws`` raises."""
    margin = min(MAX_MARGIN, max(MIN_MARGIN, (end - start) * MARGIN_SHARE))
    window = time_window.between(start - margin, min(end + margin, now), aws.target.finest_period, now)
    queries = [
        *metric_queries.queue(workload.queue, *_GAUGES),
        *metric_queries.function(workload.function, *_SUMS),
    ]
    if workload.dlq is not None:
        queries += [replace(query, key=_DLQ) for query in metric_queries.queue(workload.dlq, "visible")]
    readings = metrics.read(aws, queries, window)
    series = [IncidentMetric(*_GAUGES[name], _values(readings.columns[name])) for name in _GAUGES]
    if workload.function is not None:
        series += [IncidentMetric(*_SUMS[name], _values(readings.columns[name]), sums=True) for name in _SUMS]
    if workload.dlq is not None:
        series.append(IncidentMetric("Messages in DLQ", "messages", _values(readings.columns[_DLQ])))
    return IncidentMetrics(window.start, window.end, window.period, tuple(series))


def _values(column: Iterable[float]) -> tuple[float | None, ...]:
    return tuple(None if math.isnan(value) else float(value) for value in column)
