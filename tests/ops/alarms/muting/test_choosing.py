"""Which alarms a redrive mutes: those that its own traffic trips, and none that shows harm."""

from __future__ import annotations

from typing import Any

import pytest

from ops.alarms.muting import MuteChoice, RedriveParts, tripped_alarms
from ops.aws.cloudwatch import Alarm, AlarmMetric, CompositeAlarm

PARTS = RedriveParts("orders-dlq", {"orders"}, {"worker"})
TOPIC = "arn:aws:sns:eu-west-1:111122223333:oncall"
SCALING = "arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:1:autoScalingGroupName/a:policyName/b"


def on(*metrics: str, name: str = "it", **more: Any) -> Alarm:
    """``metrics``: "orders-dlq NumberOfMessagesReceived", of a queue, or "worker Errors", of a function."""
    watched = []
    for one in metrics:
        subject, metric = one.split()
        function = subject == "worker"
        space, dimension = ("AWS/Lambda", "FunctionName") if function else ("AWS/SQS", "QueueName")
        watched.append(AlarmMetric(space, metric, ((dimension, subject),), "Sum", 60))
    settings = {"state": "OK", "reason": "", "description": "", "since": None, "namespace": "", "metric": ""}
    return Alarm(**{"name": name, **settings, "metrics": tuple(watched), "actions": (TOPIC,), **more})


def chosen(alarm: Alarm, *composites: CompositeAlarm) -> MuteChoice:
    return tripped_alarms([alarm], composites, PARTS)


@pytest.mark.parametrize(
    "metrics",
    [
        ["orders-dlq NumberOfMessagesReceived"],
        # drained unseen
        ["orders-dlq NumberOfMessagesReceived", "orders-dlq ApproximateNumberOfMessagesVisible"],
        ["worker Errors"],
        ["worker Errors", "worker Invocations"],
        ["worker ConcurrentExecutions"],
        # returned without delete
        ["orders NumberOfMessagesReceived", "orders NumberOfMessagesDeleted", "worker Errors", "worker Throttles"],
    ],
)
def test_what_a_redrive_trips(metrics: list[str]) -> None:
    assert chosen(on(*metrics)).alarms == ("it",)


@pytest.mark.parametrize(
    "metrics",
    [
        ["orders-dlq ApproximateNumberOfMessagesVisible"],  # dead letters present
        [
            "orders-dlq ApproximateNumberOfMessagesVisible",
            "orders-dlq ApproximateNumberOfMessagesNotVisible",
        ],  # growing
        ["orders ApproximateAgeOfOldestMessage"],
        ["orders ApproximateNumberOfMessagesVisible", "orders NumberOfMessagesReceived"],  # stalled
        ["worker Throttles"],
        ["worker Duration"],
        ["another Errors"],
        ["worker Errors", "another NumberOfMessagesReceived"],  # not of this workload alone
        [],
    ],
)
def test_what_it_never_mutes(metrics: list[str]) -> None:
    assert chosen(on(*metrics)).alarms == ()


def test_only_alarms_that_would_notify() -> None:
    assert chosen(on("worker Errors", actions=())).alarms == ()
    assert chosen(on("worker Errors", actions_enabled=False)).alarms == ()
    assert chosen(on("worker ConcurrentExecutions", actions=(TOPIC, SCALING))).alarms == ()
    assert chosen(on("worker Invocations", comparison="LessThanThreshold")).alarms == ()


def test_a_composite_alarm_is_muted_only_with_all_of_its_children() -> None:
    alarm = on("worker Errors", actions=())
    whole = CompositeAlarm("errors-page", "ALARM(it)", (TOPIC,), True)
    part = CompositeAlarm("page-me", "ALARM(it) OR ALARM(dead-letters)", (TOPIC,), True)
    silent = CompositeAlarm("silent", "ALARM(it)", (), True)
    broken = CompositeAlarm("broken", "ALARM(it", (TOPIC,), True)
    assert chosen(alarm, whole, part, silent, broken) == MuteChoice(("errors-page",), ("page-me",))
