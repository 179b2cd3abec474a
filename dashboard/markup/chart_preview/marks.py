"""The marks of a preview as SVG paths in a square of ``SIZE`` units that is stretched over the plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from dashboard.charts.drawing.chart import Settings
from dashboard.markup.chart_preview.axis import Axis

SIZE = 1_000
MOST_POINTS = 1_500
"""Of one trace: more cannot be told apart."""
_DASHES = {"dot": "3 3", "dash": "9 9", "dashdot": "9 3 3 3", "longdash": "15 15", "longdashdot": "15 3 3 3"}
"""In pixels, as Plotly draws them."""
Points = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def scatter(trace: Settings, below: Settings | None, x: Axis, y: Axis) -> str:
    """Lines, their areas and points. ``below``: the trace that an area reaches down to, where it does not reach to zero."""
    mode, drawn = trace.mode or "lines", []
    points = _points(trace, x, y)
    line = trace.line or {}
    is_step = line.get("shape") == "hv"
    if trace.fill == "tozeroy":
        zero = float(_places(y, [0])[0])
        areas = [_path(run, is_step) + f"V{zero:.1f}H{run[0][0]:.1f}Z" for run in _runs(points)]
        drawn.append(_filled("".join(areas), trace.fillcolor))
    elif trace.fill == "tonexty" and below is not None:
        edge = np.column_stack([edges[::-1] for edges in _points(below, x, y)])
        outline = [*np.column_stack(points).tolist(), *edge.tolist()]
        drawn.append(_filled(_path(outline, is_step=False) + "Z", trace.fillcolor))
    if "lines" in mode and line.get("width", 2):
        drawn.append(_stroked("".join(_path(run, is_step) for run in _runs(points)), line, trace.opacity))
    if "markers" in mode:
        known = np.isfinite(points[1]) & np.isfinite(points[0])
        dots = zip(points[0][known], points[1][known], strict=True)
        marker = trace.marker or {}
        look = {"color": marker.get("color") or line.get("color"), "width": marker.get("size", 6)}
        path = "".join(f"M{at:.1f} {to:.1f}h0" for at, to in dots)
        drawn.append(f'<g stroke-linecap="round">{_stroked(path, look, marker.get("opacity"))}</g>')
    return "".join(drawn)


def bars(traces: Sequence[Settings], layout: Settings, x: Axis, y: Axis) -> str:
    """Upright bars, on each other where the layout stacks them."""
    drawn = []
    heights: dict[float, float] = {}
    for trace in traces:
        places = x.shares(trace.x) * SIZE
        gaps = np.diff(np.unique(places))
        width = (float(gaps.min()) if gaps.size else SIZE / 20) * (1 - (layout.bargap or 0))
        values = np.nan_to_num(np.asarray(trace.y, dtype=float))
        starts = np.array([heights.get(at, 0.0) for at in places.tolist()])
        if layout.barmode == "stack":
            heights |= dict(zip(places.tolist(), (starts + values).tolist(), strict=True))
        else:
            starts = np.zeros_like(values)
        edges = zip(places - width / 2, _places(y, starts), _places(y, starts + values), strict=True)
        path = "".join(f"M{at:.1f} {start:.1f}V{end:.1f}h{width:.1f}V{start:.1f}Z" for at, start, end in edges)
        drawn.append(_filled(path, (trace.marker or {}).get("color"), trace.opacity))
    return "".join(drawn)


def shape(settings: Settings, x: Axis, y: Axis) -> str:
    """A limit, a mark or a shaded part of the range."""
    left, right = (_edge(settings, "x", end, x) for end in ("x0", "x1"))
    bottom, top = (_edge(settings, "y", end, y) for end in ("y0", "y1"))
    if settings.type == "rect":
        path = f"M{left:.1f} {bottom:.1f}V{top:.1f}H{right:.1f}V{bottom:.1f}Z"
        return _filled(path, settings.fillcolor, settings.opacity)
    return _stroked(f"M{left:.1f} {bottom:.1f}L{right:.1f} {top:.1f}", settings.line or {}, settings.opacity)


def grid(y: Axis, colour: str) -> str:
    """A line at each tick."""
    path = "".join(f"M0 {(1 - share) * SIZE:.1f}h{SIZE}" for share, _ in y.ticks())
    return _stroked(path, {"color": colour, "width": 1}, None)


def _points(trace: Settings, x: Axis, y: Axis) -> Points:
    every = -(-len(trace.x) // MOST_POINTS)
    return x.shares(trace.x)[::every] * SIZE, _places(y, trace.y)[::every]


def _places(y: Axis, values: Any) -> np.ndarray[Any, Any]:
    """Vertical positions from the top, as SVG counts."""
    return (1 - y.shares(values)) * SIZE


def _edge(settings: Settings, direction: str, end: str, on: Axis) -> float:
    of_plot = str(settings.get(f"{direction}ref", "")).endswith(("domain", "paper"))
    share = float(settings[end]) if of_plot else float(on.shares([settings[end]])[0])
    return (share if direction == "x" else 1 - share) * SIZE


def _runs(points: Points) -> list[list[list[float]]]:
    """The points between two gaps; one alone makes no line."""
    both = np.column_stack(points)
    known = np.isfinite(both).all(axis=1)
    ends = [0, *(np.flatnonzero(np.diff(known)) + 1).tolist(), len(both)]
    runs = (both[start:end].tolist() for start, end in pairwise(ends) if end > start and known[start])
    return [run for run in runs if len(run) > 1]


def _path(points: Sequence[Sequence[float]], is_step: bool) -> str:
    (at, to), *more = points
    drawn = (f"H{at:.1f}V{to:.1f}" if is_step else f"L{at:.1f} {to:.1f}" for at, to in more)
    return f"M{at:.1f} {to:.1f}" + "".join(drawn)


def _filled(path: str, colour: Any, opacity: float | None = None) -> str:
    return f'<path d="{path}" style="fill: {colour}" fill-opacity="{1 if opacity is None else opacity}"/>'


def _stroked(path: str, line: Mapping[str, Any], opacity: float | None) -> str:
    dash = _DASHES.get(line.get("dash", ""), line.get("dash", "").replace("px", ""))
    dashes = f' stroke-dasharray="{dash}"' if dash and dash != "solid" else ""
    look = f'stroke="{line.get("color")}" stroke-width="{line.get("width", 2)}"{dashes}'
    return f'<path d="{path}" {look} stroke-opacity="{1 if opacity is None else opacity}"/>'
