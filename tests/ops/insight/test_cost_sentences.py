"""What the charts of the Cost page say."""

from __future__ import annotations

import pytest

from ops.insight.rules.cost import sentences
from ops.insight.rules.cost.comparison import NO_DATA, WeekBefore, compared


def test_where_the_money_goes() -> None:
    parts = {"Logs": 1.0, "Lambda duration": 6.0, "Alarms": 3.0, "Empty receives": 0.0}
    assert sentences.where_it_goes(parts, 10.0) == (
        "Of $10.00 in this range, most went into Lambda duration (60%) and Alarms (30%)."
    )
    assert sentences.where_it_goes({"Logs": 1.0, "Alarms": 0.0}, 1.0).endswith("went into Logs (100%).")
    assert sentences.where_it_goes({}, 0.0) == "Nothing that costs money was used in this range."


def test_what_failed_attempts_cost() -> None:
    assert sentences.failures([("A", 2.0), ("B", 1.0)], 3.0, 10.0) == (
        "Failed attempts took $3.00 (30% of the cost); A alone took $2.00."
    )
    assert sentences.failures([("A", 2.0)], 2.0, 10.0).endswith("(20% of the cost), all of it A.")
    assert sentences.failures([], 0.0, 10.0) == "No money went into failed attempts."


@pytest.mark.parametrize(
    ("jobs", "now", "end"),
    [
        (2_000.0, 500.0, "from 2,000 jobs per hour; this range had 500: at that load, Lambda is cheaper."),
        (2_000.0, 5_000.0, "this range had 5,000: at that load, an instance is cheaper."),
        (None, 500.0, "that one instance carries (36,000 jobs per hour); this range had 500."),
        (None, None, "so there is no price of one to compare with an instance's."),
    ],
)
def test_when_an_instance_is_cheaper(jobs: float | None, now: float | None, end: str) -> None:
    assert sentences.break_even(jobs, now, 36_000.0).endswith(end)


def test_what_looking_costs() -> None:
    assert sentences.own_spending(0.001).endswith("refreshed each minute for a month, $43.80.")
    text = sentences.own_spending(0.001, 0.18)
    assert "and $0.18 an hour for totals of log lines; refreshed each minute for a month, $175.20." in text


@pytest.mark.parametrize(
    ("before", "end"),
    [
        (WeekBefore(0.8), "$1.00, 25% more than in the same hours a week before ($0.80)."),
        (WeekBefore(2.0), "$1.00, 50% less than in the same hours a week before ($2.00)."),
        (WeekBefore(1.001), "$1.00, as in the same hours a week before ($1.00)."),
        (NO_DATA, "$1.00; the same hours a week before: no data."),
    ],
)
def test_against_the_week_before(before: WeekBefore, end: str) -> None:
    assert compared(1.0, before) == f"1,000 successful jobs cost {end}"
