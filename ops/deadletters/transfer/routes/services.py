"""Back to a function, an event bus or a topic: the event is taken out of the letter, and handed over once more.

Asking again reaches all that listen there: every rule of the bus, every subscription of the topic. Plans warn of it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops.aws import events, lambda_, sns
from ops.deadletters import jsontext
from ops.deadletters.letter import Kind, Letter
from ops.deadletters.transfer.routes.route import Answer, Parcel, sentence

if TYPE_CHECKING:
    from ops.aws import Aws

_PASSING = {"ThrottlingException", "InternalFailure", "InternalException", "ServiceUnavailable"}
"""Codes of PutEvents' entries that are worth another try."""


class FunctionRoute:
    """An asynchronous invocation, one a letter: of the event that stands in the letter, or in its record."""

    ordered = False

    def __init__(self, aws: Aws, arn: str) -> None:
        self.arn = arn
        self._aws = aws

    def calls(self, parcels: Iterable[Parcel]) -> Iterator[list[Parcel]]:
        return ([parcel] for parcel in parcels)

    def send(self, parcels: Sequence[Parcel]) -> list[Answer]:
        return [_one(parcel, self._invoke) for parcel in parcels]

    def _invoke(self, letter: Letter) -> str:
        event = letter.body
        if letter.kind is Kind.DESTINATION:
            record, style = _object(letter)
            event = jsontext.write(record["requestPayload"], style)
        return lambda_.invoke_later(self._aws, self.arn, event.encode())


class TopicRoute:
    """Published again, one a letter."""

    def __init__(self, aws: Aws, arn: str) -> None:
        self.arn = arn
        self.ordered = arn.endswith(".fifo")
        self._aws = aws

    def calls(self, parcels: Iterable[Parcel]) -> Iterator[list[Parcel]]:
        return ([parcel] for parcel in parcels)

    def send(self, parcels: Sequence[Parcel]) -> list[Answer]:
        return [_one(parcel, self._publish) for parcel in parcels]

    def _publish(self, letter: Letter) -> str:
        notification, _ = _object(letter)
        options: dict[str, Any] = {}
        if notification.get("Subject"):
            options["Subject"] = str(notification["Subject"])
        if attributes := notification.get("MessageAttributes"):
            options["MessageAttributes"] = {name: _published(value) for name, value in attributes.items()}
        if self.ordered:
            options["MessageGroupId"] = letter.group_id or letter.message_id
            options["MessageDeduplicationId"] = letter.message_id
        return sns.publish(self._aws, self.arn, str(notification["Message"]), options)


class BusRoute:
    """Put on the bus again, ten a call."""

    ordered = False

    def __init__(self, aws: Aws, arn: str) -> None:
        self.arn = arn
        self._aws = aws

    def calls(self, parcels: Iterable[Parcel]) -> Iterator[list[Parcel]]:
        batch: list[Parcel] = []
        room = events.MOST_BYTES
        for parcel in parcels:
            size = len(parcel.letter.body.encode("utf-8", "surrogatepass"))
            if batch and (len(batch) == events.BATCH or size > room):
                yield batch
                batch, room = [], events.MOST_BYTES
            batch.append(parcel)
            room -= size
        if batch:
            yield batch

    def send(self, parcels: Sequence[Parcel]) -> list[Answer]:
        answers = [Answer(unknown=True)] * len(parcels)
        entries: dict[int, Any] = {}
        for at, parcel in enumerate(parcels):
            try:
                entries[at] = _entry(parcel.letter)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                answers[at] = Answer(refused=_unfit(error, "event"))
        if entries:
            for at, put in zip(entries, events.put(self._aws, self.arn, list(entries.values())), strict=True):
                answers[at] = _put(put)
        return answers


def _one(parcel: Parcel, hand_over: Any) -> Answer:
    try:
        return Answer(sent_as=hand_over(parcel.letter))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Answer(refused=_unfit(error, "message"))


def _unfit(error: Exception, what: str) -> str:
    missing = f"it has no {error}" if isinstance(error, KeyError) else str(error)
    return f"The {what} cannot be taken out of the letter: {missing}."


def _put(put: events.Put) -> Answer:
    if put.event_id:
        return Answer(sent_as=put.event_id)
    text = sentence(put.code, put.message, "The event bus")
    return Answer(why=text) if put.code in _PASSING else Answer(refused=text)


def _entry(letter: Letter) -> dict[str, Any]:
    event, style = _object(letter)
    entry: dict[str, Any] = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": jsontext.write(event["detail"], style),
        "Resources": event.get("resources") or [],
    }
    if event.get("time"):
        entry["Time"] = datetime.fromisoformat(event["time"])
    if letter.trace_header:
        entry["TraceHeader"] = letter.trace_header
    return entry


def _object(letter: Letter) -> tuple[dict[str, Any], jsontext.Style]:
    found, style = jsontext.parse(letter.body)
    if not isinstance(found, dict):
        raise ValueError("its body is no JSON object")
    return found, style


def _published(value: Any) -> dict[str, Any]:
    """An attribute of a notification (``{"Type": …, "Value": …}``) as Publish takes it."""
    kind = str(value["Type"])
    if kind.startswith("Binary"):
        return {"DataType": kind, "BinaryValue": base64.b64decode(value["Value"])}
    return {"DataType": kind, "StringValue": str(value["Value"])}
