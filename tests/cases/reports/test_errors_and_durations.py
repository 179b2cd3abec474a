"""What the alarms on errors and durations look at is asked for, beside all else, in one call."""

from __future__ import annotations

import pytest

from ops.aws.cloudwatch import Alarm
from ops.insight.reports import failures
from ops.insight.rules import error_counts
from ops.insight.sources import watched_queues
from tests.ops.insight.world import WINDOW, WORKLOAD, Stage, world


def test_errors_and_durations_come_with_the_page(stage: Stage) -> None:
    points = [3.0]
    with world(stage, {"Errors": points, "Duration": points}) as (aws, fake):
        found = failures.report(aws, WORKLOAD, WINDOW)
    assert fake.count("GetMetricData") == 1
    assert found.errors[error_counts.UNLOGGED_ERRORS].iloc[0] == 3
    assert found.durations.iloc[0].to_dict() == pytest.approx({"p50_ms": 3.0, "p95_ms": 3.0, "p99_ms": 3.0})
    assert [line.name for line in found.duration_lines] == ["timeout"]


def alarm_on(queue: str, metric: str = watched_queues.DEPTH_METRIC) -> Alarm:
    return Alarm(f"on-{queue}", "OK", "", "", None, "AWS/SQS", metric, (("QueueName", queue),), 0.0)


def test_a_queue_that_only_an_alarm_watches_is_found() -> None:
    dead = WORKLOAD.dlq.name if WORKLOAD.dlq else ""
    known = [alarm_on(name) for name in (WORKLOAD.queue.name, dead, "undelivered", "undelivered")]
    assert watched_queues.queues(WORKLOAD, [*known, alarm_on("late", "ApproximateAgeOfOldestMessage")]) == (
        "undelivered",
    )
    asked = watched_queues.queries(("undelivered",))
    assert [(query.metric, query.dimensions) for query in asked] == [
        (watched_queues.DEPTH_METRIC, (("QueueName", "undelivered"),))
    ]
