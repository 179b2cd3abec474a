"""Receiving the messages to be sent, holding back the others, and recognizing the end of the queue."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from ops import formatting
from ops.aws import call_effect, sqs
from ops.aws.call_effect import CallEffect
from ops.clock import elapsed_s
from ops.deadletters.ledger.model import MessageState
from ops.deadletters.ledger.schema import INTENT, PLANNED, SENT
from ops.deadletters.transfer.context import TransferContext
from ops.deadletters.transfer.in_flight import InFlightMessage
from ops.errors import AwsError, OverLimit

EMPTY_RECEIVES = 3
"""Empty receives in a row after which the queue's counts are asked whether that is all."""
LONG_POLL_S = 1
"""A receive that waits asks all of SQS's servers; one that does not, only some of them (SQS developer guide)."""
GRACE_S = 5.0
"""Beyond a lease: by then, what a killed process had received is visible again."""
MAX_LEASE_S = 40_000
"""Below the 12 hours that a message may stay in flight (botocore 1.44.5 model, 2026-11)."""
RELEASE_THREADS = 16
POSSIBLY_SENT = "It may have been sent; it is no longer in the dead-letter queue."


class MessageReceiver:
    """Safe to share between threads. ``exhausted``: the queue shows nothing more. ``emptied``: it was read to its end.
    ``why``: the reason that messages are missing all the same, a sentence."""

    def __init__(self, shared: TransferContext) -> None:
        self._shared = shared
        self._ledger = shared.ledger
        self._in_flight = shared.in_flight
        self._lease_s = shared.lease_s
        self._all_planned = shared.plan.total >= shared.plan.queue_count
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self.start_step()

    def start_step(self) -> None:
        self.exhausted = self.emptied = False
        self.why = ""
        self._empty = 0
        self._found_at = elapsed_s()
        self._doubtful = self._ledger.was_started

    def receive(self, count: int) -> list[InFlightMessage]:
        """Messages to send, ``count`` or a few more, and any that are only to be deleted."""
        self._extend_leases()
        most = count if self._all_planned and 0 < count < sqs.MAX_BATCH else sqs.MAX_BATCH
        try:
            received = self._shared.retry(lambda: self._receive_once(most))
        except OverLimit:
            self._stop("As many messages are in flight as SQS allows; resume when they are visible again.")
            return []
        if received is None:
            return []
        messages, lease_ends = received
        if not messages:
            self._on_empty_receive()
            return []
        if self._in_flight.has_new(messages):
            with self._lock:
                self._empty, self._found_at = 0, elapsed_s()
        return self._in_flight.accept(messages, lease_ends)

    def _receive_once(self, most: int) -> tuple[tuple[sqs.Message, ...], float]:
        """The messages, and when their lease ends."""
        lease_ends = elapsed_s() + self._lease_s
        wait_s = LONG_POLL_S if self._empty else 0
        try:
            messages = sqs.receive_messages(self._shared.aws, self._shared.queue, self._lease_s, wait_s, most)
        except AwsError as error:
            self._doubtful = self._doubtful or call_effect.classify(error) is CallEffect.UNKNOWN
            raise
        return messages, lease_ends

    def release(self, receipts: Iterable[str]) -> None:
        """Make these messages visible again. One that cannot be released is visible again when its lease ends."""
        held = list(receipts)
        batches = [held[start : start + sqs.MAX_BATCH] for start in range(0, len(held), sqs.MAX_BATCH)]
        if batches:
            with ThreadPoolExecutor(min(RELEASE_THREADS, len(batches)), thread_name_prefix="release") as pool:
                list(pool.map(self._release_batch, batches))
        self._ledger.clear_held()

    def _release_batch(self, receipts: list[str]) -> None:
        try:
            sqs.change_visibility_batch(self._shared.aws, self._shared.queue, receipts, 0)
        except AwsError:
            return

    def _extend_leases(self) -> None:
        """Keep held messages invisible for much longer, so that each is received once even in a large queue."""
        lease_s = min(MAX_LEASE_S, 20 * self._lease_s)
        while expiring := self._in_flight.expiring(self._lease_s / 2, sqs.MAX_BATCH):
            start = elapsed_s()
            try:
                receipts = [receipt for _, receipt in expiring]
                errors = sqs.change_visibility_batch(self._shared.aws, self._shared.queue, receipts, lease_s)
            except AwsError:
                return  # they become visible, and are received again
            for (message_id, _), error in zip(expiring, errors, strict=True):
                self._in_flight.extended([message_id], start + (lease_s if error is None else self._lease_s))

    # --- the end of the queue --------------------------------------------------------------------------------------

    def _on_empty_receive(self) -> None:
        """Check whether the queue is at its end. It is not while messages are being sent: they may become visible."""
        with self._lock:
            self._empty += 1
            if self._empty < EMPTY_RECEIVES:
                return
        if not self._asking.acquire(blocking=False):
            return
        try:
            if self.exhausted or self._in_flight.working_count:
                return
            try:
                depth = sqs.queue_depth(self._shared.aws, self._shared.queue)
            except AwsError as error:
                if call_effect.classify(error) is CallEffect.REJECTED:
                    raise
                return
            if not self._in_flight.working_count and not self.exhausted:
                self._judge(depth, self._in_flight.held_count)
        finally:
            self._asking.release()

    def _judge(self, depth: sqs.Depth, held: int) -> None:
        """``depth``: SQS's approximate counts. ``held``: how many of these messages this process has received."""
        fifo = self._shared.queue.fifo
        others = depth.visible + depth.in_flight + depth.delayed - held
        if (others > 0 or self._counts_may_lag()) and elapsed_s() < self._found_at + self._lease_s + GRACE_S:
            return  # in a FIFO queue, too: a killed process may have received the first message of a group
        if others <= 0:
            self._record_missing()
            self.exhausted = self.emptied = True
        elif fifo and self._in_flight.set_aside_count and depth.in_flight <= held:
            # The rest is behind messages that are kept for a later stage. What this run sent before them was ahead of
            # them in its group: SQS shows a later message only when the earlier one is deleted.
            self.exhausted = True
        elif fifo and held and depth.in_flight <= held:
            self._stop(
                "The other messages come after messages of their message group that are not to be sent, and a FIFO "
                "queue does not show them before those."
            )
        else:
            count = formatting.count(others, "message is", "messages are")
            behind = ", or behind such a message in its message group" if fifo else ""
            self._stop(f"{count} held by another process{behind}; resume when they are visible again.")

    def _counts_may_lag(self) -> bool:
        """SQS's counts are up to a minute late. They may not show what a killed process had received, what was in a
        response that was cut off, or what was sent under a lease that ended: all visible again within a lease."""
        return self._doubtful or self._ledger.count_in_states(MessageState.SENT, MessageState.INTENT) > 0

    def _stop(self, why: str) -> None:
        self.why, self.exhausted = why, True

    def _record_missing(self) -> None:
        """Record the planned messages that are not in the queue: deleted when they were sent, else missing."""
        held = self._in_flight.held_ids()
        missing: dict[int, list[int]] = {PLANNED: [], INTENT: [], SENT: []}
        for message_id, number in self._ledger.numbers_by_id.items():
            state = self._ledger.state_of(number)
            if state in missing and message_id not in held:
                missing[state].append(number)
        self._ledger.record_deleted(missing[SENT])
        self._ledger.record_missing(missing[INTENT], POSSIBLY_SENT)
        self._ledger.record_missing(missing[PLANNED])
