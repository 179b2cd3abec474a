"""Queues: what they are set to, how full they are now, and what comes out of them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.aws import policies
from ops.aws.naming import names

if TYPE_CHECKING:
    from ops.aws.clients import Aws

MAX_BATCH = 10
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
    kms_key: str | None = None
    """Id, alias or ARN of the KMS key that it is encrypted with; None where SQS itself has the key, or nobody."""
    max_bytes: int = 1_048_576
    """Of a message with its attributes (MaximumMessageSize; the default since August 2025)."""
    grants: tuple[policies.Grant, ...] = ()
    """What its queue policy allows to services."""
    created: datetime | None = None
    """When it was created (CreatedTimestamp, aware UTC); None where SQS does not return it."""


@dataclass(frozen=True)
class Depth:
    """Messages now, as SQS counts: approximate, right a minute after traffic stops (botocore 1.44.5 model, 2026-11)."""

    visible: int
    in_flight: int
    delayed: int


def name_of(queue: str) -> str:
    """The name in a queue's name, URL or ARN."""
    return queue.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def find_queue(aws: Aws, queue: str) -> Queue:
    """The queue of that name, URL or ARN (of another account where that account lets it be read).

    Raises UsageError when the text names no queue, one of another region or partition, or another one than SQS finds;
    NotFound.
    """
    with aws.translate_errors("sqs", f"queue {name_of(queue)}"):
        endpoint = aws.sqs.meta.endpoint_url
    named = names.parse_queue(queue, endpoint)
    names.ensure_in_target_region(aws, named)
    whose = f" of account {named.account}" if named.account else ""  # SQS tells apart queues of one name by it
    with aws.translate_errors("sqs", f"queue {named.resource}{whose}"):
        url = named.url
        if not url:
            owner: Any = {"QueueOwnerAWSAccountId": named.account} if named.account else {}
            url = aws.sqs.get_queue_url(QueueName=named.resource, **owner)["QueueUrl"]
        attributes: Any = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    names.ensure_same_resource(named, attributes["QueueArn"])
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
        kms_key=attributes.get("KmsMasterKeyId") or None,
        grants=policies.parse_grants(attributes.get("Policy", "")),
        max_bytes=int(attributes.get("MaximumMessageSize", 1_048_576)),
        created=_created(attributes.get("CreatedTimestamp")),
    )


def _created(epoch_s: str | None) -> datetime | None:
    return datetime.fromtimestamp(float(epoch_s), UTC) if epoch_s else None


def queue_depth(aws: Aws, queue: Queue) -> Depth:
    """How many messages it holds now."""
    with aws.translate_errors("sqs", f"queue {queue.name}"):
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
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        pages = aws.sqs.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=queue.url)
        return tuple(url for page in pages for url in page.get("queueUrls", []))


def redrive_sources(aws: Aws, queue: Queue) -> tuple[str, ...]:
    """ARNs of all queues whose redrive policy names ``queue``, as SQS lists them: they are of its account and region.

    Needs sqs:ListDeadLetterSourceQueues.
    """
    head = queue.arn.rpartition(":")[0]
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        pages = aws.sqs.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=queue.url)
        return tuple(f"{head}:{name_of(url)}" for page in pages for url in page.get("queueUrls", []))


@dataclass(frozen=True)
class Attribute:
    """A message attribute as SQS types it: ``String``, ``Number``, ``Binary`` or one with a suffix (``Number.int``)."""

    data_type: str
    value: str
    """Text; of binary ones the base64."""

    @property
    def binary(self) -> bool:
        return self.data_type.partition(".")[0] == "Binary"


@dataclass(frozen=True)
class Message:
    """A received message. ``receipt`` is good until its lease ends or somebody else receives the message."""

    message_id: str
    receipt: str
    body: str
    attributes: Mapping[str, Attribute]
    system: Mapping[str, str]


@dataclass(frozen=True)
class BatchEntryError:
    """Why SQS did not do its work for one entry of a batch. ``sender_fault`` false: trying again may help."""

    code: str
    message: str
    sender_fault: bool


MISSING_ENTRY = BatchEntryError("Unmentioned", "the response does not mention it", False)
"""For an entry that stands neither among an answer's successes nor its failures."""


def receive_messages(
    aws: Aws, queue: Queue, visibility_s: int, wait_s: int, most: int = MAX_BATCH
) -> tuple[Message, ...]:
    """Up to ``most`` messages, hidden from everybody else for ``visibility_s``. Counts as a receive of each.

    Raises OverLimit when the queue has as many in flight as SQS allows (120,000; botocore 1.44.5 model, 2026-11).
    """
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        answer = aws.sqs.receive_message(
            QueueUrl=queue.url,
            MaxNumberOfMessages=most,
            VisibilityTimeout=visibility_s,
            WaitTimeSeconds=wait_s,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
    return tuple(received_message(item) for item in answer.get("Messages", []))


def received_message(item: Mapping[str, Any]) -> Message:
    """One of ``Messages`` in the answer to ReceiveMessage."""
    return Message(
        message_id=item["MessageId"],
        receipt=item["ReceiptHandle"],
        body=item.get("Body", ""),
        attributes={name: _attribute(value) for name, value in item.get("MessageAttributes", {}).items()},
        system={str(name): value for name, value in item.get("Attributes", {}).items()},
    )


def delete_batch(aws: Aws, queue: Queue, receipts: Sequence[str]) -> tuple[BatchEntryError | None, ...]:
    """Delete up to ten messages by their receipts. For each, in their order: None when it is done, else why not."""
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        answer = aws.sqs.delete_message_batch(
            QueueUrl=queue.url,
            Entries=[{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(receipts)],
        )
    return _results(len(receipts), answer)


def change_visibility_batch(
    aws: Aws, queue: Queue, receipts: Sequence[str], visibility_s: int
) -> tuple[BatchEntryError | None, ...]:
    """Keep up to ten received messages hidden for ``visibility_s`` from now (0: give them back).

    For each, in their order: None when it is done, else why not; what was not given back comes back by itself.
    """
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        answer = aws.sqs.change_message_visibility_batch(
            QueueUrl=queue.url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": visibility_s}
                for number, receipt in enumerate(receipts)
            ],
        )
    return _results(len(receipts), answer)


def _results(count: int, answer: Any) -> tuple[BatchEntryError | None, ...]:
    results: list[BatchEntryError | None] = [MISSING_ENTRY] * count
    for done in answer.get("Successful", []):
        results[int(done["Id"])] = None
    for failed in answer.get("Failed", []):
        results[int(failed["Id"])] = BatchEntryError(
            failed.get("Code", ""), failed.get("Message", ""), bool(failed.get("SenderFault"))
        )
    return tuple(results)


def _attribute(value: Any) -> Attribute:
    binary = value.get("BinaryValue")
    text = base64.b64encode(binary).decode() if binary is not None else str(value.get("StringValue", ""))
    return Attribute(str(value.get("DataType", "Binary" if binary is not None else "String")), text)
