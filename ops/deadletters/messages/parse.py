"""One kind of message for every kind of dead-letter message, and the cause that it carries itself.

Who wrote it shows in this order, because the last hop decides where it goes back to (formats as of 2026-11):

- SQS, after ``maxReceiveCount``: the system attribute ``DeadLetterQueueSourceArn`` (botocore 1.44.5 model), and the
  message as it was sent. Its cause is in the logs;
- this project's handler: attributes ``handler.contract.DLQ_*``;
- SNS: the envelope of a notification in the body (SNS developer guide), beside it ``RequestID``, ``ErrorCode`` and
  ``ErrorMessage``, which Lambda writes too; of a raw delivery only these, so that nothing proves whose it is;
- Lambda's asynchronous invocation: ``RequestID``, ``ErrorCode``, ``ErrorMessage`` (Lambda developer guide); or, sent by
  an on-failure destination, a body with ``requestContext.condition`` and ``requestPayload``;
- an EventBridge rule: ``RULE_ARN``, ``TARGET_ARN``, ``ERROR_CODE``, ``ERROR_MESSAGE``; EventBridge Scheduler:
  ``SCHEDULE_ARN`` and the same errors (third-party descriptions of both).

What fits none of these stays whole, as ``Kind.UNKNOWN``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from handler import contract
from ops.deadletters.messages import framework_errors, message_body
from ops.deadletters.messages.model import UNKNOWN_ERROR, Cause, DeadLetter, Kind

if TYPE_CHECKING:
    from ops.aws.sqs import Attribute, Message

SOURCE_ARN_ATTRIBUTE = "DeadLetterQueueSourceArn"


def parse_message(message: Message) -> DeadLetter:
    """The dead-letter message that a received message is. Never fails: what cannot be understood is kept as it is."""
    kind, source, request_id = _origin(message.body, message.attributes, message.system)
    return DeadLetter(
        message_id=message.message_id,
        body=message.body,
        attributes=message.attributes,
        system=message.system,
        kind=kind,
        sent=parse_timestamp(message.system.get("SentTimestamp")),
        receives=_number(message.system.get("ApproximateReceiveCount")),
        source_arn=source,
        original_message_id=_text(message.attributes, contract.DLQ_ORIGINAL_MESSAGE_ID) or message.message_id,
        request_id=request_id,
    )


def carried_cause(message: DeadLetter) -> Cause | None:
    """The cause that stands in the message's own attributes or body; None where only the logs can tell."""
    attributes = message.attributes
    match message.kind:
        case Kind.REJECTED:
            return _cause(
                message, _text(attributes, contract.DLQ_ERROR_TYPE), _text(attributes, contract.DLQ_ERROR_MESSAGE)
            )
        case Kind.LAMBDA:
            kind = f"Asynchronous invocation, code {_text(attributes, 'ErrorCode')}"
            return _cause(message, kind, _text(attributes, "ErrorMessage"))
        case Kind.EVENTBRIDGE | Kind.SCHEDULER:
            who = "EventBridge" if message.kind is Kind.EVENTBRIDGE else "EventBridge Scheduler"
            target = _text(attributes, "TARGET_ARN").rsplit(":", 1)[-1]
            failed = f"{who} {_text(attributes, 'ERROR_CODE') or 'delivery'}" + (f" to {target}" if target else "")
            return _cause(message, failed, _text(attributes, "ERROR_MESSAGE"))
        case Kind.SNS if "ErrorCode" in attributes:
            topic = message.source_arn.rpartition(":")[2]
            failed = f"SNS {_text(attributes, 'ErrorCode') or 'delivery'} from topic {topic}"
            return _cause(message, failed, _text(attributes, "ErrorMessage"))
        case Kind.DESTINATION:
            return _destination_cause(message)
        case _:
            return _framework_cause(message)


