"""Sends a job that can never succeed to the dead-letter queue at once, with its cause in message attributes."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from handler import contract

if TYPE_CHECKING:
    from handler.aws import Client
    from handler.errors import Rejected

ILLEGAL_CHARACTERS = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class DeadLetterQueue:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._url = os.environ[contract.ENV_DLQ_URL]

    def send(self, record: dict[str, Any], error: Rejected, request_id: str = "") -> None:
        """Send the message's body as it came. AwsError if SQS did not take it: then the message must not be deleted.

        That is also so for a body so near to 1 MiB that the attributes do not fit with it; such a message is moved
        by SQS after its last receive, and its cause is in the log.
        """
        attributes = {
            contract.DLQ_ERROR_TYPE: type(error).__name__,
            contract.DLQ_ERROR_MESSAGE: str(error) or type(error).__name__,
            contract.DLQ_ORIGINAL_MESSAGE_ID: record["messageId"],
            contract.DLQ_REQUEST_ID: request_id,
            contract.DLQ_SOURCE_ARN: record["eventSourceARN"],
        }
        request: dict[str, Any] = {
            "QueueUrl": self._url,
            "MessageBody": record["body"],
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": _legal(value)}
                for name, value in attributes.items()
                if value  # SQS refuses an empty one
            },
            **tenant(record),
        }
        # As SQS keeps it when it moves a message: a redrive then continues the sender's trace.
        if trace := system_attribute(record, "AWSTraceHeader"):
            request["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
        # The sender's attributes are kept if there is room: a redrive sends the message as it was.
        for name, value in sendable(record).items():
            if len(request["MessageAttributes"]) < contract.ATTRIBUTE_LIMIT and name not in attributes:
                request["MessageAttributes"][name] = value
        self._client.call("sqs", "SendMessage", request)


def sendable(record: dict[str, Any]) -> dict[str, Any]:
    """The message attributes of a received record, as SendMessage takes them."""
    return {
        name: {
            member[0].upper() + member[1:]: content
            for member, content in value.items()
            if member in ("stringValue", "binaryValue", "dataType") and isinstance(content, str)
        }
        for name, value in (record.get("messageAttributes") or {}).items()
        if isinstance(value, dict) and isinstance(value.get("dataType"), str)
    }


def tenant(record: dict[str, Any]) -> dict[str, Any]:
    """``MessageGroupId`` for SendMessage, by which SQS shares a fair (standard) queue out between tenants (SQS developer
    guide, 2025-07). Nothing for a FIFO queue: with its group, a message sent again could be dropped as a repetition."""
    group = system_attribute(record, "MessageGroupId")
    return {"MessageGroupId": group} if group and not record["eventSourceARN"].endswith(".fifo") else {}


def system_attribute(record: dict[str, Any], name: str) -> str:
    """Empty where the record has none."""
    value = (record.get("attributes") or {}).get(name)
    return value if isinstance(value, str) else ""


def _legal(text: str) -> str:
    """SQS refuses most control characters, surrogates, U+FFFE and U+FFFF (SendMessage, botocore 1.44.5 model)."""
    return ILLEGAL_CHARACTERS.sub("?", text)
