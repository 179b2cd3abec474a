"""Windows: few enough points for a chart, periods that CloudWatch still has, and clear words for nonsense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ops.errors import UsageError
from ops.insight import time_window

NOW = datetime(2026, 11, 23, 19, 7, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "finest", "period"),
    [(15, 60, 60), (15, 10, 10), (60, 10, 10), (60, 60, 60), (360, 60, 60), (1_440, 60, 300), (10_080, 60, 1_800)],
)
def test_the_ranges_of_the_dashboard(minutes: int, finest: int, period: int) -> None:
    chosen = time_window.last(minutes, finest, NOW)
    assert chosen.period == period
    assert chosen.end == NOW
    assert chosen.start.timestamp() % period == 0
    assert NOW - timedelta(minutes=minutes, seconds=period) < chosen.start <= NOW - timedelta(minutes=minutes)


def test_how_far_back_a_look_goes_by_itself() -> None:
    assert time_window.usual_minutes(is_twin=False) == 60
    assert time_window.usual_minutes(is_twin=True) == 15


@pytest.mark.parametrize("minutes", [1, 7, 15, 59, 61, 180, 181, 1_000, 21_600, 21_601, 100_000, 655_000])
@pytest.mark.parametrize("finest", [1, 5, 10, 60])
def test_any_window_fits_a_chart_and_what_cloudwatch_keeps(minutes: int, finest: int) -> None:
    chosen = time_window.last(minutes, finest, NOW)
    points = time_window.periods(chosen)
    assert 1 <= len(points) <= time_window.MAX_POINTS + 2 or chosen.period == time_window.PERIODS[-1]
    assert points[0] == chosen.start
    assert points[-1] < chosen.end <= points[-1] + timedelta(seconds=chosen.period)
    age = timedelta(minutes=minutes)
    assert chosen.period >= 60 or age <= timedelta(hours=3)
    assert chosen.period >= 300 or age <= timedelta(days=15)
    assert chosen.period >= 3_600 or age <= timedelta(days=63)


def test_a_window_of_the_past_is_read_by_its_age() -> None:
    start = NOW - timedelta(days=100)
    assert time_window.between(start, start + timedelta(minutes=30), 10, NOW).period == 3_600


def test_other_zones_and_the_future() -> None:
    berlin = timezone(timedelta(hours=1))
    chosen = time_window.between(
        datetime(2026, 11, 23, 19, 0, tzinfo=berlin), datetime(2026, 11, 23, 23, 0, tzinfo=berlin), 60, NOW
    )
    assert chosen.start == datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    assert chosen.end == NOW, "what has not happened yet is not asked for"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOW, NOW - timedelta(hours=1)),
        (NOW, NOW),
        (NOW + timedelta(hours=1), NOW + timedelta(hours=2)),
        (NOW - timedelta(days=456), NOW),
        (NOW.replace(tzinfo=None), NOW),
    ],
)
def test_nonsense(start: datetime, end: datetime) -> None:
    with pytest.raises(UsageError) as caught:
        time_window.between(start, end, 60, NOW)
    assert caught.value.next_step
