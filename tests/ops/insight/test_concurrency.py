"""Concurrency: which limit binds, what the mapping's law allows, and how long a backlog takes."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from ops.errors import UsageError
from ops.esm_scaling import Observed, ScalingPolicy, begin, step
from ops.insight.report_types import Level
from ops.insight.reports import concurrency, overview
from ops.insight.reports.concurrency import ConcurrencyReport
from ops.insight.rules import concurrency_use
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
    assert found.finding.level is Level.WATCH
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


def test_throttles_name_the_limit_outside_the_mapping(stage: Stage) -> None:
    reserved = without(function=replace(FUNCTION, reserved=8))
    found = report(stage, RUNNING | {"Throttles": 2}, 500, reserved)
    assert found.binding == "reserved concurrency"
    assert "but reserved concurrency is 8" in found.finding.text
    assert "18 invocations were throttled in the last 10 min (reserved concurrency)" in found.finding.text


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
    assert found.binding == concurrency_use.SCALING_LIMIT
    assert found.finding.level is Level.OK
    assert list(found.concurrency["law"].iloc[7:]) == [2, 302, 602], "2 after minutes without work, then 300 a minute"


def test_provisioned_pollers_have_no_ramp_law(stage: Stage) -> None:
    pollers = without(mapping=replace(MAPPING, maximum_concurrency=None, maximum_pollers=4))
    found = report(stage, RUNNING, 500, pollers)
    assert found.concurrency["law"].isna().all()
    assert found.limits[0].value == 40


def test_an_empty_window_and_no_function(stage: Stage) -> None:
    assert report(stage, {}).finding.level is Level.UNKNOWN
    orphan = without(function=None, mapping=None, account_concurrency=None)
    found = report(stage, {"NumberOfMessagesReceived": 0}, 5, orphan)
    assert found.finding.text.startswith("Warning: no event source mapping reads jobs")
    assert found.limits == ()


def test_what_if_agrees_with_stepping_through_the_law() -> None:
    chance = random.Random(3)
    for _ in range(15):
        most, seconds = chance.randint(2, 400), chance.choice([0.05, 0.4, 2.0])
        backlog, arrivals = chance.uniform(500, 50_000), chance.uniform(0, 60 * most / seconds * 0.7)
        told = concurrency.drain_what_if(backlog, arrivals, seconds, most, 10)
        assert told is not None
        assert told == pytest.approx(_stepped(backlog, arrivals, seconds, most), rel=0.05, abs=10 * seconds + 0.5)


def _stepped(backlog: float, arrivals: float, seconds: float, most: int) -> float:
    law = ScalingPolicy(maximum_concurrency=most)
    ramp, left, at, tick = begin(law), backlog, 0.0, 0.05
    while left > 0:
        left += arrivals / 60 * tick - ramp.allowed * tick / seconds
        ramp = step(law, ramp, Observed(tick, available=True))
        at += tick
    return at


def test_what_if_at_its_edges() -> None:
    assert concurrency.drain_what_if(0, 10, 1, 5, 10) == 0
    assert concurrency.drain_what_if(100, 60 * 50, 1, 50, 10) is None, "as much arrives as can be done"
    assert concurrency.drain_what_if(1, 0, 3, 100, 10) == pytest.approx(3), "one message takes its time"
    faster = concurrency.drain_what_if(10_000, 60, 0.5, 200, 10)
    slower = concurrency.drain_what_if(10_000, 60, 0.5, 20, 10)
    assert faster is not None
    assert slower is not None
    assert faster < slower
    for nonsense in ((-1, 0, 1, 5, 10), (1, -1, 1, 5, 10), (1, 0, 0, 5, 10), (1, 0, 1, 0, 10), (1, 0, 1, 5, 0)):
        with pytest.raises(UsageError):
            concurrency.drain_what_if(*nonsense)


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
    assert found.finding.level is Level.ACT
    assert found.finding.text.startswith("Critical: alarm concurrency is in ALARM: follow ")
    assert "concurrent executions" in found.finding.text, "and what is so"
