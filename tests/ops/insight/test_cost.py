"""Cost: the parts add up, whatever the usage; nothing is free that is billed; failures take their share."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handler import contract
from ops import pricing
from ops.aws import Aws
from ops.aws.cloudwatch import Alarm
from ops.insight.invocation_table import build_table
from ops.insight.report_types import Level, QueryCost, Window
from ops.insight.reports import cost, overview
from ops.insight.rules.cost.comparison import compared
from ops.insight.rules.cost.cost_model import Assumptions
from ops.insight.sources import invocations
from ops.insight.sources.function_usage import FunctionUsage
from ops.insight.sources.metrics import Readings
from tests.fakes.aws import Refusal
from tests.ops.insight.cost_report import FULL, USE, part, report
from tests.ops.insight.world import FUNCTION, MINUTES, QUEUE, WINDOW, WORKLOAD, Stage, record, without, world


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
    large = report(stage, USE | {"SentMessageSize": 600_000}, assumptions=Assumptions(api="http"))
    assert part(large, "API Gateway") == pytest.approx(FULL * 60 * 2.0 / 1e6), "an HTTP API is metered by 512 KB"
    wide = without(
        function=replace(FUNCTION, ephemeral_mb=1_536, architecture="x86_64"), queue=replace(QUEUE, fifo=True)
    )
    found = report(stage, USE, wide)
    assert part(found, "Ephemeral storage") == pytest.approx(FULL * 10 * 1.0 * pricing.load().lambda_tmp_gb_second)
    assert part(found, "Lambda INIT") == pytest.approx(FULL * pricing.load().lambda_gb_second_x86_64)
    assert part(found, "SQS requests") == pytest.approx(FULL * 180 * 0.50 / 1e6)
    assert any("FIFO" in text for text in found.left_out)


def test_an_alarm_without_a_price_of_its_own_is_named() -> None:
    odd = Alarm("anomaly", "OK", "", "", None, "", "")
    plain = replace(odd, name="plain", threshold=1.0)
    nothing = Readings({}, (), WINDOW, QueryCost())
    found = cost.left_out(
        nothing, WORKLOAD, pricing.load(), FunctionUsage(), build_table([]), Assumptions(), (odd, plain)
    )
    assert "the price of anomaly, which is not a plain metric alarm: the price of one is used instead" in found


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
        again = cost.report(Aws(aws.target, max_attempts=1), WORKLOAD, WINDOW)  # Refresh makes a new connection
        calls = len([call for call in fake.calls if call[1] == "GetMetricData"])
    assert (first, calls) == (2, 3)
    assert again.week_before.usd_per_1000 is not None


def test_a_range_that_moves_does_not_read_the_week_before_again(stage: Stage) -> None:
    """Its end moves by seconds, and its start by whole minutes. A range of another length is read."""
    with world(stage, USE, week_before=USE) as (aws, fake):

        def calls(window: Window) -> int:
            fake.calls.clear()
            assert cost.report(aws, WORKLOAD, window).week_before.usd_per_1000 is not None
            return fake.count("GetMetricData")

        later, longer = WINDOW.end + timedelta(seconds=20), WINDOW.start - timedelta(minutes=2)
        assert calls(WINDOW) == 2
        assert calls(replace(WINDOW, end=later)) == 1
        assert calls(replace(WINDOW, start=longer)) == 2
        assert calls(WINDOW) == 1, "both are kept"


def test_the_week_before_of_a_replaced_function_is_read_again(stage: Stage) -> None:
    replaced = without(function=replace(FUNCTION, name="shop-worker-2"))
    with world(stage, USE, week_before=USE) as (aws, fake):
        cost.report(aws, WORKLOAD, WINDOW)
        fake.calls.clear()
        cost.report(aws, replaced, WINDOW)
        assert fake.count("GetMetricData") == 2


def test_no_week_before(stage: Stage) -> None:
    found = report(stage, USE)
    assert compared(found.usd_per_1000, found.week_before).endswith("; the same hours a week before: no data.")


def test_the_free_tier_and_volume_tiers_are_said(stage: Stage) -> None:
    first = report(stage, USE)
    assert {"free tiers", "volume tiers"} <= set(first.left_out)
    assert any("storage of logs" in text and "fair queues" in text for text in first.left_out)
    asked = report(stage, USE, assumptions=Assumptions(volume_tiers=True, free_tier=True))
    assert asked.total_usd < first.total_usd
    assert asked.prices_dated.endswith("volume tiers, with the free tier")
    assert sum("whole account" in text for text in asked.inferred) == 2
    young = {name: [*[None] * 6, *[value] * 4] for name, value in USE.items()}
    too_short = report(stage, young, assumptions=Assumptions(free_tier=True))
    assert too_short.total_usd == pytest.approx(report(stage, young).total_usd), "minutes of data make no month"


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
    assert idle.finding.level is Level.NO_DATA
    assert (idle.successes, idle.failures_usd) == (0, 0)
