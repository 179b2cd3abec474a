"""Concurrency: what ran at once, against what was allowed; what was refused; how full the batches were; what-if."""

from __future__ import annotations

from datetime import tzinfo

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.base import Series, add_mark, figure, over_time, say_empty, time_unit
from dashboard.formatting import duration
from ops.insight.report_types import Threshold
from ops.insight.reports.concurrency import ConcurrencyReport


def against_law(report: ConcurrencyReport, viewer: tzinfo) -> go.Figure:
    return over_time(
        "What ran at once, and what was allowed?",
        report.concurrency,
        [
            Series("observed", "observed", theme.IN_FLIGHT, fill=True),
            Series("law", "the mapping's ramp allows", theme.NEUTRAL, step=True, dash="dot"),
        ],
        "executions",
        viewer,
        limits=report.limits,
        height=340,
        counts=True,
    )


def throttles(report: ConcurrencyReport, viewer: tzinfo) -> go.Figure:
    return over_time(
        "Is Lambda refusing invocations?",
        report.throttles,
        [Series("throttles", "throttled invocations", theme.THROTTLED, fill=True, step=True)],
        "throttles a period",
        viewer,
        counts=True,
    )


def batches(report: ConcurrencyReport, viewer: tzinfo) -> go.Figure:
    limits = [Threshold("batch size", float(report.batch_size))] if report.batch_size else []
    return over_time(
        "How full are the batches?",
        report.batch,
        [Series("fill", "messages an invocation", theme.SUCCESS)],
        "messages",
        viewer,
        limits=limits,
    )


def drain(times: pd.Series, chosen: int) -> go.Figure:
    """Time to drain by concurrency. ``times``: index concurrency, values in seconds, NaN where it is never drained."""
    highest = times.max()
    unit, size = time_unit(0.0 if highest != highest else float(highest))
    chart = figure(
        "How long would the backlog take at each concurrency?", f"{unit} to drain", "concurrency allowed", 280
    )
    chart.add_scatter(
        x=times.index,
        y=times / size,
        name="time to drain",
        mode="lines",
        line={"color": theme.IN_FLIGHT, "width": 2},
        customdata=[duration(value) for value in times],
        hovertemplate="%{x} at once: %{customdata}<extra></extra>",
    )
    if times.isna().all():
        say_empty(chart, "More arrives than any of these can do")
    else:
        add_mark(chart, chosen, f"chosen: {chosen}")
    return chart
