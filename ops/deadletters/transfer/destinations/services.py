"""Back to a function, an event bus or a topic: the event is taken out of the letter, and handed over once more.

Asking again reaches all that listen there: every rule of the bus, every subscription of the topic. Plans warn of it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from ops.aws import events, lambda_, sns
from ops.deadletters.edits import json_roundtrip
from ops.deadletters.messages.model import DeadLetter, Kind
from ops.deadletters.transfer.destinations.destination import OutgoingMessage, SendResult, rejection_text, split_batches

if TYPE_CHECKING:
    from ops.aws import Aws

_TRANSIENT_CODES = {"ThrottlingException", "InternalFailure", "InternalException", "ServiceUnavailable"}
"""Codes of PutEvents' entries that are worth another try."""


_MALFORMED_MESSAGE = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What a letter raises that does not hold what its kind should."""


class FunctionSender:
    """An asynchronous invocation, one a letter: of the event that stands in the letter, or in its record."""

    ordered = False

    def __init__(self, aws: Aws, arn: str) -> None:
        self.arn = arn
        self._aws = aws

    def batches(self, parcels: Iterable[OutgoingMessage]) -> Iterator[list[OutgoingMessage]]:
        return ([parcel] for parcel in parcels)

    def send(self, parcels: Sequence[OutgoingMessage]) -> list[SendResult]:
        return [_send_one(parcel, _event, self._invoke) for parcel in parcels]

    def _invoke(self, event: bytes) -> str:
        return lambda_.invoke_async(self._aws, self.arn, event)


class TopicSender:
    """Published again, one a letter."""

    def __init__(self, aws: Aws, arn: str) -> None:
        self.arn = arn
        self.ordered = arn.endswith(".fifo")
        self._aws = aws

    def batches(self, parcels: Iterable[OutgoingMessage]) -> Iterator[list[OutgoingMessage]]:
        return ([parcel] for parcel in parcels)

    def send(self, parcels: Sequence[OutgoingMessage]) -> list[SendResult]:
        return [_send_one(parcel, self._notification, self._publish) for parcel in parcels]

    def _notification(self, letter: DeadLetter) -> tuple[str, dict[str, Any]]:
        notification = _json_body(letter)
        options: dict[str, Any] = {}
        if notification.get("Subject"):
            options["Subject"] = str(notification["Subject"])
        if attributes := notification.get("MessageAttributes"):
            options["MessageAttributes"] = {name: _publish_attribute(value) for name, value in attributes.items()}
        if self.ordered:
            options["MessageGroupId"] = letter.group_id or letter.message_id
            options["MessageDeduplicationId"] = letter.message_id
        return str(notification["Message"]), options

    def _publish(self, notification: tuple[str, dict[str, Any]]) -> str:
        return sns.publish(self._aws, self.arn, *notification)


class EventBusSender:
    """Put on the bus again, ten a call."""

    ordered = False

    def __init__(self, aws: Aws, arn: str) -> None:
        self.arn = arn
        self._aws = aws

    def batches(self, parcels: Iterable[OutgoingMessage]) -> Iterator[list[OutgoingMessage]]:
        return split_batches(parcels, _size, events.MAX_BATCH, events.MAX_BYTES)

    def send(self, parcels: Sequence[OutgoingMessage]) -> list[SendResult]:
        answers = [SendResult(unknown=True)] * len(parcels)
        entries: dict[int, Any] = {}
        for at, parcel in enumerate(parcels):
            try:
                entries[at] = _entry(parcel.letter)
            except _MALFORMED_MESSAGE as error:
                answers[at] = SendResult(refused=_malformed_text(error, "event"))
        if entries:
            for at, put in zip(entries, events.put_events(self._aws, self.arn, list(entries.values())), strict=True):
                answers[at] = _put_result(put)
        return answers


T = TypeVar("T")
NO_ID = "unnamed"
"""What AWS took and gave no id: it is sent all the same."""


def _send_one(
    parcel: OutgoingMessage, take_out: Callable[[DeadLetter], T], hand_over: Callable[[T], str]
) -> SendResult:
    """A letter that nothing can be taken out of is refused; what fails afterwards is AWS's, and may have sent it."""
    try:
        content = take_out(parcel.letter)
    except _MALFORMED_MESSAGE as error:
        return SendResult(refused=_malformed_text(error, "message"))
    return SendResult(sent_as=hand_over(content) or NO_ID)


def _event(letter: DeadLetter) -> bytes:
    if letter.kind is not Kind.DESTINATION:
        return letter.body.encode()
    return json_roundtrip.member(letter.body, "requestPayload").encode()


def _size(parcel: OutgoingMessage) -> int:
    return len(parcel.letter.body.encode("utf-8", "surrogatepass"))


def _malformed_text(error: Exception, what: str) -> str:
    missing = f"it has no {error}" if isinstance(error, KeyError) else str(error)
    return f"The {what} cannot be taken out of the letter: {missing}."


def _put_result(put: events.PutResult) -> SendResult:
    if put.event_id:
        return SendResult(sent_as=put.event_id)
    text = rejection_text(put.code, put.message, "The event bus")
    return SendResult(why=text) if put.code in _TRANSIENT_CODES else SendResult(refused=text)


def _entry(letter: DeadLetter) -> dict[str, Any]:
    event = _json_body(letter)
    entry: dict[str, Any] = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json_roundtrip.member(letter.body, "detail"),
        "Resources": event.get("resources") or [],
    }
    if event.get("time"):
        at = datetime.fromisoformat(event["time"])
        entry["Time"] = at.astimezone(UTC) if at.tzinfo else at  # botocore does so too, where nobody asks which letter
    if letter.trace_header:
        entry["TraceHeader"] = letter.trace_header
    return entry


def _json_body(letter: DeadLetter) -> dict[str, Any]:
    found = json_roundtrip.whole(letter.body).value
    if not isinstance(found, dict):
        raise ValueError("its body is not a JSON object")
    return found


def _publish_attribute(value: Any) -> dict[str, Any]:
    """An attribute of a notification (``{"Type": …, "Value": …}``) as Publish takes it."""
    kind = str(value["Type"])
    if kind.startswith("Binary"):
        return {"DataType": kind, "BinaryValue": base64.b64decode(value["Value"])}
    return {"DataType": kind, "StringValue": str(value["Value"])}
