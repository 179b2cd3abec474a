"""Imports of a cold start: each module inside the one that imports it, as wide as the time it takes."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import theme
from dashboard.charts.drawing.base import faded, figure, set_remark
from dashboard.charts.drawing.chart import Chart
from dashboard.formatting import millis, number, plain
from ops.insight.imports.model import ImportRecord, heaviest

SHADES = tuple(faded(theme.COLD, share) for share in (0.2, 0.42, 0.66))
"""Of a module, by how much time it takes itself, the least first. The page shines through: the least is pale on a light page and
dim on a dark one, and the stylesheet writes all names in the color of the page's text."""
MIN_PX, LINE_PX, TWO_LINES_PX = 330, 26, 36
"""Of the chart, and of a module with its name in one line or two: Plotly leaves out a name that is higher than its place."""
MIN_SHARE, MAX_SHOWN = 0.01, 60
"""Of all the time, that a module must take to be drawn, and how many are."""


def flame(record: ImportRecord) -> Chart:
    """Flame graph of import times from the handler's module downwards, in milliseconds."""
    places = heaviest(record, MIN_SHARE, MAX_SHOWN)
    depth = _depth(record, places)
    height = max(MIN_PX, depth * LINE_PX)
    unit = "ms, from the handler's module downwards; the stronger the color, the longer a module takes itself"
    chart = figure("Imports of the handler", unit, height=height)
    kept = {place: str(place) for place in places}
    modules = [record.modules[place] for place in places]
    most = max((one.self_us for one in modules), default=1) or 1
    shades = [SHADES[min(2, int(3 * one.self_us / most))] for one in modules]
    chart.add_icicle(
        ids=[kept[place] for place in places],
        labels=[plain(module.name, 60) for module in modules],
        parents=[kept.get(one.parent, "") if one.parent is not None else "" for one in modules],
        values=[one.total_us / 1000 for one in modules],
        branchvalues="total",
        tiling={"orientation": "v"},
        sort=False,
        marker={
            "colors": shades,
            "line": {"width": 1},
        },
        leaf={"opacity": 1},
        customdata=[(millis(module.total_us / 1000), millis(module.self_us / 1000)) for module in modules],
        texttemplate="%{label}" + ("<br>" if height >= depth * TWO_LINES_PX else " ") + "%{customdata[0]}",
        hovertemplate="%{label}<br>%{customdata[0]} with its imports, %{customdata[1]} itself<extra></extra>",
        pathbar={"visible": False},
    )
    chart.update_layout(
        hovermode="closest",
        showlegend=False,
        uniformtext={"minsize": 10, "mode": "hide"},  # smaller ones cannot be read
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
    )
    left_out = len(record.modules) - len(places)
    set_remark(chart, f"{number(left_out)} shorter modules not drawn" if left_out else "")
    return chart


def _depth(record: ImportRecord, places: Sequence[int]) -> int:
    """Depth of the import tree; 1 without modules."""
    levels: dict[int, int] = {}
    for place in sorted(places):  # a module comes after the one that imports it
        parent = record.modules[place].parent
        levels[place] = 1 + (levels.get(parent, 0) if parent is not None else 0)
    return max(levels.values(), default=1)
