"""Shared by all charts: quiet axes with units, named limits, UTC on hover, a range that is selected by dragging.

A chart's title and remark are HTML on the page (``widgets.chart``), where they wrap; so are the names of its limits,
which no data then crosses. SVG can do neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.formatting import number, plain
from ops.insight.report_types import Threshold

HEIGHT = 260
_PAPER = {"xref": "paper", "yref": "paper", "showarrow": False}
GRID = "rgba(125,134,148,.18)"
VALUE_AXIS: dict[str, Any] = {
    "side": "right",
    "gridcolor": GRID,
    "zeroline": False,
    "automargin": True,
    "tickfont": {"size": 12},
}
"""Ticks are on the right: however long they are, every plot of a page starts below its title."""
TIME_TICKS = [
    {"dtickrange": [None, 60_000], "value": "%H:%M:%S"},
    {"dtickrange": [60_000, 86_400_000], "value": "%H:%M\n%-d %b"},
    {"dtickrange": [86_400_000, None], "value": "%-d %b\n%Y"},
]
_DASHES = ("dash", "dashdot", "longdashdot")
"""For the limits in one chart, lowest first."""
_MAX_LIMIT_RATIO = 4.0
"""A limit up to this many times the highest value is drawn; a higher one would flatten the data and is only named."""


BAR_LABEL = 72
"""Pixels at the right for the label of the longest bar."""


def figure(title: str, unit: str = "", x_title: str = "", height: int = HEIGHT) -> go.Figure:
    """An empty chart with the shared layout. ``unit``: of the vertical axis, which the page shows beside the title."""
    return go.Figure(
        layout={
            "title": {"text": plain(title)},  # drawn by the page
            "meta": {"unit": unit},
            "height": height,
            "margin": {"l": 0, "r": 8, "t": 10, "b": 8},
            "hovermode": "x unified",
            "uirevision": "kept",  # the reader's zoom stays when new values come
            "showlegend": True,
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "y": 1.0,
                "yanchor": "bottom",
                "yref": "paper",
                "font": {"size": 13},
                "itemsizing": "constant",
            },
            "xaxis": {
                "title": {"text": x_title, "font": {"size": 12}, "standoff": 4},
                "showgrid": False,
                "automargin": "height",
                "linecolor": GRID,
                "showline": True,
            },
            "yaxis": {**VALUE_AXIS, "rangemode": "tozero", "nticks": 6},
            "bargap": 0.08,
        }
    )


def over_time_axis(chart: go.Figure) -> None:
    """Times without an axis title: the page names its zone once."""
    chart.update_xaxes(type="date", tickformatstops=TIME_TICKS)


def add_limits(
    chart: go.Figure, limits: Sequence[Threshold], top: float, unit: str, write: Callable[[float], str] | None = None
) -> str:
    """Draw limits dashed, with their names for the page. Those too far above the data are returned as text instead."""
    near = [limit for limit in limits if limit.value <= top * _MAX_LIMIT_RATIO]
    for place, limit in enumerate(sorted(near, key=lambda limit: limit.value)):
        chart.add_hline(y=limit.value, **_mark(chart, limit_text(limit, unit, write), _DASHES[place % len(_DASHES)]))
    beyond = sorted((limit for limit in limits if limit not in near), key=lambda limit: limit.value)
    far = [limit_text(limit, unit, write) for limit in beyond]
    return "↑ " + ", ".join(far) if far else ""


def limit_text(limit: Threshold, unit: str, write: Callable[[float], str] | None = None) -> str:
    """``alarm oldest-message-age 9 min``."""
    return f"{plain(limit.name)} {write(limit.value) if write else f'{number(limit.value)} {unit}'}"


def add_mark(chart: go.Figure, x: float, name: str, dash: str = _DASHES[0]) -> None:
    """Mark a value on the horizontal axis, dashed, with its name for the page."""
    chart.add_vline(x=x, **_mark(chart, plain(name), dash))


def _mark(chart: go.Figure, name: str, dash: str) -> dict[str, Any]:
    """The style of a line whose name the page shows above the chart, where it wraps."""
    _set_meta(chart, lines=[*lines(chart), (name, dash)])
    return {"name": name, "line": {"dash": dash, "width": 1.2, "color": theme.NEUTRAL}}


def lines(chart: go.Figure) -> list[tuple[str, str]]:
    """Names and dashes of the chart's limits and marks."""
    return [(name, dash) for name, dash in (chart.layout.meta or {}).get("lines", ())]


def whole(chart: go.Figure, top: float) -> None:
    """Whole-number ticks for small counts."""
    if top < 6:
        chart.update_yaxes(dtick=1, range=[0, max(1.0, top) * 1.2])


def set_remark(chart: go.Figure, text: str) -> None:
    """A remark that the page shows beside the chart's title."""
    _set_meta(chart, remark=text)


def remark(chart: go.Figure) -> str:
    """The remark of ``set_remark``, or nothing."""
    return _meta(chart, "remark")


def unit(chart: go.Figure) -> str:
    """The unit of the vertical axis, for the page to show beside the title."""
    return _meta(chart, "unit")


def set_all_zero(chart: go.Figure, text: str) -> None:
    """Say in ``text`` what the page shows instead of a chart in which everything is 0."""
    _set_meta(chart, all_zero=text)


def all_zero(chart: go.Figure) -> str:
    """The text of ``set_all_zero``, or nothing."""
    return _meta(chart, "all_zero")


def _set_meta(chart: go.Figure, **texts: Any) -> None:
    chart.update_layout(meta={**(chart.layout.meta or {}), **texts})


def _meta(chart: go.Figure, name: str) -> str:
    return str((chart.layout.meta or {}).get(name, ""))


def show_empty(chart: go.Figure, why: str) -> None:
    """Keep the axes, so that the layout stays, and show the reason in the middle."""
    chart.add_annotation(text=plain(why), **_PAPER, x=0.5, y=0.5, font={"size": 14, "color": theme.NEUTRAL})
    chart.update_yaxes(range=[0, 1], showticklabels=False)


def local(times: pd.Index | Sequence[datetime], viewer: tzinfo) -> np.ndarray[Any, Any]:
    """Aware times, of any zones, as the viewer's wall clock without a zone: Plotly shows the digits it is given."""
    return pd.DatetimeIndex(pd.to_datetime(times, utc=True)).tz_convert(viewer).tz_localize(None).to_numpy()


def faded(colour: str, share: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def time_unit(highest_s: float) -> tuple[str, float]:
    """The unit in which seconds read best up to ``highest_s``, and the seconds in it."""
    for unit, size in (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)):
        if highest_s >= 3 * size:
            return unit, size
    return "seconds", 1.0
