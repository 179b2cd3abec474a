"""Shared by all charts: quiet axes with units, named limits, UTC on hover, a range that is selected by dragging.

A chart's title and remark are HTML on the page (``widgets.chart``), where they wrap; the names of its limits are in the
legend, where no data crosses them. SVG can do neither.
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
from dashboard.charts.comparison import EarlierLines
from dashboard.charts.series import late_start, period, since
from dashboard.formatting import number, plain, zone_name
from ops.insight.report_types import Threshold

HEIGHT = 300
_PAPER = {"xref": "paper", "yref": "paper", "showarrow": False}
GRID = "rgba(125,134,148,.18)"
_DASHES = ("dash", "dashdot", "longdashdot")
"""For the limits in one chart, lowest first."""
_MAX_LIMIT_RATIO = 4.0
"""A limit up to this many times the highest value is drawn; a higher one would flatten the data and is only named."""


@dataclass(frozen=True)
class Series:
    """One line of a time chart: the frame's column, its name for readers, its colour, and how it is drawn."""

    column: str
    name: str
    colour: str
    fill: bool = False
    step: bool = False
    dash: str = "solid"


def percentile_series(prefix: str = "") -> tuple[Series, ...]:
    """p99, p95 and p50 in milliseconds, of the columns ``{prefix}p99_ms`` …: the same look in every chart."""
    looks = (("p99", theme.COLD, "dot"), ("p95", theme.IN_FLIGHT, "solid"), ("p50", theme.WARM, "solid"))
    return tuple(Series(f"{prefix}{name}_ms", name, colour, dash=dash) for name, colour, dash in looks)


BAR_LABEL = 72
"""Pixels at the right for the label of the longest bar."""


