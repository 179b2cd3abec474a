"""What the mover needs of a destination."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ops.deadletters.messages.model import DeadLetter


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A letter on its way. ``letter`` is already edited."""

    number: int
    letter: DeadLetter


@dataclass(frozen=True, slots=True)
class SendResult:
    """What became of one parcel of a call that was answered: the message's id at the destination; or ``refused`` (a
    sentence: it will never be taken); or neither (not taken, but it may be tried again; ``why``). ``unknown``: the
    answer does not tell, so it may have been taken. ``unmarked``: it had no room for the first message's id."""

    sent_as: str = ""
    refused: str = ""
    why: str = ""
    unknown: bool = False
    unmarked: bool = False


class DestinationSender(Protocol):
    arn: str
    ordered: bool  # the letters of one message group go one after the other

    def batches(self, parcels: Iterable[OutgoingMessage]) -> Iterator[list[OutgoingMessage]]:
        """Parcels that one call takes."""

    def send(self, parcels: Sequence[OutgoingMessage]) -> list[SendResult]:
        """One call, made once. An answer for each, in order. Raises AwsError when the call as a whole failed."""


def split_batches(
    parcels: Iterable[OutgoingMessage], size: Callable[[OutgoingMessage], int], most: int, most_bytes: int
) -> Iterator[list[OutgoingMessage]]:
    """In order, at most so many parcels and bytes at a time; one that is larger than that goes alone."""
    batch: list[OutgoingMessage] = []
    room = most_bytes
    for parcel in parcels:
        needed = size(parcel)
        if batch and (len(batch) == most or needed > room):
            yield batch
            batch, room = [], most_bytes
        batch.append(parcel)
        room -= needed
    if batch:
        yield batch


def rejection_text(code: str, message: str, about: str) -> str:
    text = " ".join(message.split())
    return f"{about} refused it: {code}: {text}" if text else f"{about} refused it: {code}"
