"""Overview: work, backlog, failures and duration one above the other on one time axis, with what happened meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard import theme
from dashboard.charts.base import GRID, TIME_TICKS, VALUE_AXIS, faded, local, set_remark, show_empty
from dashboard.charts.comparison import EarlierLines, EarlierReport
from dashboard.charts.event_lanes import MARKS, MAX_EVENTS, add_events, starts
from dashboard.charts.time_series import Series, fit, per_period, percentile_series
from dashboard.formatting import duration, number, utc
from ops.insight.report_types import Threshold
from ops.insight.reports.timeline import OverviewTimeline

ROW_PX, GAP_PX, LANE_PX, AXIS_PX = 92, 34, 18, 44
"""Heights: of a chart, between two (where the legend is), of a lane of events, and of the axis at the bottom."""
ROWS = (
    (
        "messages per minute",
        (
            Series("sent", "arriving", theme.VISIBLE),
            Series("deleted", "processed", theme.PROCESSED, dash=theme.PROCESSED_DASH),
        ),
    ),
    (
        "messages",
        (
            Series("visible", "queued", theme.VISIBLE, fill=True, step=True),
            Series("in_flight", "in flight", theme.IN_FLIGHT, step=True, dash="dot"),
        ),
    ),
    (
        "",  # two counts: their names say of what
        (
            Series("errors", "failed", theme.WATCH, step=True),
            Series("dead", "in the DLQ", theme.DEAD, fill=True, step=True),
        ),
    ),
    ("duration (s)", percentile_series()),
)


def timeline(report: OverviewTimeline, viewer: tzinfo, earlier: EarlierReport | None = None) -> go.Figure:
    frame = report.frame
    before = _earlier_lines(earlier)
    events = sorted(report.events, key=lambda event: event.end)[-MAX_EVENTS:]
    lanes = [kind for kind in MARKS if any(event.kind == kind for event in events)]
    events_px = LANE_PX * max(1, len(lanes))
    plot_px = events_px + len(ROWS) * (ROW_PX + GAP_PX)
    chart = make_subplots(
        rows=1 + len(ROWS),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=GAP_PX / plot_px,
        row_heights=[events_px, *[ROW_PX] * len(ROWS)],
    )
    times = local(frame.index, viewer)
    moments = [utc(moment) for moment in pd.DatetimeIndex(frame.index).to_pydatetime()]
    for row, (unit, series) in enumerate(ROWS, start=2):
        for line in series:
            name = per_period(line.name, frame) if line.column == "errors" else line.name
            _add_line(chart, row, replace(line, name=name), times, frame[line.column], moments, unit)
            if before is not None:
                _add_earlier(chart, row, line, before, viewer)
        _add_row_title(chart, row, unit or "failures")
    _layout(chart, plot_px + AXIS_PX)
    if report.timeout_ms and frame["p99_ms"].max() > report.timeout_ms / 4:
        _add_limit(
            chart, len(ROWS) + 1, Threshold("timeout", report.timeout_ms / 1000).read_now(report.readings.window)
        )
    if not frame.notna().any(axis=None):
        show_empty(chart, "No data in this range")
    window = report.readings.window
    add_events(
        chart, events, lanes, viewer, window, range(2, 2 + len(ROWS))
    )  # last, so that their lanes stay where there is no data
    late = fit(
        chart, frame.assign(event=starts(frame, [event for event in events if event.start > window.start])), viewer
    )
    hidden = len(report.events) - len(events)
    left_out = f"{number(hidden)} earlier events are not drawn" if hidden else ""
    compared = _compared(earlier, before)
    set_remark(chart, " · ".join(filter(None, (late, left_out, compared))))
    return chart


def _earlier_lines(earlier: EarlierReport | None) -> EarlierLines | None:
    if earlier is None or earlier.report.timeline is None:
        return None
    lines = earlier.lines(lambda before: before.timeline.frame)
    return lines if lines.frame.notna().any(axis=None) else None


def _compared(earlier: EarlierReport | None, before: EarlierLines | None) -> str:
    if earlier is None:
        return ""
    return f"no data the {earlier.label}" if before is None else f"faint, dotted: {earlier.label}"


def _add_earlier(chart: go.Figure, row: int, line: Series, before: EarlierLines, viewer: tzinfo) -> None:
    """Without an entry in the row's legend, which has no room: the chart's remark names these lines."""
    in_seconds = line.column.endswith("_ms")
    values = before.frame[line.column]
    chart.add_scatter(
        x=local(before.frame.index, viewer),
        y=values / 1000 if in_seconds else values,
        name=f"{line.name}, {before.label}",
        showlegend=False,
        mode="lines",
        opacity=0.45,
        line={"color": line.colour, "width": 1.2, "dash": "dot", "shape": "hv" if line.step else "linear"},
        hovertemplate="%{y:,.3~f}",
        row=row,
        col=1,
    )


def _add_line(
    chart: go.Figure,
    row: int,
    line: Series,
    times: object,
    values: pd.Series,
    moments: Sequence[str],
    unit: str,
) -> None:
    in_seconds = line.column.endswith("_ms")
    chart.add_scatter(
        x=times,
        y=values / 1000 if in_seconds else values,
        name=line.name,
        legend=f"legend{row}",
        mode="lines",
        line={"color": line.colour, "width": 1.6, "shape": "hv" if line.step else "linear", "dash": line.dash},
        fill="tozeroy" if line.fill and values.notna().all() else None,
        fillcolor=faded(line.colour, 0.16),
        customdata=moments,
        hovertemplate=f"%{{y:,.3~f}} {'s' if in_seconds else unit}",
        row=row,
        col=1,
    )


def _add_row_title(chart: go.Figure, row: int, text: str) -> None:
    """Above the left end of a row's chart, on the line of its legend."""
    chart.add_annotation(
        text=text,
        x=0,
        xref="paper",
        xanchor="left",
        y=chart.layout[f"yaxis{row}"].domain[1],
        yref="paper",
        yanchor="bottom",
        showarrow=False,
        font={"size": 12},
    )


def _layout(chart: go.Figure, height: int) -> None:
    chart.update_layout(
        title={"text": "Timeline"},
        height=height,
        margin={"l": 0, "r": 8, "t": 4, "b": 8},
        hovermode="x unified",
        hoversubplots="axis",
        uirevision="kept",
        bargap=0,
    )
    for row in range(2, 2 + len(ROWS)):
        domain = chart.layout[f"yaxis{row}"].domain
        legend = {"orientation": "h", "x": 1, "xanchor": "right", "y": domain[1], "yanchor": "bottom"}
        style = {"font": {"size": 11}, "itemsizing": "constant", "bgcolor": "rgba(0,0,0,0)"}
        chart.update_layout({f"legend{row}": legend | style})
    chart.update_xaxes(type="date", tickformatstops=TIME_TICKS, showgrid=False, linecolor=GRID, showline=True)
    chart.update_yaxes(**VALUE_AXIS, rangemode="tozero", nticks=4)


def _add_limit(chart: go.Figure, row: int, limit: Threshold) -> None:
    chart.add_hline(
        y=limit.value,
        line={"dash": "dash", "width": 1.2, "color": theme.NEUTRAL},
        annotation={"text": f"{limit.name} {duration(limit.value)}", "font": {"size": 11, "color": theme.NEUTRAL}},
        row=row,
        col=1,
    )
