"""The overview's sentence says what is wrong, worst first, and its numbers are those of the metrics."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handler import contract
from ops.errors import AccessDenied
from ops.insight.report_types import Level
from ops.insight.reports import alarms, overview
from ops.insight.reports.overview import OverviewReport
from ops.insight.reports.overview_parts.overview_cards import Card
from ops.workload import Workload
from ops.workload.gaps import Gap, Part, Why
from tests.fakes.aws import Refusal
from tests.ops.insight.world import END, FUNCTION, MAPPING, WINDOW, WORKLOAD, Stage, without, world

BUSY = {
    "QueueName=jobs NumberOfMessagesSent": 60,
    "QueueName=jobs NumberOfMessagesReceived": 66,
    "QueueName=jobs NumberOfMessagesDeleted": 60,
    "QueueName=jobs ApproximateNumberOfMessagesVisible": 4,
    "QueueName=jobs ApproximateAgeOfOldestMessage": 3,
    "QueueName=dead ApproximateNumberOfMessagesVisible": 0,
    "ConcurrentExecutions": 5,
    "Invocations": 12,
    "Duration": 6_000,
    "BilledDuration": 6_600,
    "InitDuration": 600,
    "ColdStarts": 1,
    "ColdStarts/count": 12,
    "JobsSucceeded": 57,
}


def report(stage: Stage, metrics: dict[str, Any], workload: Workload = WORKLOAD, **of_the_world: Any) -> OverviewReport:
    with world(stage, metrics, **of_the_world) as (aws, fake):
        found = overview.report(aws, workload, WINDOW)
    assert fake.count("GetMetricData") == 1
    return found


def card(found: OverviewReport, key: str) -> Card:
    return next(card for card in found.cards if card.key == key)


def test_a_healthy_workload(stage: Stage) -> None:
    found = report(stage, BUSY, depths={"jobs": (4, 5)})
    assert found.finding.level is Level.OK
    assert found.finding.text == "OK: 60/min arriving, 60/min processed; 4 queued, the oldest for 3 s; no dead letters."
    assert [card.key for card in found.cards] == ["depth", "age", "concurrency", "cold_share", "cost", "dead"]
    assert card(found, "depth").value == 4
    assert card(found, "concurrency").value == 5
    assert card(found, "concurrency").note == "peak (60 s); limit 10 (ESM MaximumConcurrency)"
    assert card(found, "cold_share").value == pytest.approx(100 / 12)
    assert card(found, "dead").level is Level.OK
    path = found.path
    assert (path.accepted, path.started, path.finished, path.succeeded, path.failed) == (60, 66, 60, 57, 0)
    assert (path.waiting, path.in_flight, path.dead, path.died) == (4, 5, 0, 0)
    assert found.alarms[0].runbook == "runbooks/oldest-message-age.md"


def test_dead_letters_come_first_with_the_last_deploy(stage: Stage) -> None:
    deployed = without(function=replace(FUNCTION, deployed_at=END - timedelta(minutes=5)))
    metrics = BUSY | {"QueueName=dead ApproximateNumberOfMessagesVisible": [1.0, 1, 1, 5, 5, 2, 4, 4, 4, 4]}
    found = report(stage, metrics, deployed, depths={"dead": (4, 0)}, firing=["shop-dead", "shop-age"])
    assert found.finding.level is Level.CRITICAL
    assert found.finding.page == "dead_letters"
    assert found.finding.text.startswith(
        "Critical: 4 dead letters, at least 6 arrived in the last 10 min (some have left since): review failure causes; "
        "alarm age is in ALARM: "
        "follow runbooks/oldest-message-age.md; last deployed "
    )
    assert [alarm.state for alarm in found.alarms] == ["ALARM", "ALARM"]
    assert found.path.died == pytest.approx(0.4), "2 letters in the last five minutes"
    assert card(found, "dead").level is Level.CRITICAL


def test_the_oldest_message_over_its_alarm(stage: Stage) -> None:
    metrics = BUSY | {"QueueName=jobs ApproximateAgeOfOldestMessage": 600}
    found = report(stage, metrics, depths={"jobs": (40, 5)})
    assert found.finding.text == "Critical: the oldest message has waited 10 min; alarm threshold 9 min."
    assert card(found, "age").level is Level.CRITICAL
    assert card(found, "age").note == "alarm ≥ 9 min"


def test_messages_that_lay_there_at_the_first_point_make_no_rate(stage: Stage) -> None:
    young: list[float | None] = [None] * 8
    first = report(stage, BUSY | {"QueueName=dead ApproximateNumberOfMessagesVisible": [*young, None, 3.0]})
    assert first.path.died is None, "neither 0 nor 3 a minute is known"
    then = report(stage, BUSY | {"QueueName=dead ApproximateNumberOfMessagesVisible": [*young, 3.0, 3.0]})
    assert then.path.died == 0


def test_an_alarm_about_other_dead_letters_is_not_taken_for_these(stage: Stage) -> None:
    found = report(stage, BUSY, firing=["shop-dead"])
    assert found.finding.text == "Critical: alarm dead is in ALARM: follow runbooks/dead-letters.md.", (
        "though the queue is empty now"
    )


def test_growing_work_is_watched(stage: Stage) -> None:
    age = {"QueueName=jobs ApproximateAgeOfOldestMessage": 400}
    metrics = BUSY | age | {"JobsSucceeded": 10, "QueueName=jobs NumberOfMessagesDeleted": 10}
    found = report(stage, metrics, depths={"jobs": (400, 5)})
    assert found.finding.level is Level.WARNING
    assert (
        "backlog growing (60/min arriving, 10/min processed); 400 queued, the oldest for 6 min 40 s"
        in found.finding.text
    )


def test_crashes_and_throttles_are_watched(stage: Stage) -> None:
    found = report(stage, BUSY | {"Errors": [None, 3.0], "Throttles": [None, 2.0]})
    assert found.finding.text == (
        "Warning: 3 of 120 invocations failed (2.5%) in the last 10 min; "
        "2 invocations were throttled in the last 10 min."
    )
    assert card(found, "concurrency").level is Level.WARNING


def test_no_one_reads_and_nothing_is_kept(stage: Stage) -> None:
    orphan = without(mapping=None, function=None, dlq=None, alarms=())
    found = report(stage, {"QueueName=jobs NumberOfMessagesSent": 1}, orphan, depths={"jobs": (9, 0)})
    assert found.finding.text == (
        "Warning: no event source mapping reads jobs in this account and region, and no messages are received; 9 queued."
    )
    assert card(found, "dead").value is None
    assert card(found, "dead").note == "no dead-letter queue"
    assert card(found, "concurrency").value is None or card(found, "concurrency").value == 0
    off = report(stage, BUSY, without(mapping=replace(MAPPING, state="Disabled")))
    assert "the event source mapping of worker is disabled" in off.finding.text


def test_no_metrics_is_unknown_not_fine(stage: Stage) -> None:
    found = report(stage, {})
    assert found.finding.level is Level.NO_DATA
    assert card(found, "cost").value is None
    assert card(found, "cold_share").value is None
    assert found.path.accepted is None


def test_a_function_without_extension_and_job_metrics(stage: Stage) -> None:
    """Anybody's function: successes are deletions, INIT is said to be missing."""
    known = {name: value for name, value in BUSY.items() if not name.startswith(("Jobs", "Cold", "Billed", "Init"))}
    found = report(stage, known, without(function=replace(FUNCTION, metrics=None)), depths={"jobs": (1, 0)})
    assert (found.path.finished, found.path.failed) == (60, 6)
    assert "INIT not included" in card(found, "cost").note
    assert card(found, "cold_share").level is Level.NO_DATA


