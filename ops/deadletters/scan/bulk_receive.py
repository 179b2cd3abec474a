"""Reading a queue without taking anything out: SQS has no peek, so a scan is a lease.

Messages are received with a visibility timeout that outlasts the scan, and made visible again at its end. Nothing is
ever deleted or sent. What it cannot avoid: each message's receive count goes up by one, and during the scan no other
consumer sees them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from queue import Empty, Queue
from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.errors import AwsError, OverLimit, Throttled, Unreachable

if TYPE_CHECKING:
    from ops.aws import Aws

LONG_POLL_S = 1
"""A receive that waits asks all of SQS's servers; one that does not, only some of them (SQS developer guide)."""
EMPTY_RECEIVES = 2
"""After so many in a row nothing more is visible; after one, when as many were read as the queue reported."""
PAUSES_S = (0.2, 0.5, 1.0, 2.0)
"""Before asking again after a refusal that passes, or a connection that was cut."""
_TRANSIENT_CODES = ("InternalError", "InternalFailure", "InternalServerError", "ServiceUnavailable")
_LEASE_ENDED_CODES = ("InvalidParameterValue", "MessageNotInflight", "ReceiptHandleIsInvalid")
"""Codes for a message that is visible again, or deleted: there is no lease any more."""
MAX_THREADS = 8
_BUFFERED_BATCHES = 4
"""Batches a receiving thread may be ahead of the snapshot: what bounds memory."""
MAX_PER_WRITE = 500
"""Messages, approximately."""


def threads_for(messages: int) -> int:
    """Threads worth their while: one receive brings ten messages."""
    return max(1, min(MAX_THREADS, messages // 50))


class Receiver:
    """Receives on threads of its own, for one that writes: ``batches`` yields what came, ``limit`` messages at most.

    Read when nothing comes any more: ``error``, what AWS refused for good; ``full``, SQS allows no more messages in
    flight; ``exhausted``, the queue showed nothing more (neither of these, nor ``stop``, nor the limit ended it).
    """

    def __init__(self, aws: Aws, queue: sqs.Queue, lease_s: int, limit: int, expected: int) -> None:
        self._aws, self._queue, self._lease_s = aws, queue, lease_s
        self._remaining, self._expected = limit, expected
        self._lock = threading.Lock()
        self._stop = threading.Event()
        count = threads_for(min(limit, expected))
        self._batches: Queue[tuple[sqs.Message, ...]] = Queue(maxsize=_BUFFERED_BATCHES * count)
        self._threads = [threading.Thread(target=self._run, name=f"scan-{n}", daemon=True) for n in range(count)]
        self.receives = self.received = 0
        self.error: AwsError | None = None
        self.full = False

    @property
    def exhausted(self) -> bool:
        if self._stop.is_set():
            return False
        with suppress(AwsError):  # unknown: the scan counts as incomplete
            return self._remaining > 0 or sqs.queue_depth(self._aws, self._queue).visible == 0
        return False

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def batches(self) -> Iterator[tuple[sqs.Message, ...]]:
        """What came, all of it that waits, until nothing comes any more; an empty one whenever nothing came for a
        while. A snapshot that falls behind takes many messages in one transaction, which costs it little more than
        ten."""
        while True:
            try:
                came = self._batches.get(timeout=0.1)
                with suppress(Empty):  # that is all that waits
                    while len(came) < MAX_PER_WRITE:
                        came += self._batches.get_nowait()
                yield came
            except Empty:
                if not any(thread.is_alive() for thread in self._threads) and self._batches.empty():
                    return
                yield ()

    def stop(self) -> None:
        """No further receive begins; ``batches`` still yields what those under way bring."""
        self._stop.set()

    def _run(self) -> None:
        empty = 0
        while not self._stop.is_set() and (most := self._reserve()):
            batch: tuple[sqs.Message, ...] = ()
            try:
                batch = self._receive(most)
            except OverLimit:
                self.full = True
                self._stop.set()
            except AwsError as error:
                self.error = self.error or error
                self._stop.set()
            with self._lock:
                self._remaining += most - len(batch)
                self.received += len(batch)
                enough = 1 if self.received >= self._expected else EMPTY_RECEIVES
            if batch:
                self._batches.put(batch)
            empty = 0 if batch else empty + 1
            if empty >= enough:
                return

    def _reserve(self) -> int:
        with self._lock:
            most = min(sqs.MAX_BATCH, self._remaining)
            self._remaining -= most
            return most

    def _receive(self, most: int) -> tuple[sqs.Message, ...]:
        for pause in (*PAUSES_S, 0.0):
            try:
                batch = sqs.receive_messages(self._aws, self._queue, self._lease_s, LONG_POLL_S, most)
            except AwsError as error:
                if not pause or not is_transient(error) or self._stop.wait(pause):
                    raise
            else:
                break
        with self._lock:
            self.receives += 1
        return batch


def change_visibility(
    aws: Aws, queue: sqs.Queue, receipts: Sequence[str], visibility_s: int, threads: Executor
) -> list[sqs.BatchEntryError | None]:
    """Hold what was received for so long from now, 0 to give it back; for each, in their order, None or why not.

    Never raises: what AWS refuses altogether is refused to each.
    """

    def change_batch(batch: Sequence[str]) -> Sequence[sqs.BatchEntryError | None]:
        for pause in (*PAUSES_S, 0.0):
            try:
                return sqs.change_visibility_batch(aws, queue, batch, visibility_s)
            except AwsError as error:
                refused = sqs.BatchEntryError(error.code, f"{error} {error.next_step}".strip(), not is_transient(error))
                if not pause or refused.sender_fault:
                    break
                time.sleep(pause)
        return [refused] * len(batch)

    batches = [receipts[at : at + sqs.MAX_BATCH] for at in range(0, len(receipts), sqs.MAX_BATCH)]
    return [each for results in threads.map(change_batch, batches) for each in results]


def lease_ended(refused: sqs.BatchEntryError) -> bool:
    """Whether there is no lease any more: it ended by itself, or the message was deleted."""
    return refused.code.rsplit(".", 1)[-1] in _LEASE_ENDED_CODES


def is_transient(error: AwsError) -> bool:
    """Whether asking again may help."""
    return isinstance(error, Throttled | Unreachable) or error.code in _TRANSIENT_CODES
