"""Cost: by component, per 1,000 jobs over time, and against always-on compute."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

import numpy as np
import pandas as pd

from dashboard import theme
from dashboard.charts.drawing.base import BAR_LABEL, add_mark, figure, set_instead, value_ticks
from dashboard.charts.drawing.chart import Chart
from dashboard.charts.drawing.time_series import Series, over_time
from dashboard.formatting import number, percent, plain, usd
from ops.formatting import count
from ops.insight.report_types import Threshold
from ops.insight.reports.cost import CostReport
from ops.insight.rules.cost.function_cost import is_compute

BAR_PX = 30
"""Height of a component's bar with its gap."""
TWO_LINES_PX = 42
"""The same beside a name of two lines."""
MAX_CAUSE_CHARS = 26
"""Characters of a cause beside its bar, which leave the bar room on a phone; the tooltip has all of it."""
FURTHEST = 10
"""A load of more than this many times the chart's is not drawn: the break-even could not be seen beside it."""
MAX_CAUSES = 8
MIN_SHARE = 0.01
"""Of what failed attempts cost, to which the bars are drawn. Causes beyond so many, or with less, share one bar: theirs would be
too short to see."""


def in_dollars(chart: Chart) -> Chart:
    """Ticks as $0.00001 instead of $10µ."""
    chart.update_yaxes(tickformatstops=value_ticks("$"), exponentformat="none")
    return chart


def components(report: CostReport) -> Chart:
    """A bar for each component, the largest first."""
    parts = report.parts[report.parts["usd"] > 0].sort_values("usd", ascending=False, kind="stable")
    names = [plain(name) for name in parts["component"]]
    return _bars("Cost by component", names, parts["usd"], report.total_usd, theme.VISIBLE, "no cost in this range")


def _bars(
    title: str,
    names: list[str],
    dollars: pd.Series,
    total: float,
    colour: str,
    otherwise: str,
    whole_names: list[str] | None = None,
) -> Chart:
    """``whole_names``: where ``names`` are shortened and take two lines."""
    chart = figure(title, "USD in range", height=60 + (TWO_LINES_PX if whole_names else BAR_PX) * max(1, len(names)))
    shares = dollars / total if total else dollars * 0
    chart.add_bar(
        y=names,
        x=dollars,
        orientation="h",  # so that the names have room at every width
        text=[f"{usd(value)} · {plain(percent(share))}" for value, share in zip(dollars, shares, strict=True)],
        textposition="outside",
        cliponaxis=False,
        customdata=whole_names or names,
        hovertemplate="%{customdata}<br>%{text}<extra></extra>",
        marker={"color": colour},
        width=0.65 if len(names) > 1 else 0.35,  # one bar alone has the plot's whole height
    )
    chart.update_yaxes(side="left", autorange="reversed", showgrid=False, rangemode="normal", nticks=0)
    chart.update_xaxes(visible=False, range=[0, 1.25 * float(dollars.max() if len(dollars) else 1) or 1])
    chart.update_layout(showlegend=False, hovermode="closest", margin={"r": BAR_LABEL})
    if dollars.empty or not total:
        set_instead(chart, otherwise)
    return chart


def failures(report: CostReport) -> Chart:
    """A bar for each cause, the most expensive first, and one for all that cost next to nothing."""
    causes = report.failures
    large = causes[causes["usd"] >= MIN_SHARE * causes["usd"].sum()].head(MAX_CAUSES)
    own = causes if len(causes) - len(large) < 2 else large
    names = [
        f"{plain(cause, MAX_CAUSE_CHARS)}<br>{what}" for cause, what in zip(own["cause"], own["what"], strict=True)
    ]
    whole = [f"{plain(cause)} ({what})" for cause, what in zip(own["cause"], own["what"], strict=True)]
    dollars = list(own["usd"])
    if others := len(causes) - len(own):
        rest = count(others, "other cause")
        names.append(f"{rest}<br>together")
        whole.append(f"{rest}: ops costs lists each")
        dollars.append(float(causes["usd"].iloc[len(own) :].sum()))
    return _bars(
        "Cost of failed attempts by cause",
        _distinct(names),
        pd.Series(dollars, dtype=float),
        report.total_usd,
        theme.DEAD,
        "no attempt failed in this range",
        whole,
    )


def _distinct(names: Iterable[str]) -> list[str]:
    """Two bars of one name would be drawn over each other: the second gets a space that does not show."""
    found: list[str] = []
    for name in names:
        found.append(name + "\u00a0" * sum(other.rstrip("\u00a0") == name for other in found))
    return found


def trend(report: CostReport, viewer: tzinfo) -> Chart:
    limits = [] if report.usd_per_1000 is None else [Threshold("mean", report.usd_per_1000)]
    chart = over_time(
        "Cost per 1,000 jobs over time",
        report.trend,
        [Series("usd_per_1000", "cost per 1,000 jobs", theme.VISIBLE)],
        "USD",
        viewer,
        limits=limits,
        write=usd,
        read=usd,
    )
    return in_dollars(chart)


def break_even(report: CostReport) -> Chart:
    """Compute cost per hour by load: Lambda at its price in this range, against always-on workers.

    Only compute is compared: queue, API and logs cost the same either way.
    """
    chart = in_dollars(figure("Lambda vs. always-on: break-even", "USD per hour, compute only", "jobs per hour"))
    assumptions, break_even_load = report.assumptions, report.break_even_jobs_per_hour
    compute = float(report.parts.loc[report.parts["component"].map(is_compute), "usd"].sum())
    if not report.successes or not compute:
        set_instead(chart, "no successful jobs in this range")
        return chart
    most = 2 * (break_even_load or assumptions.always_on_jobs_per_hour)
    if most < (present := report.jobs_per_hour or 0.0) <= FURTHEST * most:
        most = 1.15 * present  # the load of the range is what its reader compares
    loads = np.linspace(0, most, 121)
    workers = np.maximum(1, np.ceil(loads / assumptions.always_on_jobs_per_hour)) * assumptions.always_on_usd_per_hour
    for name, costs, colour, shape, dash in (
        ("Lambda", loads * compute / report.successes, theme.VISIBLE, "linear", "solid"),
        ("always-on", workers, theme.NEUTRAL, "hv", "dot"),
    ):
        chart.add_scatter(
            x=loads,
            y=costs,
            name=name,
            mode="lines",
            line={"color": colour, "width": 2, "shape": shape, "dash": dash},
            customdata=[usd(value) for value in costs],
            hovertemplate="%{customdata}",
        )
    if report.jobs_per_hour and report.jobs_per_hour <= loads[-1]:
        add_mark(chart, report.jobs_per_hour, f"in this range: {number(report.jobs_per_hour)} jobs/h", "dot")
    if break_even_load:
        add_mark(chart, break_even_load, f"break-even: {number(break_even_load)} jobs/h")
    return chart