def test_an_alarms_reason_is_shortened() -> None:
    listed = ", ".join(f"{n}.0 (23/11/26 19:5{n}:00)" for n in range(10))
    reason = (
        f"Threshold Crossed: 10 out of the last 10 datapoints [{listed}] were greater than the threshold (3.0) "
        "(minimum 10 datapoints for OK -> ALARM transition)."
    )
    assert alarms.short_reason(reason) == "10 out of the last 10 datapoints were greater than the threshold (3.0)."
    missing = "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching]."
    assert alarms.short_reason(missing).endswith("was treated as [NonBreaching].")
    assert alarms.short_reason("Unchecked: Initial alarm creation") == "Unchecked: Initial alarm creation"


def test_alarms_that_may_not_be_read_are_said(stage: Stage) -> None:
    found = report(stage, BUSY, refuse={"DescribeAlarms": Refusal("AccessDenied", "", 403)})
    assert found.alarms == ()
    assert any("cloudwatch:DescribeAlarms" in text for text in found.look.partial)
    with pytest.raises(AccessDenied, match="cloudwatch:GetMetricData"):
        report(stage, BUSY, refuse={"GetMetricData": Refusal("AccessDenied", "", 403)})


def test_the_metrics_are_named_as_their_writers_name_them(stage: Stage) -> None:
    with world(stage, {f"{contract.INVOCATION_DIMENSION}=worker {contract.INV_COLD}/count": 5}) as (aws, _):
        found = overview.report(aws, WORKLOAD, WINDOW)
    assert card(found, "cold_share").value == 0


def test_a_dead_letter_queue_that_is_gone_is_critical_whatever_reads_the_queue(stage: Stage) -> None:
    gone = Gap(Part.DLQ, "dead", Why.GONE, "The dead-letter queue of jobs, dead, does not exist.")
    unread = without(dlq=None, mapping=None, function=None, gaps=(gone,))
    with world(stage) as (aws, _):
        found = overview.report(aws, unread, WINDOW).finding
    assert found.level is Level.CRITICAL
    assert "the dead-letter queue that jobs names, dead, does not exist" in found.text
