"""Searching a dead-letter queue for messages that failed again: all its messages are leased briefly, then released."""

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
"""SQS's counts are accurate a minute after traffic stops (botocore 1.44.5 model, 2026-11); the twin's at once."""
MAX_SEARCHED = 1_000
"""A dead-letter queue with more messages is not searched: a search counts as a receive of each of them."""
LEASE_S = 60
EMPTY_RECEIVES = 2


@dataclass(frozen=True)
class SearchResult:
    """``causes``: by wanted ID, the failure cause in the message itself (empty: none). ``complete``: a wanted ID that
    is not among them is not in the queue. ``note``: why that is unknown. ``others``: messages with no wanted ID."""

    causes: Mapping[str, str]
    complete: bool
    note: str = ""
    others: tuple[DlqMessage, ...] = ()


class DlqSearch:
    """Finds what returns to one dead-letter queue. ``known_count``: messages that are known to have returned since the
    start, so that the queue's count shows whether there are others."""

    def __init__(self, aws: Aws, dlq: sqs.Queue, before: int | None) -> None:
        """``before``: messages in the queue before anything was sent, plus those taken out by then; None: unknown."""
        self._aws, self._dlq, self._before = aws, dlq, before
        self.known_count = 0

    def has_grown(self, taken_out: int) -> bool:
        """Whether more messages arrived than left, besides the ``taken_out``. Raises AwsError."""
        return self._before is None or message_count(self._aws, self._dlq, taken_out) - self.known_count > self._before

    def find(self, wanted: Set[str], ids_of: Callable[[DeadLetter], Set[str]], taken_out: int) -> SearchResult:
        """Which of the ``wanted`` IDs are there; ``ids_of``: all IDs that a message may be found by. Raises AwsError.

        A queue that is too long to be read is judged by its count, which is evidence only while no other messages
        arrive or leave.
        """
        depth = sqs.queue_depth(self._aws, self._dlq)
        if depth.visible <= MAX_SEARCHED:
            return _search(self._aws, self._dlq, depth, wanted, ids_of)
        count = depth.visible + depth.in_flight + depth.delayed + taken_out - self.known_count
        if count == self._before:
            return SearchResult({}, True)
        why = f"{self._dlq.name} has {formatting.count(depth.visible)} messages, too many to search for those that failed again"
        if self._before is not None and count < self._before:
            why += ", and its count is no evidence, because others left it meanwhile"
        return SearchResult({}, False, f"{why}; scan it to see them.")


def settling_s(aws: Aws) -> float:
    """Seconds from the last message until the counts of a queue are accurate."""
    return SETTLING_TWIN_S if aws.target.is_twin else SETTLING_S


def message_count(aws: Aws, dlq: sqs.Queue, taken_out: int) -> int:
    """Messages in the queue, plus those ``taken_out``: an increase shows that messages arrived. Raises AwsError."""
    depth = sqs.queue_depth(aws, dlq)
    return depth.visible + depth.in_flight + depth.delayed + taken_out


def _search(
    aws: Aws, dlq: sqs.Queue, depth: sqs.Depth, wanted: Set[str], ids_of: Callable[[DeadLetter], Set[str]]
) -> SearchResult:
    """Receive all of it, and release it."""
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
                dead_letter = parse.parse_message(message)
                cause = parse.carried_cause(dead_letter)
                text = f"{cause.error_type}: {cause.error_message}" if cause else ""
                ids = ids_of(dead_letter) - {""}
                if found := ids & wanted:
                    causes |= dict.fromkeys(found, text)
                    continue
                digest = body_digest(dead_letter.body)
                others[dead_letter.message_id] = DlqMessage(
                    dead_letter.message_id, frozenset(ids), digest, dead_letter.sent, text
                )
    finally:
        held = list(receipts.values())
        for start in range(0, len(held), sqs.MAX_BATCH):
            with suppress(AwsError):  # they become visible when the lease ends
                sqs.change_visibility_batch(aws, dlq, held[start : start + sqs.MAX_BATCH], 0)
    complete = len(receipts) >= depth.visible and not depth.in_flight
    note = "" if complete else f"Some messages of {dlq.name} could not be read, because another process holds them."
    return SearchResult(causes, complete, note, tuple(others.values()))
