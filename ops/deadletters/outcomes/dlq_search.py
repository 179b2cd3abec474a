"""Searching a dead-letter queue for messages that came back: a short lease of all its letters, given back at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops import formatting
from ops.aws import sqs
from ops.deadletters.messages import parse
from ops.deadletters.outcomes.same_bodies import DlqMessage, body_digest
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.deadletters.messages.model import DeadLetter

SETTLING_S, SETTLING_TWIN_S = 75.0, 3.0
"""SQS's counts are right a minute after traffic stops (botocore 1.44.5 model, 2026-11); the twin's at once."""
MAX_SEARCHED = 1_000
"""A dead-letter queue that holds more is not searched: a search counts as a receive of every letter in it."""
LEASE_S = 60
EMPTY_RECEIVES = 2


@dataclass(frozen=True)
class SearchResult:
    """``causes``: by the name that was asked for, what the letter says it died of (empty: it says nothing).
    ``whole``: a name not among them is not in the queue. ``note``: why that is not known. ``others``: messages there
    that were asked for by no name."""

    causes: Mapping[str, str]
    whole: bool
    note: str = ""
    others: tuple[DlqMessage, ...] = ()


class DlqSearch:
    """What comes back to one dead-letter queue. ``before``: its letters before anything was sent, and those that were
    taken out by then; None when that is not known. ``known``: messages that are known to have come back since: they lie
    there, so that the queue's count tells about the others."""

    def __init__(self, aws: Aws, dlq: sqs.Queue, before: int | None) -> None:
        self._aws, self._dlq, self._before = aws, dlq, before
        self.known_count = 0

    def has_grown(self, taken_out: int) -> bool:
        """Whether more letters came than left, besides the ``taken_out``. Raises what ``ops.aws`` raises."""
        return self._before is None or message_count(self._aws, self._dlq, taken_out) - self.known_count > self._before

    def find(self, wanted: Set[str], called: Callable[[DeadLetter], Set[str]], taken_out: int) -> SearchResult:
        """Which of ``wanted`` lie there; ``called``: all that a letter may be asked for by. Raises what ``ops.aws``
        raises.

        A queue that is too long to be read is judged by its count, which tells only while nothing else comes or goes.
        """
        depth = sqs.queue_depth(self._aws, self._dlq)
        if depth.visible <= MAX_SEARCHED:
            return _search(self._aws, self._dlq, depth, wanted, called)
        now = depth.visible + depth.in_flight + depth.delayed + taken_out - self.known_count
        if now == self._before:
            return SearchResult({}, True)
        many = formatting.count(depth.visible)
        if self._before is None or now > self._before:
            why = f"{self._dlq.name} holds {many} letters, too many to search for those that came back"
        else:
            why = (
                f"{self._dlq.name} holds {many} letters, too many to search, and others left it meanwhile, so that "
                "its count does not tell what came back"
            )
        return SearchResult({}, False, f"{why}; look at it to see them.")


def settling_s(aws: Aws) -> float:
    """Seconds from the last message until the counts of a queue are right."""
    return SETTLING_TWIN_S if aws.target.is_twin else SETTLING_S


def message_count(aws: Aws, dlq: sqs.Queue, taken_out: int) -> int:
    """Letters in the queue, and those that were ``taken_out``: more of them than before are letters that came since.

    Raises what ``ops.aws`` raises.
    """
    depth = sqs.queue_depth(aws, dlq)
    return depth.visible + depth.in_flight + depth.delayed + taken_out


def _search(
    aws: Aws, dlq: sqs.Queue, depth: sqs.Depth, wanted: Set[str], called: Callable[[DeadLetter], Set[str]]
) -> SearchResult:
    """Read all of it, and give it back."""
    causes: dict[str, str] = {}
    others: dict[str, DlqMessage] = {}
    receipts: dict[str, str] = {}
    empty = 0 if depth.visible else EMPTY_RECEIVES
    try:
        while empty < EMPTY_RECEIVES and len(receipts) < MAX_SEARCHED:
            batch = sqs.receive_messages(aws, dlq, LEASE_S, wait_s=0 if receipts else 1)
            empty = 0 if batch else empty + 1
            for message in batch:
                receipts[message.message_id] = message.receipt
                letter = parse.parse_message(message)
                cause = parse.carried_cause(letter)
                told = f"{cause.error_type}: {cause.error_message}" if cause else ""
                names = called(letter) - {""}
                if asked := names & wanted:
                    causes |= dict.fromkeys(asked, told)
                    continue
                own = letter.message_id
                others[own] = DlqMessage(own, frozenset(names), body_digest(letter.body), letter.sent, told)
    finally:
        given = list(receipts.values())
        for at in range(0, len(given), sqs.MAX_BATCH):
            with suppress(AwsError):  # they come back by themselves when the lease ends
                sqs.change_visibility_batch(aws, dlq, given[at : at + sqs.MAX_BATCH], 0)
    whole = len(receipts) >= depth.visible and not depth.in_flight
    note = "" if whole else f"Some letters of {dlq.name} could not be read, because somebody else holds them."
    return SearchResult(causes, whole, note, tuple(others.values()))
