"""Moving the messages of a plan: receive, send and delete, by as many workers as help.

Messages that the plan does not name, or that are beyond the present step, are held until the end of the step, so that
the queue is read once through, and are then released. A message that is not found by the end of the queue is missing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.deadletters.ledger.model import MessageState
from ops.deadletters.plan_model import Action
from ops.deadletters.transfer import context
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
"""Messages per second that one worker moves at least; at a lower rate fewer workers are enough."""


@dataclass(frozen=True)
class TransferResult:
    """``sent``: messages sent in all. ``why``: why not all of the step was sent, a sentence; empty when all was.
    ``emptied``: the queue was read to its end, and holds nothing more that is to be sent."""

    sent: int
    why: str = ""
    emptied: bool = False


class Transfer:
    """Moves the messages of one run. One ``move`` at a time; the caller holds the queue's lock and has started the
    ledger."""

    def __init__(
        self, source: DeadLetterQueue, plan: Plan, ledger: Ledger, limiter: RateLimiter, stop: Callable[[], bool]
    ) -> None:
        """``stop``: asked often, by every worker; true ends the transfer early."""
        self._ledger = ledger
        self._limiter = limiter
        self._stop_requested = stop
        self._halted = False
        self._fifo = source.queue.fifo
        self._partial = plan.total < plan.queue_count
        self._takes_unseen = self._fifo and plan.unseen > 0 and plan.action is Action.REDRIVE
        self._aws = source.aws.without_retries(READ_TIMEOUT_S)
        self._lease_s = context.LEASE_S
        self._in_flight = InFlight(
            ledger, ordered=self._fifo, accept_until=plan.made_at if self._takes_unseen else None
        )
        shared = context.TransferContext(
            self._aws, source.queue, plan, ledger, self._in_flight, self._lease_s, self._stopping
        )
        self._sender = MessageSender(shared, DestinationResolver(source, plan, self._aws))
        self._receiver = MessageReceiver(shared)
        self._snapshot = SnapshotSource(source, plan, ledger)
        self._state = threading.Condition()
        self._recovered = False
        self._reset(0, 0)

    def move(self, upto: int, step: int = 1) -> TransferResult:
        """Send (and delete) planned messages until ``upto`` are sent in all, none is left, or it is stopped. Held
        messages are released at the end, whatever happens.

        Raises AwsError when AWS rejects a call for good or cannot be reached for a minute, OpsError when the ledger
        cannot be written. Needs sqs:ReceiveMessage, DeleteMessage, ChangeMessageVisibility, GetQueueAttributes and the
        destination's permission.
        """
        if not self._recovered:
            self._receiver.release(self._ledger.held_receipts())
            self._recovered = True
        self._reset(upto, step)
        self._receiver.start_step()
        self._snapshot.start_step()
        try:
            WorkerPool(self._work, self._sent, self._max_workers, self._halt).run(self._ledger.set_rate)
        finally:
            try:
                self._receiver.release(self._in_flight.pop_receipts())
            finally:
                self._aws.disconnect()
        return TransferResult(self._sent(), self._receiver.why, self._receiver.emptied)

    def _reset(self, upto: int, step: int) -> None:
        self._upto, self._step = upto, step
        self._halted = self._deleting = False
        self._reserved = self._unused_permits = 0

    def _sent(self) -> int:
        return self._ledger.count_in_states(MessageState.SENT, MessageState.DELETED)

    def _halt(self) -> None:
        self._halted = True

    def _stopping(self) -> bool:
        return self._halted or self._stop_requested()

    def _max_workers(self) -> int:
        """Workers that the rate keeps busy. SQS delivers a message group to one consumer at a time; where messages of a
        FIFO queue come from the snapshot, or some of a receive are kept for later, only one worker keeps their order.
        """
        if self._fifo and (self._snapshot.active or self._partial):
            return 1
        rate = self._limiter.rate
        return MAX_WORKERS if rate is None else max(1, min(MAX_WORKERS, round(rate / MIN_RATE_PER_WORKER)))

    def _max_batch(self) -> int:
        """Fewer messages at a time when the rate is low, so that none waits long between receiving and sending."""
        rate = self._limiter.rate
        return sqs.MAX_BATCH if rate is None else max(1, min(sqs.MAX_BATCH, int(rate / 2)))

    def _reserve(self) -> int:
        """How many messages this worker may send now; 0: only look for sent ones to delete; -1: nothing is left."""
        with self._state:
            while not (self._receiver.exhausted or self._stopping()):
                unseen = self._ledger.unseen if self._takes_unseen else 0
                unsent = self._ledger.count_in_states(MessageState.PLANNED, MessageState.INTENT) + unseen
                room = min(self._upto - self._sent(), unsent) - self._reserved
                if room > 0:
                    count = min(room, self._max_batch())
                    self._reserved += count
                    return count
                if self._reserved == 0:
                    if self._deleting or not self._ledger.count_in_states(MessageState.SENT):
                        return -1
                    self._deleting = True
                    return 0
                self._state.wait(0.1)
        return -1

    def _work(self) -> bool:
        """One round of a worker; false when nothing is left to do."""
        count = self._reserve()
        if count < 0:
            return False
        try:
            messages = self._next_messages(count)
            if messages:
                self._sender.process(messages, self._step)
        except BaseException:  # whatever it was, no other worker may begin another batch
            self._halt()
            raise
        finally:
            with self._state:
                self._reserved -= count
                if count == 0:
                    self._deleting = False
                self._state.notify_all()
        return True

    def _next_messages(self, count: int) -> list[InFlightMessage]:
        """Up to ``count`` messages to send, and any that are only to be deleted."""
        if not self._permit(count):
            return []
        messages = self._in_flight.take(count, self._lease_s / 2) or self._snapshot.take(count)
        if not messages and not self._snapshot.active:
            messages = self._receiver.receive(count)
        unsent = [item for item in messages if not item.sent]
        self._in_flight.set_aside(unsent[count:])
        with self._state:
            self._unused_permits += max(0, count - len(unsent))
        return [item for item in messages if item.sent] + unsent[:count]

    def _permit(self, count: int) -> bool:
        """Wait for the limiter's permission to send ``count`` messages; permits that were not used count towards it."""
        with self._state:
            unused = min(self._unused_permits, count)
            self._unused_permits -= unused
        return count == unused or self._limiter.take(count - unused, self._stopping)
