"""Queue: what arrives, what is done, when it is drained, and what the sentence makes of it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from ops.insight.report_types import Level
from ops.insight.reports import overview, queue
from ops.insight.reports.queue import QueueReport
from ops.insight.rules import backlog as rules
from ops.workload import Workload
from tests.ops.insight.world import FUNCTION, QUEUE, WINDOW, WORKLOAD, Stage, without, world


def report(
    stage: Stage,
    metrics: dict[str, Any],
    visible: int = 0,
    in_flight: int = 0,
    workload: Workload = WORKLOAD,
    firing: tuple[str, ...] = (),
) -> QueueReport:
    with world(stage, metrics, depths={"jobs": (visible, in_flight)}, firing=firing) as (aws, fake):
        found = queue.report(aws, workload, WINDOW)
    assert fake.count("GetMetricData") == 1
    return found


def rates(sent: float, deleted: float, received: float | None = None) -> dict[str, Any]:
    return {
        "NumberOfMessagesSent": sent,
        "NumberOfMessagesDeleted": deleted,
        "NumberOfMessagesReceived": deleted if received is None else received,
    }


def test_a_backlog_that_is_drained(stage: Stage) -> None:
    found = report(stage, rates(20, 120), visible=900, in_flight=100)
    assert found.drain_s == pytest.approx(600)
    assert (found.arrivals_per_min, found.completions_per_min) == (20, 120)
    assert (
        found.finding.text
        == "Warning: 1,000 messages in the queue, drained in 10 min; 20/min arriving, 120/min processed."
    )
    assert list(found.rates.columns) == ["sent", "deleted", "received", "empty_receives"]
    assert found.rates["sent"].dropna().unique() == pytest.approx([20])
    assert list(found.depth.columns) == ["visible", "in_flight", "delayed"]


def test_what_is_no_backlog_is_not_called_one_that_does_not_drain(stage: Stage) -> None:
    """The sentence and its level are by one rule: a minute's work is no backlog, however the rates compare."""
    found = report(stage, rates(120, 110), visible=40)
    assert found.finding.level is Level.OK
    assert found.finding.text == "OK: 40 messages in the queue; 120/min arriving, 110/min processed."
    assert found.finding.page == ""
    behind = report(stage, rates(110, 110), visible=400)
    assert behind.finding.level is Level.WARNING
    assert "400 messages in the queue, not draining at this rate" in behind.finding.text


def test_messages_without_an_age_that_are_not_processed_are_no_proof_of_health(stage: Stage) -> None:
    found = report(stage, rates(0, 0), visible=5)
    assert found.finding.level is Level.NO_DATA


def test_a_backlog_that_grows(stage: Stage) -> None:
    rising = rates(120, 20) | {"ApproximateNumberOfMessagesVisible": [float(100 * n) for n in range(10)]}
    found = report(stage, rising, visible=900)
    assert found.drain_s is None
    assert found.finding.level is Level.WARNING
    assert "backlog growing by 100/min" in found.finding.text


def test_a_late_message_and_one_that_is_about_to_be_lost(stage: Stage) -> None:
    late = report(stage, rates(1, 1) | {"ApproximateAgeOfOldestMessage": 540}, visible=1)
    assert late.finding.text == "Critical: the oldest message has waited 9 min; alarm threshold 9 min."
    assert [line.name for line in late.age_lines] == ["alarm shop-age ≥"]
    lost = report(stage, rates(1, 1) | {"ApproximateAgeOfOldestMessage": 200_000}, visible=1)
    assert lost.finding.text == "Critical: the oldest message has waited 2 d 7 h and expires unprocessed after 4 d."
    assert [line.value for line in lost.age_lines] == [540, QUEUE.retention_s]


def test_an_old_message_in_flight_while_nothing_waits_was_tried_before(stage: Stage) -> None:
    old = rates(1, 1) | {"ApproximateAgeOfOldestMessage": 600}
    found = report(stage, old, in_flight=5)
    assert (found.finding.level, found.finding.page) == (Level.WARNING, "dead_letters")
    assert found.finding.text == (
        "Warning: no backlog; a message sent 10 min ago is in flight, probably a retry: check for failures; "
        "alarm threshold 9 min."
    )
    with world(stage, old, depths={"jobs": (0, 5)}) as (aws, _):
        seen = overview.report(aws, WORKLOAD, WINDOW)
    assert seen.finding == found.finding, "one verdict"
    assert next(card.level for card in seen.cards if card.key == "age") is Level.WARNING
    assert report(stage, old, in_flight=5, firing=("shop-age",)).finding.level is Level.CRITICAL
    assert report(stage, old).finding.level is Level.OK, "the metric lags behind an empty queue"


def test_a_late_message_leads_to_where_something_can_be_done(stage: Stage) -> None:
    age = {"ApproximateAgeOfOldestMessage": 600}
    assert report(stage, rates(60, 20) | age, visible=9).finding.page == "concurrency", "there is too much work"
    assert report(stage, rates(60, 60) | age, visible=9).finding.page == "concurrency", "a backlog is being drained"
    retried = report(stage, rates(60, 60, received=100) | age, visible=9)
    assert retried.finding.page == "dead_letters", "the work keeps pace, but messages come back"


def test_messages_that_come_back(stage: Stage) -> None:
    found = report(stage, rates(60, 50, received=100))
    assert "50/min of 100/min received are not deleted and return to the queue" in found.finding.text
    assert found.finding.page == "dead_letters"


def test_visibility_too_short_for_the_function(stage: Stage) -> None:
    found = report(stage, rates(1, 1), workload=without(function=replace(FUNCTION, timeout_s=100)))
    assert "visibility timeout (360 s) is less than six function timeouts (100 s each)" in found.finding.text


def test_an_empty_window(stage: Stage) -> None:
    assert report(stage, {}).finding.level is Level.NO_DATA
    assert "no metrics yet" in report(stage, {}, visible=3).finding.text
    assert report(stage, rates(0, 0)).finding.text == "OK: no backlog; 0/min arriving, 0/min processed."


def test_drain_time_is_backlog_over_gain() -> None:
    chance = random.Random(7)
    for _ in range(200):
        backlog, arrivals, completions = chance.uniform(1, 1e6), chance.uniform(0, 1e4), chance.uniform(0, 1e4)
        left = rules.drain_s(backlog, arrivals, completions)
        if completions > arrivals:
            assert left is not None
            assert (completions - arrivals) / 60 * left == pytest.approx(backlog)
        else:
            assert left is None
    assert rules.drain_s(0, 5, 0) == 0
    assert rules.drain_s(5, None, None) is None
