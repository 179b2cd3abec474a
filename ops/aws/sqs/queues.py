"""Queues: their settings, their approximate counts, and which queues name them as dead-letter queue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.aws import policies
from ops.aws.naming import names

if TYPE_CHECKING:
    from ops.aws.clients import Aws


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
    """ARNs of the queues that its redrive allow policy names: they may use it as their dead-letter queue."""
    kms_key: str | None = None
    """ID, alias or ARN of the KMS key that it is encrypted with; None with SSE-SQS or without encryption."""
    max_bytes: int = 1_048_576
    """The maximum size of a message with its attributes (MaximumMessageSize; the default since August 2025)."""
    grants: tuple[policies.Grant, ...] = ()
    """What its queue policy allows to services."""
    redrive_permission: str | None = None
    """allowAll | denyAll | byQueue of its redrive allow policy; None without one."""
    encrypted: bool | None = None
    """Whether it is encrypted at rest; None where SQS does not return SqsManagedSseEnabled."""
    public: bool = False
    """Whether its policy allows something to everyone without a condition."""
    created: datetime | None = None
    """CreatedTimestamp, in UTC; None where SQS does not return it."""
    policy: str = ""
    """The queue policy as JSON; empty without one."""


@dataclass(frozen=True)
class Depth:
    """Approximate counts of messages, accurate a minute after traffic stops (botocore 1.44.5 model, 2026-11)."""

    visible: int
    in_flight: int
    delayed: int


def name_of(queue: str) -> str:
    """The name in a queue's name, URL or ARN."""
    return queue.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def find_queue(aws: Aws, queue: str) -> Queue:
    """The queue with that name, URL or ARN (in another account where that account allows it).

    Raises NotFound, and UsageError when the text does not name a queue, or one in another region or partition, or when
    SQS returns a different one.
    """
    return _queue(*_attributes(aws, queue))


def find_queue_and_depth(aws: Aws, queue: str) -> tuple[Queue, Depth]:
    """The queue as ``find_queue`` finds it, and how many messages it has now, without a further call."""
    url, attributes = _attributes(aws, queue)
    return _queue(url, attributes), _depth(attributes)


def _attributes(aws: Aws, queue: str) -> tuple[str, Mapping[str, str]]:
    """The URL of the queue and all its attributes."""
    with aws.translate_errors("sqs", f"queue {name_of(queue)}"):
        endpoint = aws.sqs.meta.endpoint_url
    named = names.parse_queue(queue, endpoint)
    names.ensure_in_target_region(aws, named)
    of_account = f" of account {named.account}" if named.account else ""
    with aws.translate_errors("sqs", f"queue {named.resource}{of_account}"):
        url = named.url
        if not url:
            owner: Any = {"QueueOwnerAWSAccountId": named.account} if named.account else {}
            url = aws.sqs.get_queue_url(QueueName=named.resource, **owner)["QueueUrl"]
        attributes: Any = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    names.ensure_same_resource(named, attributes["QueueArn"])
    return url, attributes


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
        kms_key=attributes.get("KmsMasterKeyId") or None,
        grants=policies.parse_grants(attributes.get("Policy", "")),
        max_bytes=int(attributes.get("MaximumMessageSize", 1_048_576)),
        redrive_permission=allowed.get("redrivePermission"),
        encrypted=_encrypted(attributes),
        public=policies.open_to_all(attributes.get("Policy", "")),
        created=_created(attributes.get("CreatedTimestamp")),
        policy=attributes.get("Policy", ""),
    )


def _encrypted(attributes: Mapping[str, str]) -> bool | None:
    if attributes.get("KmsMasterKeyId"):
        return True
    managed = attributes.get("SqsManagedSseEnabled")
    return managed == "true" if managed is not None else None


def _created(epoch_s: str | None) -> datetime | None:
    return datetime.fromtimestamp(float(epoch_s), UTC) if epoch_s else None


def queue_names(aws: Aws, prefix: str, most: int) -> tuple[str, ...]:
    """Names of the account's queues that start with ``prefix``, ``most`` of them at most (1,000 in one call).

    Needs sqs:ListQueues.
    """
    with aws.translate_errors("sqs", "the account's queues"):
        answer = aws.sqs.list_queues(MaxResults=most, **({"QueueNamePrefix": prefix} if prefix else {}))
    return tuple(name_of(url) for url in answer.get("QueueUrls", []))


def queue_depth(aws: Aws, queue: Queue) -> Depth:
    """How many messages the queue has now."""
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        attributes = aws.sqs.get_queue_attributes(
            QueueUrl=queue.url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ],
        )["Attributes"]
    return _depth(attributes)


def _depth(attributes: Mapping[Any, str]) -> Depth:
    return Depth(
        visible=int(attributes.get("ApproximateNumberOfMessages", 0)),
        in_flight=int(attributes.get("ApproximateNumberOfMessagesNotVisible", 0)),
        delayed=int(attributes.get("ApproximateNumberOfMessagesDelayed", 0)),
    )


def dead_letter_sources(aws: Aws, queue: Queue) -> tuple[str, ...]:
    """ARNs or URLs of the source queues of ``queue``, by its redrive allow policy or as SQS lists them."""
    if queue.allowed_sources:
        return queue.allowed_sources
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        pages = aws.sqs.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=queue.url)
        return tuple(url for page in pages for url in page.get("queueUrls", []))


def redrive_sources(aws: Aws, queue: Queue) -> tuple[str, ...]:
    """ARNs of all queues whose redrive policy names ``queue``; they are in its account and region.

    Needs sqs:ListDeadLetterSourceQueues.
    """
    arn_prefix = queue.arn.rpartition(":")[0]
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        pages = aws.sqs.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=queue.url)
        return tuple(f"{arn_prefix}:{name_of(url)}" for page in pages for url in page.get("queueUrls", []))
