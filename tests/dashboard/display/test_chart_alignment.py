"""Charts of one page are compared by eye: the same time is at the same place in each of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta

from dashboard.charts import concurrency, failures, queue
from dashboard.charts.drawing import base
from dashboard.charts.drawing.chart import Chart
from dashboard.pages import PAGES
from dashboard.time_range import TimeRange
from tests.dashboard.app import App
from tests.dashboard.samples import Sample

SPAN = TimeRange()


def _over_time(source: Sample) -> list[Chart]:
    failing, queued, running = source.failures(SPAN), source.queue(SPAN), source.concurrency(SPAN)
    of_failures = [failures.errors, failures.jobs, failures.durations, failures.heat_map, failures.end_to_end]
    return [
        *(draw(failing, UTC) for draw in (*of_failures, failures.memory)),
        *(draw(queued, UTC) for draw in (queue.depth, queue.age, queue.rates, queue.receives)),
        *(draw(running, UTC) for draw in (concurrency.executions, concurrency.throttles, concurrency.batches)),
    ]


def test_every_time_axis_is_the_whole_range_and_of_one_width() -> None:
    source = Sample()
    figures = _over_time(source)
    first, last = source.queue(SPAN).depth.index[0], source.queue(SPAN).depth.index[-1]
    ends = {tuple(map(str, figure.layout.xaxis.range)) for figure in figures}
    assert len(ends) == 1
    assert [end[:19].replace("T", " ") for end in ends.pop()] == [
        str(moment.tz_localize(None)) for moment in (first, last + timedelta(seconds=source.period))
    ]
    assert {figure.layout.margin.r for figure in figures} == {base.TICKS_PX}


def test_plots_side_by_side_begin_at_one_height(sample: Callable[[str], App]) -> None:
    """One of each pair has a legend above its plot."""
    for page, pair in (("failures", slice(-2, None)), ("cold_starts", slice(1, 3))):
        margins = [chart["layout"]["margin"]["t"] for chart in sample("trouble").open(PAGES[page]).charts]
        assert len(set(margins[pair])) == 1


def test_the_cells_of_a_long_range_leave_no_gaps() -> None:
    gaps = [failures.heat_map(Sample(minutes=minutes).failures(SPAN), UTC).data[0].xgap for minutes in (60, 1_440)]
    assert gaps == [1, 0]


def test_numbers_of_no_invocations_are_left_out(sample: Callable[[str], App]) -> None:
    assert "– of –" not in sample("empty").open(PAGES["cold_starts"]).text
