"""Messages that came back under ids which nothing tells (SQS's move task gives new ones): known by their bodies.

Bodies may be equal, so they are counted: of n such messages that were sent, as many failed again as lie in the
dead-letter queue with that body, and no more. A message that somebody else sent with the same body since cannot be told
apart; what is found so is an inference, and the run says so.
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
"""By how much clocks may differ: what was sent to its queue longer before the run began is none of the run's."""


@dataclass(frozen=True, slots=True)
class DlqMessage:
    """A message in a dead-letter queue. ``names``: all ids that it may be known by; ``sent``: to the queue where it
    failed, None where nothing tells; ``cause``: what it says itself, or empty."""

    message_id: str
    names: frozenset[str]
    body: bytes  # its digest
    sent: datetime | None
    cause: str


class SameBodyMatcher:
    """Of one run. ``back``: messages that an earlier process of it has already found to have failed again."""

    def __init__(self, source: DeadLetterQueue, plan: Plan, began: datetime, back: Iterable[SentMessage] = ()) -> None:
        self._source = source
        self._planned = frozenset(plan.ids)
        self._since = began - CLOCK_SKEW
        self._bodies: dict[str, bytes] = {}  # by the id in the snapshot
        self._named: set[str] = set()  # ids under which others of this run may lie there
        self._back = tuple(back)
        self.add_sent(self._back)
        self._told = False
        self._taken: set[str] = set()  # ids in the dead-letter queue that are accounted for
        self.matched_count = 0
        """Messages that were told apart by their body alone."""

    def add_sent(self, sent: Iterable[SentMessage]) -> None:
        """These went out too; those with known ids are never taken for others."""
        for one in sent:
            if one.new_ids:
                self._named.update((*one.new_ids, one.original_message_id))

    def match(self, waiting: Sequence[SentMessage], lying: Iterable[DlqMessage]) -> dict[str, str]:
        """Of those ``waiting`` whose new ids nothing tells, the ones that lie there: id in the snapshot → cause."""
        unnamed = [sent for sent in waiting if not sent.new_ids]
        if not unnamed:
            return {}
        self._read(unnamed)
        fresh = self._fresh(lying)
        matched: dict[str, str] = {}
        for sent in unnamed:
            some = fresh.get(self._bodies.get(sent.message_id, b""))
            if some:
                one = some.pop(0)
                self._taken.add(one.message_id)
                matched[sent.message_id] = one.cause
        self.matched_count += len(matched)
        return matched

    def _fresh(self, lying: Iterable[DlqMessage]) -> dict[bytes, list[DlqMessage]]:
        """By body, those that are not accounted for: they were not there before, under an id of the plan."""
        found: dict[bytes, list[DlqMessage]] = {}
        for one in lying:
            older = one.sent is not None and one.sent < self._since
            others = one.message_id in self._taken or one.message_id in self._planned or one.names & self._named
            if not (others or older):
                found.setdefault(one.body, []).append(one)
        if not self._told:  # what an earlier process found lies there too
            self._told = True
            unnamed = [sent for sent in self._back if not sent.new_ids]
            self._read(unnamed)
            for body, number in Counter(self._bodies.get(sent.message_id, b"") for sent in unnamed).items():
                these, found[body] = found.get(body, [])[:number], found.get(body, [])[number:]
                self._taken.update(one.message_id for one in these)
        return found

    def _read(self, some: Sequence[SentMessage]) -> None:
        new = {sent.message_id for sent in some} - self._bodies.keys()
        if not new:
            return
        with Snapshot.open(self._source) as shelf:
            for shelved in shelf.iterate(Selection(ids=tuple(new)), places=tuple(Place)):
                self._bodies[shelved.letter.message_id] = body_digest(shelved.letter.body)


def body_digest(body: str) -> bytes:
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).digest()
