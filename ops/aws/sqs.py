"""Queues: what they are set to, how full they are now."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.door import Aws

BATCH = 10
"""Messages a receive or a batch call takes at most (botocore 1.44.5 model, 2026-11)."""


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
    allowed_sources: tuple[str, ...] = ()
    """ARNs of the queues that its redrive allow policy lets use it as their dead-letter queue, where it names any."""


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
    with aws.asking("sqs", f"queue {name_of(queue)}"):
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
    allowed = json.loads(attributes.get("RedriveAllowPolicy") or "{}")
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
        allowed_sources=tuple(allowed.get("sourceQueueArns") or ()),
    )


def depth(aws: Aws, queue: Queue) -> Depth:
    """How many messages it holds now."""
    with aws.asking("sqs", f"queue {queue.name}"):
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
    """ARNs or URLs of the queues whose dead letters go to ``queue``, by its allow policy or as SQS lists them."""
    if queue.allowed_sources:
        return queue.allowed_sources
    with aws.asking("sqs", f"queue {queue.name}"):
        pages = aws.sqs.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=queue.url)
        return tuple(url for page in pages for url in page.get("queueUrls", []))


@dataclass(frozen=True)
class Message:
    """A received message. ``attributes``: message attributes as text, binary ones as base64."""

    message_id: str
    receipt: str
    body: str
    attributes: Mapping[str, str]
    system: Mapping[str, str]


def receive(aws: Aws, queue: Queue, visibility_s: int, wait_s: int, most: int = BATCH) -> tuple[Message, ...]:
    """Up to ``most`` messages, hidden from everybody else for ``visibility_s``. Counts as a receive of each."""
    with aws.asking("sqs", f"queue {queue.name}"):
        answer = aws.sqs.receive_message(
            QueueUrl=queue.url,
            MaxNumberOfMessages=most,
            VisibilityTimeout=visibility_s,
            WaitTimeSeconds=wait_s,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
    return tuple(
        Message(
            message_id=item["MessageId"],
            receipt=item["ReceiptHandle"],
            body=item.get("Body", ""),
            attributes={name: _text(value) for name, value in item.get("MessageAttributes", {}).items()},
            system={str(name): value for name, value in item.get("Attributes", {}).items()},
        )
        for item in answer.get("Messages", [])
    )


def give_back(aws: Aws, queue: Queue, messages: Sequence[Message]) -> int:
    """Make messages visible again at once; how many could not be (they come back when their lease ends)."""
    failed = 0
    with aws.asking("sqs", f"queue {queue.name}"):
        for at in range(0, len(messages), BATCH):
            answer = aws.sqs.change_message_visibility_batch(
                QueueUrl=queue.url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message.receipt, "VisibilityTimeout": 0}
                    for number, message in enumerate(messages[at : at + BATCH])
                ],
            )
            failed += len(answer.get("Failed", []))
    return failed


def _text(value: Any) -> str:
    binary = value.get("BinaryValue")
    return base64.b64encode(binary).decode() if binary is not None else str(value.get("StringValue", ""))
