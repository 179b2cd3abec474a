"""Deleting selected messages from a queue, and leaving all others in it.

SQS deletes by receipt handle only, so messages are received until all selected ones were seen; the others are released
at the end. A delete counts only while its lease holds: with an older receipt SQS reports success and does nothing. A
deleted message that is delivered again all the same, from a server that SQS did not reach, is deleted again (SQS API
reference, DeleteMessage, 2026-11).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.aws.clients import READ_TIMEOUT_S
from ops.errors import AccessDenied, AwsError, CredentialsError, NotFound, OpsError, OverLimit

if TYPE_CHECKING:
    from ops.aws import Aws

LONG_POLL_S = 1
"""A receive that waits asks all of SQS's servers; one that does not, only some of them (SQS developer guide)."""
EMPTY_RECEIVES = 3
"""After this many in a row nothing more is visible."""
LEASE_S, LEASE_PER_MESSAGE_S, MAX_LEASE_S = 60, 0.05, 43_200
"""The other messages stay leased until the end; SQS allows 12 hours (botocore 1.44.5 model, 2026-11)."""
LEASE_MARGIN_S = 5
"""A delete that was answered so shortly before the lease's end does not count."""
MAX_HELD = 110_000
"""Below the 120,000 messages in flight that a queue allows (botocore 1.44.5 model, 2026-11)."""
MAX_THREADS, MESSAGES_PER_THREAD = 8, 100
MAX_ATTEMPTS, BACKOFF_S = 5, 0.2
"""Attempts of a failed call, and the pause before the second one, which doubles each time."""
CANCELLED = "it was cancelled"
_EXPIRED_RECEIPT = "ReceiptHandleIsInvalid"
_PERMANENT_ERRORS = (AccessDenied, CredentialsError, NotFound)


@dataclass
class DeleteResult:
    """``missing``: selected messages that were not seen. ``refused``: message ID → why it could not be deleted.
    ``held``: messages that were received and stay, ID → receipt. ``stale``: leases that ended too early.
    ``redelivered``: the last receive returned deleted messages. ``stopped``: why it ended early, a clause; else empty.
    """

    missing: set[str]
    deleted: int = 0
    held: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    receives: int = 0
    stale: int = 0
    unreleased: int = 0
    redelivered: bool = False
    stopped: str = ""

    def add(self, batch: _Round) -> tuple[list[str], bool]:
        """The IDs that this batch deleted for the first time, and whether it had anything new."""
        known = {*batch.deleted, *batch.refused} - self.missing - self.refused.keys()  # deleted by an earlier batch
        deleted = [message_id for message_id in batch.deleted if message_id not in known]
        self.missing.difference_update(deleted, batch.refused)
        for message_id in deleted:  # refused before, and received again when its lease had ended
            self.refused.pop(message_id, None)
            self.held.pop(message_id, None)
        self.deleted += len(deleted)
        self.redelivered = bool(known)
        self.refused |= {message_id: why for message_id, why in batch.refused.items() if message_id not in known}
        self.stale += batch.stale
        self.receives += 1
        is_new = bool(deleted or batch.stale or batch.held.keys() - self.held.keys())
        self.held |= batch.held
        return deleted, is_new


@dataclass(frozen=True)
class _Round:
    """One receive, and the deletion of the selected messages in it. Fields as in ``DeleteResult``."""

    deleted: tuple[str, ...]
    held: dict[str, str]
    refused: dict[str, str]
    stale: int


def delete_selected(
    aws: Aws,
    queue: sqs.Queue,
    selected: Iterable[str],
    on_deleted: Callable[[Sequence[str]], None],
    stop: Callable[[], bool],
) -> DeleteResult:
    """Delete the messages with the IDs ``selected``; ``on_deleted`` gets the IDs of each batch once it is deleted.

    What cannot be released becomes visible when its lease ends. Raises AwsError, and the first OpsError of
    ``on_deleted``, after releasing; everything that was deleted by then was passed to ``on_deleted``.
    """
    ids = frozenset(selected)
    if not ids:
        return DeleteResult(missing=set())
    depth = sqs.queue_depth(aws, queue)
    lease_s = min(MAX_LEASE_S, int(LEASE_S + LEASE_PER_MESSAGE_S * (depth.visible + depth.in_flight)))
    deletion = _Deletion(aws.without_retries(READ_TIMEOUT_S), queue, ids, on_deleted, lease_s)
    deletion.run(stop)
    if deletion.first_error:
        raise deletion.first_error
    return deletion.result


