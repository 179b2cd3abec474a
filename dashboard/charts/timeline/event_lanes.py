"""Events above the Overview's charts: a lane for each kind, and faint bands through the charts below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

import pandas as pd

from dashboard import theme
from dashboard.charts.drawing.base import local
from dashboard.formatting import plain, utc
from ops.insight.report_types import Window
from ops.insight.sources.event_model import ALARM, CONFIG, DEPLOY, MEASUREMENT, PURGE, REDRIVE, Event

MARKS = {
    ALARM: ("In alarm", theme.DEAD),
    REDRIVE: ("Redrive", theme.VISIBLE),
    PURGE: ("Purge", theme.DELAYED),
    MEASUREMENT: ("Measurement", theme.WARM),
    CONFIG: ("Configuration", theme.COLD),
    DEPLOY: ("Deployment", theme.NEUTRAL),
}
"""Lanes of events, from the bottom up."""
THICKNESS_PX = 8
BAND_OPACITY = 0.07
MAX_EVENTS = 100
"""Events that are drawn, the latest to end: each is up to seven shapes, and a browser is slow with thousands."""


def starts(frame: pd.DataFrame, events: Sequence[Event]) -> pd.Series:
    """1 in each period in which an event started, so that none is left out of a shorter axis."""
    starts = pd.Series(float("nan"), index=frame.index)
    for event in events:
        at = int(frame.index.searchsorted(event.start, side="right")) - 1
        if at >= 0:
            starts.iloc[at] = 1.0
    return starts


def lanes_axis(lanes: Sequence[str]) -> dict[str, Any]:
    """The vertical axis of the lanes: one for each kind."""
    return {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": [MARKS[kind][0] for kind in lanes],
        "dtick": 1,  # Plotly would leave out every other name of five lanes
        "showgrid": False,
        "range": [-0.5, max(1, len(lanes)) - 0.5],
        "tickfont": {"size": 11},
        "showticklabels": bool(lanes),
    }


def event_traces(events: Sequence[Event], viewer: tzinfo, window: Window) -> list[dict[str, Any]]:
    """Each event in the lane of its kind, on the first axes."""
    traces = []
    for event in events:
        label, colour = MARKS[event.kind]
        start, end = local([event.start, event.end], viewer)
        since = f"since {utc(window.start)} or earlier" if event.start <= window.start else f"from {utc(event.start)}"
        until = "to the end of this range" if event.ongoing else f"until {utc(event.end)}"
        span = utc(event.start) if event.start == event.end else f"{since}, {until}"
        symbol = "diamond" if event.start == event.end else "line-ns"
        traces.append(
            {
                "type": "scatter",
                "x": [start, end],
                "y": [label, label],
                "name": label,
                "showlegend": False,
                "mode": "lines+markers",
                "line": {"color": colour, "width": THICKNESS_PX},
                "marker": {"color": colour, "size": THICKNESS_PX, "symbol": symbol},
                "hovertemplate": f"{plain(event.name)}<br>{span}<extra></extra>",
                "xaxis": "x",
                "yaxis": "y",
            }
        )
    return traces


def event_shapes(events: Sequence[Event], viewer: tzinfo, rows: range) -> list[dict[str, Any]]:
    """Through the charts below: a line for a moment, a band for a stretch."""
    shapes: list[dict[str, Any]] = []
    for kind in MARKS:
        colour = MARKS[kind][1]
        line = {"type": "line", "line": {"color": colour, "width": 1, "dash": "dot"}}
        band = {"type": "rect", "fillcolor": colour, "opacity": BAND_OPACITY, "line": {"width": 0}}
        own = [event for event in events if event.kind == kind]
        moments = [(event.start, event.end) for event in own if event.start == event.end]
        for style, spans in ((line, moments), (band, _stretches(own))):
            for x0, x1 in (local(span, viewer) for span in spans):
                shapes += [
                    {**style, "x0": x0, "x1": x1, "y0": 0, "y1": 1, "xref": f"x{row}", "yref": f"y{row} domain"}
                    for row in rows
                ]
    return shapes


def _stretches(events: Sequence[Event]) -> list[tuple[datetime, datetime]]:
    """The times in which at least one of the events lasted: bands over one another would darken, as if that meant more."""
    stretches: list[tuple[datetime, datetime]] = []
    for event in sorted(events, key=lambda event: event.start):
        if event.start == event.end:
            continue
        if stretches and event.start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(stretches[-1][1], event.end))
        else:
            stretches.append((event.start, event.end))
    return stretches
