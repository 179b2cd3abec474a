"""What all charts share: quiet axes with units, named limits, local time with UTC on hover, a range that is dragged.

A chart's question and its remark are texts of the page (``widgets.chart``), where they wrap; the names of its limits are
in the legend, where no data crosses them. SVG can do neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.series import begun_late, since
from dashboard.formatting import number, plain, zone_name
from ops.insight.report_types import Threshold

HEIGHT = 300
_PAPER = {"xref": "paper", "yref": "paper", "showarrow": False}
GRID = "rgba(125,134,148,.18)"
_DASHES = ("dash", "dashdot", "longdashdot")
"""Of limits in one chart, the lowest first."""
_REACH = 4.0
"""A limit is drawn up to this many times the highest value; a farther one would flatten the data: it is named."""


@dataclass(frozen=True)
class Series:
    """One line of a time chart: the frame's column, its name for readers, its colour, and how it is drawn."""

    column: str
    name: str
    colour: str
    fill: bool = False
    step: bool = False
    dash: str = "solid"


BAR_LABEL = 72
"""Pixels at the right for the figure beside the longest bar."""


def figure(question: str, y_title: str, x_title: str = "", height: int = HEIGHT) -> go.Figure:
    """An empty chart with the house's layout. ``question`` is its title."""
    return go.Figure(
        layout={
            "title": {
                "text": plain(question),
                "font": {"size": 16},
                "x": 0,
                "xanchor": "left",
                "y": 1,
                "yanchor": "top",
                "yref": "container",
                "pad": {"t": 4},
            },
            "height": height,
            "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
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
                "automargin": True,
                "linecolor": GRID,
                "showline": True,
            },
            "yaxis": {
                "title": {"text": y_title, "font": {"size": 12}},
                "gridcolor": GRID,
                "zeroline": False,
                "rangemode": "tozero",
                "automargin": True,
                "nticks": 6,
            },
            "bargap": 0.08,
        }
    )


def over_time(
    question: str,
    frame: pd.DataFrame,
    series: Sequence[Series],
    unit: str,
    viewer: tzinfo,
    *,
    limits: Sequence[Threshold] = (),
    scale: float = 1.0,
    counts: bool = False,
    height: int = HEIGHT,
    say: Callable[[float], str] | None = None,
) -> go.Figure:
    """Lines over time. ``scale`` divides every value and limit (60: seconds to minutes), ``unit`` is what results.

    ``counts``: the values are whole numbers. ``say``: how a limit's scaled value is written; with its unit.
    """
    chart = figure(question, unit, f"time, {zone_name(viewer)}", height)
    chart.update_xaxes(type="date", showticklabels=bool(len(frame)))  # no times: an axis of -1 to 6 would deceive
    times = local(frame.index, viewer)
    few = len(frame) <= 40
    late = fit(chart, frame[[one.column for one in series if one.dash == "solid"]], viewer)
    for one in series:
        values = frame[one.column] / scale
        chart.add_scatter(
            x=times,
            y=values,
            name=one.name,
            mode="lines+markers",
            line={"color": one.colour, "width": 1.8, "shape": "hv" if one.step else "linear", "dash": one.dash},
            marker={"size": 4 if few else np.where(_alone(values), 5, 0), "color": one.colour},
            fill="tozeroy" if one.fill and not _gaps(values) else None,
            fillcolor=faded(one.colour, 0.16),
            connectgaps=False,
            hovertemplate="%{y:,.3~f} " + unit,
        )
    add_utc(chart, times, frame.index)
    top = max(
        (float(frame[one.column].max()) / scale for one in series if frame[one.column].notna().any()), default=0.0
    )
    if counts:
        whole(chart, top)
    far = add_limits(chart, [Threshold(line.name, line.value / scale) for line in limits], top, unit, say)
    if remark := " · ".join(filter(None, (late, far))):
        say_aside(chart, remark)
    if not any(frame[one.column].notna().any() for one in series):
        say_empty(chart, "Nothing was measured in this time")
    return chart


def fit(chart: go.Figure, frame: pd.DataFrame, viewer: tzinfo) -> str:
    """Draw the data alone where it covers only a small part of the range, and say since when there is any."""
    if len(frame) < 2:
        return ""
    period = frame.index[1] - frame.index[0]
    end = frame.index[-1] + period
    first = begun_late(frame.notna().any(axis=1), frame.index[0], end)
    if first is None:
        return ""
    chart.update_xaxes(range=list(local(pd.DatetimeIndex([first - period / 2, end]), viewer)))
    return since(first, viewer)


