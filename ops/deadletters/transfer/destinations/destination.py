"""What the engine needs of a destination."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ops.deadletters.messages.model import DeadLetter


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """``number``: in the ledger. ``message``: with the plan's edits applied."""

    number: int
    message: DeadLetter


@dataclass(frozen=True, slots=True)
class SendResult:
    """The result for one message of a call that was answered: ``sent_as``, its ID at the destination; or ``refused``,
    why it will never be accepted (a sentence); or neither: it was not accepted, and may be retried (``why``).
    ``unknown``: the response does not tell whether it was accepted. ``unmarked``: it had no room for the original
    message ID."""

    sent_as: str = ""
    refused: str = ""
    why: str = ""
    unknown: bool = False
    unmarked: bool = False


class DestinationSender(Protocol):
    arn: str
    ordered: bool  # the messages of a message group are sent one after the other

    def batches(self, messages: Iterable[OutgoingMessage]) -> Iterator[list[OutgoingMessage]]:
        """The messages in batches for one call each."""

    def send(self, batch: Sequence[OutgoingMessage]) -> list[SendResult]:
        """One call, made once. A result for each message, in order. Raises AwsError when the call as a whole failed."""


def split_batches(
    messages: Iterable[OutgoingMessage], size: Callable[[OutgoingMessage], int], max_messages: int, max_bytes: int
) -> Iterator[list[OutgoingMessage]]:
    """Batches in order, of up to ``max_messages`` and ``max_bytes``; a larger message is sent alone."""
    batch: list[OutgoingMessage] = []
    room = max_bytes
    for outgoing in messages:
        needed = size(outgoing)
        if batch and (len(batch) == max_messages or needed > room):
            yield batch
            batch, room = [], max_bytes
        batch.append(outgoing)
        room -= needed
    if batch:
        yield batch


def rejection_text(code: str, message: str, destination: str) -> str:
    text = " ".join(message.split())
    return f"{destination} rejected it: {code}: {text}" if text else f"{destination} rejected it: {code}"
