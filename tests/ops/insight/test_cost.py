"""Cost: the parts add up, whatever the usage; nothing is free that is billed; failures take their share."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from handler import contract
from handler.extension.records import prices as extension_prices
from ops import pricing
from ops.aws.cloudwatch import Alarm, AlarmMetric
from ops.insight import time_window as windows
from ops.insight.report_types import Level, QueryCost
from ops.insight.reports import cost, overview
from ops.insight.reports.cost import CostReport
from ops.insight.rules.cost import cost_model
from ops.insight.rules.cost.comparison import compared
from ops.insight.rules.cost.cost_model import Assumptions
from ops.insight.rules.cost.function_cost import LAMBDA_COMPONENTS, function_usd, hourly_usd
from ops.insight.sources import invocations
from ops.insight.sources.function_usage import FunctionUsage
from ops.insight.sources.metrics import Readings
from ops.workload import Workload
from tests.fakes.aws import Refusal
from tests.ops.insight.world import FUNCTION, MINUTES, QUEUE, WINDOW, WORKLOAD, Stage, record, without, world

USE = {
    "NumberOfMessagesSent": 60,
    "NumberOfMessagesReceived": 60,
    "NumberOfMessagesDeleted": 60,
    "NumberOfEmptyReceives": 3,
    "SentMessageSize": 1_000,
    "Invocations": 10,
    "Duration": 9_000,
    "BilledDuration": 10_000,
    "InitDuration": 1_000,
    "JobsSucceeded": 50,
    "JobsRejected": 10,
}
FULL = MINUTES - 1
"""Minutes that are over."""


def report(
    stage: Stage,
    metrics: dict[str, Any],
    workload: Workload = WORKLOAD,
    assumptions: Assumptions | None = None,
    lines: tuple[str, ...] = (),
) -> CostReport:
    with world(stage, metrics, log_lines=lines) as (aws, fake):
        found = cost.report(aws, workload, WINDOW, assumptions)
    assert fake.count("GetMetricData") <= 2, "the range, and a week before"
    return found


def part(found: CostReport, component: str) -> float:
    return float(found.parts.set_index("component")["usd"][component])


def test_each_part_is_its_use_times_its_price(stage: Stage) -> None:
    found, table = report(stage, USE), pricing.load()
    assert part(found, "Lambda duration") == pytest.approx(FULL * 9 * table.lambda_gb_second_arm64)
    assert part(found, "Lambda INIT") == pytest.approx(FULL * 1 * table.lambda_gb_second_arm64)
    assert part(found, "Lambda requests") == pytest.approx(FULL * 10 * 0.20 / 1e6)
    assert part(found, "SQS requests") == pytest.approx(FULL * (60 + 60 + 60) * 0.40 / 1e6)
    assert part(found, "Empty receives") == pytest.approx(FULL * 3 * 0.40 / 1e6)
    assert part(found, "API Gateway") == pytest.approx(FULL * 60 * 3.50 / 1e6)
    assert part(found, "Logs") == pytest.approx(FULL * 10 * 3_000 / 1e9 * 0.50)
    assert part(found, "Custom metrics") == pytest.approx((7 + 3) * 0.30 / 730 * FULL / 60)
    assert part(found, "Alarms") == pytest.approx(2 * 0.10 / 730 * FULL / 60)
    assert found.total_usd == pytest.approx(found.parts["usd"].sum())
    assert found.successes == FULL * 50
    assert found.usd_per_1000 == pytest.approx(found.total_usd / (FULL * 50) * 1_000)
    assert found.month_usd == pytest.approx(found.total_usd / FULL * 60 * 730)
    assert found.trend["usd_per_1000"].dropna().unique() == pytest.approx([found.usd_per_1000])
    assert found.prices_dated.startswith("2026-11-23, us-east-1")


def test_lambdas_parts_add_up_to_the_recorded_estimates(stage: Stage) -> None:
    """The function had twice the memory when these ran: its records know, and the page agrees with them."""
    priced, table = report(stage, USE), pricing.load()
    estimate = 2 * 10 * table.lambda_gb_second_arm64 + 10 * table.lambda_request
    found = report(stage, USE | {"EstimatedCost": estimate})
    parts = ("Lambda duration", "Lambda INIT", "Lambda requests")
    assert sum(part(found, name) for name in parts) == pytest.approx(FULL * estimate)
    assert part(found, "Lambda INIT") == pytest.approx(2 * part(priced, "Lambda INIT"))
    assert part(found, "Lambda requests") == pytest.approx(part(priced, "Lambda requests"))
    assert part(found, "Logs") == part(priced, "Logs")


def test_periods_without_an_estimate_are_priced_by_their_billed_time(stage: Stage) -> None:
    priced = report(stage, USE)
    estimates = [2 * 10 * pricing.load().lambda_gb_second_arm64 + 10 * pricing.load().lambda_request, *[None] * 9]
    found = report(stage, USE | {"EstimatedCost": estimates})
    assert part(found, "Lambda duration") == pytest.approx(part(priced, "Lambda duration") * (FULL + 1) / FULL)


def test_an_estimate_without_billed_time_is_duration(stage: Stage) -> None:
    found = report(stage, {"EstimatedCost": 0.001, "JobsSucceeded": 1})
    assert part(found, "Lambda duration") == pytest.approx(FULL * 0.001)


@pytest.mark.parametrize(("recorded", "shown"), [(0.25, 0.25), (1e6, None), (-1, None), ("free", None), (None, None)])
def test_an_invocations_cost_is_its_records(stage: Stage, recorded: object, shown: float | None) -> None:
    line = record(
        request_id="a", BilledDuration=1_000, memory_size_mb=1_024, architecture="arm64", EstimatedCost=recorded
    )
    with world(stage, {}, log_lines=[line]) as (aws, _):
        cost_usd = invocations.read(aws, WORKLOAD, WINDOW).rows[0].cost_usd
    table = pricing.load()
    assert cost_usd == pytest.approx(shown or table.lambda_gb_second_arm64 + table.lambda_request)


def test_the_overview_says_the_same(stage: Stage) -> None:
    with world(stage, USE) as (aws, _):
        card = next(card for card in overview.report(aws, WORKLOAD, WINDOW).cards if card.key == "cost")
        assert card.value == pytest.approx(cost.report(aws, WORKLOAD, WINDOW).usd_per_1000)
    configured = [{"AllocatedProvisionedConcurrentExecutions": 3}]
    with world(stage, USE | {"ProvisionedConcurrencyInvocations": 10}, provisioned=configured) as (aws, _):
        card = next(card for card in overview.report(aws, WORKLOAD, WINDOW).cards if card.key == "cost")
        assert card.value == pytest.approx(cost.report(aws, WORKLOAD, WINDOW).usd_per_1000)


def test_a_workload_younger_than_the_window_is_priced_from_its_first_point(stage: Stage) -> None:
    young: list[float | None] = [None] * 4
    found = report(stage, {name: [*young, *[value] * 6] for name, value in USE.items()})
    assert found.month_usd == pytest.approx(found.total_usd / 5 * 60 * 730), "five finished minutes, not nine"
    assert part(found, "Alarms") == pytest.approx(2 * 0.10 / 730 * 5 / 60)
    assert part(found, "Custom metrics") == pytest.approx((7 + 3) * 0.30 / 730 * 5 / 60)
    old = report(stage, USE)
    assert found.usd_per_1000 == pytest.approx(old.usd_per_1000)
    assert found.month_usd == pytest.approx(old.month_usd)


def test_minutes_of_data_make_no_month(stage: Stage) -> None:
    found = report(stage, {name: [*[None] * 6, *[value] * 4] for name, value in USE.items()})
    assert found.month_usd is None
    assert found.finding.text.endswith("; too little data for a monthly estimate.")


def test_most_of_it_is_more_than_half(stage: Stage) -> None:
    even = USE | {"JobsRejected": 0}
    assert ", largest part API Gateway (41%); at this rate " in report(stage, even).finding.text
    assert ", mostly Lambda duration (" in report(stage, even | {"BilledDuration": 100_000}).finding.text


def test_assumptions_change_the_picture(stage: Stage) -> None:
    none = report(stage, USE, assumptions=Assumptions(api="none", log_bytes_per_invocation=0))
    assert "API Gateway" not in set(none.parts["component"])
    assert part(none, "Logs") == 0
    http = report(stage, USE, assumptions=Assumptions(api="http"))
    assert part(http, "API Gateway") == pytest.approx(FULL * 60 * 1.0 / 1e6)
    wide = without(
        function=replace(FUNCTION, ephemeral_mb=1_536, architecture="x86_64"), queue=replace(QUEUE, fifo=True)
    )
    found = report(stage, USE, wide)
    assert part(found, "Ephemeral storage") == pytest.approx(FULL * 10 * 1.0 * pricing.load().lambda_tmp_gb_second)
    assert part(found, "Lambda INIT") == pytest.approx(FULL * pricing.load().lambda_gb_second_x86_64)
    assert part(found, "SQS requests") == pytest.approx(FULL * 180 * 0.50 / 1e6)
    assert any("FIFO" in text for text in found.left_out)


def test_snapshots_of_java_are_not_billed() -> None:
    use = FunctionUsage(restores=0.5, snapshots=2)
    python, java = (replace(FUNCTION, runtime=one) for one in ("python3.13", "java21"))
    assert set(hourly_usd(python, pricing.load(), use)) == {"SnapStart cache"}
    assert hourly_usd(java, pricing.load(), use) == {}
    assert "SnapStart restores by the GB" in function_usd({"invocations": 1.0}, python, 0, pricing.load(), use)
    assert "SnapStart restores by the GB" not in function_usd({"invocations": 1.0}, java, 0, pricing.load(), use)


def test_records_are_priced_as_in_their_region(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The records have us-east-1's prices; the function had twice the memory when they were written."""
    there, home = without(region="af-south-1"), pricing.load()
    estimate = 2 * 10 * home.lambda_gb_second_arm64 + 10 * home.lambda_request
    own = replace(home, region=there.region, lambda_gb_second_arm64=1.0)
    monkeypatch.setattr(pricing, "load", lambda *_: own)
    found = report(stage, USE | {contract.INV_COST: estimate}, there)
    assert part(found, "Lambda duration") == pytest.approx(FULL * 2 * 9)
    assert part(found, "Lambda INIT") == pytest.approx(FULL * 2 * 1)
    assert part(found, "Lambda requests") == pytest.approx(FULL * 10 * home.lambda_request)


