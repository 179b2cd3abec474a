"""Up to when a busy queue is done with, by the age of its oldest message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops import clock
from ops.aws import Aws
from ops.aws.sqs import Queue
from ops.deadletters.outcomes.queue_watermark import QueueWatermark
from ops.target import Target
from tests.fakes.aws import FakeAws, Refusal, start
from tests.ops.insight.world import QUEUE

THRICE = replace(QUEUE, visibility_s=60, max_receive_count=3)


@pytest.fixture(scope="module")
def cloudwatch() -> Iterator[tuple[Aws, FakeAws]]:
    with start(lambda service, operation, asked: {}) as fake:
        target = Target(endpoint=fake.endpoint, access_key_id="key", secret_access_key="secret", region="us-east-1")
        yield Aws(target, max_attempts=1), fake


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock says; its only item may be set."""
    now = [1_000.0]
    monkeypatch.setattr(clock, "elapsed_s", lambda: now[0])
    return now


def up_to(cloudwatch: tuple[Aws, FakeAws], at: list[float], queue: Queue, *sent: int) -> int | None:
    """Minutes ago, after a look a minute: at each the oldest message had been ``sent`` so many minutes ago."""
    aws, fake = cloudwatch
    passed = QueueWatermark(aws, queue)
    period = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2)
    found = None
    for minutes in sent:
        fake.answer = answering(period, 60.0 * minutes)
        found = passed.position()
        at[0] += 61
    return round((period - found).total_seconds() / 60) if found else None


def answering(period: datetime, age_s: float) -> Any:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        found = {"Timestamps": [period.timestamp()], "Values": [age_s], "StatusCode": "Complete"}
        return {"MetricDataResults": [{"Id": query["Id"], **found} for query in asked["MetricDataQueries"]]}

    return answer


def test_what_is_older_than_the_oldest_message_has_left_after_its_last_receive(cloudwatch: Any, at: Any) -> None:
    assert up_to(cloudwatch, at, THRICE, 90) is None, "a third receive may still be under way"
    assert up_to(cloudwatch, at, THRICE, 90, 40) == 90
    assert up_to(cloudwatch, at, THRICE, 90, 40, 10) == 40


def test_more_receives_are_waited_for_where_more_are_left(cloudwatch: Any, at: Any) -> None:
    often = replace(THRICE, max_receive_count=10)
    assert up_to(cloudwatch, at, often, *range(90, 82, -1)) is None
    assert up_to(cloudwatch, at, often, *range(90, 81, -1)) == 90


def test_a_queue_that_stands_still_has_passed_nothing(cloudwatch: Any, at: Any) -> None:
    assert up_to(cloudwatch, at, THRICE, 90, 90, 90, 90) is None


def test_without_a_dead_letter_queue_a_message_may_come_back_for_ever(cloudwatch: Any, at: Any) -> None:
    assert up_to(cloudwatch, at, replace(THRICE, max_receive_count=None), 3, 2, 1, 0) is None


def test_metrics_that_may_not_be_read_tell_nothing(cloudwatch: Any, at: Any) -> None:
    def refuse(service: str, operation: str, asked: dict[str, Any]) -> Any:
        raise Refusal("AccessDenied")

    aws, fake = cloudwatch
    fake.answer = refuse
    passed = QueueWatermark(aws, THRICE)
    assert passed.position() is None
    assert "cloudwatch:GetMetricData" in passed.error
