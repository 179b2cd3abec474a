"""Layout of the Overview's timeline: lanes of events, and charts below them on one time axis. As plain data: each call of
Plotly on a figure of five charts takes milliseconds, so the figure is made in one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from plotly.subplots import make_subplots

from dashboard import theme
from dashboard.charts.drawing.base import GRID, TIME_AXIS, VALUE_AXIS
from dashboard.formatting import duration
from ops.insight.report_types import Threshold

ROW_PX, GAP_PX, LANE_PX, AXIS_PX = 92, 34, 18, 44
"""Heights: of a chart, between two (where the legend is), of a lane of events, and of the axis at the bottom."""


@cache
def _grid(events_px: int, rows: int) -> dict[str, Any]:
    """The axes of the lanes and of ``rows`` charts below them, one above the other."""
    plot_px = events_px + rows * (ROW_PX + GAP_PX)
    grid = make_subplots(
        rows=1 + rows,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=GAP_PX / plot_px,
        row_heights=[events_px, *[ROW_PX] * rows],
    )
    axes: dict[str, Any] = grid.layout.to_plotly_json()
    axes.pop("template", None)
    return {**axes, "height": plot_px + AXIS_PX}


def stacked_layout(titles: Sequence[str], lanes: int, values_more: dict[str, Any]) -> dict[str, Any]:
    """``titles``: of the charts below the lanes. ``values_more``: of their vertical axes. The caller may change it."""
    layout: dict[str, Any] = {
        "title": {"text": "Timeline"},
        "margin": {"l": 0, "r": 72, "t": 8, "b": 41},  # what its labels need
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "uirevision": "kept",
        "bargap": 0,
        "barmode": "stack",
        "annotations": [],
        "shapes": [],
    }
    times = {**TIME_AXIS, "automargin": "height", "showgrid": False, "linecolor": GRID, "showline": True}
    values = {**VALUE_AXIS, "rangemode": "tozero", "nticks": 4, **values_more}
    for name, setting in _grid(LANE_PX * lanes, len(titles)).items():
        style = times if name.startswith("xaxis") else values if name.startswith("yaxis") else None
        layout[name] = setting if style is None else {**setting, **style}
    for row, title in enumerate(titles, start=2):
        top = layout[f"yaxis{row}"]["domain"][1]
        legend = {"orientation": "h", "x": 1, "xanchor": "right", "y": top, "yanchor": "bottom"}
        style = {"font": {"size": 11}, "itemsizing": "constant", "bgcolor": "rgba(0,0,0,0)"}
        layout[f"legend{row}"] = legend | style
        layout["annotations"].append(_row_title(title, top))
    return layout


def _row_title(text: str, top: float) -> dict[str, Any]:
    """Above the left end of a row's chart, on the line of its legend. ``top``: of the chart, 0 to 1."""
    return {
        "text": text,
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": top,
        "yref": "paper",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12},
    }


def add_limit(layout: dict[str, Any], row: int, limit: Threshold) -> None:
    across, quiet = {"xref": f"x{row} domain", "yref": f"y{row}"}, theme.NEUTRAL
    line = {"dash": "dash", "width": 1.2, "color": quiet}
    layout["shapes"].append(
        {"type": "line", "x0": 0, "x1": 1, "y0": limit.value, "y1": limit.value, "line": line, **across}
    )
    layout["annotations"].append(
        {
            "text": f"{limit.name} {duration(limit.value)}",
            "x": 1,
            "xanchor": "right",
            "y": limit.value,
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": 11, "color": quiet},
            **across,
        }
    )
