"""Concurrency: executions against limits, throttles, batch size, and the simulated time to drain."""

from __future__ import annotations

from datetime import tzinfo

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.base import add_mark, figure, show_empty, time_unit
from dashboard.charts.comparison import EarlierReport
from dashboard.charts.time_series import Series, over_time, per_period
from dashboard.formatting import duration, number
from ops.insight.report_types import Threshold
from ops.insight.reports.concurrency import ConcurrencyReport
from ops.insight.rules.concurrency_use import BINDING_SHARE


def executions(report: ConcurrencyReport, viewer: tzinfo, earlier: EarlierReport | None = None) -> go.Figure:
    series = [Series("observed", "actual", theme.IN_FLIGHT, fill=True, step=True)]
    ramp = _binding_ramp(report)
    if ramp.notna().any():
        series.append(Series("law", "ESM scaling limit", theme.NEUTRAL, step=True, dash="dot"))
    return over_time(
        "Concurrent executions vs. limits",
        report.concurrency.assign(law=ramp),
        series,
        "executions",
        viewer,
        limits=(*report.limits, *report.alarm_lines),
        height=300,
        counts=True,
        earlier=earlier.lines(lambda before: before.concurrency[["observed"]]) if earlier else None,
    )


def _binding_ramp(report: ConcurrencyReport) -> pd.Series:
    """What ESM scaling allowed where that was all that ran, and less than every limit: elsewhere it held nothing back."""
    observed, ramp = report.concurrency["observed"], report.concurrency["law"]
    lowest = min((limit.value for limit in report.limits), default=float("inf"))
    return ramp.where((ramp < lowest) & (observed >= BINDING_SHARE * ramp))


def throttles(report: ConcurrencyReport, viewer: tzinfo, earlier: EarlierReport | None = None) -> go.Figure:
    return over_time(
        "Throttles",
        report.throttles,
        [Series("throttles", "throttled invocations", theme.THROTTLED, fill=True, step=True)],
        per_period("throttles", report.throttles),
        viewer,
        limits=report.throttle_lines,
        counts=True,
        write=number,
        earlier=earlier.lines(lambda before: before.throttles) if earlier else None,
    )


def batches(report: ConcurrencyReport, viewer: tzinfo, earlier: EarlierReport | None = None) -> go.Figure:
    limits = (
        [Threshold("now: maximum" if report.at else "maximum", float(report.batch_size))] if report.batch_size else []
    )
    return over_time(
        "Batch size",
        report.batch,
        [Series("fill", "messages per invocation", theme.IN_FLIGHT)],
        "messages",
        viewer,
        limits=limits,
        earlier=earlier.lines(lambda before: before.batch) if earlier else None,
    )


def drain(times: pd.Series, selected: int) -> go.Figure:
    """Time to drain by concurrency. ``times``: index concurrency, values in seconds, NaN where it never drains."""
    highest = times.max()
    unit, size = time_unit(0.0 if highest != highest else float(highest))
    chart = figure("Drain time by concurrency", unit, "maximum concurrency", 240)
    chart.add_scatter(
        x=times.index,
        y=times / size,
        name="time to drain",
        showlegend=False,
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
