"""Overview: work, backlog, failures and duration one above the other on one time axis, with what happened meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo
from typing import Any

import numpy as np
import pandas as pd

from dashboard import theme
from dashboard.charts.drawing.base import faded, local, set_instead, set_remark
from dashboard.charts.drawing.chart import Chart
from dashboard.charts.drawing.comparison import OPACITY, EarlierLines, EarlierReport, faint_line
from dashboard.charts.drawing.series import hover
from dashboard.charts.drawing.time_series import Series, fit, per_period, percentile_series, points_to_mark
from dashboard.charts.failures import PATTERNS
from dashboard.charts.timeline.event_lanes import MARKS, MAX_EVENTS, event_shapes, event_traces, lanes_axis, starts
from dashboard.charts.timeline.layout import add_limit, stacked_layout
from dashboard.formatting import number, plain
from ops.insight.report_types import Threshold
from ops.insight.reports.overview_parts.timeline import DlqArrivals, OverviewTimeline

ROWS = (
    (
        "messages per minute",
        (
            Series("sent", "arriving", theme.VISIBLE),
            Series("deleted", "processed", theme.PROCESSED, dash=theme.PROCESSED_DASH),
        ),
    ),
    (
        "messages in the queue",
        (
            Series("visible", "queued", theme.VISIBLE, fill=True, step=True),
            Series("in_flight", "in flight", theme.IN_FLIGHT, step=True, dash="dot"),
        ),
    ),
    ("failed invocations", (Series("errors", "failed", theme.WARNING, step=True),)),
    ("dead letters", (Series("dead", "in the DLQ", theme.DEAD, fill=True, step=True),)),
    ("duration (s)", percentile_series()),
)
COUNTED = ("visible", "errors", "dead")
"""The first columns of the rows whose values are whole numbers."""
MIN_TICKS = 4
"""Fewer messages than this have a tick each: there are no halves of them."""
ARRIVALS = "DLQ arrivals"
"""A further chart, at the bottom, where the causes of messages that arrived are known. The page has its legend below, which
may take several lines."""


def timeline(report: OverviewTimeline, viewer: tzinfo, earlier: EarlierReport | None = None) -> Chart:
    frame, window = report.frame, report.readings.window
    before = _earlier_lines(earlier)
    events = sorted(report.events, key=lambda event: event.end)[-MAX_EVENTS:]
    lanes = [kind for kind in MARKS if any(event.kind == kind for event in events)]
    measured = bool(frame.notna().any(axis=None))
    rows = _rows(frame)
    titles = [unit for unit, _ in rows] + ([per_period(ARRIVALS, frame)] if report.arrivals is not None else [])
    unknown = {"showticklabels": False, "range": [0, 1]} if events and not measured else {}
    layout = stacked_layout(titles, max(1, len(lanes)), unknown)
    for row, (_, series) in enumerate(rows, start=2):
        columns = [line.column for line in series]
        highest = _highest_count(columns, frame, before)
        only_zeros = not highest and frame[columns].notna().any(axis=None)
        layout[f"yaxis{row}"] |= _whole_ticks(highest) if columns[0] in COUNTED or only_zeros else {}
    layout["yaxis"] |= lanes_axis(lanes)
    layout["xaxis"] |= {"showline": False}
    traces = _lines(rows, frame, viewer, before)
    if report.arrivals is not None:
        row = 1 + len(titles)
        traces += _arrivals(row, report.arrivals, local(frame.index, viewer), window.period)
        layout[f"yaxis{row}"] |= _whole_ticks(_highest(report.arrivals))
    if report.timeout_ms and frame["p99_ms"].max() > report.timeout_ms / 4:
        add_limit(layout, len(rows) + 1, Threshold("timeout", report.timeout_ms / 1000).read_now(window))
    layout["shapes"] += event_shapes(events, viewer, range(2, 2 + len(titles)))
    chart = Chart(layout, [*traces, *event_traces(events, viewer, window)])
    if not measured and not events:
        set_instead(chart, "no data in this range")
    late = fit(
        chart, frame.assign(event=starts(frame, [event for event in events if event.start > window.start])), viewer
    )
    hidden = len(report.events) - len(events)
    left_out = f"{number(hidden)} earlier events are not drawn" if hidden else ""
    compared = _compared(earlier, before)
    set_remark(chart, " · ".join(filter(None, ("" if measured else "no data in this range", late, left_out, compared))))
    return chart


def _rows(frame: pd.DataFrame) -> list[tuple[str, tuple[Series, ...]]]:
    """Without that of the dead letters where there are none: a line of zeros says nothing."""
    return [(unit, series) for unit, series in ROWS if series[0].column != "dead" or frame["dead"].fillna(0).any()]


def _lines(
    rows: list[tuple[str, tuple[Series, ...]]], frame: pd.DataFrame, viewer: tzinfo, before: EarlierLines | None
) -> list[dict[str, Any]]:
    times = local(frame.index, viewer)
    traces = []
    for row, (title, series) in enumerate(rows, start=2):
        unit = "" if series[0].column in COUNTED else title  # "1 dead letters"
        for line in series:
            name = per_period(line.name, frame) if line.column == "errors" else line.name
            traces.append(_line(row, replace(line, name=name), times, frame[line.column], unit))
            if (points := points_to_mark(frame[line.column])).notna().any():
                traces.append(_points(row, line, times, points))
            if before is not None:
                traces.append(_earlier(row, line, before, viewer, unit))
    return traces


def _arrivals(row: int, arrivals: DlqArrivals, times: object, period: int) -> list[dict[str, Any]]:
    """Stacked; told apart by pattern as well."""
    return [
        {
            "type": "bar",
            "x": times,
            "y": [count or None for count in counts],
            "name": plain(name),
            "showlegend": False,
            "offset": 0,
            "width": period * 1000,
            "marker": {
                "color": theme.ERROR_TYPES[place % len(theme.ERROR_TYPES)],
                "line": {"width": 0},
                "pattern": {"shape": PATTERNS[place % len(PATTERNS)], "solidity": 0.25},
            },
            "hovertemplate": "%{y:,.0f}",
            "xaxis": f"x{row}",
            "yaxis": f"y{row}",
        }
        for place, (name, counts) in enumerate(arrivals.causes)
    ]


def _highest_count(columns: list[str], frame: pd.DataFrame, before: EarlierLines | None) -> float:
    """The highest count of both ranges, as the earlier one is drawn on the same axes."""
    frames = [frame, *([before.frame] if before else [])]
    return float(np.nanmax([0.0, *(frame[column].max() for frame in frames for column in columns)]))


def _whole_ticks(highest: float) -> dict[str, Any]:
    """Axis settings with integer ticks for small counts; up to 1 where all are 0."""
    return {"dtick": 1, "range": [0, max(1.0, highest) * 1.1]} if highest < MIN_TICKS else {}


def _highest(arrivals: DlqArrivals) -> float:
    """The most messages in one period."""
    return max(map(sum, zip(*(counts for _, counts in arrivals.causes), strict=True)))


def _earlier_lines(earlier: EarlierReport | None) -> EarlierLines | None:
    if earlier is None or earlier.report.timeline is None:
        return None
    lines = earlier.lines(lambda before: before.timeline.frame)
    return lines if lines.frame.notna().any(axis=None) else None


def _compared(earlier: EarlierReport | None, before: EarlierLines | None) -> str:
    if earlier is None:
        return ""
    return f"no data for the {earlier.label}" if before is None else f"faint, dotted: {earlier.label}"


def _earlier(row: int, line: Series, before: EarlierLines, viewer: tzinfo, unit: str) -> dict[str, Any]:
    """Without an entry in the row's legend, which has no room: the chart's remark names these lines."""
    values, unit = _values(line, before.frame[line.column], unit)
    return {
        "type": "scatter",
        "x": local(before.frame.index, viewer),
        "y": values,
        "name": f"{line.name}, {before.label}",
        "showlegend": False,
        "mode": "lines",
        "opacity": OPACITY,
        "line": faint_line(line.colour, line.step),
        **hover(values, unit),
        "xaxis": f"x{row}",
        "yaxis": f"y{row}",
    }


def _points(row: int, line: Series, times: object, points: pd.Series) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": times,
        "y": _values(line, points, "")[0],
        "mode": "markers",
        "marker": {"size": 4, "color": line.colour},
        "cliponaxis": False,
        "showlegend": False,
        "hoverinfo": "skip",
        "xaxis": f"x{row}",
        "yaxis": f"y{row}",
    }


def _line(row: int, line: Series, times: object, values: pd.Series, unit: str) -> dict[str, Any]:
    values, unit = _values(line, values, unit)
    return {
        "type": "scatter",
        "x": times,
        "y": values,
        "name": line.name,
        "legend": f"legend{row}",
        "mode": "lines",
        "line": {"color": line.colour, "width": 1.6, "shape": "hv" if line.step else "linear", "dash": line.dash},
        "fill": "tozeroy" if line.fill and values.notna().all() else None,
        "fillcolor": faded(line.colour, 0.16),
        **hover(values, unit),
        "xaxis": f"x{row}",
        "yaxis": f"y{row}",
    }


def _values(line: Series, values: pd.Series, unit: str) -> tuple[pd.Series, str]:
    """Values as drawn, with their unit: milliseconds become seconds."""
    return (values / 1000, "s") if line.column.endswith("_ms") else (values, unit)
