"""The queue: depth, age of the oldest message, and rates."""

from __future__ import annotations

from datetime import tzinfo

from dashboard import theme
from dashboard.charts.drawing.base import time_unit
from dashboard.charts.drawing.chart import Chart
from dashboard.charts.drawing.comparison import EarlierReport
from dashboard.charts.drawing.time_series import Series, over_time
from dashboard.formatting import duration
from ops.insight.reports.queue import QueueReport
from ops.insight.sources.watched_queues import WatchedQueue


def depth(report: QueueReport, viewer: tzinfo, earlier: EarlierReport | None = None) -> Chart:
    series = [
        Series("visible", "queued", theme.VISIBLE, fill=True, step=True),
        Series("in_flight", "in flight", theme.IN_FLIGHT, step=True, dash="dot"),
    ]
    if report.depth["delayed"].fillna(0).any():  # few queues use a delay: an empty line would be clutter
        series.append(Series("delayed", "delayed", theme.DELAYED, step=True, dash="dash"))
    return over_time(
        "Queue depth",
        report.depth,
        series,
        "messages",
        viewer,
        counts=True,
        earlier=earlier.lines(lambda before: before.depth) if earlier else None,
    )


def age(report: QueueReport, viewer: tzinfo, earlier: EarlierReport | None = None) -> Chart:
    highest = report.age["oldest_s"].max()
    unit, size = time_unit(0.0 if highest != highest else float(highest))
    return over_time(
        "Age of oldest message",
        report.age,
        [Series("oldest_s", "oldest message", theme.VISIBLE)],
        unit,
        viewer,
        limits=report.age_lines,
        scale=size,
        write=lambda value: duration(value * size),
        read=lambda value: duration(value * size),
        earlier=earlier.lines(lambda before: before.age) if earlier else None,
    )


def rates(report: QueueReport, viewer: tzinfo, earlier: EarlierReport | None = None) -> Chart:
    return over_time(
        "Arrival and processing rate",
        report.rates,
        [
            Series("sent", "arriving", theme.VISIBLE),
            Series("deleted", "processed", theme.PROCESSED, dash=theme.PROCESSED_DASH),
        ],
        "messages/min",
        viewer,
        earlier=earlier.lines(lambda before: before.rates) if earlier else None,
    )


def receives(report: QueueReport, viewer: tzinfo, earlier: EarlierReport | None = None) -> Chart:
    return over_time(
        "Receives vs. empty receives",
        report.rates,
        [
            Series("received", "messages received", theme.IN_FLIGHT),
            Series("empty_receives", "empty receives", theme.NEUTRAL, dash="dot"),
        ],
        "per minute",
        viewer,
        earlier=earlier.lines(lambda before: before.rates) if earlier else None,
    )


def watched(queue: WatchedQueue, viewer: tzinfo) -> Chart | None:
    """Another queue that an alarm monitors; None without its history."""
    if queue.depth is None:
        return None
    return over_time(
        queue.queue,
        queue.depth,
        [Series("visible", "queued", theme.VISIBLE, fill=True, step=True)],
        "messages",
        viewer,
        limits=queue.lines,
        height=150,
        counts=True,
    )
