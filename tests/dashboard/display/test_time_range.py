"""Time ranges that a reader chooses."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.time_range import BadSpan, TimeRange, address, custom, dragged, from_address, written

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_a_custom_range_is_in_utc_and_does_not_move() -> None:
    span = custom(datetime(2026, 11, 23, 10, 0), datetime(2026, 11, 23, 11, 0), NOW)
    assert span == TimeRange(None, datetime(2026, 11, 23, 10, 0, tzinfo=UTC), datetime(2026, 11, 23, 11, 0, tzinfo=UTC))
    assert not span.moves
    assert TimeRange(minutes=15).moves


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (None, datetime(2026, 11, 23), "Select a start and an end"),
        (datetime(2026, 11, 23, 11), datetime(2026, 11, 23, 10), "Start must be before end"),
        (datetime(2026, 11, 24), datetime(2026, 11, 25), "in the future"),
        (datetime(2025, 1, 1), datetime(2026, 11, 23), "455 days"),
    ],
)
def test_what_makes_no_sense_is_said(start: datetime | None, end: datetime | None, said: str) -> None:
    with pytest.raises(BadSpan, match=said):
        custom(start, end, NOW)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-28T13:07", datetime(2026, 11, 28, 13, 7)),
        ("2026-11-28T13:07:30Z", datetime(2026, 11, 28, 13, 7, 30)),
        ("2026-11-28T13:07+02:00", datetime(2026, 11, 28, 11, 7)),
        ("yesterday", None),
        ("", None),
        ("9" * 5000, None),
        ("0001-01-01T00:00+14:00", None),
    ],
)
def test_a_moment_in_the_address(text: str, moment: datetime | None) -> None:
    assert written(text) == moment


@pytest.mark.parametrize(
    ("edges", "start", "end"),
    [
        (["2026-11-23 10:07:12.3456", "2026-11-23 10:20:40"], "10:07", "10:21"),
        (["2026-11-23 10:20:40", "2026-11-23 10:07:12.3456"], "10:07", "10:21"),
        (["2026-11-23 10:07", "2026-11-23 10:08"], "10:07", "10:08"),
        (["2026-11-23 10:07:10", "2026-11-23 10:07:20"], "10:07", "10:08"),
        (["2026-11-23 10:07", "2026-11-23 10:07"], "10:07", "10:08"),
        (["2026-11-23 11:50", "2026-11-23 12:03"], "11:50", "12:03"),
        (["2026-11-23", "2026-11-23 00:30"], "00:00", "00:30"),
    ],
)
def test_a_drag_is_a_range_of_whole_minutes_around_it(edges: list[str], start: str, end: str) -> None:
    span = dragged(edges, UTC, NOW)
    assert span is not None and span.start is not None and span.end is not None
    assert (f"{span.start:%H:%M}", f"{span.end:%H:%M}") == (start, end)


def test_a_drag_on_an_axis_of_another_zone_is_the_same_moments_in_utc() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert dragged(["2026-11-23 11:00", "2026-11-23 12:00"], berlin, NOW) == dragged(
        ["2026-11-23 10:00", "2026-11-23 11:00"], UTC, NOW
    )


@pytest.mark.parametrize(
    "edges",
    [
        [],
        [3, 4],
        ["yesterday", "2026-11-23 10:00"],
        ["2026-11-23 12:01", "2026-11-23 12:30"],
        ["2024-01-01", "2026-11-23"],
        ["9999-12-31 23:59:30", "9999-12-31 23:59:59"],
    ],
)
def test_a_drag_that_is_no_range_to_ask_for_is_none(edges: list[object]) -> None:
    assert dragged(edges, UTC, NOW) is None


@pytest.mark.parametrize("text", ["15m", "7d", "2026-11-28T13:07/2026-11-28T14:07"])
def test_a_range_in_the_address_is_read_as_it_was_written(text: str) -> None:
    found = from_address(text)
    assert found is not None
    assert address(*found) == text


@pytest.mark.parametrize("text", ["", "2h", "custom", "/", "2026-11-28T13:07/", "2026-11-28T13:07/2026-11-28T12:00"])
def test_what_is_no_range_in_the_address_is_none(text: str) -> None:
    assert from_address(text) is None
    assert address("custom", None, None) == ""
