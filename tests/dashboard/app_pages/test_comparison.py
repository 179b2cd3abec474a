"""An earlier range behind the present one: its times, its lines, its cost, and what happens without its data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from dashboard.charts import failures, queue
from dashboard.charts.drawing.comparison import COMPARISONS, OPACITY, EarlierReport, earlier_range
from dashboard.pages import PAGES
from dashboard.time_range import TimeRange
from tests.dashboard.app import App
from tests.dashboard.samples import Sample
from tests.dashboard.unusual import Empty

Visit = Callable[[str], App]
NOW = datetime(2026, 11, 28, 12, 0, 37, tzinfo=UTC)
DAY = timedelta(days=1)
SPAN = TimeRange()
comparable = pytest.mark.parametrize("key", [key for key, entry in PAGES.items() if entry.comparable])


def test_a_range_that_ends_now_is_moved_and_kept_for_a_refresh() -> None:
    first = earlier_range(TimeRange(60), DAY, 60, NOW)
    assert (first.start, first.end) == (
        datetime(2026, 11, 27, 11, 0, tzinfo=UTC),
        datetime(2026, 11, 27, 12, 0, tzinfo=UTC),
    )
    assert earlier_range(TimeRange(60), DAY, 60, NOW + timedelta(seconds=20)) == first
    assert earlier_range(TimeRange(60), DAY, 60, NOW + timedelta(seconds=30)) != first


def test_a_custom_range_is_moved_as_it_is() -> None:
    span = TimeRange(None, NOW - timedelta(hours=3), NOW)
    assert earlier_range(span, 7 * DAY, 60, NOW) == TimeRange(None, NOW - 7 * DAY - timedelta(hours=3), NOW - 7 * DAY)


def test_earlier_lines_are_on_the_present_axis() -> None:
    report = Sample().queue(SPAN)
    earlier = EarlierReport(report, "day before", DAY)
    chart = queue.rates(report, UTC, earlier)
    names = [line.name for line in chart.data if line.opacity == OPACITY]
    assert names == ["arriving, day before", "processed, day before"]
    (line,) = [line for line in chart.data if line.name == "arriving, day before"]
    assert pd.Timestamp(line.x[0]) == pd.Timestamp(report.rates.index[0]).tz_localize(None) + DAY
    assert [line.showlegend for line in chart.data if line.name == "day before"] == [None], "one entry for both"
    assert not any(line.showlegend for line in chart.data if line.opacity == OPACITY)


def test_an_earlier_range_without_data_is_said() -> None:
    earlier = EarlierReport(Empty().failures(SPAN), "week before", 7 * DAY)
    chart = failures.durations(Sample().failures(SPAN), UTC, earlier)
    assert "no data for the week before" in chart.layout.meta["remark"]


@comparable
@pytest.mark.parametrize("name", COMPARISONS)
def test_the_address_chooses_a_comparison(sample: Visit, key: str, name: str) -> None:
    app = sample("trouble").open(PAGES[key], compare=name)
    assert not app.at.exception
    assert any(str(trace.get("name", "")).endswith(name) for chart in app.charts for trace in chart["data"])
    assert "48 metrics per refresh" in app.text, "both ranges are paid for"


@comparable
def test_nothing_is_compared_unless_chosen(sample: Visit, key: str) -> None:
    app = sample("trouble").open(PAGES[key])
    assert "24 metrics per refresh" in app.text
    assert not any("before" in str(trace.get("name")) for chart in app.charts for trace in chart["data"])


def test_another_page_keeps_the_choice_and_compares_nothing(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["cost"], compare="day before")
    assert not app.at.exception
    assert "24 metrics per refresh" in app.text


def test_a_comparison_that_is_none_is_ignored(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["queue"], compare="century")
    assert not app.at.exception
    assert "24 metrics per refresh" in app.text
