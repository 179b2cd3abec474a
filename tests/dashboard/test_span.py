"""Time ranges that a reader chooses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dashboard.span import BadSpan, Span, custom, written

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_a_custom_range_is_in_utc_and_does_not_move() -> None:
    span = custom(datetime(2026, 11, 23, 10, 0), datetime(2026, 11, 23, 11, 0), NOW)
    assert span == Span(None, datetime(2026, 11, 23, 10, 0, tzinfo=UTC), datetime(2026, 11, 23, 11, 0, tzinfo=UTC))
    assert not span.moves
    assert Span(minutes=15).moves


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (None, datetime(2026, 11, 23), "Choose a start and an end"),
        (datetime(2026, 11, 23, 11), datetime(2026, 11, 23, 10), "not before the end"),
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
