"""The forecast: what waits, how old it gets and how much runs, from now on; each with the band in which it most likely is."""

from __future__ import annotations

import numpy as np

from dashboard import theme
from dashboard.charts.drawing.base import add_limits, add_mark, faded, figure, set_instead, set_remark, time_unit
from dashboard.charts.drawing.chart import Chart
from dashboard.formatting import duration, number
from ops.insight.report_types import Threshold
from ops.insight.reports.forecast import ForecastReport

BAND = "10th to 90th percentile"


def depth(report: ForecastReport) -> Chart:
    chart = _chart(report, "Messages waiting", "messages", height=280)
    top = _line(chart, report, "depth", "depth", theme.VISIBLE, 1.0, "forecast", number)
    drained = report.now.forecast.drained_s if report.now else None
    if drained and report.backlog > 0:
        _, size = _time(report)
        add_mark(
            chart,
            drained.mid / size,
            f"drained in {duration(drained.mid)}{' (median)' if drained.wide else ''}",
        )
    if not top:
        set_instead(chart, "0 messages: nothing waits, and arrivals are processed as they come")
    return chart


def age(report: ForecastReport) -> Chart:
    highest = float(report.course["age_s"].max()) if len(report.course) else 0.0
    unit, size = time_unit(highest)
    chart = _chart(report, "Age of oldest message", unit)
    top = _line(chart, report, "age_s", "age", theme.VISIBLE, size, "forecast", lambda value: duration(value * size))
    lines = [Threshold(line.name, line.value / size) for line in report.age_lines]
    far = add_limits(chart, lines, top, unit, lambda value: duration(value * size))
    if far:
        set_remark(chart, far)
    if not top:
        set_instead(chart, f"0 s: no message waits · {far.removeprefix('↑ ')}")
    return chart


def concurrency(report: ForecastReport) -> Chart:
    chart = _chart(report, "Concurrency", "executions")
    top = _line(chart, report, "concurrency", "", theme.IN_FLIGHT, 1.0, "concurrent executions", number)
    if report.now:
        law = report.now.forecast.law
        far = add_limits(chart, [Threshold(law.limited_by, law.limit)], top, "executions")
        if far:
            set_remark(chart, far)
    if not top:
        set_instead(chart, "0 executions: nothing runs")
    return chart


def _time(report: ForecastReport) -> tuple[str, float]:
    return time_unit(float(report.course.index[-1]) if len(report.course) else 0.0)


def _chart(report: ForecastReport, title: str, unit: str, height: int = 240) -> Chart:
    start = "the end of the range" if report.at else "now"
    return figure(title, unit, f"{_time(report)[0]} from {start}", height)


def _line(
    chart: Chart,
    report: ForecastReport,
    column: str,
    band: str,
    colour: str,
    scale: float,
    name: str,
    write: object,
) -> float:
    """The line and its band; returns the highest value of both."""
    assert callable(write)  # noqa: S101 (for the type checker)
    _, size = _time(report)
    times = report.course.index.to_numpy() / size
    values = report.course[column].to_numpy() / scale
    edges = [f"{band}_low", f"{band}_high"]
    top = float(values.max()) if len(values) else 0.0
    spread = bool(band) and set(edges) <= set(report.course.columns)
    texts = [write(value) for value in values]
    if spread:
        low, high = (report.course[edge].to_numpy() / scale for edge in edges)
        texts = [
            f"{text} ({write(least)} to {write(most)})" for text, least, most in zip(texts, low, high, strict=True)
        ]
        top = max(top, float(high.max()))
        for edge, fill in ((low, None), (high, "tonexty")):
            chart.add_scatter(
                x=times,
                y=edge,
                name=BAND,
                mode="lines",
                line={"width": 0, "color": colour},
                fill=fill,
                fillcolor=faded(colour, 0.2),
                showlegend=fill is not None,
                hoverinfo="skip",
            )
    chart.add_scatter(
        x=times,
        y=values,
        name=name,
        mode="lines",
        line={"color": colour, "width": 2},
        showlegend=spread,
        customdata=np.array(list(zip([duration(at * size) for at in times], texts, strict=True)), dtype=object),
        hovertemplate="in %{customdata[0]}: %{customdata[1]}<extra></extra>",
    )
    chart.update_layout(hovermode="closest" if not spread else "x")
    return top
