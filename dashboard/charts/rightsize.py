"""Right-sizing: what each measured memory size costs and how long it takes, with 95% intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from dashboard import theme
from dashboard.charts.cost import in_dollars
from dashboard.charts.drawing.base import add_mark, figure, set_instead
from dashboard.charts.drawing.chart import Chart
from dashboard.formatting import millis, plain, usd
from ops.rightsize.model import Interval, SizedSetting, Sizing

SHADES = (theme.VISIBLE, theme.DELAYED, theme.IN_FLIGHT, theme.THROTTLED)
"""Of batch sizes."""
MARGIN = 0.08
"""Beside the smallest and the largest size, in powers of ten."""
Points = list[tuple[SizedSetting, Interval]]


def cost(answer: Sizing) -> Chart:
    """USD per 1,000 successful jobs by memory, a line per batch size."""
    chart = in_dollars(figure("Cost by memory size", "USD per 1,000 jobs, INIT included", "memory (MB)", height=300))
    batches = _batches(answer)
    for place, batch in enumerate(batches):
        points = [(row, row.usd_per_1000) for row in answer.rows if row.setting.batch_size == batch]
        name = f"batches of {batch}" if len(batches) > 1 else "per 1,000 jobs"
        _add(chart, name, SHADES[place % len(SHADES)], _known(points), 1.0, usd)
    chart.update_layout(showlegend=len(batches) > 1)
    return _finished(chart, answer)


def latency(answer: Sizing) -> Chart:
    """Median and 95th percentile of warm invocations by memory; of the current batch size."""
    chart = figure("Duration by memory size", "seconds, warm invocations", "memory (MB)", height=300)
    batch = answer.suggested.batch_size if answer.suggested else answer.current.batch_size
    rows = [row for row in answer.rows if row.setting.batch_size == batch]
    for name, colour, points in (
        ("p95", theme.VISIBLE, [(row, row.duration_p95_ms) for row in rows]),
        ("p50", theme.WARM, [(row, row.duration_p50_ms) for row in rows]),
    ):
        _add(chart, name, colour, _known(points), 1_000.0, millis)
    return _finished(chart, answer)


def _batches(answer: Sizing) -> list[int]:
    return sorted({row.setting.batch_size for row in answer.rows})


def _known(points: Sequence[tuple[SizedSetting, Interval | None]]) -> Points:
    return [(row, found) for row, found in points if found is not None]


def _add(chart: Chart, name: str, colour: str, points: Points, unit: float, written: Callable[[float], str]) -> None:
    """A line with the intervals as bars; what may not be suggested is hollow. Nothing for no points."""
    if not points:
        return
    values = [found.value / unit for _, found in points]
    chart.add_scatter(
        x=[row.setting.memory_mb for row, _ in points],
        y=values,
        name=name,
        mode="lines+markers",
        line={"color": colour, "width": 2},
        marker={"size": 9, "symbol": ["circle-open" if row.unfit else "circle" for row, _ in points]},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [
                found.high / unit - value if found.high is not None else None
                for (_, found), value in zip(points, values, strict=True)
            ],
            "arrayminus": [
                value - found.low / unit if found.low is not None else None
                for (_, found), value in zip(points, values, strict=True)
            ],
            "color": colour,
            "thickness": 1.2,
            "width": 4,
        },
        customdata=[_hover(row, found, written) for row, found in points],
        hovertemplate="%{customdata}<extra>" + name + "</extra>",
    )


def _hover(row: SizedSetting, found: Interval, written: Callable[[float], str]) -> str:
    ends = [written(end) if end is not None else "unknown" for end in (found.low, found.high)]
    text = f"{row.setting.memory_mb:,} MB: {written(found.value)} ({ends[0]} to {ends[1]})"
    return f"{text}<br>not suggested: {plain(row.unfit)}" if row.unfit else text


def _finished(chart: Chart, answer: Sizing) -> Chart:
    """Sizes at equal distances for equal factors, and the current and the suggested one marked."""
    sizes = sorted({row.setting.memory_mb for row in answer.rows})
    chart.update_layout(hovermode="closest")
    if not chart.data:
        set_instead(chart, "no size has enough measurements")
        return chart
    # Both charts have all sizes, also where one of them is all that a chart has: its point would be out of sight.
    ends = [math.log10(sizes[0]) - MARGIN, math.log10(sizes[-1]) + MARGIN]
    chart.update_xaxes(type="log", range=ends, tickvals=sizes, ticktext=[f"{size:,}" for size in sizes])
    current, suggested = answer.current.memory_mb, answer.suggested.memory_mb if answer.suggested else None
    add_mark(
        chart,
        current,
        f"current and suggested: {current:,} MB" if current == suggested else f"current: {current:,} MB",
        "dot",
    )
    if suggested is not None and suggested != current:
        add_mark(chart, suggested, f"suggested: {suggested:,} MB")
    return chart
