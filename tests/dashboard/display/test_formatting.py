"""Numbers, times and untrusted text as a reader sees them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dashboard import formatting


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "–"), (float("nan"), "–"), (0, "0"), (0.034, "0.034"), (3.456, "3.5"), (12.3, "12"), (1234, "1,234"),
     (1_234_567, "1,234,567")],
)  # fmt: skip
def test_number(value: float | None, said: str) -> None:
    assert formatting.number(value) == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [(4.2, "seconds", ("4.2 s", "")), (12.0, "percent", ("12%", "")), (0.00123, "USD", ("$0.0012", "")),
     (1, "messages", ("1", "message")), (54, "messages", ("54", "messages")), (None, "messages", ("–", ""))],
)  # fmt: skip
def test_quantity(value: float | None, unit: str, said: tuple[str, str]) -> None:
    assert formatting.quantity(value, unit) == said


@pytest.mark.parametrize(("ms", "said"), [(None, "–"), (0.5, "0.5 ms"), (861.2, "861 ms"), (1234.0, "1.23 s")])
def test_millis(ms: float | None, said: str) -> None:
    assert formatting.millis(ms) == said


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [("23T12:00:05", "23T12:00:09", "12:00:05 – 12:00:09"), ("23T12:00:05", "23T12:00:05", "12:00:05"),
     ("22T12:00:05", "22T12:09:05", "22 Nov 12:00 – 12:09"), ("22T12:00:05", "22T12:00:50", "22 Nov 12:00"),
     ("21T12:00:05", "22T12:00:05", "21 Nov 12:00 – 22 Nov 12:00"), ("22T12:00:05", "23T12:00:05", "22 Nov 12:00 – 12:00:05")],
)  # fmt: skip
def test_a_day_and_a_moment_are_written_once(first: str, last: str, said: str) -> None:
    ends = [datetime.fromisoformat(f"2026-11-{each}+00:00") for each in (first, last)]
    assert formatting.first_to_last(ends[0], ends[1], UTC, datetime(2026, 11, 23, 22, 0, tzinfo=UTC)) == said


def test_moments_are_in_the_viewers_zone() -> None:
    now = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    berlin = formatting.zone("Europe/Berlin")
    assert formatting.moment(datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC), berlin, now) == "13:00:05"
    assert formatting.moment(datetime(2026, 11, 23, 23, 30, tzinfo=UTC), berlin, now) == "24 Nov 00:30"
    assert formatting.moment(datetime(2025, 11, 22, 12, 0, tzinfo=UTC), berlin, now) == "22 Nov 2025 13:00"
    assert formatting.utc(datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)) == "2026-11-23 12:00:05 UTC"


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "../../etc/passwd"])
def test_an_unknown_zone_is_utc(name: str | None) -> None:
    assert formatting.zone(name) is UTC


def test_chart_labels_hold_no_markup_and_one_line() -> None:
    assert formatting.plain('<b>x</b>\n<a href="y">z</a>') == '&lt;b&gt;x&lt;/b&gt; &lt;a href="y"&gt;z&lt;/a&gt;'
    assert len(formatting.plain("x" * 500)) == 120


def test_marks_that_turn_text_around_are_shown_not_obeyed() -> None:
    assert formatting.sendable("\u061c1") == "\\u061c1"
    assert formatting.sendable("\u202egnp.exe \u2066a\u2069") == "\\u202egnp.exe \\u2066a\\u2069"
    assert formatting.escape("مرحبا 👩‍👩‍👧") == "مرحبا 👩‍👩‍👧", "what is only foreign stays as it is"


def test_one_message_has_no_plural() -> None:
    assert [formatting.message_count(count) for count in (0, 1, 2_000)] == ["0 messages", "1 message", "2,000 messages"]
