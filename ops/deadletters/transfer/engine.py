"""Moving a plan's letters: receive, send, delete, by as many movers as are of use.

Letters are claimed by receiving them. Those that the plan does not name, or that are beyond the present step, are kept
back until its end, so that the queue is read once through, and are then given back. A letter that is not found when the
queue has been read to its end has vanished.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.aws import fate, sqs
from ops.aws.fate import Fate
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.schema import INTENT, PLANNED, SENT
from ops.deadletters.plan import Action, Plan
from ops.deadletters.run import Move
from ops.deadletters.transfer.clock import elapsed
from ops.deadletters.transfer.hold import Claim, Hold
from ops.deadletters.transfer.movers import Movers
from ops.deadletters.transfer.routes import Choice
from ops.deadletters.transfer.sending import PATIENCE_S, Sender
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.deadletters.pace import Limiter
    from ops.deadletters.source import Source

LEASE_S = 30
"""How long a claimed letter is invisible: many times what its way takes, and short enough to wait for after a kill."""
READ_TIMEOUT_S = 10.0
"""A stalled call ends well within a lease."""
EMPTY = 3
"""Receives in a row that find nothing, after which the queue's counts are asked whether that is all."""
LONG_POLL_S = 1


@dataclass(frozen=True)
class Moved:
    """``sent``: letters sent in all. ``why``: what kept it from going as far as it should, or empty."""

    sent: int
    why: str = ""


