"""Lines over time: their data, an earlier range behind them, and the range that is selected by dragging."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np
import pandas as pd

from dashboard import theme
from dashboard.charts.drawing.base import (
    HEIGHT,
    add_limits,
    faded,
    figure,
    limit_text,
    local,
    over_time_axis,
    set_instead,
    set_remark,
    whole,
)
from dashboard.charts.drawing.chart import Chart
from dashboard.charts.drawing.comparison import OPACITY, EarlierLines, faint_line
from dashboard.charts.drawing.series import hover, late_start, period, since
from ops.insight.report_types import Threshold

EARLIER = "earlier"
"""The group of earlier lines, which their entry in the legend shows and hides."""
FEW_POINTS = 40
"""A line of no more points shows each of them."""


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
    looks = (("p99", theme.COLD, "dot"), ("p95", theme.IN_FLIGHT, "solid"), ("p50", theme.VISIBLE, "solid"))
    return tuple(Series(f"{prefix}{name}_ms", name, colour, dash=dash) for name, colour, dash in looks)


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
    read: Callable[[float], str] | None = None,
    earlier: EarlierLines | None = None,
) -> Chart:
    """Lines over time. ``scale`` divides every value and limit (60: seconds to minutes); ``unit`` is the result's unit.

    ``earlier``: the same columns of an earlier range, drawn faintly.
    ``counts``: the values are whole numbers. ``write``: formats a limit's scaled value, with its unit; ``read`` the value
    below the pointer.
    """
    chart = figure(title, unit, height=height)
    over_time_axis(chart)
    chart.update_xaxes(showticklabels=bool(len(frame)))  # without times, an axis of -1 to 6 would mislead
    times = local(frame.index, viewer)
    late = fit(chart, frame[[line.column for line in series if line.dash == "solid"]], viewer)
    shown_unit = "" if counts else unit  # "1 messages"
    for line in series:
        values = frame[line.column] / scale
        chart.add_scatter(
            x=times,
            y=values,
            name=line.name,
            mode="lines",
            line={"color": line.colour, "width": 1.8, "shape": "hv" if line.step else "linear", "dash": line.dash},
            fill="tozeroy" if line.fill and not _gaps(values) else None,
            fillcolor=faded(line.colour, 0.16),
            connectgaps=False,
            showlegend=len(series) > 1,  # one alone is named by the title
            **hover(values, shown_unit, read),
        )
    for line in series:
        _add_points(chart, times, frame[line.column] / scale, line.colour)
    before = _add_earlier(chart, earlier, series, viewer, scale, shown_unit, read) if earlier else ""
    add_utc(chart, times, frame.index)
    measured = [frame[line.column] for line in series if frame[line.column].notna().any()]
    top = max((float(values.max()) / scale for values in measured), default=0.0)
    far = add_limits(chart, [Threshold(limit.name, limit.value / scale) for limit in limits], top, unit, write)
    if counts:
        whole(chart, max(top, _highest(earlier, series) / scale))
    if remark := " · ".join(filter(None, (late, far, before))):
        set_remark(chart, remark)
    if not any(values.any() for values in measured) and not _highest(earlier, series):
        lines = "".join(f" · {limit_text(Threshold(limit.name, limit.value / scale), unit, write)}" for limit in limits)
        none = f"0 {unit.partition(' per ')[0]}" if measured else "no data"  # in no period, so none at all
        set_instead(chart, f"{none} in this range{lines}")
    return chart


def _add_points(chart: Chart, times: np.ndarray[Any, Any], values: pd.Series, colour: str) -> None:
    """Not a part of the line, whose sign in the legend they would spoil."""
    shown = points_to_mark(values)
    if shown.notna().any():
        chart.add_scatter(
            x=times,
            y=shown,
            mode="markers",
            marker={"size": 5, "color": colour},
            cliponaxis=False,  # one at 0 is whole, too
            showlegend=False,
            hoverinfo="skip",
        )


def points_to_mark(values: pd.Series) -> pd.Series:
    """The values that a line does not show, as those between gaps; all of them where they are few."""
    return values.where(_alone(values)) if len(values) > FEW_POINTS else values


def _highest(earlier: EarlierLines | None, series: Sequence[Series]) -> float:
    """The highest value of the earlier lines; 0 for none."""
    lines = [earlier.frame[line.column] for line in series if line.column in earlier.frame] if earlier else []
    return max((float(values.max()) for values in lines if values.notna().any()), default=0.0)


def _add_earlier(
    chart: Chart,
    earlier: EarlierLines,
    series: Sequence[Series],
    viewer: tzinfo,
    scale: float,
    unit: str,
    read: Callable[[float], str] | None,
) -> str:
    """One entry in the legend for all lines; what is to be said of them in words."""
    known = [line for line in series if line.column in earlier.frame and earlier.frame[line.column].notna().any()]
    for line in known:
        values = earlier.frame[line.column] / scale
        chart.add_scatter(
            x=local(earlier.frame.index, viewer),
            y=values,
            name=earlier.label if len(series) == 1 else f"{line.name}, {earlier.label}",
            showlegend=False,
            legendgroup=EARLIER,
            mode="lines",
            opacity=OPACITY,
            line=faint_line(line.colour, line.step),
            **hover(values, unit, read),
        )
    if known:
        style = faint_line(known[0].colour if len(known) == 1 else theme.NEUTRAL, step=False)
        chart.add_scatter(x=[None], y=[None], name=earlier.label, mode="lines", legendgroup=EARLIER, line=style)
    return "" if known else f"no data for the {earlier.label}"


def per_period(unit: str, frame: pd.DataFrame) -> str:
    """``throttles per 10 s``: the unit of counts in each of the frame's periods."""
    return f"{unit} per {period(frame) or 'period'}"


def fit(chart: Chart, frame: pd.DataFrame, viewer: tzinfo) -> str:
    """Draw the whole range, or the data alone when it covers only a small part; returns ``data since …`` then."""
    if len(frame) < 2:
        return ""
    length = frame.index[1] - frame.index[0]
    start, end = frame.index[0], frame.index[-1] + length
    first = late_start(frame.notna().any(axis=1), start, end)
    chart.update_xaxes(range=list(local([start if first is None else first - length / 2, end], viewer)))
    return since(first, viewer) if first is not None else ""


def select_range(chart: Chart, selected: tuple[datetime, datetime] | None, viewer: tzinfo, drags: int) -> None:
    """Let a drag across a time chart select a range, and draw the ``selected`` one, if any, whole.

    All charts of a page then have the same axis, also those whose data starts late. ``drags``: a different number
    removes the selection box.
    """
    # Streamlit sets clickmode in the browser otherwise, and the chart is drawn again.
    chart.update_layout(dragmode="select", selectdirection="h", selectionrevision=drags, clickmode="event")
    chart.update_xaxes(fixedrange=True)
    chart.update_yaxes(fixedrange=True)
    if selected:
        chart.update_xaxes(range=list(local(selected, viewer)))


def _alone(values: pd.Series) -> np.ndarray[Any, Any]:
    """Points without a neighbor, which a line does not show."""
    known = values.notna()
    return (known & ~known.shift(1, fill_value=False) & ~known.shift(-1, fill_value=False)).to_numpy()


def _gaps(values: pd.Series) -> bool:
    """Whether values are missing in between: Plotly would fill the area below a gap as if it had data."""
    known = values.notna().to_numpy().nonzero()[0]
    return bool(len(known)) and known[-1] - known[0] + 1 > len(known)


def add_utc(chart: Chart, times: np.ndarray[Any, Any], index: pd.Index) -> None:
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
