"""Receiving messages, deleting them, and changing how long they stay invisible."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.aws.sqs.queues import Queue

if TYPE_CHECKING:
    from ops.aws.clients import Aws

MAX_BATCH = 10
"""Messages per receive or batch call (botocore 1.44.5 model, 2026-11)."""


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
"""Stands for an entry that is in neither list of a response."""


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
    """One item of ``Messages`` in a ReceiveMessage response."""
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