def figure(title: str, y_title: str, x_title: str = "", height: int = HEIGHT) -> go.Figure:
    """An empty chart with the shared layout."""
    return go.Figure(
        layout={
            "title": {
                "text": plain(title),
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
    title: str,
    frame: pd.DataFrame,
    series: Sequence[Series],
    unit: str,
    viewer: tzinfo,
    *,
    limits: Sequence[Threshold] = (),
    scale: float = 1.0,
    counts: bool = False,
    height: int = HEIGHT,
    write: Callable[[float], str] | None = None,
    earlier: EarlierLines | None = None,
) -> go.Figure:
    """Lines over time. ``scale`` divides every value and limit (60: seconds to minutes); ``unit`` is the result's unit.

    ``earlier``: the same columns of an earlier range, drawn faintly.
    ``counts``: the values are whole numbers. ``write``: formats a limit's scaled value, with its unit.
    """
    chart = figure(title, unit, f"time, {zone_name(viewer)}", height)
    chart.update_xaxes(type="date", showticklabels=bool(len(frame)))  # without times, an axis of -1 to 6 would mislead
    times = local(frame.index, viewer)
    few = len(frame) <= 40
    late = fit(chart, frame[[line.column for line in series if line.dash == "solid"]], viewer)
    for line in series:
        values = frame[line.column] / scale
        chart.add_scatter(
            x=times,
            y=values,
            name=line.name,
            mode="lines+markers",
            line={"color": line.colour, "width": 1.8, "shape": "hv" if line.step else "linear", "dash": line.dash},
            marker={"size": 4 if few else np.where(_alone(values), 5, 0), "color": line.colour},
            fill="tozeroy" if line.fill and not _gaps(values) else None,
            fillcolor=faded(line.colour, 0.16),
            connectgaps=False,
            hovertemplate="%{y:,.3~f} " + unit,
        )
    before = _add_earlier(chart, earlier, series, viewer, scale, unit) if earlier else ""
    add_utc(chart, times, frame.index)
    measured = [frame[line.column] for line in series if frame[line.column].notna().any()]
    top = max((float(values.max()) / scale for values in measured), default=0.0)
    if counts:
        whole(chart, top)
    far = add_limits(chart, [Threshold(limit.name, limit.value / scale) for limit in limits], top, unit, write)
    if remark := " · ".join(filter(None, (late, far, before))):
        set_remark(chart, remark)
    if not measured:
        show_empty(chart, "No data in this range")
    return chart


def _add_earlier(
    chart: go.Figure, earlier: EarlierLines, series: Sequence[Series], viewer: tzinfo, scale: float, unit: str
) -> str:
    """One name in the legend for all lines; what is to be said of them in words."""
    known = [line for line in series if line.column in earlier.frame and earlier.frame[line.column].notna().any()]
    for number_of_line, line in enumerate(known):
        chart.add_scatter(
            x=local(earlier.frame.index, viewer),
            y=earlier.frame[line.column] / scale,
            name=earlier.label if len(series) == 1 else f"{line.name}, {earlier.label}",
            showlegend=not number_of_line,
            legendgroup="earlier",
            mode="lines",
            opacity=0.45,
            line={"color": line.colour, "width": 1.2, "dash": "dot", "shape": "hv" if line.step else "linear"},
            hovertemplate="%{y:,.3~f} " + unit,
        )
    return "" if known else f"no data the {earlier.label}"


def per_period(unit: str, frame: pd.DataFrame) -> str:
    """``throttles per 10 s``: the unit of counts in each of the frame's periods."""
    return f"{unit} per {period(frame) or 'period'}"


def fit(chart: go.Figure, frame: pd.DataFrame, viewer: tzinfo) -> str:
    """Draw the data alone when it covers only a small part of the range; returns ``data since …`` then."""
    if len(frame) < 2:
        return ""
    length = frame.index[1] - frame.index[0]
    end = frame.index[-1] + length
    first = late_start(frame.notna().any(axis=1), frame.index[0], end)
    if first is None:
        return ""
    chart.update_xaxes(range=list(local([first - length / 2, end], viewer)))
    return since(first, viewer)


def select_range(chart: go.Figure, selected: tuple[datetime, datetime] | None, viewer: tzinfo, drags: int) -> None:
    """Let a drag across a time chart select a range, and draw the ``selected`` one, if any, whole.

    All charts of a page then have the same axis, also those whose data starts late. ``drags``: a different number
    removes the selection box.
    """
    chart.update_layout(dragmode="select", selectdirection="h", selectionrevision=drags)
    chart.update_xaxes(fixedrange=True)
    chart.update_yaxes(fixedrange=True)
    if selected:
        chart.update_xaxes(range=list(local(selected, viewer)))


def _alone(values: pd.Series) -> np.ndarray[Any, Any]:
    """Points without a neighbour, which a line does not show."""
    known = values.notna()
    return (known & ~known.shift(1, fill_value=False) & ~known.shift(-1, fill_value=False)).to_numpy()


def _gaps(values: pd.Series) -> bool:
    """Whether values are missing in between: Plotly would fill the area below a gap as if it had data."""
    known = values.notna().to_numpy().nonzero()[0]
    return bool(len(known)) and known[-1] - known[0] + 1 > len(known)


def add_limits(
    chart: go.Figure, limits: Sequence[Threshold], top: float, unit: str, write: Callable[[float], str] | None = None
) -> str:
    """Draw limits dashed and named in the legend. Those too far above the data are returned as text instead."""
    write = write or (lambda value: f"{number(value)} {unit}")
    near = [limit for limit in limits if limit.value <= top * _MAX_LIMIT_RATIO]
    for place, limit in enumerate(sorted(near, key=lambda limit: limit.value)):
        label = f"{plain(limit.name)} {write(limit.value)}"
        chart.add_hline(y=limit.value, **_mark(label, _DASHES[place % len(_DASHES)]))
    beyond = sorted((limit for limit in limits if limit not in near), key=lambda limit: limit.value)
    far = [f"{plain(limit.name)} {write(limit.value)}" for limit in beyond]
    return "↑ " + ", ".join(far) if far else ""


def add_mark(chart: go.Figure, x: float, name: str) -> None:
    """Mark a value on the horizontal axis, dashed and named in the legend."""
    chart.add_vline(x=x, **_mark(plain(name), _DASHES[0]))


def _mark(name: str, dash: str) -> dict[str, Any]:
    return {"name": name, "showlegend": True, "line": {"dash": dash, "width": 1.2, "color": theme.NEUTRAL}}


def add_utc(chart: go.Figure, times: np.ndarray[Any, Any], index: pd.Index) -> None:
    """One more line in the hover box: the time in UTC."""
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
    """Whole-number ticks for small counts."""
    if top < 6:
        chart.update_yaxes(dtick=1, range=[0, max(1.0, top) * 1.2])


def set_remark(chart: go.Figure, text: str) -> None:
    """A remark that the page shows beside the chart's title."""
    chart.update_layout(meta={"remark": text})


def remark(chart: go.Figure) -> str:
    """The remark of ``set_remark``, or nothing."""
    return str((chart.layout.meta or {}).get("remark", ""))


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