def _origin(body: str, attributes: Mapping[str, Attribute], system: Mapping[str, str]) -> tuple[Kind, str, str]:
    """Kind, ARN of where it came from, request id of the invocation that failed it."""
    if system.get(SOURCE_ARN_ATTRIBUTE):
        return Kind.SQS, system[SOURCE_ARN_ATTRIBUTE], ""
    if contract.DLQ_ERROR_TYPE in attributes:
        source, request_id = _text(attributes, contract.DLQ_SOURCE_ARN), _text(attributes, contract.DLQ_REQUEST_ID)
        return Kind.REJECTED, source, request_id
    if "RULE_ARN" in attributes:
        return Kind.EVENTBRIDGE, _text(attributes, "RULE_ARN"), ""
    if "SCHEDULE_ARN" in attributes:
        return Kind.SCHEDULER, _text(attributes, "SCHEDULE_ARN"), ""
    if '"TopicArn"' in body and (notification := _notification(body)):
        return Kind.SNS, str(notification["TopicArn"]), ""
    if "RequestID" in attributes and "ErrorCode" in attributes:
        return Kind.LAMBDA, "", _text(attributes, "RequestID")
    if '"requestContext"' in body and (record := _record(body)):
        context = record["requestContext"]
        return Kind.DESTINATION, str(context.get("functionArn") or ""), str(context.get("requestId") or "")
    return Kind.UNKNOWN, "", ""


def _record(body: str) -> dict[str, Any] | None:
    """The record of an on-failure destination, where ``body`` is one."""
    record = message_body.parse_body(body)
    if isinstance(record, dict) and isinstance(record.get("requestContext"), dict) and "requestPayload" in record:
        return record if isinstance(record["requestContext"].get("condition"), str) else None
    return None


def _notification(body: str) -> dict[str, Any] | None:
    found = message_body.parse_body(body)
    whole = isinstance(found, dict) and found.get("Type") == "Notification" and "Message" in found
    return found if whole and isinstance(found.get("TopicArn"), str) else None


def _destination_cause(message: DeadLetter) -> Cause | None:
    record = _record(message.body)
    if record is None:
        return None
    payload, answer = record.get("responsePayload"), record.get("responseContext")
    payload = payload if isinstance(payload, dict) else {}
    answer = answer if isinstance(answer, dict) else {}
    return Cause(
        error_type=str(payload.get("errorType") or record["requestContext"]["condition"]),
        error_message=str(payload.get("errorMessage") or ""),
        source="body",
        request_id=message.request_id,
        failed_at=_parsed_time(record.get("timestamp")) or message.sent,
        function_version=str(answer.get("executedVersion") or ""),
    )


def _framework_cause(message: DeadLetter) -> Cause | None:
    found = framework_errors.find_framework_error(message)
    if found is None:
        return None
    return Cause(found.error_type, found.error_message, source=found.where, request_id=message.request_id)


def _cause(message: DeadLetter, error_type: str, error_message: str) -> Cause:
    """What wrote the attributes sent the message when it failed: ``sent`` is when it failed."""
    return Cause(
        error_type=error_type or UNKNOWN_ERROR,
        error_message=error_message,
        source="attribute",
        request_id=message.request_id,
        failed_at=message.sent,
    )


def _text(attributes: Mapping[str, Attribute], name: str) -> str:
    return attributes[name].value if name in attributes else ""


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def parse_timestamp(text: str | None) -> datetime | None:
    """The time in a system attribute of SQS, which has it as Unix time in milliseconds; None for what is not such a time:
    attributes are read from files too, where anything may stand."""
    try:
        return _plausible(datetime.fromtimestamp(int(text) / 1000, UTC)) if text else None
    except (ValueError, OverflowError, OSError):
        return None


def _parsed_time(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        return at and _plausible(at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _plausible(at: datetime) -> datetime | None:
    """None at the ends of the calendar: one message of such a time and nothing that computes with times would work."""
    return at if 1900 <= at.year < 9000 else None
