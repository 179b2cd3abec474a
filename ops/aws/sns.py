"""SNS: publishing to a topic, and its subscriptions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws


def publish(aws: Aws, topic_arn: str, message: str, options: Mapping[str, Any]) -> str:
    """Returns the message ID. ``options``: further parameters of Publish (Subject, MessageAttributes, MessageGroupId …)."""
    with aws.translate_errors("sns", f"topic {topic_arn.rpartition(':')[2]}"):
        return str(aws.sns.publish(TopicArn=topic_arn, Message=message, **options)["MessageId"])


@dataclass(frozen=True)
class Subscription:
    """``endpoint``: the ARN of a queue or a function, or an address. ``arn`` is not an ARN while it is pending."""

    arn: str
    endpoint: str


def subscriptions(aws: Aws, topic_arn: str) -> tuple[Subscription, ...]:
    """The topic's subscriptions, the first hundred. Raises NotFound."""
    with aws.translate_errors("sns", f"topic {topic_arn.rpartition(':')[2]}"):
        response = aws.sns.list_subscriptions_by_topic(TopicArn=topic_arn)
    return tuple(Subscription(item["SubscriptionArn"], item.get("Endpoint", "")) for item in response["Subscriptions"])


def dead_letter_arn(aws: Aws, subscription: Subscription) -> str:
    """The subscription's dead-letter queue; empty when it has none."""
    with aws.translate_errors("sns", f"subscription {subscription.arn.rpartition(':')[2]}"):
        attributes = aws.sns.get_subscription_attributes(SubscriptionArn=subscription.arn)["Attributes"]
    return str(json.loads(attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn") or "")
