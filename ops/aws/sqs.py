"""Queues: what they are set to, how full they are now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.door import Aws


@dataclass(frozen=True)
class Queue:
    """A queue's settings; durations in seconds."""

    name: str
    url: str
    arn: str
    visibility_s: int
    retention_s: int
    delay_s: int
    wait_s: int
    dlq_arn: str | None
    max_receive_count: int | None
    fifo: bool


@dataclass(frozen=True)
class Depth:
    """Messages now, as SQS counts: approximate, right a minute after traffic stops (botocore 1.44.5 model, 2026-11)."""

    visible: int
    in_flight: int
    delayed: int


def name_of(queue: str) -> str:
    """The name in a queue's name, URL or ARN."""
    return queue.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def find(aws: Aws, queue: str) -> Queue:
    """The queue of that name, URL or ARN (in another account too, given its URL or ARN). Raises NotFound."""
    with aws.asking(f"queue {name_of(queue)}"):
        if queue.startswith("http"):
            url = queue
        elif queue.startswith("arn:"):
            owner = queue.split(":")[4]
            url = aws.sqs.get_queue_url(QueueName=name_of(queue), QueueOwnerAWSAccountId=owner)["QueueUrl"]
        else:
            url = aws.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        attributes: Any = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return _queue(url, attributes)


def _queue(url: str, attributes: Mapping[str, str]) -> Queue:
    redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
    count = redrive.get("maxReceiveCount")
    return Queue(
        name=name_of(attributes["QueueArn"]),
        url=url,
        arn=attributes["QueueArn"],
        visibility_s=int(attributes.get("VisibilityTimeout", 30)),
        retention_s=int(attributes.get("MessageRetentionPeriod", 345_600)),
        delay_s=int(attributes.get("DelaySeconds", 0)),
        wait_s=int(attributes.get("ReceiveMessageWaitTimeSeconds", 0)),
        dlq_arn=redrive.get("deadLetterTargetArn"),
        max_receive_count=int(count) if count is not None else None,
        fifo=attributes.get("FifoQueue", "false") == "true",
    )


def depth(aws: Aws, queue: Queue) -> Depth:
    """How many messages it holds now."""
    with aws.asking(f"queue {queue.name}"):
        attributes = aws.sqs.get_queue_attributes(
            QueueUrl=queue.url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ],
        )["Attributes"]
    return Depth(
        visible=int(attributes.get("ApproximateNumberOfMessages", 0)),
        in_flight=int(attributes.get("ApproximateNumberOfMessagesNotVisible", 0)),
        delayed=int(attributes.get("ApproximateNumberOfMessagesDelayed", 0)),
    )


def dead_letter_sources(aws: Aws, queue: Queue) -> tuple[str, ...]:
    """URLs of the queues whose dead letters go to ``queue``."""
    with aws.asking(f"queue {queue.name}"):
        pages = aws.sqs.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=queue.url)
        return tuple(url for page in pages for url in page.get("queueUrls", []))
