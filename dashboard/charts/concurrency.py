"""Concurrency: executions against limits, throttles and batch size."""

from __future__ import annotations

from datetime import tzinfo
from math import isnan

import pandas as pd

from dashboard import theme
from dashboard.charts.drawing.base import instead, local
from dashboard.charts.drawing.chart import Chart
from dashboard.charts.drawing.comparison import EarlierReport
from dashboard.charts.drawing.time_series import Series, over_time, per_period
from dashboard.formatting import number
from ops.insight.report_types import Threshold
from ops.insight.reports.concurrency import ConcurrencyReport


def executions(report: ConcurrencyReport, viewer: tzinfo, earlier: EarlierReport | None = None) -> Chart:
    law = _law(report)
    series = [Series("observed", "actual", theme.IN_FLIGHT, fill=True, step=True)]
    if law.notna().any():
        series.append(Series("law", "allowed by scaling", theme.NEUTRAL, step=True, dash="dot"))
    chart = over_time(
        "Concurrent executions vs. limits",
        report.concurrency.assign(law=law),
        series,
        "executions",
        viewer,
        limits=(*report.limits, *report.alarm_lines),
        height=300,
        counts=True,
        earlier=earlier.lines(lambda before: before.concurrency[["observed"]]) if earlier else None,
    )
    if not instead(chart) and _add_marks(chart, report, viewer):
        chart.update_trace("actual", showlegend=True)
    return chart


def _law(report: ConcurrencyReport) -> pd.Series:
    """Concurrency that ESM scaling allowed while messages waited, where it was below every other limit."""
    lowest = _lowest_limit(report)
    law = [period.law if period.waiting and period.law < lowest else float("nan") for period in report.ramp]
    return pd.Series(law or float("nan"), index=report.concurrency.index, dtype=float)


def _lowest_limit(report: ConcurrencyReport) -> float:
    return min((limit.value for limit in report.limits), default=float("inf"))


def _add_marks(chart: Chart, report: ConcurrencyReport, viewer: tzinfo) -> bool:
    """Periods with throttles, and those in which failures made the mapping reduce its concurrency below every limit; whether
    there are any."""
    throttled = [period.throttles for period in report.ramp]
    failed = [
        period.errors if period.backed_off and period.law < _lowest_limit(report) else 0.0 for period in report.ramp
    ]
    any_marked = False
    times = local(report.concurrency.index, viewer)
    for name, symbol, colour, counts, text in (
        ("throttled", "x", theme.THROTTLED, throttled, "{} throttled"),
        ("ESM backs off", "triangle-down", theme.WARNING, failed, "{} failed: back-off"),
    ):
        found = [at for at, count in enumerate(counts) if count]
        if found:
            any_marked = True
            chart.add_scatter(
                x=[times[at] for at in found],
                y=[0.0 if isnan(report.ramp[at].observed) else report.ramp[at].observed for at in found],
                name=name,
                mode="markers",
                marker={"symbol": symbol, "size": 8, "color": colour},
                customdata=[text.format(number(counts[at])) for at in found],
                hovertemplate="%{customdata}<extra></extra>",
            )
    return any_marked


def throttles(report: ConcurrencyReport, viewer: tzinfo, earlier: EarlierReport | None = None) -> Chart:
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


def batches(report: ConcurrencyReport, viewer: tzinfo, earlier: EarlierReport | None = None) -> Chart:
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
