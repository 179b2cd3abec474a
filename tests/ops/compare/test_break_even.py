"""Costs by requests per day, against numbers that were worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops import pricing
from ops.compare.costs import break_even, instance_prices
from ops.compare.costs.break_even import EventDrivenUse, SynchronousUse
from ops.errors import UsageError

PRICES = pricing.load()
ROOMY = SynchronousUse(0.1, seconds_per_job=1.0, jobs_at_once=2.0, least_instances=2, utilization=0.5, peak_factor=2.0)
"""86,400 s × 2 jobs × 50% / (1 s × peak 2) = 43,200 jobs a day on one instance; $73 a month each."""


def test_a_job_costs_what_its_parts_cost() -> None:
    use = EventDrivenUse(
        seconds_per_job=0.5,
        jobs_per_invocation=5.0,
        cold_share=0.1,
        init_s=2.0,
        memory_mb=2_048,
        architecture="arm64",
        message_bytes=70_000.0,
        log_bytes_per_invocation=4_000.0,
    )
    assert use.parts(PRICES) == pytest.approx(
        {
            "API Gateway": 0.0000035,
            "SQS requests": 5 * 0.0000004,  # two chunks sent, two received, one delete
            "Lambda duration": 0.5 * 2 * 0.0000133334,
            "Lambda INIT": 0.1 * 2.0 * 2 * 0.0000133334 / 5,
            "Lambda requests": 0.0000002 / 5,
            "Logs": 4_000 / 1e9 * 0.50 / 5,
        }
    )


def test_idle_polling_is_fifteen_receives_a_minute() -> None:
    assert break_even.idle_usd_per_month(PRICES) == pytest.approx(0.2592)  # 648,000 × $0.40 per million


def test_instances_follow_the_peak_and_are_never_fewer_than_the_least() -> None:
    assert ROOMY.capacity_per_day == pytest.approx(43_200)
    assert [ROOMY.instances(load) for load in (0, 86_400, 86_401, 129_600)] == [2, 2, 3, 3]
    assert ROOMY.usd_per_month(86_401) == pytest.approx(219.0)  # 3 × $0.1 × 730 h


def test_the_break_even_within_the_least_instances() -> None:
    # (2 × $73 − $0.26) / (730/24 days × $0.0001) = 47,914.52 requests per day, below the 86,400 that two carry.
    found = break_even.break_even(ROOMY, 0.0001, 0.26)
    assert found is not None
    assert found == pytest.approx(145.74 / (730 / 24 * 0.0001))
    assert found == pytest.approx(47_914.52, abs=0.01)
    assert break_even.event_usd_per_month(found, 0.0001, 0.26) == pytest.approx(ROOMY.usd_per_month(found))


def test_there_is_none_where_a_full_instance_is_worth_less_than_it_costs() -> None:
    # At $0.0000555 a job, 43,200 a day are worth 43,200 × 730/24 × 0.0000555 = $72.93 a month; the instance costs $73.
    assert break_even.break_even(ROOMY, 0.0000555, 0.0) is None
    # With $0.30 for polling: (146 − 0.3) / 0.001688125 = 86,308.77 requests per day, just below the 86,400 of two.
    assert break_even.break_even(ROOMY, 0.0000555, 0.3) == pytest.approx(86_308.77, abs=0.01)


def test_the_next_instance_may_make_the_container_costs_more_again() -> None:
    # At 86,400 requests per day and $0.0001 a job: $262.80 event-driven, $219 for a third instance. At $0.00006: $157.68.
    assert not break_even.costs_more_again(ROOMY, 0.0001, 0.0)
    assert break_even.costs_more_again(ROOMY, 0.00006, 0.0)


@pytest.mark.parametrize("usd_per_job", [0.00003, 0.0000556, 0.00006, 0.0001, 0.001])
@pytest.mark.parametrize("idle_usd", [0.0, 0.3, 20.0])
def test_the_break_even_is_that_of_a_search_load_by_load(usd_per_job: float, idle_usd: float) -> None:
    step = 25.0
    loads = (step * number for number in range(1, 6_000))
    searched = next(
        (
            load
            for load in loads
            if ROOMY.usd_per_month(load) <= break_even.event_usd_per_month(load, usd_per_job, idle_usd)
        ),
        None,
    )
    found = break_even.break_even(ROOMY, usd_per_job, idle_usd)
    assert (found is None) == (searched is None)
    assert found is None or searched is None or searched - step <= found <= searched


@pytest.mark.parametrize("usd_per_job", [0.0000045, 0.000003, 0.0000027, 0.000002])
def test_a_load_balancer_moves_the_break_even_to_more_instances(usd_per_job: float) -> None:
    with_balancer = replace(ROOMY, usd_per_hour=0.0035, load_balancer_usd_per_hour=0.01)
    loads = range(0, 5_000_000, 100)
    searched = next(
        (
            load
            for load in loads
            if with_balancer.usd_per_month(load) <= break_even.event_usd_per_month(load, usd_per_job, 0.26)
        ),
        None,
    )
    found = break_even.break_even(with_balancer, usd_per_job, 0.26)
    assert (found is None) == (searched is None)
    assert found is None or searched is None or searched - 100 <= found <= searched
    assert with_balancer.usd_per_month(0) - replace(with_balancer, load_balancer_usd_per_hour=0).usd_per_month(
        0
    ) == pytest.approx(7.3)


def test_a_container_that_is_free_is_cheaper_at_once_and_a_free_function_never_costs_more() -> None:
    free = SynchronousUse(0.0, 1.0)
    assert break_even.break_even(free, 0.001, 0.26) == 0.0
    assert break_even.break_even(ROOMY, 0.0, 0.26) is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"seconds_per_job": 0.0}, "time per job must be above 0, not 0."),
        ({"seconds_per_job": float("inf")}, "time per job must be above 0, not inf."),
        ({"utilization": 0.0}, "above 0% and at most 100%, not 0%."),
        ({"utilization": 1.5}, "above 0% and at most 100%, not 150%."),
        ({"least_instances": 0}, "at least 1 instance"),
        ({"usd_per_hour": -1.0}, "a price of at least 0"),
        ({"load_balancer_usd_per_hour": -1.0}, "A load balancer cannot cost -1 USD per hour"),
        ({"peak_factor": 0.5}, "a peak factor of at least 1"),
        ({"seconds_per_job": 1e308}, "less than one request per day"),
        ({"jobs_at_once": 1e-320}, "less than one request per day"),
    ],
)
def test_a_container_that_cannot_be_is_refused(changes: dict[str, Any], error: str) -> None:
    with pytest.raises(UsageError, match=error):
        SynchronousUse(**{"usd_per_hour": 0.1, "seconds_per_job": 1.0, **changes})


@pytest.mark.parametrize("changes", [{"jobs_per_invocation": 0.5}, {"cold_share": 1.1}, {"init_s": -1.0}])
def test_a_function_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        EventDrivenUse(seconds_per_job=1.0, **changes)


def test_fargate_is_priced_by_its_size_and_an_unknown_type_has_no_price() -> None:
    task = instance_prices.find("fargate", vcpus=0.5, memory_gb=1.0, architecture="arm64")
    assert task is not None
    assert task.usd_per_hour == pytest.approx(0.5 * 0.03238 + 0.00356)
    assert "2026-11-23" in task.source and "us-east-1" in task.source
    assert instance_prices.find("c99.huge", 1, 1, "arm64") is None
    doubtful = instance_prices.find("t3.medium", 1, 1, "x86_64")
    assert doubtful is not None and not doubtful.sure
