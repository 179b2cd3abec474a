"""A scan of a dead-letter queue: read its messages into the snapshot, batch by batch, and release them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ops import access, clock
from ops.aws import sqs
from ops.deadletters import queue_lock
from ops.deadletters.scan import bulk_receive
from ops.deadletters.scan.result import ScanConditions, ScanResult, scan_notes, stored_counts
from ops.deadletters.snapshot import Snapshot
from ops.deadletters.snapshot.scan_log import ScanLog, StartedScan
from ops.errors import OpsError, UsageError

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.deadletters.queue import DeadLetterQueue

__all__ = ["DEFAULT_LIMIT", "Progress", "ScanResult", "scan_queue"]

DEFAULT_LIMIT = 100_000
MAX_IN_FLIGHT = 110_000
"""Messages held at once at most: SQS allows about 120,000 in flight (botocore 1.44.5 model, 2026-11), and others may
need some."""
MIN_LEASE_S, LEASE_PER_MESSAGE_S, MAX_LEASE_S = 120, 0.01, 3_600
"""A lease outlasts a scan at 100 messages per second; a slower one renews it. After a scan that was killed and is not
continued, messages stay hidden that long."""
RENEW_WITHIN_S = 40
RECEIVE_TIMEOUT_S = 10.0
"""Until an answer that does not come is given up; receives poll for a second."""
LEASES_PER_WRITE = 1_000
"""Messages released, or leased again, between two writes to the snapshot."""
Progress = Callable[[int, int], None]
"""Called with how many messages were read, and how many there are to read."""


def scan_queue(
    source: DeadLetterQueue,
    limit: int = DEFAULT_LIMIT,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> ScanResult:
    """Read up to ``limit`` messages of the queue into its snapshot. Nothing is deleted or sent.

    A scan that was killed is continued: what it holds is not read again. When ``stop`` says so, or AWS refuses after
    some messages were read, the scan ends early: they stay in the snapshot, all are released, and ``notes`` say why.
    KeyboardInterrupt does the same and is raised on.

    Raises UsageError when a scan could move messages, QueueBusy (ops.deadletters.queue_lock) while messages are moved
    or scanned, OpsError when the snapshot cannot be written, and what ``ops.aws`` raises when nothing could be read.
    Needs sqs:GetQueueAttributes, sqs:ReceiveMessage, sqs:ChangeMessageVisibility.
    """
    access.ensure_may("a scan")
    queue = source.queue
    if queue.dlq_arn is not None:
        raise UsageError(
            f"{queue.name} has a redrive policy itself (maxReceiveCount {queue.max_receive_count}): a scan counts as a "
            "receive and could move messages on to its dead-letter queue.",
            "Remove that redrive policy first, or scan the queue that they are moved to.",
        )
    if limit < 1:
        raise UsageError(f"A limit of {limit} is not valid.", "Choose 1 or more.")
    with queue_lock.hold_lock(source, queue_lock.SCAN_LOCK, "a scan"), Snapshot.open(source) as snapshot:
        once = source.aws.without_retries(RECEIVE_TIMEOUT_S)  # bulk_receive.Receiver retries itself
        try:
            return _Scanner(source, once, snapshot, limit, progress, stop).run()
        finally:
            once.disconnect()


class _Scanner:
    """One scan."""

    def __init__(
        self,
        source: DeadLetterQueue,
        once: Aws,
        snapshot: Snapshot,
        limit: int,
        progress: Progress | None,
        stop: Callable[[], bool] | None,
    ) -> None:
        self._source, self._aws, self._queue, self._limit = source, once, source.queue, limit
        self._progress = progress or (lambda _read, _total: None)
        self._stop = stop or (lambda: False)
        self._log = ScanLog(snapshot)
        self._start_s = clock.elapsed_s()
        self._read_count = self._new_count = self._not_released = 0
        self._refusal = self._stopped = ""
        self._next_renewal_s = 0.0

    def run(self) -> ScanResult:
        self._started_scan = self._log.start(clock.now_utc())
        try:
            return self._run(self._started_scan)
        except BaseException:  # what was read stays
            with suppress(OpsError):  # of two errors, the first is reported
                self._log.discard(self._started_scan.number)
            raise

    def _run(self, started: StartedScan) -> ScanResult:
        self._read_count, self._new_count = started.held, started.new
        with ThreadPoolExecutor(bulk_receive.MAX_THREADS) as threads:
            self._release(threads, but=started.number)  # of a scan that was killed while it released messages
            depth = sqs.queue_depth(self._source.aws, self._queue)
            held = min(started.held, depth.in_flight)  # the others are visible again
            reported, in_flight = depth.visible + held, depth.in_flight - held
            most = min(self._limit, max(0, MAX_IN_FLIGHT - in_flight))
            self._expected = min(most, reported)
            self._lease_s = int(min(MAX_LEASE_S, max(MIN_LEASE_S, LEASE_PER_MESSAGE_S * self._expected)))
            receiver = bulk_receive.Receiver(
                self._aws, self._queue, self._lease_s, max(0, most - started.held), depth.visible
            )
            try:
                self._receive(receiver, threads)
                exhausted = receiver.exhausted
            finally:
                self._release_all(receiver, threads)
        complete = exhausted and not in_flight and self._read_count >= reported
        done = ScanResult(
            number=started.number,
            messages=self._read_count,
            new=self._new_count,
            missing=self._log.mark_missing(started.number) if complete else 0,
            receives=started.receives + receiver.receives,
            reported=reported,
            in_flight=in_flight,
            complete=complete,
            not_released=self._not_released,
            notes=(),
            scanned_at=started.started_at,
            seconds=clock.elapsed_s() - self._start_s,
        )
        about = ScanConditions(
            limit=self._limit,
            allowed=self._read_count if receiver.full else most,
            stopped=self._stopped or (f"{receiver.error} {receiver.error.next_step}" if receiver.error else ""),
            refused=self._refusal,
            lease_s=self._lease_s,
            resumed=started.held,
        )
        done = replace(done, notes=scan_notes(done, self._queue, about))
        self._log.finish(started.number, clock.now_utc(), stored_counts(done))
        return done

    def _receive(self, receiver: bulk_receive.Receiver, threads: ThreadPoolExecutor) -> None:
        receiver.start()
        for batch in receiver.batches():
            if batch:
                self._record(batch, receiver, threads)
            if not self._stopped and self._stop():
                self._stopped = "as requested."
                receiver.stop()
            self._renew_leases(threads)
            self._progress(self._read_count, max(self._expected, self._read_count))
        if receiver.error is not None and not self._read_count:
            raise receiver.error

    def _record(
        self, batch: tuple[sqs.Message, ...], receiver: bulk_receive.Receiver, threads: ThreadPoolExecutor
    ) -> None:
        now = clock.now_utc()
        until = now.timestamp() + self._lease_s - 1  # it began when SQS answered
        counts = {"receives": self._started_scan.receives + receiver.receives, "new": self._new_count}
        try:
            read, new = self._log.record_batch(self._started_scan.number, batch, until, now, counts)
        except BaseException:  # Ctrl-C too: what was not recorded is released
            bulk_receive.change_visibility(self._aws, self._queue, [message.receipt for message in batch], 0, threads)
            raise
        self._read_count += read
        self._new_count += new

    def _renew_leases(self, threads: ThreadPoolExecutor) -> None:
        """Lease what is held for longer, where the scan takes longer than the lease."""
        now = clock.now_utc().timestamp()
        if now < self._next_renewal_s:
            return
        self._next_renewal_s = now + RENEW_WITHIN_S / 8
        after = 0
        while held := self._log.held_messages(LEASES_PER_WRITE, after, before=now + RENEW_WITHIN_S):
            after = held[-1].number
            refused = bulk_receive.change_visibility(
                self._aws, self._queue, [each.receipt for each in held], self._lease_s, threads
            )
            until = clock.now_utc().timestamp() + self._lease_s - 1
            each_with_why = list(zip(held, refused, strict=True))
            self._log.record_renewal([each.number for each, why in each_with_why if why is None], until)
            self._log.record_release(
                [each.number for each, why in each_with_why if why and bulk_receive.lease_ended(why)]
            )

    def _release_all(self, receiver: bulk_receive.Receiver, threads: ThreadPoolExecutor) -> None:
        receiver.stop()
        for batch in receiver.batches():  # only after an error: what was received and is not in the snapshot
            refused = bulk_receive.change_visibility(
                self._aws, self._queue, [message.receipt for message in batch], 0, threads
            )
            self._not_released += sum(why is not None for why in refused)
        self._release(threads)

    def _release(self, threads: ThreadPoolExecutor, but: int | None = None) -> None:
        """Give back what is held, but for the messages of the scan ``but``."""
        returning = self._started_scan.number if but is None else None
        broken: OpsError | None = None
        after = 0
        while held := self._log.held_messages(LEASES_PER_WRITE, after, but=but):
            after = held[-1].number
            refused = bulk_receive.change_visibility(
                self._aws, self._queue, [each.receipt for each in held], 0, threads
            )
            kept = {
                each.number: why
                for each, why in zip(held, refused, strict=True)
                if why and not bulk_receive.lease_ended(why)
            }
            if kept:
                self._not_released += len(kept)
                self._refusal = self._refusal or next(iter(kept.values())).message
            try:
                self._log.record_release([each.number for each in held if each.number not in kept], returning)
            except OpsError as error:  # a full disk is no reason to keep messages from others
                broken = error
        if broken is not None:
            raise broken
