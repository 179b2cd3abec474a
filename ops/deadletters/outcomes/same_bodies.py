"""Recognizing messages that failed again by their bodies, where their new IDs are unknown (SQS's move task assigns them).

Bodies may be equal, so they are counted: of n such messages that were sent, as many failed again as are in the
dead-letter queue with that body, and no more. A message with the same body from another sender since then cannot be
distinguished; such a match is an inference, and the run reports it as one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import SentMessage
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue

CLOCK_SKEW = timedelta(minutes=1)
"""Clock tolerance: a message that was sent to its queue earlier than this before the run started is not the run's."""


@dataclass(frozen=True, slots=True)
class DlqMessage:
    """A message in a dead-letter queue. ``ids``: all IDs that it may be known by. ``body``: its digest. ``sent``: to the
    queue where it failed, None when unknown. ``cause``: in its own attributes, or empty."""

    message_id: str
    ids: frozenset[str]
    body: bytes
    sent: datetime | None
    cause: str


class SameBodyMatcher:
    """The matches of one run."""

    def __init__(self, source: DeadLetterQueue, plan: Plan, began: datetime, back: Iterable[SentMessage] = ()) -> None:
        """``back``: messages that an earlier process of the run already found to have failed again."""
        self._source = source
        self._planned = frozenset(plan.ids)
        self._since = began - CLOCK_SKEW
        self._bodies: dict[str, bytes] = {}  # by the ID in the snapshot
        self._sent_ids: set[str] = set()  # IDs under which other messages of this run may be there
        self._back = tuple(back)
        self.add_sent(self._back)
        self._earlier_counted = False
        self._taken: set[str] = set()  # IDs in the dead-letter queue that are accounted for
        self.matched_count = 0
        """Messages that were matched by their body alone."""

    def add_sent(self, sent: Iterable[SentMessage]) -> None:
        """These were sent too; those with known IDs are never taken for others."""
        for message in sent:
            if message.new_ids:
                self._sent_ids.update((*message.new_ids, message.original_message_id))

    def match(self, waiting: Sequence[SentMessage], in_dlq: Iterable[DlqMessage]) -> dict[str, str]:
        """Messages of ``waiting`` without a known new ID that are in the dead-letter queue: ID in the snapshot → cause."""
        unnamed = [sent for sent in waiting if not sent.new_ids]
        if not unnamed:
            return {}
        self._read_bodies(unnamed)
        candidates = self._candidates(in_dlq)
        matched: dict[str, str] = {}
        for sent in unnamed:
            same_body = candidates.get(self._bodies.get(sent.message_id, b""))
            if same_body:
                message = same_body.pop(0)
                self._taken.add(message.message_id)
                matched[sent.message_id] = message.cause
        self.matched_count += len(matched)
        return matched

    def _candidates(self, in_dlq: Iterable[DlqMessage]) -> dict[bytes, list[DlqMessage]]:
        """Messages that are not accounted for and were not there before under an ID of the plan, by body."""
        by_body: dict[bytes, list[DlqMessage]] = {}
        for message in in_dlq:
            is_older = message.sent is not None and message.sent < self._since
            is_known = message.message_id in self._taken or message.message_id in self._planned
            if not (is_older or is_known or message.ids & self._sent_ids):
                by_body.setdefault(message.body, []).append(message)
        if not self._earlier_counted:  # what an earlier process found is there too
            self._earlier_counted = True
            unnamed = [sent for sent in self._back if not sent.new_ids]
            self._read_bodies(unnamed)
            for body, count in Counter(self._bodies.get(sent.message_id, b"") for sent in unnamed).items():
                same_body = by_body.get(body, [])
                by_body[body] = same_body[count:]
                self._taken.update(message.message_id for message in same_body[:count])
        return by_body

    def _read_bodies(self, messages: Sequence[SentMessage]) -> None:
        new = {sent.message_id for sent in messages} - self._bodies.keys()
        if not new:
            return
        with Snapshot.open(self._source) as snapshot:
            for row in snapshot.iterate(Selection(ids=tuple(new)), places=tuple(Place)):
                self._bodies[row.message.message_id] = body_digest(row.message.body)


def body_digest(body: str) -> bytes:
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).digest()
