"""One alarm driven through to a subscriber made for it: set to ALARM, and its notification waited for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from ops import access
from ops.alarms.delivery import AlarmDelivery, DeliveryStatus, check_alarm
from ops.alarms.delivery.cached_reader import is_elsewhere, place_of
from ops.alarms.live_test import leftovers, reasons
from ops.alarms.live_test.model import AlarmTestPlan, AlarmTestResult, TopicArrival
from ops.alarms.live_test.other_actions import other_actions
from ops.alarms.live_test.restoring import restore
from ops.aws import cloudwatch, sqs
from ops.aws.sns import temporary_subscriber
from ops.errors import OpsError, UsageError

if TYPE_CHECKING:
    from ops.aws import Aws

DEFAULT_WAIT_S = 60.0
MAX_WAIT_S = 600.0
"""Below ``leftovers.MIN_AGE``, so that no test that still runs is taken for one that was left behind."""
POLL_S = 1
CLOCK_SKEW = timedelta(minutes=5)


def plan_test(aws: Aws, name: str) -> AlarmTestPlan:
    """Reads; changes nothing. Raises NotFound, and UsageError for an alarm that is in ALARM."""
    alarm = cloudwatch.find_alarm(aws, name)
    if alarm.state == "ALARM" and reasons.of_a_test(alarm.reason):
        raise UsageError(
            f"{name} is still in ALARM from a test.",
            "Wait for CloudWatch to evaluate it, or: ops alarms test --clean-up",
        )
    if alarm.state == "ALARM":
        raise UsageError(
            f"{name} is in ALARM already, and only a change to ALARM notifies.",
            f"See whether that notification arrived: ops alarms delivery --alarm {name}",
        )
    found = check_alarm(aws, name).alarms[0]
    place = place_of(alarm.arn)
    topics = [action for action in found.actions if action.kind == "topic"]
    watched = tuple(action.arn for action in topics if not is_elsewhere(action.arn, place))
    return AlarmTestPlan(
        alarm=name,
        arn=alarm.arn,
        state=alarm.state,
        returns=isinstance(alarm, cloudwatch.Alarm) and alarm.missing_data != "ignore",
        topics=watched,
        not_watched=tuple(
            f"The topic {action.arn} is notified, too, and not watched."
            for action in topics
            if action.arn not in watched
        ),
        subscribers=tuple(
            f"{subscription.protocol} {subscription.endpoint}"
            for action in topics
            for subscription in action.subscriptions
            if subscription.leg.status is not DeliveryStatus.BROKEN
        ),
        blocked=_blocked(found, alarm.actions_enabled, watched),
        delivery=found,
        other_actions=other_actions(aws, alarm),
    )


def _blocked(found: AlarmDelivery, enabled: bool, watched: tuple[str, ...]) -> str:
    if not enabled:
        return f"{found.text} Enable them: {found.change}"
    if found.muted_by:
        return f"It is muted by mute rule {', '.join(found.muted_by)}: no action would be carried out."
    if watched:
        return ""
    speaking = f" Test composite alarm {found.through[0]}, which speaks for it." if found.through else ""
    return f"It has no topic of this region and account to watch.{speaking}"


@dataclass
class _Running:
    """Resources created so far, which cleanup removes."""

    queue_name: str
    subscriptions: list[str] = field(default_factory=list)
    state_set: datetime | None = None
    afterwards: str = ""


def run_test(
    aws: Aws,
    plan: AlarmTestPlan,
    *,
    wait_s: float = DEFAULT_WAIT_S,
    with_other_actions: bool = False,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[str], None] = lambda _: None,
) -> AlarmTestResult:
    """Sets the alarm to ALARM, so that everybody subscribed to its topics is notified, and waits for the notification at a
    queue of its own. That is removed whatever happens; what a killed process left is removed by the next test.

    Needs sqs:CreateQueue, TagQueue, ReceiveMessage, DeleteQueue, sns:Subscribe, Unsubscribe and cloudwatch:SetAlarmState.
    Raises UsageError for a plan that is blocked, and for one with other actions unless ``with_other_actions``.
    """
    access.ensure_may("testing an alarm")
    if plan.blocked:
        raise UsageError(f"{plan.alarm} was not tested. {plan.blocked}")
    if plan.other_actions and not with_other_actions:
        raise UsageError(*plan.refusal)
    with suppress(OpsError):  # of another test; this one does not depend on it
        leftovers.remove(aws)
    running = _Running(temporary_subscriber.new_name(datetime.now(UTC)))
    arrived: dict[str, float] = {}
    began = time.monotonic()
    try:
        queue = _subscribe(aws, plan, running, progress)
        began, since = time.monotonic(), datetime.now(UTC)
        if not stop():
            progress(f"Setting {plan.alarm} to ALARM")
            running.state_set = since
            cloudwatch.set_alarm_state(aws, plan.alarm, "ALARM", reasons.reason(running.queue_name, plan.state))
            progress("Waiting for the notification")
        while len(arrived) < len(plan.topics) and time.monotonic() - began < wait_s and not stop():
            for topic in _received(aws, queue, running.queue_name):
                arrived.setdefault(topic, time.monotonic() - began)
        waited = time.monotonic() - began
        failures = () if len(arrived) == len(plan.topics) else _failures(aws, plan.alarm, since)
    finally:
        progress("Removing the temporary subscriber")
        left = _clean(aws, plan, running)
    arrivals = tuple(TopicArrival(topic, arrived.get(topic)) for topic in plan.topics)
    passed = all(arrival.after_s is not None for arrival in arrivals)
    stopped = not passed and waited < wait_s
    return AlarmTestResult(plan, arrivals, passed, waited, failures, running.afterwards, left, stopped)


def _subscribe(aws: Aws, plan: AlarmTestPlan, running: _Running, progress: Callable[[str], None]) -> sqs.Queue:
    _, partition, _, region, account, _ = plan.arn.split(":", 5)
    arn = f"arn:{partition}:sqs:{region}:{account}:{running.queue_name}"
    progress(f"Making the temporary queue {running.queue_name}")
    queue = temporary_subscriber.create(aws, running.queue_name, arn, plan.topics)
    for topic in plan.topics:
        progress(f"Subscribing it to {topic.rpartition(':')[2]}")
        running.subscriptions.append(temporary_subscriber.subscribe(aws, topic, queue.arn))
    return queue


def _received(aws: Aws, queue: sqs.Queue, nonce: str) -> list[str]:
    """The topics of this test's notifications."""
    return [
        topic
        for message in sqs.receive_messages(aws, queue, visibility_s=600, wait_s=POLL_S)
        if (topic := _topic_of(message.body, nonce))
    ]


