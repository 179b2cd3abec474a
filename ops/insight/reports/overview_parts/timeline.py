"""The overview over time: work, backlog, failures and duration on one axis, with what happened meanwhile."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from ops.insight.reports import dead_letters
from ops.insight.sources import metric_queries

if TYPE_CHECKING:
    import pandas as pd

    from ops.aws.cloudwatch import MetricQuery
    from ops.insight.sources.event_model import Event
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

COLUMNS = ("sent", "deleted", "visible", "in_flight", "errors", "dead", "p50_ms", "p95_ms", "p99_ms")


@dataclass(frozen=True)
class DlqArrivals:
    """``causes``: name → messages that arrived in each of the window's periods, those with most messages first. ``scanned``:
    when the queue was read; what arrived later is not in it."""

    causes: tuple[tuple[str, tuple[int, ...]], ...]
    scanned: datetime | None


@dataclass(frozen=True)
class OverviewTimeline:
    """``frame``: sent and deleted (messages per minute), visible, in_flight and dead (messages), errors (failed
    invocations per period), p50_ms, p95_ms and p99_ms (durations, INIT excluded). ``timeout_ms``: of the function."""

    readings: Readings
    events: tuple[Event, ...]
    timeout_ms: float | None = None
    notes: tuple[str, ...] = ()
    arrivals: DlqArrivals | None = None
    """Arrivals in the dead-letter queue, if it was scanned and any message in the snapshot arrived in the window."""

    @cached_property
    def frame(self) -> pd.DataFrame:
        readings = self.readings
        empty = [math.nan] * len(readings.times)
        columns = {name: list(readings.columns.get(name, empty)) for name in COLUMNS if name != "dead"}
        per_minute = 60 / readings.window.period
        for name in ("sent", "deleted"):
            columns[name] = [value * per_minute for value in columns[name]]
        columns["errors"] = readings.with_unfinished("errors")  # as many as the sentence above counts
        columns["dead"] = dead_letters.depth_series(readings)
        return readings.to_frame(columns)[list(COLUMNS)]


def queries(workload: Workload) -> list[MetricQuery]:
    """Metrics of the timeline besides the Overview's own."""
    return metric_queries.durations(workload.function)


def make(workload: Workload, readings: Readings, events: tuple[Event, ...], notes: tuple[str, ...]) -> OverviewTimeline:
    """``notes``: what of the events could not be read."""
    timeout_ms = workload.function.timeout_s * 1000.0 if workload.function else None
    return OverviewTimeline(readings, events, timeout_ms, notes)
