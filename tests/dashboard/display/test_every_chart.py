"""What holds for every chart: it is valid, its lines differ without color, and it has a preview."""

from __future__ import annotations

import itertools
from datetime import UTC

import plotly.graph_objects as go
import pytest

from dashboard.charts import cold_starts, concurrency, cost, dead_letters, failures, forecast, queue, rightsize
from dashboard.charts.drawing import base, time_series
from dashboard.charts.drawing.chart import Chart
from dashboard.charts.timeline import overview
from dashboard.markup.chart_preview import chart_preview
from dashboard.time_range import TimeRange
from ops import pricing
from ops.insight.forecast.assumptions import Assumed
from ops.insight.rules.cost.cost_model import Assumptions
from ops.rightsize.model import Objective
from ops.rightsize.suggestion import size_up
from tests.dashboard.samples import Sample
from tests.dashboard.samples.sweeps import sweep

SPAN = TimeRange()
BUSY = Sample()


def charts_of_lines() -> list[Chart]:
    failed = BUSY.failures(SPAN)
    depth, held = BUSY.queue(SPAN), BUSY.concurrency(SPAN)
    return [
        *(draw(depth, UTC) for draw in (queue.depth, queue.rates, queue.receives)),
        *(draw(failed, UTC) for draw in (failures.durations, failures.end_to_end, failures.memory)),
        concurrency.executions(held, UTC),
        cost.break_even(BUSY.cost(SPAN, Assumptions())),
    ]


@pytest.mark.parametrize("figure", charts_of_lines(), ids=lambda figure: figure.layout.title.text)
def test_lines_of_one_chart_differ_without_colour(figure: Chart) -> None:
    looks = []
    for line in figure.data:
        if line.name != "UTC" and line.mode != "markers":
            red, green, blue = (int(line.line.color[i : i + 2], 16) / 255 for i in (1, 3, 5))
            lightness = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 + 0.05
            looks.append((line.line.dash or "solid", lightness))
    for (dash, light), (other_dash, other_light) in itertools.combinations(looks, 2):
        assert dash != other_dash or max(light, other_light) / min(light, other_light) >= 1.5


def every_chart() -> list[Chart]:
    failed, depth, held = BUSY.failures(SPAN), BUSY.queue(SPAN), BUSY.concurrency(SPAN)
    cold, paid = BUSY.cold_starts(SPAN), BUSY.cost(SPAN, Assumptions())
    ahead = BUSY.forecast(SPAN, Assumed(backlog=10_000))
    of_failures = (failures.errors, failures.jobs, failures.durations, failures.end_to_end, failures.memory)
    return [
        *charts_of_lines(),
        *(draw(failed, UTC) for draw in (*of_failures, failures.heat_map)),
        *(draw(depth, UTC) for draw in (queue.depth, queue.age, queue.rates, queue.receives)),
        *(draw(held, UTC) for draw in (concurrency.executions, concurrency.throttles, concurrency.batches)),
        *(draw(ahead) for draw in (forecast.depth, forecast.age, forecast.concurrency)),
        *(cold_starts.dots(cold, UTC), cold_starts.distribution(cold), cold_starts.waterfall(cold)),
        *(cost.components(paid), cost.trend(paid, UTC), cost.break_even(paid)),
        dead_letters.depth(BUSY.dead_letters(SPAN), UTC),
        overview.timeline(BUSY.timeline(), UTC),
        *(draw(size_up(sweep(), pricing.load(), Objective.COST)) for draw in (rightsize.cost, rightsize.latency)),
    ]


@pytest.mark.parametrize("chart", every_chart(), ids=lambda chart: chart.layout.title.text)
def test_charts_are_valid(chart: Chart) -> None:
    """Plotly checks nothing when a page draws them: a wrong setting would be ignored by the browser."""
    time_series.select_range(chart, None, UTC, 0)
    go.Figure(chart.figure().to_dict())


@pytest.mark.parametrize("chart", every_chart(), ids=lambda chart: chart.layout.title.text)
def test_charts_have_a_preview(chart: Chart) -> None:
    """While the browser loads Plotly; but for a heat map and what has several plots."""
    time_series.select_range(chart, None, UTC, 0)
    cannot = any(trace.type == "heatmap" for trace in chart.data) or "xaxis2" in chart.layout
    assert bool(chart_preview(chart)) != (cannot or bool(base.instead(chart)))
