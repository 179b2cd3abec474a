"""Numbers of anyone's workload: charged where something exists, of one population, and said where inferred."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from ops import pricing
from ops.deadletters.causes.report import _finding, _frame
from ops.deadletters.snapshot import SnapshotInfo
from ops.insight.report_types import Level
from ops.insight.reports import cold_starts, cost, dead_letters, overview
from ops.insight.reports.cost import CostReport
from ops.insight.reports.dead_letters import DeadLettersReport
from ops.insight.reports.overview import OverviewReport
from ops.insight.rules.cost.function_cost import LAMBDA_COMPONENTS
from ops.workload import Workload
from ops.workload.consumers import Reader
from tests.cases.invocations.lambda_lines import report_line
from tests.ops.insight import world
from tests.ops.insight.world import FUNCTION, MAPPING, WINDOW, WORKLOAD

PLAIN = replace(WORKLOAD, function=replace(FUNCTION, metrics=None), alarms=(), api_url=None)
"""A function with no extension and no metrics of its own."""
USE = {
    "QueueName=jobs NumberOfMessagesSent": 60,
    "QueueName=jobs NumberOfMessagesReceived": 60,
    "QueueName=jobs NumberOfMessagesDeleted": 60,
    "Invocations": 60,
    "Duration": 30_000,
}
WHOLE = replace(WINDOW, end=WINDOW.start + timedelta(minutes=world.MINUTES))
"""Log lines are of the last minute: here that is over."""
FULL = world.MINUTES


def costs(stage: world.Stage, workload: Workload, metrics: dict[str, Any], *lines: str) -> CostReport:
    with world.world(stage, metrics, log_lines=lines) as (aws, _):
        return cost.report(aws, workload, WHOLE)


def status(stage: world.Stage, workload: Workload, metrics: dict[str, Any], *lines: str, **more: Any) -> OverviewReport:
    with world.world(stage, metrics, log_lines=lines, **more) as (aws, _):
        return overview.report(aws, workload, WHOLE)


def part(report: CostReport, name: str) -> float:
    return float(report.parts.set_index("component")["usd"].get(name, 0.0))


def card(report: OverviewReport, key: str) -> Any:
    return next(card for card in report.cards if card.key == key)


# --- cost -----------------------------------------------------------------------------------------------------------

COLD_LINES = [report_line(f"r{n}", more="Init Duration: 700.00 ms\t" if n < 3 else "") for n in range(20)]


@pytest.mark.parametrize("lines", [(), tuple(COLD_LINES)], ids=["no lines", "REPORT lines"])
def test_a_plain_function_is_charged_no_custom_metric_and_status_says_the_same(
    stage: world.Stage, lines: tuple[str, ...]
) -> None:
    report = costs(stage, PLAIN, USE, *lines)
    assert part(report, "Custom metrics") == 0
    shown = status(stage, PLAIN, USE, *lines)
    assert card(shown, "cost").value == pytest.approx(report.usd_per_1000)
    assert card(shown, "cold_share").value == (15 if lines else None), "3 of 20 REPORT lines"
    assert (part(report, "Lambda INIT") > 0) == bool(lines)


def test_an_idle_plain_function_is_not_asked_about_in_the_logs(stage: world.Stage) -> None:
    with world.world(stage, {}) as (aws, fake):
        overview.report(aws, PLAIN, WINDOW)
        assert fake.count("StartQuery") == 0


def reading_also(*names: str) -> Workload:
    others = tuple(replace(MAPPING, uuid=name, source_arn=f"arn:aws:sqs:us-east-1:1:{name}") for name in names)
    return replace(PLAIN, other_mappings=others)


def test_a_function_of_three_queues_is_shared_out_by_what_they_give_it(stage: world.Stage) -> None:
    metrics = USE | {
        "QueueName=mail NumberOfMessagesReceived": 60,
        "QueueName=bills NumberOfMessagesReceived": 120,
        "Invocations": 240,
    }
    whole = costs(stage, PLAIN, metrics)
    report = costs(stage, reading_also("mail", "bills"), metrics)
    assert report.successes == FULL * 60
    for name in LAMBDA_COMPONENTS:
        assert part(report, name) == pytest.approx(part(whole, name) / 4)
    assert part(report, "SQS requests") == pytest.approx(part(whole, "SQS requests")), "the queue's own"
    assert any("inferred share: 25%" in text for text in report.inferred)
    shown = card(status(stage, reading_also("mail", "bills"), metrics), "cost")
    assert shown.value == pytest.approx(report.usd_per_1000)
    assert "inferred share" in shown.note


def test_jobs_of_all_queues_are_shared_out_like_the_money(stage: world.Stage) -> None:
    metrics = USE | {"QueueName=mail NumberOfMessagesReceived": 180, "JobsSucceeded": 200}
    shared = replace(reading_also("mail"), function=FUNCTION)
    report = costs(stage, shared, metrics)
    assert report.successes == pytest.approx(FULL * 50)


FILTERED = replace(PLAIN, mapping=replace(MAPPING, batch_size=1, filters=('{"body": {"kind": ["a"]}}',)))


def test_filtered_messages_are_no_successes(stage: world.Stage) -> None:
    counted = costs(stage, FILTERED, USE | {"FilteredOutEventCount": 54, "Invocations": 6})
    assert counted.successes == pytest.approx(FULL * 6)
    assert counted.inferred == ()
    uncounted = costs(stage, FILTERED, USE | {"Invocations": 7, "Errors": 1})
    assert uncounted.successes == pytest.approx(FULL * 6)
    assert any("inferred successes" in text for text in uncounted.inferred)


def test_provisioned_pollers_are_priced_and_named(stage: world.Stage) -> None:
    provisioned = replace(PLAIN, mapping=replace(MAPPING, maximum_pollers=40, minimum_pollers=3))
    report = costs(stage, provisioned, USE)
    assert part(report, "Provisioned pollers") == pytest.approx(3 * pricing.load().lambda_poller_hour * FULL / 60)
    assert any("pollers above the minimum of 3" in text for text in report.left_out)
    assert part(costs(stage, PLAIN, USE), "Provisioned pollers") == 0


@pytest.mark.parametrize("told_by", ["metric", "records"])
def test_provisioned_concurrency_has_its_price_and_its_hours_are_named(stage: world.Stage, told_by: str) -> None:
    metrics = USE | ({"ProvisionedConcurrencyInvocations": 60} if told_by == "metric" else {})
    kind = {"initialization_type": "provisioned-concurrency"} if told_by == "records" else {}
    lines = [world.record(request_id=f"r{n}", BilledDuration=500, memory_size_mb=1024, **kind) for n in range(3)]
    report = costs(stage, WORKLOAD, metrics | {"BilledDuration": 30_000}, *lines)
    price = pricing.load().lambda_provisioned_gb_second_arm64
    assert part(report, "Lambda duration") == pytest.approx(FULL * 30 * price)
    assert any("provisioned concurrency by the hour" in text for text in report.left_out)


def test_restores_are_shown_priced_and_their_other_charges_named(stage: world.Stage) -> None:
    more = "Restore Duration: 600.00 ms\tBilled Restore Duration: 400 ms\t"
    lines = [
        report_line(f"r{n}", ms=400, more=more if n == 0 else "").replace("Billed Duration: 400", bill)
        for n, bill in enumerate(("Billed Duration: 800", "Billed Duration: 400"))
    ]
    metrics = USE | {"Duration": 0}
    report = costs(stage, PLAIN, metrics, *lines)
    table = pricing.load()
    billed = part(report, "Lambda duration") + part(report, "Lambda restore")
    assert billed == pytest.approx(1.2 * table.gb_second("arm64")), "the lines' billed time, at the function's size"
    assert part(report, "Lambda restore") == pytest.approx(0.4 * table.gb_second("arm64"))
    assert part(report, "SnapStart restores by the GB") > 0
    assert "mostly SnapStart restores by the GB" in report.finding.text
    with world.world(stage, metrics, log_lines=lines) as (aws, _):
        started = cold_starts.report(aws, PLAIN, WHOLE)
    assert (started.share, started.init_p50_ms) == (0.5, 600.0)
    assert "1 restore from a snapshot" in started.finding.text
    assert started.phases["phase"].iloc[0] == "Restore from snapshot"
    assert started.init_cost_usd == pytest.approx(0.4 * table.gb_second("arm64"))


def test_managed_instances_pay_no_time(stage: world.Stage) -> None:
    kind = {"initialization_type": "lambda-managed-instances", "InvokeDuration": 500.0}
    lines = [world.record(request_id=f"r{n}", **kind) for n in range(3)]
    report = costs(stage, WORKLOAD, USE, *lines)
    assert part(report, "Lambda duration") == 0
    assert part(report, "Lambda requests") > 0
    assert any("Managed Instances" in text for text in report.left_out)


def test_several_functions_on_one_queue_are_named(stage: world.Stage) -> None:
    other = replace(MAPPING, function_arn="arn:aws:lambda:us-east-1:1:function:auditor")
    report = costs(stage, replace(PLAIN, readers=(Reader(MAPPING, FUNCTION), Reader(other, None))), USE)
    assert any("auditor" in text for text in report.left_out)


# --- dead letters ---------------------------------------------------------------------------------------------------


def dead(stage: world.Stage, metrics: dict[str, Any], there: tuple[int, int]) -> DeadLettersReport:
    with world.world(stage, metrics, depths={"dead": there}) as (aws, _):
        return dead_letters.report(aws, WORKLOAD, WINDOW)


def test_messages_that_another_process_holds_are_there(stage: world.Stage) -> None:
    report = dead(stage, {}, (0, 5))
    assert (report.count, report.held) == (5, 5)
    assert report.finding.level is Level.CRITICAL
    assert "5 dead letters (all in flight, received by another process)" in report.finding.text
    shown = status(stage, WORKLOAD, {}, depths={"dead": (0, 5)})
    assert "all in flight, received by another process" in shown.finding.text
    assert (card(shown, "dead").value, card(shown, "dead").level) == (5, Level.CRITICAL)
    assert "5 in flight" in card(shown, "dead").note


@pytest.mark.parametrize(
    ("held", "text"),
    [
        (1, "1 dead-letter message, in flight: another process holds it"),
        (5, "5 dead-letter messages, all in flight: another process holds them"),
    ],
)
def test_a_scan_that_found_all_of_them_held_says_so(held: int, text: str) -> None:
    frame = _frame((), {})
    info = _info(held)
    finding = _finding(frame, info, None, {}, (), info.scanned_at or WINDOW.end)
    assert (finding.level, text in finding.text) == (Level.CRITICAL, True)


def _info(held: int) -> SnapshotInfo:
    empty: dict[str, Any] = {field.name: 0 for field in fields(SnapshotInfo)}
    return SnapshotInfo(
        **{**empty, "scanned_at": WINDOW.end, "last_scan": {"reported": 0, "in_flight": held}, "complete": False}
    )


HIDDEN_AND_SHOWN = {
    "QueueName=dead ApproximateNumberOfMessagesVisible": [10.0, 4, 10, 0, 10, 3, 3, 10, 10, 10],
    "QueueName=dead ApproximateNumberOfMessagesNotVisible": [0.0, 6, 0, 10, 0, 7, 7, 0, 0, 0],
}


def test_what_a_scan_hides_and_shows_again_is_not_new(stage: world.Stage) -> None:
    assert dead(stage, HIDDEN_AND_SHOWN, (10, 0)).arrived == 0
    assert status(stage, WORKLOAD, HIDDEN_AND_SHOWN, depths={"dead": (10, 0)}).path.died == 0


def test_new_ones_do_not_depend_on_the_range(stage: world.Stage) -> None:
    """The metric is read by the minute however long the periods of the charts are."""
    rising = {"QueueName=dead ApproximateNumberOfMessagesVisible": [0.0, 3, 0, 3, 0, 3, 0, 3, 3, 3]}
    long = replace(WINDOW, period=300)
    for window in (WINDOW, long):
        with world.world(stage, rising, depths={"dead": (3, 0)}) as (aws, fake):
            assert dead_letters.report(aws, WORKLOAD, window).arrived == 12
            assert fake.count("GetMetricData") == 1


def test_a_queue_that_was_silent_before_held_nothing(stage: world.Stage) -> None:
    first = {"QueueName=dead ApproximateNumberOfMessagesVisible": [None] * 6 + [16.0, 20, 20, 20]}
    assert dead(stage, first, (20, 0)).arrived == 20
    from_the_start = {"QueueName=dead ApproximateNumberOfMessagesVisible": [16.0, 20, 20]}
    older = dead(stage, from_the_start, (20, 0))
    assert (older.arrived, older.arrived_at_least) == (4, True), "some of the first 16 may be new as well"


def test_the_oldest_one_is_shown(stage: world.Stage) -> None:
    ages = {"QueueName=dead ApproximateAgeOfOldestMessage": 7_200}
    assert dead(stage, ages, (3, 0)).oldest_s == 7_200
    assert card(status(stage, WORKLOAD, ages, depths={"dead": (3, 0)}), "dead").note == "dead; oldest 2 h"
    assert dead(stage, ages, (0, 0)).oldest_s is None
