"""The emulator, with product clients that talk to it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from ops.aws import Aws
from ops.target import Target
from tests.ops.twin.emulator.conftest import KEYS, REGION, Emulator, emulator

__all__ = ["emulator"]


@pytest.fixture(scope="package")
def aws(emulator: Emulator) -> Aws:
    return Aws(Target(endpoint=emulator.url, access_key_id=KEYS[0], secret_access_key=KEYS[1], region=REGION))


@pytest.fixture
def make_alarm(emulator: Emulator) -> Callable[..., tuple[str, str]]:
    """Makes an alarm that keeps its state and has a subscriber, and returns its name and topic."""

    def make(policy: dict[str, Any] | None = None, **settings: Any) -> tuple[str, str]:
        name = f"alarm-{uuid.uuid4().hex[:8]}"
        topic = emulator.client("sns").create_topic(Name=name)["TopicArn"]
        emulator.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="oncall@example.com")
        if policy is not None:
            emulator.client("sns").set_topic_attributes(
                TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
            )
        put = {
            "AlarmName": name, "Namespace": "Test", "MetricName": name, "Statistic": "Sum", "Period": 60,
            "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "ignore", "AlarmActions": [topic],
        }  # fmt: skip
        emulator.client("cloudwatch").put_metric_alarm(**{**put, **settings})
        return name, topic

    return make
