"""Claiming letters by receiving them, keeping back what is not to be sent, and knowing when the queue is at its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ops import formatting
from ops.aws import call_effect, sqs
from ops.aws.call_effect import CallEffect
from ops.clock import elapsed_s
from ops.deadletters.ledger.model import MessageState
from ops.deadletters.ledger.schema import INTENT, PLANNED, SENT
from ops.deadletters.transfer.in_flight import InFlight, InFlightMessage
from ops.errors import AwsError, OverLimit

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.deadletters.ledger import Ledger
    from ops.deadletters.plan_model import Plan

EMPTY_RECEIVES = 3
"""Receives in a row that find nothing, after which the queue's counts are asked whether that is all."""
LONG_POLL_S = 1
"""A receive that waits asks all of SQS's servers; one that does not, only some of them (SQS developer guide)."""
GRACE_S = 5.0
"""Beyond a lease: what a killed process may have received comes back by then."""
MAX_LEASE_S = 40_000
"""Below the 12 hours that a message may stay in flight (botocore 1.44.5 model, 2026-11)."""
RETRY_TIMEOUT_S = 60.0
"""How long a call is tried again before the run ends (and can be resumed)."""
POSSIBLY_SENT = "It may have been sent; it is not in the dead-letter queue any more."


class MessageReceiver:
    """Safe to share between threads. ``over``: the queue shows nothing more; ``emptied``: it was read to its end;
    ``why``: why messages are missing all the same."""

    def __init__(
        self,
        aws: Aws,
        queue: sqs.Queue,
        plan: Plan,
        ledger: Ledger,
        hold: InFlight,
        lease_s: int,
        pause: Callable[[int], bool],
    ) -> None:
        self._aws = aws
        self._queue = queue
        self._plan = plan
        self._ledger = ledger
        self._in_flight = hold
        self._lease_s = lease_s
        self._pause = pause
        self._whole = plan.total >= plan.queue_count
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self.start_step()

    def start_step(self) -> None:
        """Once a step."""
        self.exhausted = self.emptied = False
        self.why = ""
        self._empty = 0
        self._found_at = elapsed_s()
        self._doubtful = self._ledger.was_started

    def receive(self, count: int) -> list[InFlightMessage]:
        """Letters to send, ``count`` of them or a few more, and any that are only to be deleted."""
        self._renew()
        most = count if self._whole and 0 < count < sqs.MAX_BATCH else sqs.MAX_BATCH
        began, attempt = elapsed_s(), 0
        while True:
            asked = elapsed_s()
            try:
                wait = LONG_POLL_S if self._empty else 0
                messages = sqs.receive_messages(self._aws, self._queue, self._lease_s, wait, most)
                break
            except OverLimit:
                self._stop("As many letters are in flight as SQS allows; resume when they are visible again.")
                return []
            except AwsError as error:
                attempt += 1
                self._doubtful = self._doubtful or call_effect.classify(error) is CallEffect.UNKNOWN
                if call_effect.classify(error) is CallEffect.REJECTED or elapsed_s() - began > RETRY_TIMEOUT_S:
                    raise
                if self._pause(attempt):
                    return []
        if not messages:
            self._nothing()
            return []
        if self._in_flight.has_new(messages):
            with self._lock:
                self._empty, self._found_at = 0, elapsed_s()
        return self._in_flight.accept(messages, asked + self._lease_s)

    def release(self, receipts: Iterable[str]) -> None:
        """Make these visible again; what cannot be given back comes back when its lease ends."""
        given = list(receipts)
        tens = [given[at : at + sqs.MAX_BATCH] for at in range(0, len(given), sqs.MAX_BATCH)]
        if tens:
            with ThreadPoolExecutor(min(16, len(tens)), thread_name_prefix="back") as pool:
                list(pool.map(self._give_back, tens))
        self._ledger.clear_held()

    def _give_back(self, receipts: list[str]) -> None:
        try:
            sqs.change_visibility_batch(self._aws, self._queue, receipts, 0)
        except AwsError:
            return

    def _renew(self) -> None:
        """Of letters kept back, much longer, so that a large queue is read once through."""
        lease_s = min(MAX_LEASE_S, 20 * self._lease_s)
        while ending := self._in_flight.expiring(self._lease_s / 2, sqs.MAX_BATCH):
            asked = elapsed_s()
            try:
                results = sqs.change_visibility_batch(
                    self._aws, self._queue, [receipt for _, receipt in ending], lease_s
                )
            except AwsError:
                return  # they come back, and are received again
            for (name, _), refused in zip(ending, results, strict=True):
                self._in_flight.extended([name], asked + (lease_s if refused is None else self._lease_s))

    # --- the end of the queue --------------------------------------------------------------------------------------

    def _nothing(self) -> None:
        """A receive found nothing. Is that all? Not while letters are in work, since they may come back."""
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
                depth = sqs.queue_depth(self._aws, self._queue)
            except AwsError as error:
                if call_effect.classify(error) is CallEffect.REJECTED:
                    raise
                return
            if not self._in_flight.working_count and not self.exhausted:
                self._judge(depth, self._in_flight.held_count)
        finally:
            self._asking.release()

    def _judge(self, depth: sqs.Depth, kept: int) -> None:
        """``depth``: SQS's (approximate) counts. ``kept``: of these the letters that are invisible because of us."""
        others = depth.visible + depth.in_flight + depth.delayed - kept
        if (others > 0 or self._believes_too_soon()) and elapsed_s() < self._found_at + self._lease_s + GRACE_S:
            return  # in a FIFO queue, too: the first of a group may be in the hands of a process that was killed
        if others <= 0:
            self._account()
            self.exhausted = self.emptied = True
        elif self._queue.fifo and self._in_flight.set_aside_count and depth.in_flight <= kept:
            # The rest is behind messages that are kept for a later stage. What this run sent before them was ahead of
            # them in its group: SQS shows a later message only when the earlier one is deleted.
            self.exhausted = True
        elif self._queue.fifo and kept and depth.in_flight <= kept:
            self._stop(
                "The other letters come after letters of their message group that are not to be sent, and a FIFO queue "
                "does not show them before those."
            )
        else:
            held = formatting.count(others, "letter is", "letters are")
            behind = ", or behind such in a message group" if self._queue.fifo else ""
            self._stop(f"{held} held by somebody else{behind}; resume when they are visible again.")

    def _believes_too_soon(self) -> bool:
        """What a killed process had received, a receive that was cut, and what was sent under a lease that ended come
        back within a lease; SQS's counts may not show them, since they are up to a minute late."""
        return self._doubtful or self._ledger.count_in_states(MessageState.SENT, MessageState.INTENT) > 0

    def _stop(self, why: str) -> None:
        self.why, self.exhausted = why, True

    def _account(self) -> None:
        """What became of the letters that are not in the queue?"""
        kept = self._in_flight.held_ids()
        missing: dict[int, list[int]] = {PLANNED: [], INTENT: [], SENT: []}
        for name, number in self._ledger.numbers_by_id.items():
            state = self._ledger.state_of(number)
            if state in missing and name not in kept:
                missing[state].append(number)
        self._ledger.record_deleted(missing[SENT])
        self._ledger.record_missing(missing[INTENT], POSSIBLY_SENT)
        self._ledger.record_missing(missing[PLANNED])
