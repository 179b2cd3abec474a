"""The metrics of an incident as a Plotly figure: a panel each, with the incident and what happened in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ops.runbooks.report.model import EntryKind, IncidentMetric, IncidentMetrics, IncidentReport
from ops.untrusted_text import safe

_LINE, _BAR, _INCIDENT, _INK, _GRID = "#2470c2", "#d8552b", "rgba(216,85,43,.10)", "#3b424c", "rgba(125,134,148,.25)"
_CHANGE = "#23946b"
_MARKS = {
    EntryKind.DEPLOY: ("deploy", "#8168d8"),
    EntryKind.CONFIG: ("config", "#8f7a62"),
    EntryKind.REDRIVE: ("redrive", _CHANGE),
    EntryKind.PURGE: ("purge", "#b83a14"),
    EntryKind.RUN: ("run", "#3b424c"),
}
_FEW = 5
"""Counts below which the axis has a tick for each: there is no half message."""
_APART = 0.03
"""Marks of one label that are closer than this share of the width are drawn as one."""
LEFT, RIGHT, TOP = 60, 20, 84
"""Margins in pixels; the title and the rows of labels are in the one on top."""
_ROWS_PX = (4, 18, 32)
"""Where rows of labels are above the first chart. A label that fits into none is left out; its line is drawn."""
_CHARACTER_PX, _TITLE_CHARACTER_PX, _GAP_PX = 6.2, 7.4, 8


def metrics_figure(report: IncidentReport, metrics: IncidentMetrics, width: int, height: int) -> go.Figure:
    """A chart per metric over one time axis, with the run's events; ``width`` and ``height`` in pixels."""
    rows = len(metrics.series)
    titles = [f"{series.name} ({_unit(series)})" for series in metrics.series]
    figure = make_subplots(rows=rows, cols=1, shared_xaxes=True, vertical_spacing=0.05, subplot_titles=titles)
    times = [metrics.start + timedelta(seconds=metrics.period_s * at) for at in range(_length(metrics))]
    for row, series in enumerate(metrics.series, 1):
        figure.add_trace(_trace(series, times), row=row, col=1)
    figure.update_layout(
        width=width,
        height=height,
        margin={"l": LEFT, "r": RIGHT, "t": TOP, "b": 30},
        title={"text": _title(report), "x": 0, "xref": "paper", "font": {"size": 17}, "y": 0.985, "yanchor": "top"},
        font={"family": "sans-serif", "color": _INK, "size": 12},
        paper_bgcolor="#ffffff",
        plot_bgcolor="#ffffff",
        showlegend=False,
        bargap=0,
    )
    figure.update_yaxes(rangemode="tozero", gridcolor=_GRID, zeroline=False, nticks=4)
    for row, series in enumerate(metrics.series, 1):
        if max(series.known, default=0.0) < _FEW:
            figure.update_yaxes(dtick=1, row=row, col=1)
    figure.update_xaxes(range=[metrics.start, metrics.end], gridcolor=_GRID, tickformat="%H:%M\n%-d %b")
    figure.update_annotations(x=0, xanchor="left", font={"size": 13})
    if report.period.alarms:
        figure.add_vrect(x0=report.period.start, x1=report.period.end, fillcolor=_INCIDENT, line_width=0, layer="below")
    marks = list(_marks(report, metrics))
    for at, _, color in marks:
        figure.add_vline(x=at, line={"color": color, "width": 1, "dash": "dot"})
    ends = [len(titles[0]) * _TITLE_CHARACTER_PX, 0.0, 0.0]  # the first chart's title is in the lowest row
    plot = width - LEFT - RIGHT
    for at, label, color in marks:
        x = plot * ((at - metrics.start) / (metrics.end - metrics.start))
        needed = len(label) * _CHARACTER_PX
        left = min(x, plot - needed)
        free = next((place for place, end in enumerate(ends) if end + _GAP_PX <= left), None)
        if free is not None:
            ends[free] = left + needed
            figure.add_annotation(
                x=left / plot, xref="paper", y=1, yref="paper", yanchor="bottom", yshift=_ROWS_PX[free],
                text=label, showarrow=False, font={"size": 11, "color": color}, xanchor="left",
            )  # fmt: skip
    return figure


def _title(report: IncidentReport) -> str:
    """Plotly reads a subset of HTML in texts."""
    shaded = "; shaded: the incident" if report.period.alarms else ""
    return escape(safe(f"{report.title}: {report.run.workload}, {report.place}", 90) + f" (UTC{shaded})")


def _unit(series: IncidentMetric) -> str:
    return f"{series.unit} per period" if series.sums else series.unit


def _length(metrics: IncidentMetrics) -> int:
    return max((len(series.values) for series in metrics.series), default=0)


def _trace(series: IncidentMetric, times: list[datetime]) -> Any:
    values = list(series.values)
    if series.sums:
        return go.Bar(x=times[: len(values)], y=values, marker={"color": _BAR, "line": {"width": 0}})
    line = {"color": _LINE, "width": 1.5, "shape": "hv"}
    return go.Scatter(x=times[: len(values)], y=values, mode="lines", line=line, fill="tozeroy", connectgaps=False)


def _marks(report: IncidentReport, metrics: IncidentMetrics) -> Iterator[tuple[datetime, str, str]]:
    apart = (metrics.end - metrics.start) * _APART
    last: dict[str, datetime] = {}
    for entry in report.timeline:
        label, color = _MARKS.get(entry.kind, ("", ""))
        if entry.kind is EntryKind.STEP and entry.changes:
            label, color = escape(entry.step), _CHANGE
        seen = last.get(label)
        if label and metrics.start <= entry.at <= metrics.end and (seen is None or entry.at - seen > apart):
            last[label] = entry.at
            yield entry.at, label, color
