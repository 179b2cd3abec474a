"""Cleanup after a test that was killed: its resources are found by name and by the alarm's state reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops import access
from ops.alarms.live_test import reasons
from ops.alarms.live_test.restoring import restore
from ops.aws import cloudwatch
from ops.aws.sns import temporary_subscriber

if TYPE_CHECKING:
    from ops.aws import Aws

MIN_AGE = timedelta(minutes=15)
"""A younger one may belong to a test that is running."""


def remove(aws: Aws, min_age: timedelta = MIN_AGE) -> tuple[str, ...]:
    """Removes the queues and subscriptions of tests older than ``min_age``, and sets alarms back that such a test left in
    ALARM (of metric alarms, among the first 500 that are in ALARM). Returns what was done, a sentence each. Needs
    sqs:ListQueues, DeleteQueue, sns:ListSubscriptions, Unsubscribe, and what ``restore`` needs."""
    access.ensure_may("removing what tests of alarms left behind")
    before = datetime.now(UTC) - min_age
    done: list[str] = []
    for subscription in temporary_subscriber.subscriptions(aws):
        if _older(subscription.queue_arn.rpartition(":")[2], before):
            temporary_subscriber.unsubscribe(aws, subscription.arn)
            done.append(f"Removed a subscription to topic {subscription.topic.rpartition(':')[2]}.")
    for name in temporary_subscriber.queues(aws):
        if _older(name, before):
            temporary_subscriber.delete(aws, name)
            done.append(f"Removed queue {name}.")
    alarms: list[cloudwatch.Alarm | cloudwatch.CompositeAlarm] = [*cloudwatch.composite_alarms(aws)]
    for alarm in (*alarms, *cloudwatch.firing_alarms(aws)[0]):
        test = reasons.read(alarm.reason) if alarm.state == "ALARM" else None
        made = temporary_subscriber.made_at(test[0]) if test else None
        if test and made and made <= before:
            done.append(restore(aws, alarm.name, test[1], made))
    return tuple(done)


def _older(name: str, before: datetime) -> bool:
    made = temporary_subscriber.made_at(name)
    return made is not None and made <= before
