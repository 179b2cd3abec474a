"""Arrivals by cause as HTML."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from dashboard.markup import arrivals
from ops.deadletters.snapshot import CauseArrivals

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
CAUSES = [(name, f"Error <{name}>") for name in "abcdef"]


def sample(**counts: dict[int, int]) -> CauseArrivals:
    return CauseArrivals(START, 600, 10, counts)


def test_the_largest_causes_are_stacked_and_the_others_are_one() -> None:
    shown = sample(a={0: 3}, b={0: 1}, c={}, d={}, e={}, f={0: 2}, g={0: 2})
    html = arrivals.arrivals_chart(shown, CAUSES, UTC)
    heights = re.findall(r'so-s(\d)" style="height:([\d.]+)%', html)
    assert heights == [("0", "37.50"), ("1", "12.50"), ("5", "50.00")]
    assert "up to 8 messages per 10 min" in html
    assert "20 Nov 02:00:00–02:10:00: 3 Error &lt;a&gt;, 1 Error &lt;b&gt;, 4 other causes" in html
    assert "Error <" not in html, "a cause quotes messages"
    assert "20 Nov 02:00" in html
    assert "03:40 UTC" in html
    assert "Messages that were redriven or deleted are not included." in html


def test_one_cause_is_a_line_of_text() -> None:
    html = arrivals.arrivals_chart(sample(a={0: 3, 9: 1}), CAUSES[:1], UTC)
    assert "so-plot" not in html
    assert "Arrived 20 Nov 02:00 – 03:40 UTC." in html
    assert "not included" in html


def test_without_times_the_chart_says_so() -> None:
    html = arrivals.arrivals_chart(CauseArrivals(None, 0, 0, {}, 3), CAUSES, UTC)
    assert "No arrival times are known. 3 messages without a time." in html
    assert arrivals.arrivals_chart(CauseArrivals(None, 0, 0, {}), [], UTC) == ""


def test_each_cause_is_on_the_same_axis() -> None:
    shown = sample(a={0: 4, 1: 2}, b={9: 1})
    places = [
        re.findall(r"left:([\d.]+)%;width:([\d.]+)%;height:([\d.]+)%", arrivals.histogram(shown, name, UTC))
        for name in "ab"
    ]
    assert places == [[("0.00", "10.00", "100.0"), ("10.00", "10.00", "50.0")], [("90.00", "10.00", "100.0")]]
    assert arrivals.histogram(shown, "unknown", UTC) == ""
