"""One kind of letter for every kind of dead letter, and the cause that it carries itself.

Who wrote it shows in its message attributes (formats as of 2026-11):

- this project's handler: handler.contract.DLQ_*;
- Lambda's asynchronous invocation: RequestID, ErrorCode, ErrorMessage (Lambda developer guide); or, sent by an
  on-failure destination, a body with requestContext.condition and responsePayload;
- an EventBridge rule: RULE_ARN, TARGET_ARN, ERROR_CODE, ERROR_MESSAGE (third-party descriptions);
- SQS itself, after maxReceiveCount: nothing but the message as it was sent. Its cause is in the logs.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from handler import contract
from ops.insight.reports import Letter

if TYPE_CHECKING:
    from ops.aws.sqs import Message

UNKNOWN = "unknown"


def letter(message: Message) -> Letter:
    """The letter, with the cause that stands in its attributes or body; else ``error_type`` is "unknown"."""
    attributes = message.attributes
    cause = _handler(message) or _asynchronous(message) or _event_bridge(message) or _destination(message)
    error_type, error_message, source, request_id = cause or (UNKNOWN, "", "none", "")
    return Letter(
        message_id=message.message_id,
        body=message.body,
        attributes=attributes,
        system=message.system,
        sent=_milliseconds(message.system.get("SentTimestamp")),
        receives=int(message.system.get("ApproximateReceiveCount", 0)),
        error_type=error_type,
        error_message=error_message,
        cause_from=source,
        original_message_id=attributes.get(contract.DLQ_ORIGINAL_MESSAGE_ID, message.message_id),
        request_id=request_id,
    )


Cause = tuple[str, str, str, str]
"""Error type, error message, where it was found, request id."""


def _handler(message: Message) -> Cause | None:
    attributes = message.attributes
    if contract.DLQ_ERROR_TYPE not in attributes:
        return None
    text = attributes.get(contract.DLQ_ERROR_MESSAGE, "")
    return attributes[contract.DLQ_ERROR_TYPE], text, "attribute", attributes.get(contract.DLQ_REQUEST_ID, "")


def _asynchronous(message: Message) -> Cause | None:
    attributes = message.attributes
    if "RequestID" not in attributes or "ErrorCode" not in attributes:
        return None
    kind = f"Asynchronous invocation, code {attributes['ErrorCode']}"
    return kind, attributes.get("ErrorMessage", ""), "attribute", attributes["RequestID"]


def _event_bridge(message: Message) -> Cause | None:
    attributes = message.attributes
    if "RULE_ARN" not in attributes:
        return None
    target = attributes.get("TARGET_ARN", "").rsplit(":", 1)[-1]
    text = attributes.get("ERROR_MESSAGE", "")
    return f"EventBridge {attributes.get('ERROR_CODE', 'delivery')} to {target}", text, "attribute", ""


def _destination(message: Message) -> Cause | None:
    if '"requestContext"' not in message.body:
        return None
    try:
        record: Any = json.loads(message.body)
        context = record["requestContext"]
        condition, request_id = str(context["condition"]), str(context["requestId"])
    except (ValueError, KeyError, TypeError):
        return None
    payload = record.get("responsePayload")
    payload = payload if isinstance(payload, dict) else {}
    return str(payload.get("errorType") or condition), str(payload.get("errorMessage") or ""), "body", request_id


def _milliseconds(text: str | None) -> datetime | None:
    return datetime.fromtimestamp(int(text) / 1000, UTC) if text and text.isdigit() else None
