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
class TopicAttributes:
    """``policy``: JSON. ``kms_key``: ID, alias or ARN; empty without encryption by SNS."""

    arn: str
    policy: str
    kms_key: str
    confirmed: int
    pending: int


def topic_attributes(aws: Aws, topic_arn: str) -> TopicAttributes:
    """Needs sns:GetTopicAttributes. Raises NotFound."""
    with aws.translate_errors("sns", f"topic {topic_arn.rpartition(':')[2]}"):
        found = aws.sns.get_topic_attributes(TopicArn=topic_arn)["Attributes"]
    return TopicAttributes(
        arn=topic_arn,
        policy=found.get("Policy", ""),
        kms_key=found.get("KmsMasterKeyId", ""),
        confirmed=int(found.get("SubscriptionsConfirmed", 0)),
        pending=int(found.get("SubscriptionsPending", 0)),
    )


@dataclass(frozen=True)
class Subscription:
    """``endpoint``: the ARN of a queue or a function, or an address. ``arn`` is not an ARN while it is pending."""

    arn: str
    endpoint: str
    protocol: str = ""

    @property
    def pending(self) -> bool:
        return not self.arn.startswith("arn:")


def subscriptions(aws: Aws, topic_arn: str) -> tuple[Subscription, ...]:
    """All of the topic's subscriptions, with a request for each hundred. Raises NotFound."""
    with aws.translate_errors("sns", f"topic {topic_arn.rpartition(':')[2]}"):
        pages = aws.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
        return tuple(_subscription(item) for page in pages for item in page["Subscriptions"])


def _subscription(item: Any) -> Subscription:
    return Subscription(item["SubscriptionArn"], item.get("Endpoint", ""), item.get("Protocol", ""))


def subscription_attributes(aws: Aws, subscription_arn: str) -> Mapping[str, str]:
    """FilterPolicy, RedrivePolicy and the rest. Needs sns:GetSubscriptionAttributes."""
    with aws.translate_errors("sns", f"subscription {subscription_arn.rpartition(':')[2]}"):
        found: Mapping[str, str] = aws.sns.get_subscription_attributes(SubscriptionArn=subscription_arn)["Attributes"]
    return found


def dead_letter_arn(aws: Aws, subscription: Subscription) -> str:
    """The subscription's dead-letter queue; empty when it has none."""
    attributes = subscription_attributes(aws, subscription.arn)
    return str(json.loads(attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn") or "")
