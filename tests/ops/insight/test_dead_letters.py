"""The dead letters' number over time and age, without receiving any."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ops.insight.report_types import Level
from ops.insight.reports import dead_letters
from ops.insight.reports.dead_letters import DeadLettersReport
from ops.workload import Workload
from tests.ops.insight.world import DLQ, WINDOW, WORKLOAD, Stage, without, world


def report(
    stage: Stage, metrics: dict[str, Any], there: tuple[int, int] = (0, 0), workload: Workload = WORKLOAD
) -> DeadLettersReport:
    with world(stage, metrics, depths={"dead": there}) as (aws, fake):
        found = dead_letters.report(aws, workload, WINDOW)
    assert fake.count("GetMetricData") <= 1
    assert fake.count("ReceiveMessage") == 0
    return found


def test_messages_are_counted_with_those_that_someone_looks_at(stage: Stage) -> None:
    found = report(stage, {"ApproximateNumberOfMessagesVisible": [0.0, 3, 3, 1, 54]}, (50, 4))
    assert found.count == 54
    assert found.arrived == 56
    assert found.finding.text.startswith(
        "Critical: 54 dead letters, 56 arrived in the last 10 min (some have left since): review failure causes"
    )
    assert [alarm.name for alarm in found.alarms] == ["shop-dead"], "only the alarms about this queue"
    assert list(found.depth.columns) == ["dead"]


def test_messages_since_the_last_point_are_new_as_well(stage: Stage) -> None:
    """CloudWatch is a minute late, the number of dead letters is of now: of 22, all that came in the range are new."""
    found = report(stage, {"ApproximateNumberOfMessagesVisible": [0.0, 3, 12]}, (20, 2))
    assert "22 dead letters, 22 arrived in the last 10 min" in found.finding.text
    redriven = report(stage, {"ApproximateNumberOfMessagesVisible": [0.0, 3, 12]}, (2, 0))
    assert "2 dead letters, 12 arrived in the last 10 min" in redriven.finding.text


@pytest.mark.parametrize(
    ("created", "text"),
    [
        (WINDOW.start + timedelta(seconds=20), "22 dead letters, 22 arrived in the last 10 min"),
        (WINDOW.start - timedelta(days=1), "22 dead letters, at least 20 arrived in the last 10 min"),
        (None, "22 dead letters, at least 20 arrived in the last 10 min"),
    ],
    ids=["created in the range", "older than the range", "age unknown"],
)
def test_messages_of_the_first_sample_are_new_if_the_queue_is(
    stage: Stage, created: datetime | None, text: str
) -> None:
    workload = without(dlq=replace(DLQ, created=created))
    found = report(stage, {"ApproximateNumberOfMessagesVisible": [2.0, 12, 22]}, (22, 0), workload)
    assert text in found.finding.text


def test_points_of_an_earlier_queue_of_that_name_do_not_count(stage: Stage) -> None:
    workload = without(dlq=replace(DLQ, created=WINDOW.start + timedelta(minutes=5)))
    found = report(stage, {"ApproximateNumberOfMessagesVisible": [2.0, 50, 50, 50, 50, 3, 4]}, (4, 0), workload)
    assert (found.arrived, found.arrived_at_least) == (4, False)


def test_messages_that_will_be_deleted_soon(stage: Stage) -> None:
    found = report(stage, {"ApproximateAgeOfOldestMessage": DLQ.retention_s - 7_200}, (1, 0))
    assert "the oldest has been there for 13 d 22 h and expires in 2 h at the latest" in found.finding.text


def test_when_messages_expire_is_not_said_of_a_past_range(stage: Stage) -> None:
    metrics = {
        "ApproximateAgeOfOldestMessage": DLQ.retention_s - 7_200,
        "QueueName=dead ApproximateNumberOfMessagesVisible": 1.0,
    }
    with world(stage, metrics) as (aws, _):
        found = dead_letters.report(aws, WORKLOAD, replace(WINDOW, past=True))
    assert "the oldest has been there for 13 d 22 h." in found.finding.text


def test_none_and_none_any_more(stage: Stage) -> None:
    assert report(stage, {}).finding.text == "OK: no dead letters."
    gone = report(stage, {"ApproximateNumberOfMessagesVisible": [0.0, 2, 0]})
    assert gone.finding.text == "OK: no dead letters; 2 arrived and left in this time range."


def test_a_queue_without_dead_letter_queue(stage: Stage) -> None:
    found = report(stage, {}, workload=without(dlq=None))
    assert found.finding.level is Level.WARNING
    assert (
        "jobs has no dead-letter queue: messages that keep failing are retried for 4 d, then lost" in found.finding.text
    )
    assert found.count is None
    assert found.depth["dead"].isna().all()
