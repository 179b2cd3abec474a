"""Charts of a range that is much longer than its data, of single points, and of nothing."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import numpy as np
import pandas as pd
import pytest

from dashboard.charts import cold_starts, cost, failures
from dashboard.charts.drawing import base, time_series
from dashboard.charts.drawing.chart import Chart
from dashboard.markup import sparkline
from dashboard.time_range import TimeRange
from ops.insight.report_types import QueryCost, Threshold
from ops.insight.reports import dead_letters
from ops.insight.rules.cost.cost_model import Assumptions
from ops.insight.sources.metrics import Readings
from ops.insight.time_window import between
from tests.dashboard.samples import Sample
from tests.dashboard.unusual import Empty

END = datetime(2026, 11, 28, 13, 30, tzinfo=UTC)
WEEK = pd.date_range(END - timedelta(days=7), END, freq="30min", inclusive="left", name="time")
LINE = (time_series.Series("value", "value", "#000000"),)


def drawn(**at: float) -> Chart:
    """A week by half hours with these values: ``last``, ``middle`` …"""
    values = np.full(len(WEEK), np.nan)
    for name, value in at.items():
        values[{"first": 0, "middle": len(WEEK) // 2, "last": -1}[name]] = value
    return time_series.over_time("What?", pd.DataFrame({"value": values}, index=WEEK), LINE, "things", UTC)


def said(chart: Chart) -> str:
    return " ".join([base.remark(chart), *(name for name, _ in base.lines(chart))])


def marks(chart: Chart) -> int:
    """How many points are drawn besides lines, which do not show them; the legend has none of them."""
    drawn = [line for line in chart.data if line.mode == "markers"]
    assert not any(line.showlegend for line in drawn)
    return sum(int(np.isfinite(np.asarray(line.y, dtype=float)).sum()) for line in drawn)


def test_a_single_point_is_drawn_and_the_axis_fits_it() -> None:
    chart = drawn(last=4.0)
    assert marks(chart) == 1
    first, last = (pd.Timestamp(edge) for edge in chart.layout.xaxis.range)
    assert last - first < timedelta(hours=1)
    assert re.search(r"data since 13:00( on 28 Nov)? UTC", said(chart))


@pytest.mark.parametrize("at", [{"first": 1.0}, {"middle": 1.0}, {"first": 1.0, "last": 1.0}])
def test_a_range_with_older_data_is_drawn_whole(at: dict[str, float]) -> None:
    chart = drawn(**at)
    first, last = (pd.Timestamp(edge) for edge in chart.layout.xaxis.range)
    assert (first, last) == (
        pd.Timestamp(END - timedelta(days=7)).tz_localize(None),
        pd.Timestamp(END).tz_localize(None),
    )
    assert "data since" not in said(chart)
    assert marks(chart) == len(at)


def test_a_line_has_no_marks_on_its_way() -> None:
    frame = pd.DataFrame({"value": np.arange(len(WEEK), dtype=float)}, index=WEEK)
    assert not marks(time_series.over_time("What?", frame, LINE, "things", UTC))


def test_a_far_limit_and_young_data_are_both_said() -> None:
    frame = pd.DataFrame({"value": np.nan}, index=WEEK)
    frame.iloc[-1] = 1.0
    told = said(time_series.over_time("What?", frame, LINE, "things", UTC, limits=[Threshold("quota", 1_000.0)]))
    assert "data since" in told
    assert "quota" in told


def test_a_sparkline_of_young_data_is_no_dot() -> None:
    young = [None] * 300 + [1.0, 2.0, 3.0]
    assert "polyline" in sparkline.svg(young, "#000000")


def test_cold_starts_of_nothing_have_an_axis_of_time() -> None:
    reach = (END - timedelta(hours=1), END)
    chart = cold_starts.dots(Empty().cold_starts(TimeRange()), UTC, reach)
    assert chart.layout.xaxis.type == "date"
    assert pd.Timestamp(chart.layout.xaxis.range[0]) == pd.Timestamp(reach[0]).tz_localize(None)


def test_a_chart_without_times_numbers_none() -> None:
    axis = failures.durations(Empty().failures(TimeRange()), UTC).layout.xaxis
    assert (axis.type, axis.showticklabels) == ("date", False)


def test_dollars_are_not_written_in_micros() -> None:
    report = Sample().cost(TimeRange(), Assumptions())
    axes = (
        cost.trend(report, UTC).layout.yaxis,
        cost.break_even(report).layout.yaxis,
    )
    for axis in axes:
        assert axis.exponentformat == "none"
        assert {stop.value for stop in axis.tickformatstops} >= {"$,.0f", "$,.2f", "$,.5f"}


def test_all_ticks_of_an_axis_have_as_many_decimals() -> None:
    """By their distance, as Plotly chooses it: 1, 2 or 5 times a power of ten; a distance has one format."""
    stops = base.value_ticks()
    for places in range(10):
        for step in (1, 2, 5):
            distance = step * 10.0**-places
            (found,) = [
                stop["value"]
                for stop in stops
                if stop["dtickrange"][0] <= distance <= (stop["dtickrange"][1] or math.inf)
            ]
            assert found == f",.{places}f"


def test_errors_and_durations_are_drawn_with_their_thresholds() -> None:
    report = Sample().failures(TimeRange())
    failed, took = failures.errors(report, UTC), failures.durations(report, UTC)
    assert "alarm scilearn-function-errors > 0" in unescape(said(failed))
    assert "timeout 6 s" in said(took)
    assert "alarm scilearn-duration-near-timeout > 5.4 s" in unescape(said(took))
    assert [line.name for line in took.data][:3] == ["p99", "p95", "p50"]


def test_a_minutes_depth_fills_the_shorter_periods_of_its_minute_and_no_more() -> None:
    window = between(END - timedelta(minutes=10), END, finest=10, now=END)
    minutes = [window.start + timedelta(minutes=number) for number in range(3)]
    visible = tuple(zip(minutes, [2.0, 5.0, 7.0], strict=True))
    readings = Readings({}, (), window, QueryCost(0, 0.0), {"dead_visible": visible})
    depth = readings.to_frame({"dead": dead_letters.depth_series(readings)})["dead"]
    assert depth.notna().sum() == 3 * window.fine // window.period
    assert depth[: minutes[2]].tolist()[::6] == [2.0, 5.0, 7.0]
    assert depth[minutes[2] + timedelta(minutes=1) :].isna().all(), "what nothing was told of stays open"
