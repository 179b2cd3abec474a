"""Messages, published to a topic, and the subscriptions that take them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws


def publish(aws: Aws, topic_arn: str, message: str, options: Mapping[str, Any]) -> str:
    """The message's id. ``options``: as Publish takes them (Subject, MessageAttributes, MessageGroupId …)."""
    with aws.translate_errors("sns", f"topic {topic_arn.rpartition(':')[2]}"):
        return str(aws.sns.publish(TopicArn=topic_arn, Message=message, **options)["MessageId"])


@dataclass(frozen=True)
class Subscription:
    """``endpoint`` as SNS has it: the ARN of a queue or a function, an address. ``arn`` is no ARN while pending."""

    arn: str
    endpoint: str


def subscriptions(aws: Aws, topic_arn: str) -> tuple[Subscription, ...]:
    """The topic's subscriptions, the first hundred. Raises NotFound."""
    with aws.translate_errors("sns", f"topic {topic_arn.rpartition(':')[2]}"):
        answer = aws.sns.list_subscriptions_by_topic(TopicArn=topic_arn)
    return tuple(Subscription(one["SubscriptionArn"], one.get("Endpoint", "")) for one in answer["Subscriptions"])


def dead_letter_arn(aws: Aws, subscription: Subscription) -> str:
    """The queue that takes what could not be delivered to the subscription; empty when there is none."""
    with aws.translate_errors("sns", f"subscription {subscription.arn.rpartition(':')[2]}"):
        found = aws.sns.get_subscription_attributes(SubscriptionArn=subscription.arn)["Attributes"]
    return str(json.loads(found.get("RedrivePolicy") or "{}").get("deadLetterTargetArn") or "")
