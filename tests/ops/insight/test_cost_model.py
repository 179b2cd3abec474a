"""What use costs, without a workload: the parts add up whatever the usage, and prices are those on file."""

from __future__ import annotations

import random
from dataclasses import replace

import pandas as pd
import pytest

from handler.extension.records import prices as extension_prices
from ops import pricing
from ops.aws.cloudwatch import Alarm, AlarmMetric
from ops.insight import time_window as windows
from ops.insight.report_types import QueryCost
from ops.insight.reports import cost
from ops.insight.rules.cost import cost_model
from ops.insight.rules.cost.cost_model import Assumptions
from ops.insight.rules.cost.function_cost import function_usd, hourly_usd
from ops.insight.sources.function_usage import FunctionUsage, read_usage
from ops.insight.sources.metrics import Readings
from ops.pricing import billed_requests
from tests.ops.insight.world import FUNCTION, MINUTES, WINDOW, WORKLOAD


def test_snapshots_of_java_are_not_billed() -> None:
    use = FunctionUsage(restores=0.5, snapshots=2)
    python, java = (replace(FUNCTION, runtime=one) for one in ("python3.13", "java21"))
    assert set(hourly_usd(python, pricing.load(), use)) == {"SnapStart cache"}
    assert hourly_usd(java, pricing.load(), use) == {}
    assert "SnapStart restores by the GB" in function_usd({"invocations": 1.0}, python, 0, pricing.load(), use)
    assert "SnapStart restores by the GB" not in function_usd({"invocations": 1.0}, java, 0, pricing.load(), use)


def test_on_managed_instances_only_requests_are_paid_for_by_use() -> None:
    there = replace(WORKLOAD, function=replace(FUNCTION, managed=True))
    empty = Readings({}, (), WINDOW, QueryCost())
    assert (read_usage(empty, there).managed, read_usage(empty, WORKLOAD).managed) == (1.0, 0.0)
    usd = function_usd({"invocations": 1e6, "duration_ms": 1e6}, FUNCTION, 0, pricing.load(), read_usage(empty, there))
    assert usd["Lambda duration"] == 0.0
    assert usd["Lambda requests"] == pytest.approx(0.2)


def test_break_even() -> None:
    cheap = Assumptions(always_on_usd_per_hour=1.0, always_on_jobs_per_hour=1_000)
    assert cost.break_even(10.0, 1_000, cheap) == pytest.approx(100), "a cent a job: a dollar buys a hundred"
    assert cost.break_even(0.1, 1_000, cheap) is None, "a worker would have to do more than it can"
    assert cost.break_even(1.0, 0, cheap) is None


@pytest.mark.parametrize(
    ("size", "requests"), [(0, 1), (1, 1), (65_536, 1), (65_537, 2), (262_144, 4), (1_048_576, 16)]
)
def test_chunks(size: int, requests: int) -> None:
    assert billed_requests.sqs_chunks(size) == requests


def usage(chance: random.Random) -> Readings:
    columns = ("sent", "received", "deleted", "empty_receives", "message_bytes", "invocations", "duration_ms")
    records = ("billed_ms", "init_ms", "jobs_succeeded", "jobs_repeated", "jobs_failed", "jobs_rejected")
    values = {
        name: [chance.choice((float("nan"), 0.0, chance.uniform(0, 1e5))) for _ in windows.periods(WINDOW)]
        for name in (*columns, *records)
    }
    return Readings(values, (*columns, *records), WINDOW, QueryCost())


@pytest.mark.parametrize("seed", range(30))
def test_whatever_the_usage(seed: int) -> None:
    """Never negative or unknown; twice the use costs twice as much; a higher price never less."""
    readings, table = usage(random.Random(seed)), pricing.load()
    parts = pd.DataFrame(cost_model.spend(readings, WORKLOAD, Assumptions(), table))
    assert (parts >= 0).all().all()
    assert len(parts) == MINUTES - 1
    counts = [name for name in readings.columns if name != "message_bytes"]
    doubled = readings.replaced({name: [2 * value for value in readings.columns[name]] for name in counts})
    twice = pd.DataFrame(cost_model.spend(doubled, WORKLOAD, Assumptions(), table))
    fixed = ["Custom metrics", "Alarms"]
    pd.testing.assert_frame_equal(twice.drop(columns=fixed), parts.drop(columns=fixed) * 2)
    pd.testing.assert_frame_equal(twice[fixed], parts[fixed])
    dear = replace(table, lambda_gb_second_arm64=1.0)
    costlier = pd.DataFrame(cost_model.spend(readings, WORKLOAD, Assumptions(), dear))
    assert (costlier.sum(axis=1) >= parts.sum(axis=1)).all()


def test_an_alarm_costs_by_its_metrics_and_a_composite_its_own_price() -> None:
    """CloudWatch pricing, 2026-11: $0.10 a metric, $0.30 of high resolution, $0.50 a composite alarm."""
    readings, table = usage(random.Random(1)), pricing.load()
    metric = AlarmMetric("AWS/SQS", "ApproximateNumberOfMessagesVisible", (), "Maximum", 60)
    alarm = Alarm("ratio", "OK", "", "", None, "", "", threshold=0.0, metrics=(metric, metric), math=True)
    fast = replace(alarm, name="fast", metrics=(replace(metric, period_s=10),))
    workload = replace(WORKLOAD, alarms=("ratio", "fast", "unread"), composite_alarms=("page-me",))
    spent = cost_model.spend(readings, workload, Assumptions(), table, alarms=(alarm, fast))
    plain = cost_model.spend(readings, WORKLOAD, Assumptions(), table)
    hours = sum(plain["Alarms"]) / (len(WORKLOAD.alarms) * 0.10)
    assert sum(spent["Alarms"]) == pytest.approx((2 * 0.10 + 0.30 + 0.10 + 0.50) * hours)


def test_the_prices_on_file() -> None:
    table = pricing.load()
    assert set(table.unsure) == {"sqs_fifo_request", "lambda_poller_hour", *pricing.optional_names()}
    for field, value in vars(table).items():
        if isinstance(value, float):
            assert 0 < value < 1, field


def test_the_extension_estimates_with_the_same_prices() -> None:
    table = pricing.load()
    assert {
        "x86_64": table.lambda_gb_second_x86_64,
        "arm64": table.lambda_gb_second_arm64,
    } == extension_prices.GB_SECOND
    assert table.lambda_request == extension_prices.REQUEST
