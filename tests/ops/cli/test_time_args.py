"""Times and shares as people type them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ops.cli import time_args
from ops.errors import UsageError

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2h", datetime(2026, 11, 24, 1, 0, tzinfo=UTC)),
        ("90s", datetime(2026, 11, 24, 2, 58, 30, tzinfo=UTC)),
        ("1.5d", datetime(2026, 11, 22, 15, 0, tzinfo=UTC)),
        ("02:10", datetime(2026, 11, 24, 2, 10, tzinfo=UTC)),
        ("02:10 UTC", datetime(2026, 11, 24, 2, 10, tzinfo=UTC)),
        ("23:50", datetime(2026, 11, 23, 23, 50, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23T04:05", datetime(2026, 11, 23, 4, 5, tzinfo=UTC)),
        ("2026-11-23T04:05:06+02:00", datetime(2026, 11, 23, 2, 5, 6, tzinfo=UTC)),
    ],
)
def test_a_moment(text: str, at: datetime) -> None:
    assert time_args.moment(text, NOW) == at


@pytest.mark.parametrize(
    "text", ["", "soon", "90", "25:00", "-2h", "2026-13-01", "9" * 400 + "d", "9999-12-31T23:59-14:00"]
)
def test_no_moment(text: str) -> None:
    with pytest.raises(UsageError, match="is not a valid time") as raised:
        time_args.moment(text, NOW)
    assert "02:10" in raised.value.next_step


def test_durations_and_shares() -> None:
    assert time_args.seconds("90") == 90
    assert time_args.seconds("15m") == 900
    assert time_args.seconds("2 h") == 7200
    assert time_args.share("20%") == time_args.share("0.2") == 0.2
    for nonsense in ("-1", "101%", "2", "nan", "many"):
        with pytest.raises(UsageError, match="is not a valid share"):
            time_args.share(nonsense)
    with pytest.raises(UsageError, match="is not a valid duration"):
        time_args.seconds("a while")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-24T02:10+05:30", "2026-11-23T20:40:00"),
        ("2026-10-25T02:30+02:00", "2026-10-25T00:30:00"),
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30:00"),
        ("2026-11-01T01:30-04:00", "2026-11-01T05:30:00"),
        ("2026-11-01T01:30-05:00", "2026-11-01T06:30:00"),
    ],
)
def test_an_hour_that_a_clock_shows_twice_is_told_apart_by_its_offset(text: str, at: str) -> None:
    """Half-hour zones, and the nights on which Berlin and New York set their clocks back."""
    assert time_args.moment(text, NOW) == datetime.fromisoformat(at).replace(tzinfo=UTC)


def test_a_range_of_one_second_in_the_past() -> None:
    start, end = time_args.time_range("2026-11-23T04:05:06", "2026-11-23T04:05:07", NOW)
    assert start is not None and end is not None and (end - start).total_seconds() == 1
    assert time_args.time_range(None, None, NOW) == (None, None)


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        ("1h", "2h", "The time range ends before it starts."),
        ("02:10", "02:10", "The time range ends before it starts."),
        ("2026-11-24T03:01", None, "The time range starts in the future."),
        ("2026-11-25", "2026-11-26", "The time range starts in the future."),
    ],
)
def test_a_range_that_is_none(since: str, until: str | None, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as raised:
        time_args.time_range(since, until, NOW)
    assert "2026-11-2" in raised.value.next_step