class Transfer:
    """Moves the letters of one run. One ``move`` at a time; the caller holds ``lock.held`` and has begun the ledger."""

    def __init__(self, source: Source, plan: Plan, ledger: Ledger, limiter: Limiter, stop: Callable[[], bool]) -> None:
        self._aws = source.aws.single(READ_TIMEOUT_S)
        self._queue = source.queue
        self._plan = plan
        self._ledger = ledger
        self._limiter = limiter
        self._asked_to_stop = stop
        self._halt = False
        self._hold = Hold(ledger)
        self._lease_s = LEASE_S
        self._copies = plan.action is Action.COPY
        self._sender = Sender(
            self._aws,
            self._queue,
            plan,
            ledger,
            self._hold,
            Choice(source, plan, self._aws),
            lambda: self._lease_s,
            self._stopping,
            deletes=not self._copies,
        )
        self._state = threading.Condition()
        self._recovered = False
        self._begin(0, 0)

    def move(self, upto: int, step: int = 1) -> Moved:
        """Send (and delete) planned letters until ``upto`` are sent in all, nothing is left, or it shall stop. What is
        kept back is given back at the end, whatever happens.

        Raises AwsError when AWS refuses for good or cannot be reached for a minute, OpsError when the ledger cannot be
        written. Needs sqs:ReceiveMessage, DeleteMessage, ChangeMessageVisibility, GetQueueAttributes and the
        destination's permission.
        """
        if not self._recovered:
            self._release(self._ledger.leases())
            self._recovered = True
        self._begin(upto, step)
        movers = Movers(self._turn, self._sent, self._most)
        try:
            movers.run(self._ledger.speed)
        finally:
            self._halt = True  # Ctrl-C: the movers finish what they have in hand
            self._release(self._hold.empty())
        return Moved(self._sent(), self._why)

    # --- what is left to do ----------------------------------------------------------------------------------------

    def _begin(self, upto: int, step: int) -> None:
        self._upto, self._step = upto, step
        self._halt = self._over = False
        self._why = ""
        self._reserved = self._credit = self._empty = 0
        self._settling = False
        self._found_at = elapsed()

    def _sent(self) -> int:
        return self._ledger.count(Move.SENT, Move.DELETED)

    def _stopping(self) -> bool:
        return self._halt or self._asked_to_stop()

    def _most(self) -> int:
        """Movers that the rate feeds."""
        rate = self._limiter.rate
        return 32 if rate is None else max(1, min(32, round(rate / 25)))

    def _reserve(self) -> int:
        """How many letters this mover may send now; 0: it shall only look for sent ones to delete; -1: nothing left."""
        with self._state:
            while not (self._over or self._stopping()):
                open_ = self._ledger.count(Move.PLANNED, Move.INTENT)
                room = min(self._upto - self._sent(), open_) - self._reserved
                if room > 0:
                    count = min(room, self._batch())
                    self._reserved += count
                    return count
                if self._reserved == 0:
                    if self._settling or not self._ledger.count(Move.SENT):
                        return -1
                    self._settling = True
                    return 0
                self._state.wait(0.1)
        return -1

    def _batch(self) -> int:
        rate = self._limiter.rate
        return sqs.BATCH if rate is None else max(1, min(sqs.BATCH, int(rate / 2)))

    def _turn(self) -> bool:
        count = self._reserve()
        if count < 0:
            return False
        try:
            claims = self._claim(count)
            if claims:
                self._sender.carry(claims, self._step)
        except BaseException:
            self._halt = True
            raise
        finally:
            with self._state:
                self._reserved -= count
                if count == 0:
                    self._settling = False
                self._state.notify_all()
        return True

    # --- claiming --------------------------------------------------------------------------------------------------

    def _claim(self, count: int) -> list[Claim]:
        """Up to ``count`` letters to send, and any that are only to be deleted."""
        if not self._permit(count):
            return []
        claims = self._hold.take(count, self._lease_s / 2)
        if not claims:
            claims = self._received(count)
        fresh = [claim for claim in claims if not claim.sent]
        self._hold.pocket(fresh[count:])
        with self._state:
            self._credit += max(0, count - len(fresh))
        return [claim for claim in claims if claim.sent] + fresh[:count]

    def _permit(self, count: int) -> bool:
        """The limiter's leave for ``count`` letters; what an earlier receive did not use counts towards it."""
        with self._state:
            used = min(self._credit, count)
            self._credit -= used
        return count == used or self._limiter.take(count - used, self._stopping)

    def _received(self, count: int) -> list[Claim]:
        whole = len(self._plan.ids) >= self._plan.queue_count
        most = max(1, count) if whole else sqs.BATCH
        began, failed_since, attempt = elapsed(), elapsed(), 0
        while True:
            began = elapsed()
            try:
                messages = sqs.receive(self._aws, self._queue, self._lease_s, LONG_POLL_S if self._empty else 0, most)
                break
            except AwsError as error:
                if fate.of(error) is Fate.REFUSED or elapsed() - failed_since > PATIENCE_S:
                    raise
                attempt += 1
                if self._sender.pause(attempt):
                    return []
        if not messages:
            self._nothing_found()
            return []
        with self._state:
            self._empty, self._found_at = 0, elapsed()
        return self._hold.sort(messages, began + self._lease_s)

    def _nothing_found(self) -> None:
        """Is that all? Only when nothing is in work: what is may come back."""
        with self._state:
            self._empty += 1
            if self._empty < EMPTY or self._over:
                return
        ours = self._hold.in_flight
        if self._hold.working:
            return
        depth = sqs.depth(self._aws, self._queue)
        others = depth.visible + depth.in_flight + depth.delayed - ours
        with self._state:
            if others > 0 and elapsed() < self._found_at + self._lease_s + 5:
                return
            if self._over or self._hold.working:
                return
            self._over = True
        self._account(others)

    def _account(self, others: int) -> None:
        """The queue has been read to its end: what became of the letters that were not in it?"""
        kept = self._hold.kept()
        missing = {
            state: [n for n in range(len(self._plan.ids)) if self._ledger.state(n) == state and n not in kept]
            for state in (PLANNED, INTENT, SENT)
        }
        if others > 0:
            self._why = f"{others} letters are held by somebody else; resume when they are visible again."
            return
        self._ledger.deleted(missing[SENT])
        self._ledger.vanished(missing[INTENT], "It may have been sent; it is not in the dead-letter queue any more.")
        self._ledger.vanished(missing[PLANNED])

    # --- giving back -----------------------------------------------------------------------------------------------

    def _release(self, receipts: Iterable[str]) -> None:
        """Make these visible again; what cannot be given back comes back when its lease ends."""
        batches = _tens(list(receipts))
        if batches:
            with ThreadPoolExecutor(min(16, len(batches)), thread_name_prefix="back") as pool:
                list(pool.map(self._give_back, batches))
        self._ledger.released()

    def _give_back(self, receipts: list[str]) -> None:
        try:
            sqs.lease_batch(self._aws, self._queue, receipts, 0)
        except AwsError:
            return


def _tens(receipts: list[str]) -> list[list[str]]:
    return [receipts[at : at + sqs.BATCH] for at in range(0, len(receipts), sqs.BATCH)]
