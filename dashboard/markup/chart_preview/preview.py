"""The preview of a chart: its legend, its plot and its labels."""

from __future__ import annotations

from collections.abc import Sequence
from html import unescape
from itertools import pairwise
from typing import Any

import numpy as np

from dashboard.charts.drawing.base import GRID, has_legend
from dashboard.charts.drawing.chart import Chart, Settings
from dashboard.markup import svg_image
from dashboard.markup.chart_preview import marks
from dashboard.markup.chart_preview.axis import Axis, axis
from dashboard.markup.templates import Macros

_MACROS = Macros("chart_preview.html")
_STYLE = "<style>path { fill: none; vector-effect: non-scaling-stroke; }</style>"
_LINES = {"scatter", "scattergl"}


def chart_preview(chart: Chart) -> str:
    """HTML of the chart's height; empty for a chart with several plots, or of a kind that no preview is made of."""
    kinds = {trace.type for trace in chart.data}
    if not chart.data or "xaxis2" in chart.layout or not kinds <= _LINES | {"bar"}:
        return ""
    if any(trace.orientation == "h" for trace in chart.data):
        return _lying_bars(chart) if len(chart.data) == 1 else ""
    drawn = [trace for trace in chart.data if trace.opacity != 0]  # one is the tooltip's alone
    bars = [trace for trace in drawn if trace.type == "bar"]
    x = axis(chart.layout.xaxis, [trace.x for trace in drawn if len(trace.x)])
    limits = [[shape.y0] for shape in chart.layout.shapes or [] if shape.yref == "y"]
    values = [trace.y for trace in drawn if trace.type != "bar"]
    y = axis(chart.layout.yaxis, [*values, *_tops(bars, chart.layout), *limits])
    if x is None or y is None:
        return ""
    return _MACROS.preview(chart.layout, x.ticks(), y.ticks(), _plot(chart, drawn, x, y), _legend(chart), _title(chart))


def _plot(chart: Chart, drawn: Sequence[Settings], x: Axis, y: Axis) -> str:
    """The plot as a data URL of an image."""
    shapes = [(shape, marks.shape(shape, x, y)) for shape in chart.layout.shapes or []]
    lines = [trace for trace in drawn if trace.type in _LINES and len(trace.x)]
    parts = [
        *(path for shape, path in shapes if shape.layer == "below"),
        marks.grid(y, GRID),
        marks.bars([trace for trace in drawn if trace.type == "bar"], chart.layout, x, y),
        *(marks.scatter(trace, before, x, y) for before, trace in pairwise((None, *lines)) if trace is not None),
        *(path for shape, path in shapes if shape.layer != "below"),
    ]
    return svg_image.address(svg_image.document(_STYLE + "".join(parts), marks.SIZE, marks.SIZE))


def _tops(bars: Sequence[Settings], layout: Settings) -> list[Any]:
    heights = [np.nan_to_num(np.asarray(trace.y, dtype=float)) for trace in bars]
    if layout.barmode == "stack" and len({len(bar) for bar in heights}) == 1:
        return [np.sum(heights, axis=0)]
    return heights


def _legend(chart: Chart) -> list[tuple[str, str, str]]:
    """Name, colour and kind (``line``, ``dot`` …) of each entry."""
    if not has_legend(chart):
        return []
    return [(_text(trace.name), *_look(trace)) for trace in chart.data if trace.showlegend is not False and trace.name]


def _look(trace: Settings) -> tuple[str, str]:
    line, marker = trace.line or {}, trace.marker or {}
    if trace.type == "bar" or trace.mode == "markers":
        return str(marker.get("color")), "mark"
    return str(line.get("color")), "solid" if line.get("dash", "solid") == "solid" else "dashed"


def _title(chart: Chart) -> str:
    return _text(((chart.layout.xaxis or {}).get("title") or {}).get("text") or "")


def _lying_bars(chart: Chart) -> str:
    """Each bar between its name and its text."""
    (trace,) = chart.data
    low, high = chart.layout.xaxis.range
    lengths = np.asarray(trace.x, dtype=float) / (high - low)
    bases = np.zeros_like(lengths) if trace.base is None else (np.asarray(trace.base, dtype=float) - low) / (high - low)
    colours = [trace.marker.color] * len(lengths) if isinstance(trace.marker.color, str) else trace.marker.color
    rows = zip(trace.y, bases.tolist(), lengths.tolist(), trace.text, colours, strict=True)
    named = [(_text(name), base, length, _text(text), colour) for name, base, length, text, colour in rows]
    return _MACROS.lying_bars(chart.layout, named)


def _text(plotly: Any) -> str:
    """Plotly's text, which is escaped, as text that the template escapes."""
    return unescape(str(plotly).replace("<br>", "\n"))
