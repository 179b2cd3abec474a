"""Synchronous against event-driven: how callers waited, what was open over time, and cost by requests per day."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import theme
from dashboard.charts.cost import in_dollars
from dashboard.charts.drawing.base import add_mark, figure, set_instead, whole
from dashboard.charts.drawing.chart import Chart
from dashboard.formatting import duration, number
from ops.compare.measured import EVENT_DRIVEN, SYNCHRONOUS, TITLES, ComparisonRun, FormMeasured
from ops.compare.report import Costs
from ops.formatting import about, latency, usd

COLOURS = {SYNCHRONOUS: theme.NEUTRAL, EVENT_DRIVEN: theme.VISIBLE}
"""Of the forms; any other one has ``OTHER``."""
OTHER = theme.COLD
MAX_STEPS = 400
"""Points of a distribution: more cannot be told apart."""


def waits(run: ComparisonRun) -> Chart:
    """The share of callers that waited no longer than this, and of jobs that had a result by then."""
    chart = figure("Caller wait and time to result", "% of jobs", "waited at most (log scale)", height=300)
    lines = []
    for form in run.forms:
        lines.append((form, form.waits_ms, "result" if form.form == SYNCHRONOUS else "accepted", "solid"))
        if form.form != SYNCHRONOUS:
            lines.append((form, form.results_ms, "result", "dot"))
    for form, values, what, dash in lines:
        if not values:
            continue
        xs, ys = _distribution(values, form.jobs)
        chart.add_scatter(
            x=xs,
            y=ys,
            name=f"{form.form}: {what}",
            mode="lines",
            line={"color": COLOURS.get(form.form, OTHER), "width": 2, "dash": dash, "shape": "hv"},
            customdata=[latency(value) for value in xs],
            hovertemplate="%{y:.0f}% within %{customdata}<extra>" + f"{form.form}: {what}" + "</extra>",
        )
    chart.update_layout(hovermode="closest")
    chart.update_yaxes(range=[0, 104])
    ticks = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
    chart.update_xaxes(type="log", tickvals=ticks, ticktext=[latency(tick) for tick in ticks])
    if not chart.data:
        set_instead(chart, "no call was answered")
    return chart


def _distribution(ascending: Sequence[float], jobs: int) -> tuple[list[float], list[float]]:
    """Values and the percentage of all ``jobs`` up to each: what was never answered never reaches 100%."""
    step = max(1, len(ascending) // MAX_STEPS)
    places = sorted({*range(0, len(ascending), step), len(ascending) - 1})
    return [max(ascending[at], 0.1) for at in places], [100 * (at + 1) / jobs for at in places]


def courses(run: ComparisonRun) -> list[Chart]:
    """The course of each form; all have the same axes, so that they can be compared."""
    charts = [_course(form) for form in run.forms]
    most = max((sample.open for form in run.forms for sample in form.course), default=0)
    last = max((sample.second for form in run.forms for sample in form.course), default=1.0)
    for chart in charts:
        chart.update_xaxes(range=[0, last])
        chart.update_yaxes(range=[0, max(1, most) * 1.05])
        whole(chart, most)
    return charts


def _course(form: FormMeasured) -> Chart:
    """Open and running jobs per second, and the time at which the host was killed."""
    chart = figure(f"{form.form.capitalize()}: jobs over time", "jobs", "seconds from the start")
    seconds = [sample.second for sample in form.course]
    for name, values, colour, fill in (
        ("unfinished", [sample.open for sample in form.course], theme.VISIBLE, None),
        ("worked on", [sample.running for sample in form.course], theme.IN_FLIGHT, "tozeroy"),
    ):
        chart.add_scatter(
            x=seconds,
            y=values,
            name="environments" if name == "worked on" and form.form == EVENT_DRIVEN else name,
            mode="lines",
            line={"color": colour, "width": 2, "shape": "hv"},
            fill=fill,
            hovertemplate="%{y}",
        )
    if form.killed_at_s is not None:
        add_mark(chart, form.killed_at_s, f"host killed after {duration(form.killed_at_s)}")
    if not any(sample.open for sample in form.course):
        set_instead(chart, "0 jobs were open at any sample")
    return chart


def costs(found: Costs, per_day: float | None) -> Chart:
    """``found`` is comparable."""
    chart = in_dollars(figure("Cost by requests per day", "USD per month", "requests per day", height=300))
    points = found.curve()
    loads = [load for load, _, _ in points]
    for form, values, dash in (
        (SYNCHRONOUS, [cost for _, cost, _ in points], "dot"),
        (EVENT_DRIVEN, [cost for _, _, cost in points], "solid"),
    ):
        chart.add_scatter(
            x=loads,
            y=values,
            name=TITLES[form],
            mode="lines",
            line={"color": COLOURS[form], "width": 2, "shape": "vh" if form == SYNCHRONOUS else "linear", "dash": dash},
            customdata=[usd(value) for value in values],
            hovertemplate="%{customdata}",
        )
    if per_day is not None and per_day <= loads[-1]:
        add_mark(chart, per_day, f"{number(per_day)} requests per day", "dot")
    if found.break_even:
        add_mark(chart, found.break_even, f"break-even: {about(found.break_even)} requests per day")
    return chart
