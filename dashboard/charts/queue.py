"""The queue: how much waits, how old it is, how fast it comes and goes."""

from __future__ import annotations

from datetime import tzinfo

import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.base import Series, over_time, time_unit
from dashboard.formatting import duration
from ops.insight.reports.queue import QueueReport


def depth(report: QueueReport, viewer: tzinfo) -> go.Figure:
    series = [
        Series("visible", "waiting", theme.VISIBLE, fill=True),
        Series("in_flight", "in flight", theme.IN_FLIGHT),
    ]
    if report.depth["delayed"].fillna(0).any():  # few queues use a delay: an empty line would only be in the way
        series.append(Series("delayed", "delayed", theme.DELAYED))
    return over_time("How many messages are in the queue?", report.depth, series, "messages", viewer, counts=True)


def age(report: QueueReport, viewer: tzinfo) -> go.Figure:
    highest = report.age["oldest_s"].max()
    unit, size = time_unit(0.0 if highest != highest else float(highest))
    return over_time(
        "How long has the oldest message waited?",
        report.age,
        [Series("oldest_s", "oldest message", theme.VISIBLE)],
        unit,
        viewer,
        limits=report.age_lines,
        scale=size,
        say=lambda value: duration(value * size),
    )


def rates(report: QueueReport, viewer: tzinfo) -> go.Figure:
    return over_time(
        "Is work arriving faster than it is done?",
        report.rates,
        [Series("sent", "arriving", theme.VISIBLE), Series("deleted", "done", theme.SUCCESS)],
        "messages/min",
        viewer,
    )


def receives(report: QueueReport, viewer: tzinfo) -> go.Figure:
    return over_time(
        "Are receives fruitful, or are empty ones paid for?",
        report.rates,
        [
            Series("received", "messages received", theme.IN_FLIGHT),
            Series("empty_receives", "empty receives", theme.NEUTRAL),
        ],
        "a minute",
        viewer,
    )
