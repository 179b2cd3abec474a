"""Intervals and comparisons of settings, by numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ops import pricing
from ops.rightsize import statistics, suggestion
from ops.rightsize.model import Attempt, Objective, Setting
from tests.dashboard.samples.sweeps import sweep

ONE, TWO = Setting(1024, 1), Setting(2048, 1)


def test_the_interval_of_a_median_is_by_ranks() -> None:
    found = statistics.percentile(list(range(1, 21)), 0.5)
    assert found is not None
    assert (found.value, found.low, found.high) == (10.5, 6, 15), "ranks 6 and 15 of 20: 95.9% (binomial table)"


@pytest.mark.parametrize(("count", "known"), [(71, False), (72, True)])
def test_the_upper_end_of_a_p95_takes_as_many_measurements_as_is_said(count: int, known: bool) -> None:
    found = statistics.percentile([float(value) for value in range(count)], 0.95)
    assert found is not None
    assert (found.high is not None) is known
    assert suggestion.P95_INVOCATIONS == 72


def test_settings_are_compared_job_by_job() -> None:
    """Jobs differ by a factor of a hundred, and one setting is 10% cheaper for each of them."""
    prices = pricing.load()
    times = np.geomspace(10, 1_000, 12)
    attempts = [
        Attempt(setting.memory_mb, 1, number, False, 1, took, took, None, 90)
        for setting, factor in ((ONE, 1.0), (TWO, 0.45))
        for number, took in enumerate(float(time * factor) for time in times)
    ]
    found = statistics.resample(attempts, (ONE, TWO), prices, "x86_64", 0.0)
    interval, two = found.usd_interval(ONE), found.usd_interval(TWO)
    assert interval.low is not None and two.high is not None
    assert interval.low < two.high, "the intervals overlap, since jobs differ"
    assert statistics.differ(found.usd_resampled[:, 0], found.usd_resampled[:, 1])


def test_failed_invocations_are_paid_for_by_the_successes() -> None:
    prices = pricing.load()
    attempts = [Attempt(1024, 1, number, False, int(number % 2 == 0), 100, 100, None, 90) for number in range(10)]
    found = statistics.resample(attempts, (ONE,), prices, "arm64", 0.0)
    each = 0.1 * prices.lambda_gb_second_arm64 + prices.lambda_request
    assert found.usd[0] == pytest.approx(2 * each)


def test_the_same_measurements_always_give_the_same_answer() -> None:
    first, second = (suggestion.size_up(sweep(), pricing.load(), Objective.BALANCED) for _ in range(2))
    assert first == second


def test_a_change_that_costs_more_is_not_for_cost() -> None:
    """1,769 MB takes half as long as 1,024 MB in the sample; where it takes two thirds, it costs more."""
    measured = sweep()
    slower = tuple(
        replace(attempt, duration_ms=attempt.duration_ms * 1.25, billed_ms=attempt.billed_ms * 1.25)
        if attempt.memory_mb == 1769 and attempt.duration_ms and attempt.billed_ms
        else attempt
        for attempt in measured.attempts
    )
    finding = suggestion.size_up(replace(measured, attempts=slower), pricing.load(), Objective.BALANCED).finding
    assert "from 1,024 MB to 1,769 MB for latency: costs $" in finding
    assert "more per month; p95 " in finding


def test_a_finding_names_the_batch_size_only_where_it_changes() -> None:
    same, other = (
        suggestion.size_up(sweep(batch_sizes=sizes), pricing.load(), Objective.COST).finding
        for sizes in ((1,), (1, 10))
    )
    assert "batches" not in same
    assert "from 1,024 MB in batches of 1 to" in other
    assert "MB in batches of 10 for cost: saves $" in other


def test_a_busy_machine_is_said() -> None:
    busy = replace(sweep(), twin=True, cores=2, load=9.0)
    quiet = replace(busy, load=1.5)
    notes = [suggestion.size_up(one, pricing.load(), Objective.COST).notes for one in (busy, quiet)]
    assert ["The machine was busy (load 9 on 2 cores)" in " ".join(found) for found in notes] == [True, False]


def test_no_rate_means_no_saving() -> None:
    measured = sweep()
    unknown = replace(measured, observed=replace(measured.observed, jobs_per_month=None))
    answer = suggestion.size_up(unknown, pricing.load(), Objective.LATENCY)
    assert answer.saving_month is None
    assert all(row.usd_month is None for row in answer.rows)
    assert "per month" not in answer.finding


def test_percentiles_of_many_rows_are_those_of_each_row() -> None:
    chance = np.random.default_rng(3)
    drawn = chance.random((400, 6)) * 1_000
    drawn[chance.random(drawn.shape) < 0.6] = np.nan
    empty = [bool(np.isnan(row).all()) for row in drawn]
    assert 0 < sum(empty) < 100
    expected = [250.0 if none else np.nanquantile(row, 0.95) for none, row in zip(empty, drawn, strict=True)]
    assert statistics.p95_by_row(drawn, 250.0).tolist() == expected
