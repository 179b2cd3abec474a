"""Messages of queues in memory, their limits, and the errors that SQS answers with."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REGION, ACCOUNT = "eu-west-1", "000000000000"

MAX_BODY_BYTES = 1_048_576

MAX_ATTRIBUTES = 10

FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class CallRejected(Exception):
    """The error for a call or one entry of a batch. ``query_code``: the code that boto3 shows."""

    def __init__(self, code: str, message: str, query_code: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.query_code = query_code or code


def queue_does_not_exist() -> CallRejected:
    return CallRejected(
        "QueueDoesNotExist", "The specified queue does not exist.", "AWS.SimpleQueueService.NonExistentQueue"
    )


@dataclass
class Message:
    id: str
    body: str
    attributes: dict[str, dict[str, str]]
    system: dict[str, str]
    receives: int = 0
    turn: int = 0  # raised by each receive: what a receipt must match
    visible_at: float = 0.0
    hidden: bool = False  # in flight or delayed
    gone: bool = False

    def to_response(self, receipt: str) -> dict[str, Any]:
        response: dict[str, Any] = {
            "MessageId": self.id,
            "ReceiptHandle": receipt,
            "Body": self.body,
            "MD5OfBody": hashlib.md5(self.body.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest(),
            "Attributes": {**self.system, "ApproximateReceiveCount": str(self.receives)},
        }
        if self.attributes:
            response["MessageAttributes"] = self.attributes
            response["MD5OfMessageAttributes"] = attributes_md5(self.attributes)
        return response


def message_size(entry: Mapping[str, Any]) -> int:
    """Bytes that count towards the limits: the body, and names, types and values of the attributes."""
    total = len((entry.get("MessageBody") or "").encode("utf-8", "surrogatepass"))
    for name, value in (entry.get("MessageAttributes") or {}).items():
        total += len(name.encode()) + len(value.get("DataType", ""))
        total += (
            len(value["StringValue"].encode("utf-8", "surrogatepass"))
            if "StringValue" in value
            else len(_binary(value))
        )
    return total


def attributes_md5(attributes: Mapping[str, Mapping[str, str]]) -> str:
    """As SQS computes it: sorted by name, each part with its length (developer guide, message metadata)."""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        binary = value["DataType"].startswith("Binary")
        payload = _binary(value) if binary else value["StringValue"].encode()
        for part in (name.encode(), value["DataType"].encode()):
            digest.update(len(part).to_bytes(4, "big") + part)
        digest.update((b"\2" if binary else b"\1") + len(payload).to_bytes(4, "big") + payload)
    return digest.hexdigest()


def _binary(value: Mapping[str, str]) -> bytes:
    return base64.b64decode(value.get("BinaryValue", ""))
