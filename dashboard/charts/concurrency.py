"""Concurrency: executions against limits, throttles, batch size, and the simulated time to drain."""

from __future__ import annotations

from datetime import tzinfo

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.base import Series, add_mark, figure, over_time, per_period, show_empty, time_unit
from dashboard.formatting import duration
from ops.insight.report_types import Threshold
from ops.insight.reports.concurrency import ConcurrencyReport


def executions(report: ConcurrencyReport, viewer: tzinfo) -> go.Figure:
    return over_time(
        "Concurrent executions vs. limits",
        report.concurrency,
        [
            Series("observed", "actual", theme.IN_FLIGHT, fill=True),
            Series("law", "ESM scaling limit", theme.NEUTRAL, step=True, dash="dot"),
        ],
        "executions",
        viewer,
        limits=report.limits,
        height=340,
        counts=True,
    )


def throttles(report: ConcurrencyReport, viewer: tzinfo) -> go.Figure:
    return over_time(
        "Throttles",
        report.throttles,
        [Series("throttles", "throttled invocations", theme.THROTTLED, fill=True, step=True)],
        per_period("throttles", report.throttles),
        viewer,
        counts=True,
    )


def batches(report: ConcurrencyReport, viewer: tzinfo) -> go.Figure:
    limits = [Threshold("maximum", float(report.batch_size))] if report.batch_size else []
    return over_time(
        "Batch size",
        report.batch,
        [Series("fill", "messages per invocation", theme.SUCCESS)],
        "messages",
        viewer,
        limits=limits,
    )


def drain(times: pd.Series, selected: int) -> go.Figure:
    """Time to drain by concurrency. ``times``: index concurrency, values in seconds, NaN where it never drains."""
    highest = times.max()
    unit, size = time_unit(0.0 if highest != highest else float(highest))
    chart = figure("Drain time by concurrency", unit, "maximum concurrency", 280)
    chart.add_scatter(
        x=times.index,
        y=times / size,
        name="time to drain",
        mode="lines",
        line={"color": theme.IN_FLIGHT, "width": 2},
        customdata=[duration(value) for value in times],
        hovertemplate="concurrency %{x}: %{customdata}<extra></extra>",
    )
    if times.isna().all():
        show_empty(chart, "Arrival rate exceeds capacity at every setting")
    else:
        add_mark(chart, selected, f"selected: {selected}")
    return chart
