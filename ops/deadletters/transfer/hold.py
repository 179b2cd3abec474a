"""What the movers have in their hands: letters in work, letters kept for later, and what a received message is."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.deadletters import letters
from ops.deadletters.ledger.schema import DELETED, FAILED, SENT
from ops.deadletters.transfer.clock import elapsed

if TYPE_CHECKING:
    from ops.aws.sqs import Message
    from ops.deadletters.ledger import Ledger
    from ops.deadletters.letter import Letter


@dataclass(slots=True)
class Claim:
    """A letter that one mover works on. ``receipt`` is empty when it comes from the shelf."""

    number: int
    letter: Letter
    receipt: str = ""
    until: float = float("inf")  # by ``clock.elapsed``: when the lease ends
    sent: bool = False  # already, in an earlier turn: only to be deleted

    def good(self, for_s: float) -> bool:
        return self.until - elapsed() > for_s


class Hold:
    """Safe to share between threads. SQS may hand out a message twice; only one mover ever works on it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._working: dict[int, Claim] = {}
        self._pocket: deque[Claim] = deque()
        self._others: dict[str, str] = {}  # letters not to be sent: id → receipt
        self.seen_again = 0  # letters kept back whose lease ended before the queue was read to its end

    def sort(self, messages: Sequence[Message], until: float) -> list[Claim]:
        """Claims the letters that are to be sent or deleted; keeps the others."""
        claims = []
        with self._lock:
            pocketed = {claim.number: claim for claim in self._pocket}
            for message in messages:
                number = self._ledger.number_of(message.message_id)
                if number is None or self._ledger.state(number) == FAILED:
                    self.seen_again += message.message_id in self._others
                    self._others[message.message_id] = message.receipt
                    continue
                known = self._working.get(number) or pocketed.get(number)
                if known is not None:  # the newest receipt is the one that deletes (SQS API, DeleteMessage)
                    self.seen_again += number in pocketed
                    known.receipt, known.until = message.receipt, until
                    continue
                state = self._ledger.state(number)
                claim = Claim(number, letters.letter(message), message.receipt, until, state in (SENT, DELETED))
                self._working[number] = claim
                claims.append(claim)
        return claims

    def take(self, most: int, for_s: float) -> list[Claim]:
        """Up to ``most`` from the pocket whose lease holds for ``for_s`` more seconds."""
        taken: list[Claim] = []
        with self._lock:
            while self._pocket and len(taken) < most:
                claim = self._pocket.popleft()
                if claim.good(for_s):
                    self._working[claim.number] = claim
                    taken.append(claim)
        return taken

    def add(self, claims: Iterable[Claim]) -> None:
        """From the shelf."""
        with self._lock:
            self._working |= {claim.number: claim for claim in claims}

    def pocket(self, claims: Sequence[Claim]) -> None:
        """Keep for later."""
        with self._lock:
            for claim in claims:
                self._working.pop(claim.number, None)
                if claim.receipt:
                    self._pocket.append(claim)

    def done(self, claims: Iterable[Claim]) -> None:
        """No longer in work: deleted, or to be received again."""
        with self._lock:
            for claim in claims:
                self._working.pop(claim.number, None)

    def keep(self, claims: Iterable[Claim]) -> None:
        """Not to be sent any more in this run, and to be given back."""
        with self._lock:
            for claim in claims:
                self._working.pop(claim.number, None)
                if claim.receipt:
                    self._others[claim.letter.message_id] = claim.receipt

    @property
    def in_flight(self) -> int:
        """Messages that are invisible because of us."""
        with self._lock:
            return len(self._working) + len(self._pocket) + len(self._others)

    @property
    def working(self) -> int:
        with self._lock:
            return len(self._working)

    def kept(self) -> set[int]:
        with self._lock:
            return {claim.number for claim in self._pocket}

    def empty(self) -> list[str]:
        """All receipts that are kept back, which are forgotten here."""
        with self._lock:
            receipts = [claim.receipt for claim in self._pocket] + list(self._others.values())
            self._pocket.clear()
            self._others.clear()
        return receipts
