"""Concurrency: which limit binds, what the mapping's law allows, and how long a backlog takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.insight.report_types import Level
from ops.insight.reports import concurrency, overview
from ops.insight.reports.concurrency import ConcurrencyReport
from ops.insight.rules.concurrency import ramp
from ops.workload import Workload
from tests.ops.insight.world import FUNCTION, MAPPING, WINDOW, WORKLOAD, Stage, without, world


def report(stage: Stage, metrics: dict[str, Any], visible: int = 0, workload: Workload = WORKLOAD) -> ConcurrencyReport:
    with world(stage, metrics, depths={"jobs": (visible, 0)}) as (aws, fake):
        found = concurrency.report(aws, workload, WINDOW)
    assert fake.count("GetMetricData") == 1
    return found


RUNNING = {
    "ConcurrentExecutions": 10,
    "Invocations": 30,
    "Duration": 60_000,
    "NumberOfMessagesReceived": 240,
    "NumberOfMessagesSent": 240,
    "NumberOfMessagesDeleted": 60,
    "ApproximateNumberOfMessagesVisible": 500,
}


def test_the_mapping_binds(stage: Stage) -> None:
    found = report(stage, RUNNING, visible=500)
    assert found.binding == "ESM MaximumConcurrency"
    assert found.finding.level is Level.WARNING
    assert found.finding.text == (
        "Warning: all 10 concurrent executions (ESM MaximumConcurrency) are in use and limit throughput"
        ": 500 queued, 240/min arriving, 60/min processed."
    )
    assert [(line.name, line.value) for line in found.limits] == [
        ("ESM MaximumConcurrency", 10),
        ("account quota", 1_000),
    ]
    assert found.batch["fill"].dropna().unique() == pytest.approx([8])
    assert found.batch["share"].dropna().unique() == pytest.approx([0.8])
    assert found.seconds_per_message == pytest.approx(0.25)
    assert (found.backlog, found.batch_size, found.arrivals_per_min) == (500, 10, 240)


def test_a_mapping_that_is_off_is_what_limits(stage: Stage) -> None:
    off = without(mapping=replace(MAPPING, state="Disabled"))
    assert report(stage, RUNNING, 500, off).binding == "disabled event source mapping"
    assert report(stage, RUNNING, 0, off).binding != "disabled event source mapping"


def test_nothing_binds_while_nothing_waits(stage: Stage) -> None:
    calm = {"ApproximateNumberOfMessagesVisible": 0, "NumberOfMessagesDeleted": 240}
    found = report(stage, RUNNING | calm)
    assert found.binding == ""
    assert found.finding.text == (
        "OK: briefly at the limit: up to 10 of 10 concurrent executions (ESM MaximumConcurrency); no backlog now."
    )
    idle = report(stage, RUNNING | calm | {"ConcurrentExecutions": 4})
    assert idle.finding.text == ("OK: limiting factor: none; peak concurrency 4 of 10 (ESM MaximumConcurrency).")


def test_what_runs_at_once_is_what_the_overview_says(stage: Stage) -> None:
    rested: list[float | None] = [10.0] * 5 + [None] * 5
    for points, running in ((RUNNING, 10), (RUNNING | {"ConcurrentExecutions": rested}, 0)):
        found = report(stage, points)
        with world(stage, points) as (aws, _):
            cards = {card.key: card for card in overview.report(aws, WORKLOAD, WINDOW).cards}
        assert found.running == cards["concurrency"].value == running
        # Five minutes in which nothing ran are drawn as such, not as a line that ends early.
        assert list(found.concurrency["observed"]) == [value for _, value in cards["concurrency"].spark]


def test_a_limit_binds_though_nothing_is_visible_this_second(stage: Stage) -> None:
    """A mapping at its limit holds messages in flight; more arrive than are done all the same."""
    busy: list[float | None] = [4.0, 4, 4, 4, 4, 10, 10, 9, 10, 3]
    found = report(stage, RUNNING | {"ApproximateNumberOfMessagesVisible": 0, "ConcurrentExecutions": busy})
    assert found.binding == "ESM MaximumConcurrency"
    assert "limit throughput: 240/min arriving, 60/min processed" in found.finding.text


def test_a_full_house_that_keeps_pace_is_fine(stage: Stage) -> None:
    found = report(stage, RUNNING | {"NumberOfMessagesDeleted": 240}, visible=3)
    assert found.binding == "ESM MaximumConcurrency"
    assert found.finding.level is Level.OK
    assert "processing keeps pace: 3 queued, 240/min arriving, 240/min processed" in found.finding.text


def test_a_batch_is_never_more_than_full(stage: Stage) -> None:
    """Messages are counted when received, invocations when they run: over a while they belong together."""
    skewed = {"NumberOfMessagesReceived": [60.0, 20] * 5, "Invocations": [4.0, 6] * 5}
    found = report(stage, RUNNING | skewed)
    assert found.batch["share"].max() <= 1
    assert found.batch["fill"].iloc[3:-1].mean() == pytest.approx(8, abs=0.5)
    exact = report(stage, RUNNING | skewed | {"InvokedEventCount": 25})
    assert exact.batch["fill"].iloc[3:-1].mean() == pytest.approx(5, abs=0.5), "what was handed over counts better"
    assert exact.seconds_per_message == pytest.approx(60 / 25)


def test_a_batch_has_one_message_at_least(stage: Stage) -> None:
    """One message that is tried four times is counted once at first, and each of its invocations."""
    retried = {"NumberOfMessagesReceived": [1.0] + [0.0] * 9, "Invocations": [1.0] * 10}
    fill = report(stage, RUNNING | retried).batch["fill"].dropna()
    assert len(fill)
    assert set(fill) == {1.0}


def test_throttles_name_the_limit_outside_the_mapping(stage: Stage) -> None:
    reserved = without(function=replace(FUNCTION, reserved=8))
    found = report(stage, RUNNING | {"Throttles": 2}, 500, reserved)
    assert found.binding == "reserved concurrency"
    assert "but reserved concurrency is 8" in found.finding.text
    assert "20 invocations were throttled in the last 10 min (reserved concurrency)" in found.finding.text
    assert found.throttled == 20, "as in the sentence, with the minute that is not over"
    assert found.throttles["throttles"].sum() == 20, "and as in the chart"


def test_pollers_throttle_nothing(stage: Stage) -> None:
    provisioned = without(mapping=replace(MAPPING, maximum_concurrency=None, maximum_pollers=2))
    assert report(stage, RUNNING | {"Throttles": 2}, 500, provisioned).binding == "account quota"


def test_other_functions_use_up_the_account(stage: Stage) -> None:
    found = report(stage, RUNNING | {"ClaimedAccountConcurrency": 960}, 500)
    assert found.binding == "account quota"
    assert found.finding.text == (
        "Critical: 960 of 1,000 concurrent executions (account quota) are in use while 500 messages are queued: "
        "other functions of the account compete with this one."
    )


def test_the_ramp_binds_at_first(stage: Stage) -> None:
    wide = without(mapping=replace(MAPPING, maximum_concurrency=None))
    waiting: list[float | None] = [*[0.0] * 8, 9_000.0, 9_000.0]
    metrics = RUNNING | {"ConcurrentExecutions": [5.0] * 8 + [300, 600], "ApproximateNumberOfMessagesVisible": waiting}
    found = report(stage, metrics, 9_000, wide)
    assert found.binding == ramp.SCALING_LIMIT
    assert found.finding.level is Level.OK
    assert list(found.concurrency["law"].iloc[7:]) == [2, 302, 602], "2 after minutes without work, then 300 a minute"


def test_provisioned_pollers_ramp_by_a_thousand_a_minute(stage: Stage) -> None:
    pollers = without(mapping=replace(MAPPING, maximum_concurrency=None, minimum_pollers=2, maximum_pollers=200))
    wide = replace(pollers, account_concurrency=5_000)
    waiting: list[float | None] = [*[0.0] * 8, 9_000.0, 9_000.0]
    metrics = RUNNING | {
        "ConcurrentExecutions": [5.0] * 8 + [1_000, 2_000],
        "ApproximateNumberOfMessagesVisible": waiting,
    }
    found = report(stage, metrics, 9_000, wide)
    assert list(found.concurrency["law"].iloc[7:]) == [20, 1_020, 2_000], "2 pollers of 10 while idle, 200 at most"
    assert found.limits[0].value == 2_000
    assert found.binding == "provisioned pollers"


def test_message_groups_bind_where_no_limit_does(stage: Stage) -> None:
    fifo = without(queue=replace(WORKLOAD.queue, fifo=True))
    found = report(stage, RUNNING | {"ConcurrentExecutions": 3}, 500, fifo)
    assert found.binding == "message groups"
    assert "500 queued, and 3 concurrent executions: the active message groups limit throughput" in found.finding.text


def test_each_period_says_what_held_work_up(stage: Stage) -> None:
    wide = without(mapping=replace(MAPPING, maximum_concurrency=None))
    waiting: list[float | None] = [0.0, 9_000.0, *[9_000.0] * 8]
    metrics = RUNNING | {
        "ConcurrentExecutions": [2.0, 300, 600, 900, 1_000, 1_000, 400, 500, 600, 700],
        "ApproximateNumberOfMessagesVisible": waiting,
        "Throttles": [0, 0, 0, 0, 0, 40, 0, 0, 0, 0],
        "Errors": [0, 0, 0, 0, 0, 0, 3, 0, 0, 0],
    }
    course = report(stage, metrics, 9_000, wide).ramp
    assert [period.binding for period in course[:6]] == [
        "",
        "ESM scaling",
        "ESM scaling",
        "account quota",
        "account quota",
        "account quota",
    ]
    assert [period.backed_off for period in course[4:8]] == [False, True, True, False]
    assert course[6].law < course[4].law, "failures reduce it"
    assert [period.allowed for period in course[:2]] == [2, 302], "2 after a minute without work"


def test_gaps_and_late_points_leave_periods_unknown(stage: Stage) -> None:
    gaps = RUNNING | {"ConcurrentExecutions": [5, None, 5, 5, 5, 5, 5, None, None, None]}
    course = report(stage, gaps, 500).ramp
    assert len(course) == 10
    assert course[1].observed == 0, "Lambda has no point while nothing runs"


def test_an_empty_window_and_no_function(stage: Stage) -> None:
    assert report(stage, {}).finding.level is Level.NO_DATA
    orphan = without(function=None, mapping=None, account_concurrency=None)
    found = report(stage, {"NumberOfMessagesReceived": 0}, 5, orphan)
    assert found.finding.text.startswith("Warning: no event source mapping reads jobs")
    assert found.limits == ()


def test_an_alarm_that_fires_stands_before_what_limits(stage: Stage) -> None:
    with world(stage, RUNNING, firing=["shop-concurrency"]) as (aws, fake):
        plain = fake.answer

        def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
            found = plain(service, operation, asked)
            for alarm in found.get("MetricAlarms", []) if operation == "DescribeAlarms" else []:
                alarm |= {"MetricName": "ConcurrentExecutions"}
            return found

        fake.answer = answer
        found = concurrency.report(aws, without(alarms=("shop-concurrency",)), WINDOW)
    assert found.finding.level is Level.CRITICAL
    assert found.finding.text.startswith("Critical: alarm concurrency is in ALARM: follow ")
    assert "concurrent executions" in found.finding.text, "and what is so"
