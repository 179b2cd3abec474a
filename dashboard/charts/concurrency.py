"""Concurrency: what ran at once, against what was allowed; what was refused; how full the batches were; what-if."""

from __future__ import annotations

from datetime import tzinfo

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.base import Series, figure, over_time, say_empty, time_unit
from ops.insight.reports import ConcurrencyReport


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
    )


def throttles(report: ConcurrencyReport, viewer: tzinfo) -> go.Figure:
    return over_time(
        "Is Lambda refusing invocations?",
        report.throttles,
        [Series("throttles", "throttled invocations", theme.THROTTLED, fill=True, step=True)],
        "a period",
        viewer,
    )


def batches(report: ConcurrencyReport, viewer: tzinfo) -> go.Figure:
    limits = []
    if report.batch_size:
        from ops.insight.reports import Line

        limits = [Line("batch size", float(report.batch_size))]
    return over_time(
        "How full are the batches?",
        report.batch,
        [Series("fill", "messages an invocation", theme.SUCCESS)],
        "messages",
        viewer,
        limits=limits,
    )


def drain(course: pd.DataFrame, drained_s: float | None) -> go.Figure:
    """The backlog from now on. ``course``: index seconds from now, column backlog (messages)."""
    unit, size = time_unit(float(course.index.max()) if len(course) else 0.0)
    chart = figure("When would the backlog be gone?", "messages waiting", f"{unit} from now")
    chart.add_scatter(
        x=course.index / size, y=course["backlog"], name="backlog", mode="lines", line={"color": theme.VISIBLE, "width": 2},
        fill="tozeroy", fillcolor="rgba(40,120,200,.14)", hovertemplate="%{y:,.0f} messages",
    )  # fmt: skip
    if drained_s is not None and drained_s > 0:
        chart.add_vline(x=drained_s / size, line={"dash": "dash", "width": 1.2, "color": theme.NEUTRAL})
    if course.empty:
        say_empty(chart, "There is no backlog to drain")
    chart.update_layout(showlegend=False)
    return chart
