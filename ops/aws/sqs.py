"""SQS: settings of queues, their approximate counts, and receiving and deleting messages."""

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
"""Messages per receive or batch call (botocore 1.44.5 model, 2026-11)."""


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


@dataclass(frozen=True)
class Attribute:
    """A message attribute. ``data_type``: ``String``, ``Number`` or ``Binary``, or one of these with a suffix
    (``Number.int``). ``value``: text, or the base64 of a binary value."""

    data_type: str
    value: str

    @property
    def binary(self) -> bool:
        return self.data_type.partition(".")[0] == "Binary"


@dataclass(frozen=True)
class Message:
    """A received message. ``receipt`` is valid until the visibility timeout ends or the message is received again."""

    message_id: str
    receipt: str
    body: str
    attributes: Mapping[str, Attribute]
    system: Mapping[str, str]


@dataclass(frozen=True)
class BatchEntryError:
    """Why one entry of a batch failed. ``sender_fault`` false: a retry may help."""

    code: str
    message: str
    sender_fault: bool


MISSING_ENTRY = BatchEntryError("Unmentioned", "the response does not mention it", False)
"""For an entry that is in neither list of a response."""


def receive_messages(
    aws: Aws, queue: Queue, visibility_s: int, wait_s: int, most: int = MAX_BATCH
) -> tuple[Message, ...]:
    """Up to ``most`` messages, invisible to other consumers for ``visibility_s``. Raises their receive counts.

    Raises OverLimit when the queue has as many in flight as SQS allows (120,000; botocore 1.44.5 model, 2026-11).
    """
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        response = aws.sqs.receive_message(
            QueueUrl=queue.url,
            MaxNumberOfMessages=most,
            VisibilityTimeout=visibility_s,
            WaitTimeSeconds=wait_s,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
    return tuple(received_message(item) for item in response.get("Messages", []))


def received_message(item: Mapping[str, Any]) -> Message:
    """From one of ``Messages`` in the response of ReceiveMessage."""
    return Message(
        message_id=item["MessageId"],
        receipt=item["ReceiptHandle"],
        body=item.get("Body", ""),
        attributes={name: _attribute(value) for name, value in item.get("MessageAttributes", {}).items()},
        system={str(name): value for name, value in item.get("Attributes", {}).items()},
    )


def delete_batch(aws: Aws, queue: Queue, receipts: Sequence[str]) -> tuple[BatchEntryError | None, ...]:
    """Delete up to ten messages by their receipts. For each, in order: None when it was deleted, else why not."""
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        response = aws.sqs.delete_message_batch(
            QueueUrl=queue.url,
            Entries=[{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(receipts)],
        )
    return _results(len(receipts), response)


def change_visibility_batch(
    aws: Aws, queue: Queue, receipts: Sequence[str], visibility_s: int
) -> tuple[BatchEntryError | None, ...]:
    """Keep up to ten received messages invisible for ``visibility_s`` from now (0: release them).

    For each, in order: None when it was done, else why not; a message that was not released becomes visible later.
    """
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        response = aws.sqs.change_message_visibility_batch(
            QueueUrl=queue.url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": visibility_s}
                for number, receipt in enumerate(receipts)
            ],
        )
    return _results(len(receipts), response)


def _results(count: int, response: Any) -> tuple[BatchEntryError | None, ...]:
    results: list[BatchEntryError | None] = [MISSING_ENTRY] * count
    for entry in response.get("Successful", []):
        results[int(entry["Id"])] = None
    for entry in response.get("Failed", []):
        results[int(entry["Id"])] = BatchEntryError(
            entry.get("Code", ""), entry.get("Message", ""), bool(entry.get("SenderFault"))
        )
    return tuple(results)


def _attribute(value: Any) -> Attribute:
    binary = value.get("BinaryValue")
    text = base64.b64encode(binary).decode() if binary is not None else str(value.get("StringValue", ""))
    return Attribute(str(value.get("DataType", "Binary" if binary is not None else "String")), text)
