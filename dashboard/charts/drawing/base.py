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

from dashboard import theme
from dashboard.charts.drawing.chart import Chart
from dashboard.formatting import number, plain
from ops.insight.report_types import Threshold

HEIGHT = 260
GRID = "rgba(125,134,148,.18)"


def value_ticks(prefix: str = "") -> list[dict[str, Any]]:
    """Formats by the distance of an axis's ticks: all of them have as many decimals as that needs ($0.05 and $0.10, not
    $0.05 and $0.1), money at least two, and thousands are separated."""
    fewest = 2 if prefix else 1
    decimals = [(10.0**-places, 9.5 * 10.0**-places, max(fewest, places)) for places in range(1, 10)]
    stops = [{"dtickrange": [0.95, 95_000], "value": f"{prefix},.0f"}]
    stops.append({"dtickrange": [95_000, None], "value": f"{prefix}.3~s"})  # 1M: the room is for six digits
    return stops + [
        {"dtickrange": [low * 0.95, high], "value": f"{prefix},.{places}f"} for low, high, places in decimals
    ]


VALUE_AXIS: dict[str, Any] = {
    "side": "right",
    "gridcolor": GRID,
    "zeroline": False,
    "automargin": True,
    "tickfont": {"size": 12},
    "tickformatstops": value_ticks(),
}
"""Ticks are on the right: however long they are, every plot of a page starts below its title."""
TIME_TICKS: list[dict[str, Any]] = [
    {"dtickrange": [None, 59_999], "value": "%H:%M:%S"},
    {"dtickrange": [60_000, 86_399_999], "value": "%H:%M\n%-d %b"},
    {"dtickrange": [86_400_000, None], "value": "%-d %b\n%Y"},
]
"""Plotly takes the first one that fits, with both ends: a tick per minute has no seconds, one per day no hours."""
TIME_AXIS: dict[str, Any] = {
    "type": "date",
    "tickformatstops": TIME_TICKS,
    "ticklabeloverflow": "allow",
    "hoverformat": "%-d %b, %H:%M:%S",
}
"""The first tick of an axis has the date. Plotly would hide it where half of it is beside the chart, at the edge of the page's
text, and no other tick would have it. Below the pointer, it would write a moment as the ticks are, or as Dec 1, 2026, 03:06."""
_DASHES = ("dash", "dashdot", "longdashdot")
"""For the limits in one chart, lowest first."""
_MAX_LIMIT_RATIO = 4.0
"""A limit up to this many times the highest value is drawn; a higher one would flatten the data and is only named."""


TICKS_PX = 52
"""Pixels at the right for the labels of the vertical axis: one width, so that the plots of a column line up."""
LEGEND_PX, TIMES_PX, TITLE_PX = 36, 54, 44
"""Pixels above a plot for its legend; below it for times in two lines, or for ticks and the axis's title. Plotly draws a
chart a second time, at up to three times the cost, where it has to make room for them."""
BAR_LABEL = 72
"""Pixels at the right for the label of the longest bar."""


def figure(title: str, unit: str = "", x_title: str = "", height: int = HEIGHT) -> Chart:
    """An empty chart with the shared layout. ``unit``: of the vertical axis, which the page shows beside the title."""
    return Chart(
        {
            "title": {"text": plain(title)},  # drawn by the page
            "meta": {"unit": unit},
            "height": height,
            "margin": {"l": 0, "r": TICKS_PX, "t": 10, "b": TITLE_PX if x_title else 8},
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
                "traceorder": "normal",  # Plotly lists stacked bars from the top, the smallest first
            },
            "xaxis": {
                "title": {"text": x_title, "font": {"size": 12}, "standoff": 9 if x_title else 0},
                "showgrid": False,
                "tickformatstops": value_ticks(),
                "automargin": "height",
                "linecolor": GRID,
                "showline": True,
            },
            "yaxis": {**VALUE_AXIS, "rangemode": "tozero", "nticks": 6},
            "bargap": 0.08,
        }
    )


def over_time_axis(chart: Chart) -> None:
    """Times without an axis title: the page names its zone once."""
    chart.update_xaxes(**TIME_AXIS)
    chart.update_layout(margin={"b": TIMES_PX})


def add_limits(
    chart: Chart, limits: Sequence[Threshold], top: float, unit: str, write: Callable[[float], str] | None = None
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


def add_mark(chart: Chart, x: float, name: str, dash: str = _DASHES[0]) -> None:
    """Mark a value on the horizontal axis, dashed, with its name for the page."""
    chart.add_vline(x=x, **_mark(chart, plain(name), dash))


def _mark(chart: Chart, name: str, dash: str) -> dict[str, Any]:
    """The style of a line whose name the page shows above the chart, where it wraps."""
    _set_meta(chart, lines=[*lines(chart), (name, dash)])
    return {"name": name, "line": {"dash": dash, "width": 1.2, "color": theme.NEUTRAL}}


def lines(chart: Chart) -> list[tuple[str, str]]:
    """Names and dashes of the chart's limits and marks."""
    return [(name, dash) for name, dash in (chart.layout.meta or {}).get("lines", ())]


def has_legend(chart: Chart) -> bool:
    """Whether Plotly draws the shared layout's legend above the plot."""
    layout = chart.layout
    shown = layout.showlegend is not False and "legend" in layout
    return shown and any(trace.showlegend is not False for trace in chart.data)


def whole(chart: Chart, top: float) -> None:
    """Whole-number ticks for small counts, with room for the limits that are drawn already."""
    drawn = [shape.y1 for shape in chart.layout.shapes or () if shape.yref == "y"]
    top = max(top, *drawn, 0.0)
    if top < 6:
        chart.update_yaxes(dtick=1, range=[0, max(1.0, top) * 1.2])


def set_remark(chart: Chart, text: str) -> None:
    """A remark that the page shows beside the chart's title."""
    _set_meta(chart, remark=text)


def remark(chart: Chart) -> str:
    """The remark of ``set_remark``, or nothing."""
    return _meta(chart, "remark")


def unit(chart: Chart) -> str:
    """The unit of the vertical axis, for the page to show beside the title."""
    return _meta(chart, "unit")


def set_instead(chart: Chart, text: str) -> None:
    """The line, escaped, that the page shows instead of a chart that is empty or in which everything is 0."""
    _set_meta(chart, instead=text)


def instead(chart: Chart) -> str:
    """The text of ``set_instead``, or nothing."""
    return _meta(chart, "instead")


def _set_meta(chart: Chart, **texts: Any) -> None:
    chart.update_layout(meta={**(chart.layout.meta or {}), **texts})


def _meta(chart: Chart, name: str) -> str:
    return str((chart.layout.meta or {}).get(name, ""))


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
