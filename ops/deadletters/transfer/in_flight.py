"""What the movers have in their hands: letters in work, letters kept for later, and what a received message is."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.clock import elapsed_s
from ops.deadletters.ledger.schema import DELETED, FAILED, SENT
from ops.deadletters.messages import parse

if TYPE_CHECKING:
    from datetime import datetime

    from ops.aws.sqs import Message
    from ops.deadletters.ledger import Ledger
    from ops.deadletters.messages.model import DeadLetter


@dataclass(slots=True)
class InFlightMessage:
    """A letter that one mover works on. ``receipt`` is empty when it comes from the shelf."""

    number: int
    letter: DeadLetter
    receipt: str = ""
    lease_ends: float = float("inf")  # by ``clock.elapsed_s``: when the lease ends
    sent: bool = False  # in this turn or an earlier one: only to be deleted

    def lease_lasts(self, for_s: float) -> bool:
        return self.lease_ends - elapsed_s() > for_s


class InFlight:
    """Safe to share between threads. SQS may hand out a message twice; only one mover ever works on it."""

    def __init__(self, ledger: Ledger, *, ordered: bool = False, meets_until: datetime | None = None) -> None:
        """``ordered``: of a FIFO queue, whose letters of one message group are worked on by one mover at a time.
        ``meets_until``: messages that no scan saw, and that were sent before then, are to be sent too (as many as the
        ledger counts)."""
        self._ledger = ledger
        self._meets_until_ms = meets_until.timestamp() * 1000 if meets_until else 0.0
        self._ordered = ordered
        self._lock = threading.Lock()
        self._working: dict[int, InFlightMessage] = {}
        self._set_aside: dict[int, InFlightMessage] = {}  # to be sent later, in this order
        self._others: dict[str, tuple[str, float]] = {}  # not to be sent: id → receipt, end of the lease
        self._ends: list[tuple[float, str]] = []  # a heap of when their leases end; may hold old ends too

    def has_new(self, messages: Sequence[Message]) -> bool:
        """Whether any of these was not in our hands: a lease of ours that ended tells nothing of other letters."""
        with self._lock:
            return not all(message.message_id in self._others or self._known(message) for message in messages)

    def _known(self, message: Message) -> InFlightMessage | None:
        number = self._ledger.number_of(message.message_id)
        if number is None:
            return None
        return self._working.get(number) or self._set_aside.get(number)

    def accept(self, messages: Sequence[Message], until: float) -> list[InFlightMessage]:
        """Claims the letters that are to be sent or deleted; keeps the others."""
        claims: list[InFlightMessage] = []
        kept: list[tuple[str, str]] = []
        with self._lock:
            unsent = (claim for claim in self._working.values() if not claim.sent) if self._ordered else ()
            in_work = {claim.letter.group_id for claim in unsent}
            for message in messages:
                number = self._ledger.number_of(message.message_id)
                if number is None and self._meets(message):
                    number = self._ledger.add_received(message.message_id)
                if number is None or self._ledger.state_of(number) == FAILED:
                    self._hold_back(message.message_id, message.receipt, until)
                    kept.append((message.message_id, message.receipt))
                    continue
                known = self._known(message)
                if known is not None:  # the newest receipt is the one that deletes (SQS API, DeleteMessage)
                    known.receipt, known.lease_ends = message.receipt, until
                    if number in self._set_aside:
                        heapq.heappush(self._ends, (until, message.message_id))
                    continue
                if message.system.get("MessageGroupId") in in_work:
                    continue  # a lease ended while its letter was in work: this one comes back when its own ends
                sent = self._ledger.state_of(number) in (SENT, DELETED)
                claim = InFlightMessage(number, parse.parse_message(message), message.receipt, until, sent)
                self._others.pop(message.message_id, None)  # where one lies that could not be deleted
                self._working[number] = claim
                claims.append(claim)
        if kept:
            self._ledger.record_held(kept)
        return claims

    def _meets(self, message: Message) -> bool:
        sent = message.system.get("SentTimestamp", "")
        return self._ledger.unseen > 0 and sent.isdigit() and int(sent) <= self._meets_until_ms

    def take(self, most: int, for_s: float) -> list[InFlightMessage]:
        """Up to ``most`` from the pocket whose lease holds for ``for_s`` more seconds; the others come back to the
        queue by themselves."""
        taken: list[InFlightMessage] = []
        with self._lock:
            while self._set_aside and len(taken) < most:
                claim = self._set_aside.pop(next(iter(self._set_aside)))
                if claim.lease_lasts(for_s):
                    self._working[claim.number] = claim
                    taken.append(claim)
        return taken

    def set_aside(self, claims: Sequence[InFlightMessage]) -> None:
        """Keep for later."""
        if claims:
            with self._lock:
                for claim in claims:
                    self._drop(claim)
                    self._set_aside[claim.number] = claim
                    if claim.receipt:
                        heapq.heappush(self._ends, (claim.lease_ends, claim.letter.message_id))
                if self._ordered:
                    self._set_aside = {
                        claim.number: claim for claim in sorted(self._set_aside.values(), key=_fifo_order)
                    }
            self._ledger.record_held([(claim.letter.message_id, claim.receipt) for claim in claims if claim.receipt])

    def forget_deleted(self, claim: InFlightMessage, receipt: str) -> bool:
        """It was deleted by ``receipt``. False when it was received once more meanwhile: then that deleted nothing, and
        the newer receipt has to (SQS API, DeleteMessage)."""
        with self._lock:
            if claim.receipt != receipt:
                return False
            self._drop(claim)
            return True

    def finish(self, claims: Iterable[InFlightMessage]) -> None:
        """No longer in work: deleted, or to be received again."""
        with self._lock:
            for claim in claims:
                self._drop(claim)

    def hold_back(self, claims: Sequence[InFlightMessage]) -> None:
        """Not to be sent any more in this run, and to be given back."""
        with self._lock:
            for claim in claims:
                self._drop(claim)
                if claim.receipt:
                    self._hold_back(claim.letter.message_id, claim.receipt, claim.lease_ends)
        self._ledger.record_held([(claim.letter.message_id, claim.receipt) for claim in claims if claim.receipt])

    def expiring(self, within_s: float, most: int) -> list[tuple[str, str]]:
        """Letters kept back (id, receipt) whose lease is about to end, the first ones first; each is told once."""
        end = elapsed_s() + within_s
        found: list[tuple[str, str]] = []
        with self._lock:
            while self._ends and self._ends[0][0] < end and len(found) < most:
                until, name = heapq.heappop(self._ends)
                receipt, last = self._others.get(name) or self._set_aside_receipt(name)
                if receipt and last == until:
                    found.append((name, receipt))
        return found

    def _set_aside_receipt(self, name: str) -> tuple[str, float]:
        claim = self._set_aside.get(self._ledger.number_of(name) or 0)
        return (claim.receipt, claim.lease_ends) if claim and claim.letter.message_id == name else ("", 0.0)

    def extended(self, names: Iterable[str], until: float) -> None:
        with self._lock:
            for name in names:
                if name in self._others:
                    self._hold_back(name, self._others[name][0], until)
                elif self._set_aside_receipt(name)[0]:
                    self._set_aside[self._ledger.number_of(name) or 0].lease_ends = until
                    heapq.heappush(self._ends, (until, name))

    @property
    def working_count(self) -> int:
        with self._lock:
            return len(self._working)

    @property
    def held_count(self) -> int:
        """Letters that are invisible because of us, and are in nobody's work."""
        with self._lock:
            return len(self._others) + sum(bool(claim.receipt) for claim in self._set_aside.values())

    @property
    def set_aside_count(self) -> int:
        """Messages that are kept for a later stage."""
        with self._lock:
            return sum(bool(claim.receipt) for claim in self._set_aside.values())

    def held_ids(self) -> frozenset[str]:
        """Ids of the letters that are kept."""
        with self._lock:
            return frozenset(self._others) | {claim.letter.message_id for claim in self._set_aside.values()}

    def pop_receipts(self) -> list[str]:
        """The receipts of all that is kept back, which is forgotten here."""
        with self._lock:
            receipts = [claim.receipt for claim in self._set_aside.values() if claim.receipt]
            receipts += [receipt for receipt, _ in self._others.values()]
            self._set_aside.clear()
            self._others.clear()
            self._ends.clear()
        return receipts

    def _hold_back(self, name: str, receipt: str, until: float) -> None:
        """The caller holds the lock."""
        self._others[name] = receipt, until
        heapq.heappush(self._ends, (until, name))

    def _drop(self, claim: InFlightMessage) -> None:
        """From work, unless somebody else has claimed the letter since; the caller holds the lock."""
        if self._working.get(claim.number) is claim:
            del self._working[claim.number]


def _fifo_order(claim: InFlightMessage) -> tuple[str, int]:
    """In a FIFO queue."""
    return claim.letter.system.get("SequenceNumber", ""), claim.number
