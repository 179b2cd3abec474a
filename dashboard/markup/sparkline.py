"""A sparkline as an image: on the page before any charting library has loaded."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dashboard.charts.drawing.series import SMALL
from dashboard.markup import svg_image

WIDTH, HEIGHT, MARGIN = 160, 44, 3
POINTS = 80


def svg(values: Sequence[float | None], colour: str) -> str:
    """Line and soft fill. Gaps (None or NaN) stay gaps. The scale starts at zero, so that a flat line is a steady value,
    not an empty one."""
    present = [value for value in values if value is not None and value == value]
    if not present:
        return svg_image.document(
            f'<line x1="0" x2="{WIDTH}" y1="{HEIGHT - MARGIN}" y2="{HEIGHT - MARGIN}" stroke="{colour}"'
            ' stroke-opacity=".35" stroke-dasharray="2 4"/>',
            WIDTH,
            HEIGHT,
        )
    if len(present) == 1:  # the figure beside it: a lone dot would add nothing
        return svg_image.document("", WIDTH, HEIGHT)
    values = _thinned(_without_late_start(values))
    top = max(*present, 0) or 1.0
    step = WIDTH / max(1, len(values) - 1)
    base = HEIGHT - MARGIN
    runs: list[list[tuple[float, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None or value != value:
            runs.append([])
        else:
            runs[-1].append((index * step, base - max(0.0, value) / top * (base - MARGIN)))
    drawn = [run for run in runs if run]
    shapes = []
    for run in drawn:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
        if len(run) > 1:
            shapes.append(
                f'<polygon points="{run[0][0]:.1f},{base} {points} {run[-1][0]:.1f},{base}"'
                f' fill="{colour}" fill-opacity=".13"/>'
                f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-linejoin="round"'
                ' vector-effect="non-scaling-stroke"/>'
            )
        else:
            shapes.append(f'<circle cx="{run[0][0]:.1f}" cy="{run[0][1]:.1f}" r="1.6" fill="{colour}"/>')
    return svg_image.document("".join(shapes), WIDTH, HEIGHT)


def _without_late_start(values: Sequence[float | None]) -> Sequence[float | None]:
    """Only the data when it covers a small part at the end, as in the charts."""
    first = next(index for index, value in enumerate(values) if value is not None and value == value)
    return values[first:] if len(values) - first <= SMALL * len(values) else values


def _thinned(values: Sequence[float | None]) -> list[float | None]:
    """No more points than are visible. The highest of each group is kept, so that short peaks stay."""
    size = math.ceil(len(values) / POINTS)
    groups = (values[start : start + size] for start in range(0, len(values), size))
    return [max((value for value in group if value is not None and value == value), default=None) for group in groups]


def data_uri(values: Sequence[float | None], colour: str) -> str:
    return svg_image.address(svg(values, colour))
