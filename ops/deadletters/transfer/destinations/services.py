"""Sending to a function, an event bus or a topic: the event is extracted from the dead-letter message, and sent again.

This reaches every consumer there: every rule of the bus, every subscription of the topic. Plans warn of it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from ops.aws import events, lambda_, sns
from ops.deadletters.edits import json_roundtrip
from ops.deadletters.messages.model import DeadLetter, Kind
from ops.deadletters.transfer.destinations.destination import (
    OutgoingMessage,
    SendResult,
    rejection_text,
    split_batches,
)

if TYPE_CHECKING:
    from ops.aws import Aws

_TRANSIENT_CODES = {"ThrottlingException", "InternalFailure", "InternalException", "ServiceUnavailable"}
"""Codes of PutEvents' entries that are worth a retry."""
_MALFORMED_MESSAGE = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""Raised by a message that does not have the content of its kind."""
NO_ID = "unnamed"
"""Stands for the ID of a message that AWS accepted without returning one."""

T = TypeVar("T")


class FunctionSender:
    """One asynchronous invocation per message: of the event in the message, or in its invocation record."""

    ordered = False

    def __init__(self, aws: Aws, arn: str) -> None:
        self.arn = arn
        self._aws = aws

    def batches(self, messages: Iterable[OutgoingMessage]) -> Iterator[list[OutgoingMessage]]:
        return ([outgoing] for outgoing in messages)

    def send(self, batch: Sequence[OutgoingMessage]) -> list[SendResult]:
        return [_send_one(outgoing.message, _event, self._invoke) for outgoing in batch]

    def _invoke(self, event: bytes) -> str:
        return lambda_.invoke_async(self._aws, self.arn, event)


class TopicSender:
    """Publishes again, one call per message."""

    def __init__(self, aws: Aws, arn: str) -> None:
        self.arn = arn
        self.ordered = arn.endswith(".fifo")
        self._aws = aws

    def batches(self, messages: Iterable[OutgoingMessage]) -> Iterator[list[OutgoingMessage]]:
        return ([outgoing] for outgoing in messages)

    def send(self, batch: Sequence[OutgoingMessage]) -> list[SendResult]:
        return [_send_one(outgoing.message, self._notification, self._publish) for outgoing in batch]

    def _notification(self, message: DeadLetter) -> tuple[str, dict[str, Any]]:
        notification = _json_body(message)
        options: dict[str, Any] = {}
        if notification.get("Subject"):
            options["Subject"] = str(notification["Subject"])
        if attributes := notification.get("MessageAttributes"):
            options["MessageAttributes"] = {name: _publish_attribute(value) for name, value in attributes.items()}
        if self.ordered:
            options["MessageGroupId"] = message.group_id or message.message_id
            options["MessageDeduplicationId"] = message.message_id
        return str(notification["Message"]), options

    def _publish(self, notification: tuple[str, dict[str, Any]]) -> str:
        return sns.publish(self._aws, self.arn, *notification)


class EventBusSender:
    """Puts the events on the bus again, up to ten per call."""

    ordered = False

    def __init__(self, aws: Aws, arn: str) -> None:
        self.arn = arn
        self._aws = aws

    def batches(self, messages: Iterable[OutgoingMessage]) -> Iterator[list[OutgoingMessage]]:
        return split_batches(messages, _size, events.MAX_BATCH, events.MAX_BYTES)

    def send(self, batch: Sequence[OutgoingMessage]) -> list[SendResult]:
        results = [SendResult(unknown=True)] * len(batch)
        entries: dict[int, Any] = {}
        for index, outgoing in enumerate(batch):
            try:
                entries[index] = _entry(outgoing.message)
            except _MALFORMED_MESSAGE as error:
                results[index] = SendResult(refused=_malformed_text(error, "event"))
        if entries:
            put_results = events.put_events(self._aws, self.arn, list(entries.values()))
            for index, put in zip(entries, put_results, strict=True):
                results[index] = _put_result(put)
        return results


def _send_one(message: DeadLetter, extract: Callable[[DeadLetter], T], send: Callable[[T], str]) -> SendResult:
    """A message from which nothing can be extracted is rejected. What ``send`` raises is AWS's, and may have been
    sent."""
    try:
        content = extract(message)
    except _MALFORMED_MESSAGE as error:
        return SendResult(refused=_malformed_text(error, "message"))
    return SendResult(sent_as=send(content) or NO_ID)


def _event(message: DeadLetter) -> bytes:
    if message.kind is not Kind.DESTINATION:
        return message.body.encode()
    return json_roundtrip.member(message.body, "requestPayload").encode()


def _size(outgoing: OutgoingMessage) -> int:
    return len(outgoing.message.body.encode("utf-8", "surrogatepass"))


def _malformed_text(error: Exception, content: str) -> str:
    reason = f"it has no {error}" if isinstance(error, KeyError) else str(error)
    return f"The {content} cannot be extracted from the dead-letter message: {reason}."


def _put_result(put: events.PutResult) -> SendResult:
    if put.event_id:
        return SendResult(sent_as=put.event_id)
    text = rejection_text(put.code, put.message, "The event bus")
    return SendResult(why=text) if put.code in _TRANSIENT_CODES else SendResult(refused=text)


def _entry(message: DeadLetter) -> dict[str, Any]:
    event = _json_body(message)
    entry: dict[str, Any] = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json_roundtrip.member(message.body, "detail"),
        "Resources": event.get("resources") or [],
    }
    if event.get("time"):
        time = datetime.fromisoformat(event["time"])  # botocore would parse it too, and fail for the whole batch
        entry["Time"] = time.astimezone(UTC) if time.tzinfo else time
    if message.trace_header:
        entry["TraceHeader"] = message.trace_header
    return entry


def _json_body(message: DeadLetter) -> dict[str, Any]:
    body = json_roundtrip.parse_document(message.body).value
    if not isinstance(body, dict):
        raise ValueError("its body is not a JSON object")
    return body


def _publish_attribute(value: Any) -> dict[str, Any]:
    """An attribute of a notification (``{"Type": …, "Value": …}``) as Publish takes it."""
    data_type = str(value["Type"])
    if data_type.startswith("Binary"):
        return {"DataType": data_type, "BinaryValue": base64.b64decode(value["Value"])}
    return {"DataType": data_type, "StringValue": str(value["Value"])}
