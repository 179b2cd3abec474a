"""Cost: where the money goes, and how a thousand successes cost over time."""

from __future__ import annotations

from datetime import tzinfo

import numpy as np
import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.base import BAR_LABEL, GRID, Series, add_mark, figure, over_time, say_empty
from dashboard.formatting import number, plain, usd
from ops.insight.report_types import Threshold
from ops.insight.reports.cost import CostReport
from ops.insight.rules.cost_model import is_compute


def in_dollars(chart: go.Figure) -> go.Figure:
    """Ticks as $0.00001: nobody counts money in micros."""
    return chart.update_yaxes(tickprefix="$", exponentformat="none")


def waterfall(report: CostReport) -> go.Figure:
    """Each part on top of the one before, from Lambda's duration to the total."""
    chart = figure("Where does the money go?", "", "USD in this time", height=340)
    chart.update_xaxes(tickprefix="$", exponentformat="none", nticks=5, showgrid=True, gridcolor=GRID)
    parts = report.parts
    names = [plain(name) for name in parts["component"]]
    shares = parts["usd"] / report.total_usd if report.total_usd else parts["usd"] * 0
    chart.add_waterfall(
        y=[*names, "Total"],
        x=[*parts["usd"], report.total_usd],
        orientation="h",  # the names have room at every width
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
        say_empty(chart, "Nothing was spent in this time")
    return chart


def trend(report: CostReport, viewer: tzinfo) -> go.Figure:
    limits = [] if report.usd_per_1000 is None else [Threshold("mean", report.usd_per_1000)]
    return in_dollars(
        over_time(
            "Is a success getting more expensive?",
            report.trend,
            [Series("usd_per_1000", "1,000 successes", theme.SUCCESS)],
            "USD",
            viewer,
            limits=limits,
            say=usd,
        )
    )


def break_even(report: CostReport) -> go.Figure:
    """An hour's compute by load: Lambda's, as it was in this time, against workers that are always on.

    Only compute is compared: queue, API and logs cost the same either way.
    """
    chart = in_dollars(figure("From which load on is always-on cheaper?", "USD an hour, compute only", "jobs an hour"))
    chart.update_xaxes(tickformat=",")
    assumed, even = report.assumptions, report.break_even_jobs_per_hour
    compute = float(report.parts.loc[report.parts["component"].map(is_compute), "usd"].sum())
    if not report.successes or not compute:
        say_empty(chart, "No success in this time to price a job by")
        return chart.update_layout(showlegend=False)
    loads = np.linspace(0, 2 * (even or assumed.always_on_jobs_per_hour), 121)
    workers = np.maximum(1, np.ceil(loads / assumed.always_on_jobs_per_hour)) * assumed.always_on_usd_per_hour
    for name, costs, colour, shape in (
        ("Lambda", loads * compute / report.successes, theme.SUCCESS, "linear"),
        ("always on", workers, theme.NEUTRAL, "hv"),
    ):
        chart.add_scatter(
            x=loads,
            y=costs,
            name=name,
            mode="lines",
            line={"color": colour, "width": 2, "shape": shape},
            hovertemplate="$%{y:.3f}",
        )
    if even:
        add_mark(chart, even, f"break-even: {number(even)} jobs an hour")
    return chart
