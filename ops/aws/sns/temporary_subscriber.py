"""A queue that is subscribed to topics for a few minutes, and removed again.

Its name says what it is and when it was made, so that one that was left behind (``kill -9``) can be found and removed
by its name alone, as can a subscription whose queue is gone.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.aws import sqs
from ops.errors import NotFound

if TYPE_CHECKING:
    from ops.aws.clients import Aws

PREFIX = "ops-alarm-test-"
TAG = "scilearn-ops:temporary"
RETENTION_S = 900
_NAME = re.compile(rf"{PREFIX}(\d{{8}}T\d{{6}}Z)-[0-9a-f]{{8}}")
_TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class TemporarySubscription:
    """``topic``, ``queue_arn`` as SNS has them."""

    arn: str
    topic: str
    queue_arn: str


def new_name(now: datetime) -> str:
    return f"{PREFIX}{now.astimezone(UTC):{_TIME}}-{secrets.token_hex(4)}"


def made_at(name: str) -> datetime | None:
    """When the queue of that name was made; None for a name that is not of this module."""
    match = _NAME.fullmatch(name)
    try:
        return datetime.strptime(match[1], _TIME).replace(tzinfo=UTC) if match else None
    except ValueError:
        return None


def create(aws: Aws, name: str, queue_arn: str, topics: Sequence[str]) -> sqs.Queue:
    """A queue that only these topics may send to. Needs sqs:CreateQueue and TagQueue."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": list(topics)}},
            }
        ],
    }
    attributes: Any = {"Policy": json.dumps(policy), "MessageRetentionPeriod": str(RETENTION_S)}
    with aws.translate_errors("sqs", f"the temporary queue {name}"):
        aws.sqs.create_queue(QueueName=name, Attributes=attributes, tags={TAG: "alarm test"})
    return sqs.find_queue(aws, name)


def subscribe(aws: Aws, topic_arn: str, queue_arn: str) -> str:
    """The subscription's ARN. Needs sns:Subscribe."""
    with aws.translate_errors("sns", f"a subscription to topic {topic_arn.rpartition(':')[2]}"):
        found = aws.sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn, ReturnSubscriptionArn=True)
    return str(found["SubscriptionArn"])


def unsubscribe(aws: Aws, subscription_arn: str) -> None:
    """One that is gone is no error. Needs sns:Unsubscribe."""
    try:
        with aws.translate_errors("sns", f"subscription {subscription_arn.rpartition(':')[2]}"):
            aws.sns.unsubscribe(SubscriptionArn=subscription_arn)
    except NotFound:
        pass


def delete(aws: Aws, name: str) -> None:
    """Only a queue that this module named: ValueError for any other. One that is gone is no error. Raises AwsError. Needs
    sqs:DeleteQueue."""
    if made_at(name) is None:
        raise ValueError(f"{name} is not a temporary queue")
    try:
        with aws.translate_errors("sqs", f"the temporary queue {name}"):
            aws.sqs.delete_queue(QueueUrl=aws.sqs.get_queue_url(QueueName=name)["QueueUrl"])
    except NotFound:
        pass


def queues(aws: Aws) -> tuple[str, ...]:
    """Names of the temporary queues that are there. Needs sqs:ListQueues."""
    return tuple(name for name in sqs.queue_names(aws, PREFIX, 1000) if made_at(name))


def subscriptions(aws: Aws) -> tuple[TemporarySubscription, ...]:
    """Subscriptions of temporary queues, whether or not the queues still exist. Needs sns:ListSubscriptions."""
    with aws.translate_errors("sns", "the account's subscriptions"):
        pages: Iterable[Any] = aws.sns.get_paginator("list_subscriptions").paginate()
        items = [item for page in pages for item in page.get("Subscriptions", [])]
    return tuple(
        TemporarySubscription(item["SubscriptionArn"], item.get("TopicArn", ""), item["Endpoint"])
        for item in items
        if item.get("Protocol") == "sqs" and made_at(str(item.get("Endpoint", "")).rpartition(":")[2])
    )
