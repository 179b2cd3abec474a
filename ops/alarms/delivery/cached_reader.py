"""Reads each resource from AWS once, and keeps the answer, or the reason why AWS refused it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ops.aws import cloudwatch, kms, lambda_, sns, sqs
from ops.aws.naming import names
from ops.errors import UsageError
from ops.workload.gaps import Gap, Part, Why, attempt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.aws import Aws

T = TypeVar("T")


@dataclass(frozen=True)
class AlarmPlace:
    """Account, region and partition of the alarms. ``partition``: aws, aws-cn …"""

    partition: str
    region: str
    account: str


class DeliveryReader:
    """A resource that is denied or missing is a ``Gap``. ``refused``: whether AWS denied any request."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.refused = False
        self._answers: dict[tuple[str, str], Any] = {}

    def topic(self, arn: str) -> sns.TopicAttributes | Gap:
        return self._once("topic", arn, partial(sns.topic_attributes, self.aws, arn))

    def subscriptions(self, topic_arn: str) -> tuple[sns.Subscription, ...] | Gap:
        return self._once("subscriptions", topic_arn, partial(sns.subscriptions, self.aws, topic_arn))

    def subscription(self, arn: str) -> Mapping[str, str] | Gap:
        return self._once("subscription", arn, partial(sns.subscription_attributes, self.aws, arn))

    def key(self, key: str) -> kms.KeyDetails | Gap:
        return self._once("key", key, partial(kms.key_details, self.aws, key))

    def queue(self, arn: str) -> sqs.Queue | Gap:
        return self._once("queue", arn, partial(sqs.find_queue, self.aws, arn))

    def function(self, arn: str) -> lambda_.Function | Gap:
        return self._once("function", arn, partial(lambda_.get_function, self.aws, arn))

    def function_policy(self, arn: str) -> str | Gap:
        return self._once("function policy", arn, partial(lambda_.function_policy, self.aws, arn))

    def history(self, alarm: str) -> tuple[cloudwatch.AlarmActionRecord, ...] | Gap:
        return self._once("history", alarm, partial(cloudwatch.alarm_actions, self.aws, alarm))

    def _once(self, kind: str, name: str, ask: Callable[[], T]) -> T | Gap:
        key = kind, name
        if key not in self._answers:
            self._answers[key] = attempt(Part.DETAIL, name, ask)
        answer: T | Gap = self._answers[key]
        if isinstance(answer, Gap):
            self.refused |= answer.why is Why.DENIED
        return answer


def is_elsewhere(arn: str, place: AlarmPlace) -> str:
    """``another region (eu-west-1)`` or ``another account (1234)``, for an ARN of one; else empty."""
    try:
        named = names.parse_arn(arn)
    except UsageError:
        return ""
    if named.region and named.region != place.region:
        return f"another region ({named.region})"
    if named.account and named.account != place.account:
        return f"another account ({named.account})"
    return ""


def place_of(alarm_arn: str) -> AlarmPlace:
    _, partition, _, region, account, _ = alarm_arn.split(":", 5)
    return AlarmPlace(partition, region, account)