def test_an_invocation_is_priced_as_in_its_region(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    own = replace(pricing.load(), region="af-south-1", lambda_gb_second_arm64=1.0, lambda_request=0.0)
    monkeypatch.setattr(pricing, "load", lambda *_: own)
    line = record(request_id="a", BilledDuration=500, memory_size_mb=2_048, architecture="arm64", EstimatedCost=0.25)
    with world(stage, {}, log_lines=[line]) as (aws, _):
        assert invocations.read(aws, without(region="af-south-1"), WINDOW).rows[0].cost_usd == pytest.approx(1.0)


def test_provisioned_concurrency_is_paid_for_by_the_hour(stage: Stage) -> None:
    configured = [{"AllocatedProvisionedConcurrentExecutions": number} for number in (3, 2)]
    with world(stage, USE, provisioned=configured) as (aws, _):
        found = cost.report(aws, WORKLOAD, WINDOW)
    price = pricing.load().lambda_provisioned_concurrency_gb_second_arm64
    assert part(found, "Provisioned concurrency") == pytest.approx(5 * 60 * FULL * price)
    denied = Refusal("AccessDeniedException", status=403)
    with world(stage, USE, refuse={"ListProvisionedConcurrencyConfigs": denied}) as (aws, _):
        unread = cost.report(aws, WORKLOAD, WINDOW)
    assert "Provisioned concurrency" not in set(unread.parts["component"])
    assert any(text.startswith("Provisioned concurrency by the hour is not in the sum") for text in unread.look.partial)


def test_failures_are_charged_to_their_causes(stage: Stage) -> None:
    """Two of twelve attempts were retried, one was rejected, and half of what the log lines cost is a time-out's."""
    dead = {"status": "timeout", contract.INV_BILLED: 200, contract.INV_MEMORY_SIZE: 1_024}
    fine = {contract.INV_BILLED: 200, contract.INV_MEMORY_SIZE: 1_024}
    job = {"message": contract.LOG_JOB_FAILED, contract.LOG_ERROR_TYPE: "Throttled"}
    lines = (
        record(request_id="a", **dead),
        record(request_id="b", **fine),
        json.dumps(job),
        json.dumps(job | {contract.LOG_ERROR_TYPE: "Offline"}),
        json.dumps(job | {contract.LOG_ERROR_TYPE: "BadData", contract.LOG_PERMANENT: True}),
        json.dumps({"message": "something else", contract.LOG_ERROR_TYPE: "None"}),
        f"{contract.LOG_JOB_FAILED} {{",
    )
    found = report(stage, USE | {"JobsSucceeded": 9, "JobsFailed": 2, "JobsRejected": 1}, lines=lines)
    compute = sum(part(found, name) for name in (*LAMBDA_COMPONENTS, "SQS requests"))
    causes = zip(found.failures["cause"], found.failures["what"], strict=True)
    shares = dict(zip(causes, found.failures["usd"] / compute, strict=True))
    assert shares == pytest.approx(
        {
            ("Sandbox.Timedout", "invocation failed"): 1 / 2,
            ("Throttled", "job failed, retried"): 1 / 2 * 1 / 12,
            ("Offline", "job failed, retried"): 1 / 2 * 1 / 12,
            ("BadData", "job rejected"): 1 / 2 * 1 / 12,
        }
    )
    assert found.failures_usd == pytest.approx(found.failures["usd"].sum())
    assert list(found.failures["usd"]) == sorted(found.failures["usd"], reverse=True)


def test_failed_jobs_without_a_log_line_are_charged_all_the_same(stage: Stage) -> None:
    found = report(stage, USE)
    assert list(found.failures["cause"]) == ["Failed job, cause not in the logs"]
    assert list(found.failures["what"]) == ["job rejected"]
    plain = {name: value for name, value in USE.items() if not name.startswith("Jobs")}
    found = report(stage, plain | {"NumberOfMessagesDeleted": 30})
    assert list(found.failures["cause"]) == ["Received, not deleted"]


def test_the_week_before_is_priced_alike(stage: Stage) -> None:
    """Twice the billed time a week before, nothing else."""

    def values(now: float) -> list[float]:
        return [now] * MINUTES

    with world(stage, USE, week_before=USE | {"BilledDuration": values(20_000)}) as (aws, _):
        found = cost.report(aws, WORKLOAD, WINDOW)
    more = FULL * 10 * pricing.load().lambda_gb_second_arm64
    assert found.week_before.usd_per_1000 == pytest.approx((found.total_usd + more) / found.successes * 1_000, rel=0.01)
    text = compared(found.usd_per_1000, found.week_before)
    assert text.endswith("less than in the same hours a week before ($0.013).")


def test_a_refresh_does_not_read_the_week_before_again(stage: Stage) -> None:
    with world(stage, USE, week_before=USE) as (aws, fake):
        cost.report(aws, WORKLOAD, WINDOW)
        first = len([call for call in fake.calls if call[1] == "GetMetricData"])
        again = cost.report(aws, WORKLOAD, WINDOW)
        calls = len([call for call in fake.calls if call[1] == "GetMetricData"])
    assert (first, calls) == (2, 3)
    assert again.week_before.usd_per_1000 is not None


def test_no_week_before(stage: Stage) -> None:
    found = report(stage, USE)
    assert compared(found.usd_per_1000, found.week_before).endswith("; the same hours a week before: no data.")


def test_the_free_tier_and_volume_tiers_are_said(stage: Stage) -> None:
    first = report(stage, USE)
    assert {"free tiers", "volume tiers"} <= set(first.left_out)
    asked = report(stage, USE, assumptions=Assumptions(volume_tiers=True, free_tier=True))
    assert asked.total_usd < first.total_usd
    assert asked.prices_dated.endswith("volume tiers, with the free tier")
    assert sum("whole account" in text for text in asked.inferred) == 2
    young = {name: [*[None] * 6, *[value] * 4] for name, value in USE.items()}
    too_short = report(stage, young, assumptions=Assumptions(free_tier=True))
    assert too_short.total_usd == pytest.approx(report(stage, young).total_usd), "minutes of data make no month"


def test_failures_take_their_share(stage: Stage) -> None:
    found = report(stage, USE)
    compute = sum(part(found, name) for name in (*LAMBDA_COMPONENTS, "SQS requests"))
    assert found.failures_usd == pytest.approx(compute * 10 / 60)
    dead = {contract.INV_STATUS: "timeout", contract.INV_BILLED: 300, contract.INV_MEMORY_SIZE: 1_024}
    fine = {contract.INV_BILLED: 100, contract.INV_MEMORY_SIZE: 1_024}
    lines = (record(request_id="a", **dead), record(request_id="b", **fine))
    died = report(stage, USE, lines=lines)
    share = (0.3 * pricing.load().gb_second("arm64") + 2e-7) / (0.4 * pricing.load().gb_second("arm64") + 4e-7)
    assert died.failures_usd == pytest.approx(compute * (share + (1 - share) * 10 / 60))
    assert died.finding.level is Level.OK, "a sixth of the attempts failed"
    assert "is spent on failed jobs" in died.finding.text
    often = report(stage, USE | {"Errors": 2}, lines=lines).finding
    assert often.text.startswith("Warning: 33% of attempts failed; ")
    assert died.measured_log_bytes == pytest.approx(sum(map(len, lines)) / 2)


def test_without_the_extension_init_comes_from_the_report_lines(stage: Stage) -> None:
    known = {name: value for name, value in USE.items() if name not in ("BilledDuration", "InitDuration")}
    bare = report(stage, known)
    assert part(bare, "Lambda INIT") == 0
    assert any("INIT" in text for text in bare.left_out)
    line = (
        "REPORT RequestId: a\tDuration: 100.00 ms\tBilled Duration: 1100 ms\tMemory Size: 1024 MB\t"
        "Max Memory Used: 90 MB\tInit Duration: 999.50 ms\t"
    )
    found = report(stage, known, lines=(line,))
    assert not any("INIT" in text for text in found.left_out)


def test_no_success_and_no_use(stage: Stage) -> None:
    failing = report(stage, USE | {"JobsSucceeded": 0})
    assert failing.usd_per_1000 is None
    assert failing.break_even_jobs_per_hour is None
    assert "no job succeeded" in failing.finding.text
    idle = report(stage, {})
    assert idle.finding.level is Level.UNKNOWN
    assert (idle.successes, idle.failures_usd) == (0, 0)


def test_break_even() -> None:
    cheap = Assumptions(always_on_usd_per_hour=1.0, always_on_jobs_per_hour=1_000)
    assert cost.break_even(10.0, 1_000, cheap) == pytest.approx(100), "a cent a job: a dollar buys a hundred"
    assert cost.break_even(0.1, 1_000, cheap) is None, "a worker would have to do more than it can"
    assert cost.break_even(1.0, 0, cheap) is None


@pytest.mark.parametrize(
    ("size", "requests"), [(0, 1), (1, 1), (65_536, 1), (65_537, 2), (262_144, 4), (1_048_576, 16)]
)
def test_chunks(size: int, requests: int) -> None:
    assert cost_model.chunks(size) == requests


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
    assert len(parts) == FULL
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
    assert set(table.unsure) == {"sqs_fifo_request", *pricing.optional_names()}
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