def _topic_of(body: str, nonce: str) -> str:
    """Empty for another notification, such as that of another alarm."""
    try:
        envelope = json.loads(body)
        notice = json.loads(envelope["Message"])
        return str(envelope["TopicArn"]) if nonce in notice["NewStateReason"] else ""
    except (ValueError, KeyError, TypeError):
        return ""


def _failures(aws: Aws, name: str, since: datetime) -> tuple[cloudwatch.AlarmActionRecord, ...]:
    try:
        actions = cloudwatch.alarm_actions(aws, name)
    except OpsError:
        return ()
    return tuple(action for action in actions if not action.succeeded and action.at >= since - CLOCK_SKEW)


def _clean(aws: Aws, plan: AlarmTestPlan, running: _Running) -> tuple[str, ...]:
    """Every step, though one before it fails."""
    left: list[str] = []

    def attempt(what: str, act: Callable[[], None]) -> None:
        try:
            act()
        except OpsError as error:
            left.append(f"{what} was not removed: {error}")

    for arn in running.subscriptions:
        attempt(f"Subscription {arn}", partial(temporary_subscriber.unsubscribe, aws, arn))
    attempt(f"Queue {running.queue_name}", lambda: temporary_subscriber.delete(aws, running.queue_name))
    if running.state_set is None:
        running.afterwards = f"{plan.alarm} was not set to ALARM."
    elif plan.returns:
        then = "at its next evaluation, and carries out the actions of that state"
        running.afterwards = f"CloudWatch sets {plan.alarm} back by itself {then}."
    else:
        try:
            running.afterwards = restore(aws, plan.alarm, plan.state, running.state_set)
        except OpsError as error:
            left.append(f"The state of {plan.alarm} is to be checked: {error}")
    return tuple(left)