class _Deletion:
    """Threads receive and delete; the caller's thread adds up what they did, and decides when it is over."""

    def __init__(
        self,
        aws: Aws,
        queue: sqs.Queue,
        ids: frozenset[str],
        on_deleted: Callable[[Sequence[str]], None],
        lease_s: int,
    ) -> None:
        self.result = DeleteResult(missing=set(ids))
        self.first_error: OpsError | None = None
        self._aws, self._queue, self._ids, self._lease_s = aws, queue, ids, lease_s
        self._on_deleted = on_deleted
        self._threads = max(1, min(MAX_THREADS, len(ids) // MESSAGES_PER_THREAD))
        self._max_stale = 100 + 3 * len(ids)
        self._empty = self._failures = 0  # in a row
        self._under_way: set[Future[_Round]] = set()

    def run(self, stop: Callable[[], bool]) -> None:
        """Errors are left in ``first_error``; what was received and stays is released in any case."""
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="delete")
        try:
            while self._submit(pool):
                for future in wait(self._under_way, return_when=FIRST_COMPLETED).done:
                    self._collect(future)
                    self._under_way.remove(future)
                self.result.stopped = CANCELLED if stop() else self._limit_reached() or self.result.stopped
        except KeyboardInterrupt:
            self.result.stopped = CANCELLED
            for future in self._under_way:
                with suppress(AwsError):  # it counts as not deleted, as after any call that failed
                    self._add(future.result())
        finally:
            pool.shutdown(wait=True)
            self.result.unreleased = _release(self._aws, self._queue, self.result.held.values())
            self._aws.disconnect()

    def _submit(self, pool: ThreadPoolExecutor) -> bool:
        """Start as many receives as there are threads, unless it is over. False when none is running."""
        all_seen = not self.result.missing and not self.result.redelivered
        is_over = self.first_error or self.result.stopped or self._empty >= EMPTY_RECEIVES * self._threads or all_seen
        pause_s = BACKOFF_S * 2**self._failures if self._failures else 0.0
        while not is_over and len(self._under_way) < self._threads:
            given = (self._aws, self._queue, self._ids, self._lease_s, pause_s)
            self._under_way.add(pool.submit(_receive_and_delete, *given))
        return bool(self._under_way)

    def _collect(self, future: Future[_Round]) -> None:
        try:
            self._empty, self._failures = 0 if self._add(future.result()) else self._empty + 1, 0
        except OverLimit as error:
            self.result.stopped = str(error).rstrip(".")
        except AwsError as error:
            self._failures += 1
            if self._failures >= MAX_ATTEMPTS or isinstance(error, _PERMANENT_ERRORS):
                self.first_error = self.first_error or error

    def _add(self, batch: _Round) -> bool:
        """Whether the batch had anything new."""
        deleted, is_new = self.result.add(batch)
        try:
            if deleted:
                self._on_deleted(deleted)
        except OpsError as error:  # what is under way is deleted all the same, and passed on too
            self.first_error = self.first_error or error
        return is_new

    def _limit_reached(self) -> str:
        if len(self.result.held) >= MAX_HELD:
            return f"{len(self.result.held):,} other messages are held, about as many as SQS allows"
        return "leases kept ending before their messages were deleted" if self.result.stale > self._max_stale else ""


def _receive_and_delete(aws: Aws, queue: sqs.Queue, selected: Container[str], lease_s: int, pause_s: float) -> _Round:
    time.sleep(pause_s)
    start = time.monotonic()
    received = sqs.receive_messages(aws, queue, lease_s, LONG_POLL_S)
    pending = [message for message in received if message.message_id in selected]
    held = {message.message_id: message.receipt for message in received if message.message_id not in selected}
    deleted: list[str] = []
    refused: dict[str, str] = {}
    stale = 0
    for attempt in range(MAX_ATTEMPTS):
        if not pending:
            break
        time.sleep(BACKOFF_S * 2**attempt if attempt else 0)
        retry = []
        for message, error in zip(pending, _delete(aws, queue, pending), strict=True):
            if time.monotonic() - start > lease_s - LEASE_MARGIN_S or (error and error.code == _EXPIRED_RECEIPT):
                stale += 1  # visible again, so it is received again
            elif error is None:
                deleted.append(message.message_id)
            elif error.sender_fault or attempt == MAX_ATTEMPTS - 1:
                refused[message.message_id] = f"{error.code}: {error.message}"
                held[message.message_id] = message.receipt
            else:
                retry.append(message)
        pending = retry
    return _Round(tuple(deleted), held, refused, stale)


def _delete(aws: Aws, queue: sqs.Queue, messages: Sequence[sqs.Message]) -> tuple[sqs.BatchEntryError | None, ...]:
    """An error of the whole call counts for each entry: raised, it would lose the receipts."""
    try:
        return sqs.delete_batch(aws, queue, [message.receipt for message in messages])
    except AwsError as error:
        permanent = isinstance(error, _PERMANENT_ERRORS)
        return (sqs.BatchEntryError(error.code or type(error).__name__, str(error), permanent),) * len(messages)


def _release(aws: Aws, queue: sqs.Queue, receipts: Iterable[str]) -> int:
    """How many could not be released. Errors are counted, not raised: the leases end by themselves, and those of
    expired receipts have ended already. After a call that kept failing, the others are not tried."""
    remaining = iter(receipts)
    failed = 0
    while batch := list(islice(remaining, sqs.MAX_BATCH)):
        unreleased = _release_batch(aws, queue, batch)
        if unreleased is None:
            return failed + len(batch) + sum(1 for _ in remaining)
        failed += unreleased
    return failed


def _release_batch(aws: Aws, queue: sqs.Queue, receipts: list[str]) -> int | None:
    """How many of up to ten were not released; None when the call itself kept failing."""
    answered = False
    for attempt in range(MAX_ATTEMPTS):
        time.sleep(BACKOFF_S * 2**attempt if attempt else 0)
        try:
            errors = sqs.change_visibility_batch(aws, queue, receipts, 0)
        except _PERMANENT_ERRORS:
            return None
        except AwsError:
            continue
        answered = True
        receipts = [
            receipt
            for receipt, error in zip(receipts, errors, strict=True)
            if error is not None and error.code != _EXPIRED_RECEIPT
        ]
        if not receipts:
            break
    return len(receipts) if answered else None
