"""Numbers as people say them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops import formatting

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.42, "0.4 s"),
        (42, "42 s"),
        (99.4, "99 s"),
        (99.6, "1 min 40 s"),
        (119.7, "2 min"),
        (135, "2 min 15 s"),
        (599.4, "9 min 59 s"),
        (599.6, "10 min"),
        (840, "14 min"),
        (12_000, "3 h 20 min"),
        (7_200, "2 h"),
        (345_600, "4 d"),
        (100_000 * 2, "2 d 7 h"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert formatting.duration(seconds) == said


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0.5, "0.5 ms"),
        (861.2, "861 ms"),
        (999.4, "999 ms"),
        (999.7, "1 s"),
        (1_234.0, "1.23 s"),
        (9_999.0, "10 s"),
        (15_000.0, "15 s"),
        (840_000.0, "14 min"),
    ],
)
def test_latencies(ms: float, said: str) -> None:
    assert formatting.latency(ms) == said


def test_a_window_is_told_to_the_minute() -> None:
    assert formatting.stretch(590) == "10 min"
    assert formatting.stretch(909) == "15 min"
    assert formatting.stretch(20) == "60 s"


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (0, "$0.00"),
        (12.3, "$12.30"),
        (1_234.5, "$1,234.50"),
        (0.042, "$0.042"),
        (0.0000036, "$0.0000036"),
        (0.00894, "$0.0089"),
        (0.0996, "$0.10"),
        (0.994, "$0.99"),
        (0.996, "$1.00"),
    ],
)
def test_dollars(amount: float, said: str) -> None:
    assert formatting.usd(amount) == said


def test_the_price_of_an_act_is_not_told_to_the_millionth() -> None:
    assert [formatting.price(amount) for amount in (0, 0.0000048, 0.0001, 0.25)] == [
        "$0.00",
        "less than $0.0001",
        "$0.00010",
        "$0.25",
    ]


def test_counts_rates_and_shares() -> None:
    assert formatting.count(1, "dead letter") == "1 dead letter"
    assert formatting.count(1_204, "dead letter") == "1,204 dead letters"
    assert formatting.count(2, "cause", "causes") == "2 causes"
    assert [formatting.count(number) for number in (2.5, 0.034, 9.96, 12.3)] == ["2.5", "0.034", "10", "12"]
    assert formatting.rate(3.4) == "3.4/min"
    assert formatting.rate(45) == "45/min"
    assert formatting.rate(0.04) == "0.04/min"
    assert formatting.rate(1_200) == "1,200/min"
    assert formatting.percent(0.004) == "0.4%"
    assert formatting.percent(0.5) == "50%"
    assert formatting.percent(0) == "0%"
    assert formatting.percent(0.0004) == "<0.1%", "what is there is not none"
    assert formatting.percent(0.0996) == formatting.percent(0.1) == "10%"
    assert formatting.percent(0.998) == "99.8%", "what is less than all is not all"
    assert formatting.percent(0.9996) == ">99.9%"
    assert formatting.percent(1) == "100%"


def test_dollars_are_written_in_one_place() -> None:
    """Decimals of its own make an amount another number than the same one elsewhere."""
    own = re.compile(r"\$\{[^{}]*:[^{}]*f\}|\$%\{")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("dashboard", "ops")
        for path in (ROOT / folder).rglob("*.py")
        if path != Path(formatting.__file__)
        for line in path.read_text().splitlines()
        if own.search(line)
    ]
    assert found == []


def test_clock_shows_the_day_when_it_is_another() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert formatting.clock(now - timedelta(hours=2), now) == "10:00 UTC"
    assert formatting.clock(now - timedelta(days=3), now) == "2026-11-20 12:00 UTC"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (9_960, "10 kB"),
        (37_400, "37 kB"),
        (999_600, "1.0 MB"),
        (2_500_000, "2.5 MB"),
        (7_000_000_000_000, "7,000 GB"),
    ],
)
def test_byte_size(count: int, text: str) -> None:
    assert formatting.byte_size(count) == text


def test_a_clock_that_was_set_back_gives_no_negative_time() -> None:
    noon = datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert formatting.elapsed(noon, noon + timedelta(hours=3, minutes=20)) == "3 h 20 min"
    assert formatting.elapsed(noon, noon - timedelta(days=1)) == "0 s"
