"""The messages that this process has received: being sent, set aside for a later stage, or held back."""

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
    """A message that one worker works on. ``number``: in the ledger. ``receipt`` is empty when it comes from the
    snapshot. ``lease_ends``: by ``clock.elapsed_s``. ``sent``: now or in an earlier turn, and only to be deleted."""

    number: int
    message: DeadLetter
    receipt: str = ""
    lease_ends: float = float("inf")
    sent: bool = False

    def lease_lasts(self, for_s: float) -> bool:
        return self.lease_ends - elapsed_s() > for_s


class InFlight:
    """Safe to share between threads. SQS may deliver a message twice; only one worker ever works on it."""

    def __init__(self, ledger: Ledger, *, ordered: bool = False, accept_until: datetime | None = None) -> None:
        """``ordered``: of a FIFO queue, of which one worker at a time works on the messages of a message group.
        ``accept_until``: messages that no scan has seen are to be sent too when they were sent before then (as many as
        the ledger counts)."""
        self._ledger = ledger
        self._accept_until_ms = accept_until.timestamp() * 1000 if accept_until else 0.0
        self._ordered = ordered
        self._lock = threading.Lock()
        self._working: dict[int, InFlightMessage] = {}
        self._set_aside: dict[int, InFlightMessage] = {}  # to be sent later, in this order
        self._held_back: dict[str, tuple[str, float]] = {}  # not to be sent: message ID → receipt, end of the lease
        self._ends: list[tuple[float, str]] = []  # a heap of when their leases end; may hold outdated ends too

    def has_new(self, messages: Sequence[Message]) -> bool:
        """Whether any of these was not in flight here. When a lease of ours ends, that does not show other messages."""
        with self._lock:
            return not all(message.message_id in self._held_back or self._find(message) for message in messages)

    def _find(self, message: Message) -> InFlightMessage | None:
        number = self._ledger.number_of(message.message_id)
        if number is None:
            return None
        return self._working.get(number) or self._set_aside.get(number)

    def accept(self, messages: Sequence[Message], lease_ends: float) -> list[InFlightMessage]:
        """The messages that are to be sent or deleted; the others are held back."""
        accepted: list[InFlightMessage] = []
        held_back: list[tuple[str, str]] = []
        with self._lock:
            unsent = (item for item in self._working.values() if not item.sent) if self._ordered else ()
            groups_in_work = {item.message.group_id for item in unsent}
            for message in messages:
                number = self._ledger.number_of(message.message_id)
                if number is None and self._is_unseen(message):
                    number = self._ledger.add_received(message.message_id)
                if number is None or self._ledger.state_of(number) == FAILED:
                    self._hold_back(message.message_id, message.receipt, lease_ends)
                    held_back.append((message.message_id, message.receipt))
                    continue
                known = self._find(message)
                if known is not None:  # the newest receipt is the one that deletes (SQS API, DeleteMessage)
                    known.receipt, known.lease_ends = message.receipt, lease_ends
                    if number in self._set_aside:
                        heapq.heappush(self._ends, (lease_ends, message.message_id))
                    continue
                if message.system.get("MessageGroupId") in groups_in_work:
                    continue  # the lease of an earlier message ended in work: this one is received again after its own
                sent = self._ledger.state_of(number) in (SENT, DELETED)
                item = InFlightMessage(number, parse.parse_message(message), message.receipt, lease_ends, sent)
                self._held_back.pop(message.message_id, None)  # it is there when it could not be deleted
                self._working[number] = item
                accepted.append(item)
        if held_back:
            self._ledger.record_held(held_back)
        return accepted

    def _is_unseen(self, message: Message) -> bool:
        sent = message.system.get("SentTimestamp", "")
        return self._ledger.unseen > 0 and sent.isdigit() and int(sent) <= self._accept_until_ms

    def take(self, most: int, for_s: float) -> list[InFlightMessage]:
        """Up to ``most`` messages that were set aside and whose lease lasts ``for_s`` more seconds. The others become
        visible by themselves."""
        taken: list[InFlightMessage] = []
        with self._lock:
            while self._set_aside and len(taken) < most:
                item = self._set_aside.pop(next(iter(self._set_aside)))
                if item.lease_lasts(for_s):
                    self._working[item.number] = item
                    taken.append(item)
        return taken

    def set_aside(self, messages: Sequence[InFlightMessage]) -> None:
        """Keep for later."""
        if not messages:
            return
        with self._lock:
            for item in messages:
                self._drop(item)
                self._set_aside[item.number] = item
                if item.receipt:
                    heapq.heappush(self._ends, (item.lease_ends, item.message.message_id))
            if self._ordered:
                self._set_aside = {item.number: item for item in sorted(self._set_aside.values(), key=_fifo_order)}
        self._ledger.record_held(_receipts(messages))

    def forget_deleted(self, item: InFlightMessage, receipt: str) -> bool:
        """It was deleted with ``receipt``. False when it was received again meanwhile: then that deleted nothing, and
        the newer receipt has to (SQS API, DeleteMessage)."""
        with self._lock:
            if item.receipt != receipt:
                return False
            self._drop(item)
            return True

    def finish(self, messages: Iterable[InFlightMessage]) -> None:
        """No longer in work: deleted, or to be received again."""
        with self._lock:
            for item in messages:
                self._drop(item)

    def hold_back(self, messages: Sequence[InFlightMessage]) -> None:
        """Not to be sent any more in this run, and to be released at its end."""
        with self._lock:
            for item in messages:
                self._drop(item)
                if item.receipt:
                    self._hold_back(item.message.message_id, item.receipt, item.lease_ends)
        self._ledger.record_held(_receipts(messages))

    def expiring(self, within_s: float, most: int) -> list[tuple[str, str]]:
        """Held messages (ID, receipt) whose lease ends soon, the earliest first; each is returned once."""
        end = elapsed_s() + within_s
        expiring: list[tuple[str, str]] = []
        with self._lock:
            while self._ends and self._ends[0][0] < end and len(expiring) < most:
                lease_ends, message_id = heapq.heappop(self._ends)
                receipt, current_end = self._held_back.get(message_id) or self._set_aside_receipt(message_id)
                if receipt and current_end == lease_ends:
                    expiring.append((message_id, receipt))
        return expiring

    def _set_aside_receipt(self, message_id: str) -> tuple[str, float]:
        item = self._set_aside.get(self._ledger.number_of(message_id) or 0)
        return (item.receipt, item.lease_ends) if item and item.message.message_id == message_id else ("", 0.0)

    def extended(self, message_ids: Iterable[str], lease_ends: float) -> None:
        """The leases of these held messages last until ``lease_ends``."""
        with self._lock:
            for message_id in message_ids:
                if message_id in self._held_back:
                    self._hold_back(message_id, self._held_back[message_id][0], lease_ends)
                elif self._set_aside_receipt(message_id)[0]:
                    self._set_aside[self._ledger.number_of(message_id) or 0].lease_ends = lease_ends
                    heapq.heappush(self._ends, (lease_ends, message_id))

    @property
    def working_count(self) -> int:
        with self._lock:
            return len(self._working)

    @property
    def held_count(self) -> int:
        """Messages that this process keeps invisible, and that no worker works on."""
        with self._lock:
            return len(self._held_back) + sum(bool(item.receipt) for item in self._set_aside.values())

    @property
    def set_aside_count(self) -> int:
        """Messages that are kept for a later stage."""
        with self._lock:
            return sum(bool(item.receipt) for item in self._set_aside.values())

    def held_ids(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._held_back) | {item.message.message_id for item in self._set_aside.values()}

    def pop_receipts(self) -> list[str]:
        """The receipts of all held messages, which are forgotten here."""
        with self._lock:
            receipts = [item.receipt for item in self._set_aside.values() if item.receipt]
            receipts += [receipt for receipt, _ in self._held_back.values()]
            self._set_aside.clear()
            self._held_back.clear()
            self._ends.clear()
        return receipts

    def _hold_back(self, message_id: str, receipt: str, lease_ends: float) -> None:
        """The caller holds the lock."""
        self._held_back[message_id] = receipt, lease_ends
        heapq.heappush(self._ends, (lease_ends, message_id))

    def _drop(self, item: InFlightMessage) -> None:
        """From work, unless another worker has the message by now; the caller holds the lock."""
        if self._working.get(item.number) is item:
            del self._working[item.number]


def _receipts(messages: Sequence[InFlightMessage]) -> list[tuple[str, str]]:
    return [(item.message.message_id, item.receipt) for item in messages if item.receipt]


def _fifo_order(item: InFlightMessage) -> tuple[str, int]:
    return item.message.system.get("SequenceNumber", ""), item.number
