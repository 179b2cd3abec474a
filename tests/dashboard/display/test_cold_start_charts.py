"""Charts of cold starts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from dashboard.charts import cold_starts
from dashboard.charts.drawing import base
from dashboard.time_range import TimeRange
from tests.dashboard.display.test_charts import trace
from tests.dashboard.samples import Sample

SPAN = TimeRange()
BUSY = Sample()
BERLIN = ZoneInfo("Europe/Berlin")


def test_versions_are_stacked_and_all_cold_starts_are_in_the_plot() -> None:
    """Laid over one another, two versions have a third color, which no legend has."""
    cold = BUSY.cold_starts(SPAN)
    chart = cold_starts.distribution(cold)
    assert len(chart.data) > 1 and chart.layout.barmode == "stack"
    heights = np.sum([bar.y for bar in chart.data], axis=0)
    assert heights.sum() == cold.invocations["init_ms"].notna().sum()
    top = (chart.layout.yaxis.range or (0, np.inf))[1]
    assert heights.max() <= top
    middles = chart.data[0].x
    apart = chart.layout.xaxis.dtick
    assert 1 <= (middles[-1] - middles[0]) / apart <= 6
    assert f"{apart:.0e}"[0] in "125", "round numbers, not the middle of each bar"


def test_a_sample_without_cold_starts_is_no_range_without_them() -> None:
    report = BUSY.cold_starts(SPAN)
    sampled = replace(report, cold=563, phases=report.phases[:0], invocations=report.invocations.assign(init_ms=np.nan))
    for figure in (cold_starts.distribution(sampled), cold_starts.waterfall(sampled)):
        assert base.instead(figure) == "no cold start is in the sample"


def test_a_phase_too_short_to_matter_has_no_digits() -> None:
    report = BUSY.cold_starts(SPAN)
    (bars,) = cold_starts.waterfall(replace(report, phases=report.phases.assign(duration_ms=[700, 0, 0.039, 12]))).data
    assert bars.text == ["700 ms", "0 ms", "under 1 ms", "12 ms"]


def test_every_invocation_is_one_dot() -> None:
    report = BUSY.cold_starts(SPAN)
    figure = cold_starts.dots(report, UTC)
    assert sum(len(trace.x) for trace in figure.data) == len(report.invocations)
    assert len(trace(figure, "cold").x) > 0


def test_warm_dots_are_thinned_and_cold_ones_are_not() -> None:
    report = BUSY.cold_starts(SPAN)
    rows = report.invocations
    warm = rows[~rows["cold"] & rows["status"].isin(["success", ""])]
    many = pd.concat([rows, *[warm] * 8], ignore_index=True)
    figure = cold_starts.dots(type(report)(**{**vars(report), "invocations": many}), UTC)
    assert sum(len(trace.x) for trace in figure.data) <= cold_starts.MAX_DOTS
    assert len(trace(figure, "cold").x) == (many["cold"] & many["status"].isin(["success", ""])).sum()
    assert {trace.type for trace in figure.data} == {"scatter"}
    slowest = pd.concat([warm["duration_ms"]] * 9).nlargest(cold_starts.SLOWEST) / 1_000
    assert sorted(trace(figure, "warm").y)[-cold_starts.SLOWEST :] == pytest.approx(sorted(slowest))
    drawn = sum(len(trace.x) for trace in figure.data)
    assert f"{drawn:,} of {len(many):,} drawn" in base.remark(figure)


def test_more_cold_dots_than_that_are_drawn_by_the_graphics_card() -> None:
    report = BUSY.cold_starts(SPAN)
    many = pd.concat([report.invocations] * 8, ignore_index=True).assign(cold=True)
    figure = cold_starts.dots(type(report)(**{**vars(report), "invocations": many}), UTC)
    assert sum(len(trace.x) for trace in figure.data) == len(many)
    assert {trace.type for trace in figure.data} == {"scattergl"}
