"""Cost: by component, per 1,000 jobs over time, and against always-on compute."""

from __future__ import annotations

from datetime import tzinfo

import numpy as np
import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.base import BAR_LABEL, GRID, Series, add_mark, figure, over_time, show_empty
from dashboard.formatting import number, plain, usd
from ops.insight.report_types import Threshold
from ops.insight.reports.cost import CostReport
from ops.insight.rules.cost_model import is_compute


def in_dollars(chart: go.Figure) -> go.Figure:
    """Ticks as $0.00001 instead of $10µ."""
    return chart.update_yaxes(tickprefix="$", exponentformat="none")


def waterfall(report: CostReport) -> go.Figure:
    """Each component starts where the previous one ends, up to the total."""
    chart = figure("Cost by component", "", "USD in range", height=340)
    chart.update_xaxes(tickprefix="$", exponentformat="none", nticks=5, showgrid=True, gridcolor=GRID)
    parts = report.parts
    names = [plain(name) for name in parts["component"]]
    shares = parts["usd"] / report.total_usd if report.total_usd else parts["usd"] * 0
    chart.add_waterfall(
        y=[*names, "Total"],
        x=[*parts["usd"], report.total_usd],
        orientation="h",  # so that the names have room at every width
        measure=["relative"] * len(names) + ["total"],
        text=[*(usd(value) for value in parts["usd"]), usd(report.total_usd)],
        textposition="outside",
        cliponaxis=False,
        customdata=[*(f"{share:.1%} of the total" for share in shares), "100%"],
        hovertemplate="%{y}<br>%{text}, %{customdata}<extra></extra>",
        increasing={"marker": {"color": theme.VISIBLE}},
        totals={"marker": {"color": theme.NEUTRAL}},
        connector={"line": {"color": "rgba(125,134,148,.5)", "width": 1}},
    )
    chart.update_yaxes(autorange="reversed", showgrid=False, rangemode="normal", nticks=0)
    chart.update_layout(showlegend=False, hovermode="closest", margin={"t": 8, "r": BAR_LABEL})
    if parts.empty or not report.total_usd:
        show_empty(chart, "No cost in this range")
    return chart


def trend(report: CostReport, viewer: tzinfo) -> go.Figure:
    limits = [] if report.usd_per_1000 is None else [Threshold("mean", report.usd_per_1000)]
    return in_dollars(
        over_time(
            "Cost per 1,000 jobs over time",
            report.trend,
            [Series("usd_per_1000", "cost per 1,000 jobs", theme.SUCCESS)],
            "USD",
            viewer,
            limits=limits,
            write=usd,
        )
    )


def break_even(report: CostReport) -> go.Figure:
    """Compute cost per hour by load: Lambda at its price in this range, against always-on workers.

    Only compute is compared: queue, API and logs cost the same either way.
    """
    chart = in_dollars(figure("Lambda vs. always-on: break-even", "USD per hour, compute only", "jobs per hour"))
    chart.update_xaxes(tickformat=",")
    assumptions, break_even_load = report.assumptions, report.break_even_jobs_per_hour
    compute = float(report.parts.loc[report.parts["component"].map(is_compute), "usd"].sum())
    if not report.successes or not compute:
        show_empty(chart, "No successful jobs in this range")
        return chart.update_layout(showlegend=False)
    loads = np.linspace(0, 2 * (break_even_load or assumptions.always_on_jobs_per_hour), 121)
    workers = np.maximum(1, np.ceil(loads / assumptions.always_on_jobs_per_hour)) * assumptions.always_on_usd_per_hour
    for name, costs, colour, shape in (
        ("Lambda", loads * compute / report.successes, theme.SUCCESS, "linear"),
        ("always-on", workers, theme.NEUTRAL, "hv"),
    ):
        chart.add_scatter(
            x=loads,
            y=costs,
            name=name,
            mode="lines",
            line={"color": colour, "width": 2, "shape": shape},
            hovertemplate="$%{y:.3f}",
        )
    if break_even_load:
        add_mark(chart, break_even_load, f"break-even: {number(break_even_load)} jobs/h")
    return chart
