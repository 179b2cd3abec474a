"""Moving a plan's letters: receive, send, delete, by as many movers as are of use.

Letters are claimed by receiving them. Those that the plan does not name, or that are beyond the present step, are kept
back until its end, so that the queue is read once through, and are then given back. A letter that is not found when the
queue has been read to its end has vanished.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.deadletters.ledger.model import MessageState
from ops.deadletters.plan_model import Action
from ops.deadletters.transfer import settings
from ops.deadletters.transfer.destinations import DestinationResolver
from ops.deadletters.transfer.in_flight import InFlight, InFlightMessage
from ops.deadletters.transfer.receiver import MessageReceiver
from ops.deadletters.transfer.sender import MessageSender
from ops.deadletters.transfer.snapshot_source import SnapshotSource
from ops.deadletters.transfer.worker_pool import MAX_WORKERS, WorkerPool

if TYPE_CHECKING:
    from ops.deadletters.ledger import Ledger
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue
    from ops.deadletters.transfer.rate_limiter import RateLimiter

READ_TIMEOUT_S = 10.0
"""A stalled call ends well within a lease."""
MIN_RATE_PER_WORKER = 25.0
"""Letters a second that one mover carries at least; at a lower rate fewer movers are enough."""


@dataclass(frozen=True)
class TransferResult:
    """``sent``: letters sent in all. ``why``: what kept it from going as far as it should, or empty. ``emptied``: the
    queue was read to its end, and holds nothing more that is to be sent."""

    sent: int
    why: str = ""
    emptied: bool = False


class Transfer:
    """Moves the letters of one run. One ``move`` at a time; the caller holds ``lock.held`` and has begun the ledger."""

    def __init__(
        self, source: DeadLetterQueue, plan: Plan, ledger: Ledger, limiter: RateLimiter, stop: Callable[[], bool]
    ) -> None:
        self._aws = aws = source.aws.without_retries(READ_TIMEOUT_S)
        self._ledger = ledger
        self._limiter = limiter
        self._asked_to_stop = stop
        self._halt = False
        rounds = source.queue.fifo and plan.unseen > 0 and plan.action is Action.REDRIVE
        self._in_flight = InFlight(ledger, ordered=source.queue.fifo, meets_until=plan.made_at if rounds else None)
        self._rounds = rounds
        self._lease_s = settings.LEASE_S
        self._sender = MessageSender(
            aws,
            source.queue,
            plan,
            ledger,
            self._in_flight,
            DestinationResolver(source, plan, aws),
            self._lease_s,
            self._stopping,
        )
        self._receiver = MessageReceiver(
            aws, source.queue, plan, ledger, self._in_flight, self._lease_s, self._sender.pause
        )
        self._snapshot = SnapshotSource(source, plan, ledger)
        self._fifo = source.queue.fifo
        self._partial = plan.total < plan.queue_count
        self._state = threading.Condition()
        self._recovered = False
        self._begin(0, 0)

    def move(self, upto: int, step: int = 1) -> TransferResult:
        """Send (and delete) planned letters until ``upto`` are sent in all, nothing is left, or it shall stop. What is
        kept back is given back at the end, whatever happens.

        Raises AwsError when AWS refuses for good or cannot be reached for a minute, OpsError when the ledger cannot be
        written. Needs sqs:ReceiveMessage, DeleteMessage, ChangeMessageVisibility, GetQueueAttributes and the
        destination's permission.
        """
        if not self._recovered:
            self._receiver.release(self._ledger.held_receipts())
            self._recovered = True
        self._begin(upto, step)
        self._receiver.start_step()
        self._snapshot.start_step()
        try:
            WorkerPool(self._turn, self._sent, self._most, self._stop).run(self._ledger.set_rate)
        finally:
            try:
                self._receiver.release(self._in_flight.pop_receipts())
            finally:
                self._aws.disconnect()
        return TransferResult(self._sent(), self._receiver.why, self._receiver.emptied)

    # --- what is left to do ----------------------------------------------------------------------------------------

    def _begin(self, upto: int, step: int) -> None:
        self._upto, self._step = upto, step
        self._halt = self._settling = False
        self._reserved = self._credit = 0

    def _sent(self) -> int:
        return self._ledger.count_in_states(MessageState.SENT, MessageState.DELETED)

    def _stop(self) -> None:
        self._halt = True

    def _stopping(self) -> bool:
        return self._halt or self._asked_to_stop()

    def _most(self) -> int:
        """Movers that the rate feeds. SQS hands out a message group to one mover at a time; where letters of a FIFO
        queue come from the shelf, or some of a receive are kept for later, only a single mover keeps their order."""
        if self._fifo and (self._snapshot.active or self._partial):
            return 1
        rate = self._limiter.rate
        return MAX_WORKERS if rate is None else max(1, min(MAX_WORKERS, round(rate / MIN_RATE_PER_WORKER)))

    def _batch(self) -> int:
        """At a low rate fewer letters at a time, so that none waits long between its claim and its sending."""
        rate = self._limiter.rate
        return sqs.MAX_BATCH if rate is None else max(1, min(sqs.MAX_BATCH, int(rate / 2)))

    def _reserve(self) -> int:
        """How many letters this mover may send now; 0: it shall only look for sent ones to delete; -1: nothing left."""
        with self._state:
            while not (self._receiver.exhausted or self._stopping()):
                open_ = self._ledger.count_in_states(MessageState.PLANNED, MessageState.INTENT) + (
                    self._ledger.unseen if self._rounds else 0
                )
                room = min(self._upto - self._sent(), open_) - self._reserved
                if room > 0:
                    count = min(room, self._batch())
                    self._reserved += count
                    return count
                if self._reserved == 0:
                    if self._settling or not self._ledger.count_in_states(MessageState.SENT):
                        return -1
                    self._settling = True
                    return 0
                self._state.wait(0.1)
        return -1

    def _turn(self) -> bool:
        count = self._reserve()
        if count < 0:
            return False
        try:
            claims = self._claim(count)
            if claims:
                self._sender.process(claims, self._step)
        except BaseException:
            self._stop()
            raise
        finally:
            with self._state:
                self._reserved -= count
                if count == 0:
                    self._settling = False
                self._state.notify_all()
        return True

    def _claim(self, count: int) -> list[InFlightMessage]:
        """Up to ``count`` letters to send, and any that are only to be deleted."""
        if not self._permit(count):
            return []
        claims = self._in_flight.take(count, self._lease_s / 2) or self._snapshot.take(count)
        if not claims and not self._snapshot.active:
            claims = self._receiver.receive(count)
        fresh = [claim for claim in claims if not claim.sent]
        self._in_flight.set_aside(fresh[count:])
        with self._state:
            self._credit += max(0, count - len(fresh))
        return [claim for claim in claims if claim.sent] + fresh[:count]

    def _permit(self, count: int) -> bool:
        """The limiter's leave for ``count`` letters; what an earlier claim did not use counts towards it."""
        with self._state:
            used = min(self._credit, count)
            self._credit -= used
        return count == used or self._limiter.take(count - used, self._stopping)