def choose_range(chart: go.Figure, chosen: tuple[datetime, datetime] | None, viewer: tzinfo, drags: int) -> None:
    """Let a drag across a time chart select a range, and draw the one that was ``chosen``, if any, whole.

    All charts of a page so have the same axis, also those whose data began late. ``drags``: another number takes away
    the box that was dragged.
    """
    chart.update_layout(dragmode="select", selectdirection="h", selectionrevision=drags)
    chart.update_xaxes(fixedrange=True)
    chart.update_yaxes(fixedrange=True)
    if chosen:
        chart.update_xaxes(range=list(local(pd.DatetimeIndex(chosen), viewer)))


def _alone(values: pd.Series) -> np.ndarray[Any, Any]:
    """Points without a neighbour, which no line shows."""
    known = values.notna()
    return (known & ~known.shift(1, fill_value=False) & ~known.shift(-1, fill_value=False)).to_numpy()


def _gaps(values: pd.Series) -> bool:
    """Nothing was measured somewhere in between: Plotly would fill the area below a gap as if something had been."""
    known = values.notna().to_numpy().nonzero()[0]
    return bool(len(known)) and known[-1] - known[0] + 1 > len(known)


def add_limits(
    chart: go.Figure, limits: Sequence[Threshold], top: float, unit: str, say: Callable[[float], str] | None = None
) -> str:
    """Dashed, and named in the legend. Those too far above the data to be drawn are returned in words."""
    told = say or (lambda value: f"{number(value)} {unit}")
    near = [line for line in limits if line.value <= top * _REACH]
    for at, line in enumerate(sorted(near, key=lambda one: one.value)):
        chart.add_hline(y=line.value, **_mark(f"{plain(line.name)} {told(line.value)}", _DASHES[at % len(_DASHES)]))
    beyond = sorted((line for line in limits if line not in near), key=lambda one: one.value)
    far = [f"{plain(line.name)} {told(line.value)}" for line in beyond]
    return "↑ " + ", ".join(far) if far else ""


def add_mark(chart: go.Figure, x: float, name: str) -> None:
    """A value on the horizontal axis, dashed, and named in the legend."""
    chart.add_vline(x=x, **_mark(plain(name), _DASHES[0]))


def _mark(name: str, dash: str) -> dict[str, Any]:
    return {"name": name, "showlegend": True, "line": {"dash": dash, "width": 1.2, "color": theme.NEUTRAL}}


def add_utc(chart: go.Figure, times: np.ndarray[Any, Any], index: pd.Index) -> None:
    """One more line in the hover box: the moment in UTC."""
    chart.add_scatter(
        x=times,
        y=np.zeros(len(times)),
        name="UTC",
        mode="lines",
        line={"width": 0},
        opacity=0,
        showlegend=False,
        customdata=pd.DatetimeIndex(index).tz_convert(UTC).strftime("%Y-%m-%d %H:%M:%S").to_numpy(),
        hovertemplate="%{customdata}",
    )


def whole(chart: go.Figure, top: float) -> None:
    """A handful of things has no fractions."""
    if top < 6:
        chart.update_yaxes(dtick=1, range=[0, max(1.0, top) * 1.2])


def say_aside(chart: go.Figure, what: str) -> None:
    """A remark, which the page shows beside the chart's question."""
    chart.update_layout(meta={"aside": what})


def aside(chart: go.Figure) -> str:
    """The remark of ``say_aside``, or nothing."""
    return str((chart.layout.meta or {}).get("aside", ""))


def say_empty(chart: go.Figure, why: str) -> None:
    """The axes stay, so that the layout does; the reason stands in the middle."""
    chart.add_annotation(text=plain(why), **_PAPER, x=0.5, y=0.5, font={"size": 14, "color": theme.NEUTRAL})
    chart.update_yaxes(range=[0, 1], showticklabels=False)


def local(index: pd.Index, viewer: tzinfo) -> np.ndarray[Any, Any]:
    """Plotly shows the digits it is given: the viewer's wall clock, without a zone."""
    return pd.DatetimeIndex(index).tz_convert(viewer).tz_localize(None).to_numpy()


def faded(colour: str, share: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def time_unit(highest_s: float) -> tuple[str, float]:
    """The unit in which seconds read best up to ``highest_s``, and the seconds in it."""
    for unit, size in (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)):
        if highest_s >= 3 * size:
            return unit, size
    return "seconds", 1.0
