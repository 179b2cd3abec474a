"""Failures: errors by type, durations against the timeout, memory against its size, end-to-end latency."""

from __future__ import annotations

from datetime import tzinfo

import numpy as np
import pandas as pd

from dashboard import theme
from dashboard.charts.drawing.base import (
    add_limits,
    figure,
    local,
    over_time_axis,
    set_instead,
    set_remark,
    whole,
)
from dashboard.charts.drawing.chart import Chart
from dashboard.charts.drawing.comparison import EarlierReport
from dashboard.charts.drawing.time_series import Series, add_utc, fit, over_time, per_period, percentile_series
from dashboard.formatting import duration, millis, number, plain
from ops.formatting import count
from ops.insight.report_types import Threshold
from ops.insight.reports.failures import FailuresReport
from ops.insight.rules.duration_counts import DURATION_EDGES_MS

LABEL_CHARACTERS = 40
"""Of an error type in the legend, which is as narrow as a phone."""
MAX_GAPS = 150
"""Columns of the heat map with a gap between them: among more, gaps would leave nothing of the cells."""
PATTERNS = ("", "/", "x", "-", ".", "\\", "|", "+")
"""So that types are told apart without colour, too."""


def errors(report: FailuresReport, viewer: tzinfo) -> Chart:
    """Failed invocations, stacked by error type."""
    frame = report.errors.where(_measured(report))
    chart = figure("Errors by type", per_period("failed invocations", frame))
    over_time_axis(chart)
    times = local(frame.index, viewer)
    for number_of_type, name in enumerate(frame.columns):
        chart.add_bar(
            x=times,
            y=frame[name],
            name=plain(str(name), LABEL_CHARACTERS),
            marker={
                "color": theme.ERROR_TYPES[number_of_type % len(theme.ERROR_TYPES)],
                "line": {"width": 0},
                "pattern": {"shape": PATTERNS[number_of_type % len(PATTERNS)], "solidity": 0.25},
            },
            hovertemplate="%{y:,.0f}",
        )
    add_utc(chart, times, frame.index)
    totals = frame.sum(axis=1)
    top = float(totals.max()) if len(totals) else 0.0
    late = fit(chart, frame, viewer)
    far = add_limits(chart, report.error_lines, top, "", number)
    whole(chart, top)
    chart.update_layout(barmode="stack", bargap=0)
    set_remark(chart, " · ".join(filter(None, (late, far))))
    return chart


def jobs(report: FailuresReport, viewer: tzinfo) -> Chart:
    """Jobs that the handler counted in invocations that succeeded."""
    names = {
        "jobs_failed": ("failed, returned to the queue", theme.WARNING),
        "jobs_rejected": ("rejected, in the DLQ", theme.DEAD),
    }
    return over_time(
        "Failed jobs",
        report.jobs.fillna(0).where(_measured(report)),  # a count has no point where nothing was counted
        [Series(column, *names[column], fill=True, step=True) for column in names if column in report.jobs],
        per_period("jobs", report.jobs),
        viewer,
        counts=True,
    )


def _measured(report: FailuresReport) -> pd.Series:
    """The periods from the first to the last in which anything was measured."""
    frames = (report.durations, report.jobs, report.end_to_end, report.errors.where(report.errors > 0))
    known = pd.concat([frame.notna().any(axis=1) for frame in frames], axis=1).any(axis=1)
    return known.cummax() & known[::-1].cummax()[::-1]


def durations(report: FailuresReport, viewer: tzinfo, earlier: EarlierReport | None = None) -> Chart:
    """Against the timeout, which ends an invocation and fails its whole batch."""
    return over_time(
        "Duration percentiles",
        report.durations,
        percentile_series(),
        "seconds",
        viewer,
        limits=report.duration_lines,
        scale=1000.0,
        write=duration,
        read=lambda seconds: millis(seconds * 1000),
        earlier=earlier.lines(lambda before: before.durations) if earlier else None,
    )


def end_to_end(report: FailuresReport, viewer: tzinfo, earlier: EarlierReport | None = None) -> Chart:
    """Latency from the sending of a message to the success of its job, including the wait in the queue."""
    return over_time(
        "End-to-end latency (sent to succeeded)",
        report.end_to_end,
        percentile_series("e2e_"),
        "seconds",
        viewer,
        scale=1000.0,
        write=duration,
        read=lambda seconds: millis(seconds * 1000),
        earlier=earlier.lines(lambda before: before.end_to_end) if earlier else None,
    )


def heat_map(report: FailuresReport, viewer: tzinfo) -> Chart:
    """Heat map of invocations by duration over time."""
    counts = report.duration_counts
    chart = figure("Duration distribution", "invocations by duration")
    over_time_axis(chart)
    used = counts.loc[:, counts.sum() > 0] if len(counts) else counts
    if used.empty or not used.size:
        nothing = "no invocation in this time range has a duration in the logs"
        set_instead(chart, plain(f"unknown: {report.unread}") if report.unread else nothing)
        return chart
    edges = [edge for edge in DURATION_EDGES_MS if float(used.columns[0]) <= edge <= float(used.columns[-1])]
    shown = counts[edges]
    moments = pd.DatetimeIndex(shown.index).tz_convert("UTC")
    labels = [f"≤ {millis(edge)}" for edge in edges]
    cells = [
        [
            f"{count(found, 'invocation')} of {_bin(edge)}<br>{moment:%Y-%m-%d %H:%M:%S} UTC" if found > 0 else ""
            for found, moment in zip(shown[edge], moments, strict=True)
        ]
        for edge in edges
    ]
    chart.add_heatmap(
        x=local(shown.index, viewer),
        y=labels,
        z=np.where(shown.T > 0, shown.T, np.nan),
        colorscale=[[0, "rgba(36,112,194,.4)"], [1, theme.VISIBLE]],
        zmin=0,
        showscale=False,
        customdata=cells,
        hovertemplate="%{customdata}<extra></extra>",
        xgap=1 if len(shown) <= MAX_GAPS else 0,
        ygap=1,
    )
    chart.update_yaxes(type="category", showgrid=False, rangemode="normal")
    chart.update_layout(hovermode="closest", showlegend=False)
    # "Strongest", as it is the brightest of a dark scheme.
    strongest = f"strongest color: {count(float(np.nanmax(shown.to_numpy())), 'invocation')}"
    set_remark(chart, " · ".join(filter(None, (strongest, fit(chart, shown.where(shown > 0), viewer)))))
    return chart


def memory(report: FailuresReport, viewer: tzinfo) -> Chart:
    """Against the memory size: a line of its own where that changed in the range."""
    sizes = report.memory["memory_size_mb"].dropna().unique()
    lines = [Series("memory_used_mb", "highest use", theme.VISIBLE)]
    if len(sizes) > 1:
        lines.append(Series("memory_size_mb", "memory size", theme.NEUTRAL, step=True, dash="dash"))
    limits = [Threshold("memory size", float(sizes[0]))] if len(sizes) == 1 else []
    return over_time("Memory used", report.memory, lines, "MB", viewer, limits=limits)


def _bin(edge_ms: float) -> str:
    lower = max((edge for edge in DURATION_EDGES_MS if edge < edge_ms), default=0)
    return f"{millis(lower) if lower else '0'}–{millis(edge_ms)}"
