"""Messages, published to a topic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.door import Aws


def publish(aws: Aws, topic_arn: str, message: str, options: Mapping[str, Any]) -> str:
    """The message's id. ``options``: as Publish takes them (Subject, MessageAttributes, MessageGroupId …)."""
    with aws.asking("sns", f"topic {topic_arn.rpartition(':')[2]}"):
        return str(aws.sns.publish(TopicArn=topic_arn, Message=message, **options)["MessageId"])
