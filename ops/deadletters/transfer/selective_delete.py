"""Taking chosen messages out of a queue for good, and leaving all others in it.

SQS deletes by receipt only, so messages are received until all chosen ones were met; the others are given back at the
end. A delete is believed only while its lease holds: with an older receipt SQS answers that it is done, and does
nothing. What is handed out again all the same, from a copy that SQS did not reach, is deleted again (SQS API reference,
DeleteMessage, 2026-11).
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
"""After so many in a row nothing more is visible."""
LEASE_S, LEASE_PER_MESSAGE_S, MAX_LEASE_S = 60, 0.05, 43_200
"""Others stay leased until the end. 12 hours are the most (botocore 1.44.5 model, 2026-11)."""
LEASE_MARGIN_S = 5
"""A delete answered so shortly before the lease's end is not believed."""
MAX_HELD = 110_000
"""Below the 120,000 messages in flight that a queue allows (botocore 1.44.5 model, 2026-11)."""
MAX_THREADS, MESSAGES_PER_THREAD = 8, 100


MAX_ATTEMPTS, BACKOFF_S = 5, 0.2
"""Of a call that was refused, and the pause before the second try, which doubles."""
CANCELLED = "it was cancelled"
_EXPIRED_RECEIPT = "ReceiptHandleIsInvalid"
_PERMANENT_ERRORS = (AccessDenied, CredentialsError, NotFound)


@dataclass
class DeleteResult:
    """``missing``: chosen ones that were not met. ``refused``: id → why it could not be deleted. ``held``: messages met
    that stay, id → receipt. ``again``: its last receive met letters that had been deleted. ``stopped``: why it ended
    early, a clause; empty when it did not."""

    missing: set[str]
    deleted: int = 0
    held: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    receives: int = 0
    stale: int = 0
    unreleased: int = 0
    redelivered: bool = False
    stopped: str = ""


@dataclass(frozen=True)
class _Round:
    """One receive and the delete of what was chosen of it. ``stay``: id → receipt. ``stale``: leases that ended."""

    deleted: tuple[str, ...]
    stay: dict[str, str]
    refused: dict[str, str]
    stale: int


def delete_selected(
    aws: Aws,
    queue: sqs.Queue,
    chosen: Iterable[str],
    deleted: Callable[[Sequence[str]], None],
    stop: Callable[[], bool],
) -> DeleteResult:
    """Delete the messages with ids in ``chosen``; ``deleted`` is called with the ids of each batch once it is done.

    What cannot be given back comes back when its lease ends. Raises what ``ops.aws`` raises, and the first OpsError of
    ``deleted``, after giving back; all that was deleted by then was told to ``deleted``.
    """
    every = frozenset(chosen)
    found = DeleteResult(missing=set(every))
    if not every:
        return found
    depth = sqs.queue_depth(aws, queue)
    aws = aws.without_retries(READ_TIMEOUT_S)
    lease_s = min(MAX_LEASE_S, int(LEASE_S + LEASE_PER_MESSAGE_S * (depth.visible + depth.in_flight)))
    workers = max(1, min(MAX_THREADS, len(every) // MESSAGES_PER_THREAD))
    most_stale = 100 + 3 * len(every)
    empty = failures = 0
    error: OpsError | None = None

    def tell(ids: Sequence[str]) -> None:
        nonlocal error
        try:
            deleted(ids)
        except OpsError as broken:  # what is under way is deleted all the same, and told too
            error = error or broken

    under_way: set[Future[_Round]] = set()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="remove")
    try:
        while True:
            met = not found.missing and not found.redelivered
            over = error or found.stopped or empty >= EMPTY_RECEIVES * workers or met
            while not over and len(under_way) < workers:
                pause = BACKOFF_S * 2**failures if failures else 0.0
                under_way.add(pool.submit(_round, aws, queue, every, lease_s, pause))
            if not under_way:
                break
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                try:
                    news = _apply(found, future.result(), tell)
                    empty, failures = 0 if news else empty + 1, 0
                except OverLimit as full:
                    found.stopped = str(full).rstrip(".")
                except AwsError as refusal:
                    failures += 1
                    if failures >= MAX_ATTEMPTS or isinstance(refusal, _PERMANENT_ERRORS):
                        error = error or refusal
                under_way.remove(future)
            if stop():
                found.stopped = CANCELLED
            elif len(found.held) >= MAX_HELD:
                found.stopped = f"{len(found.held):,} other letters are held, about as many as SQS allows"
            elif found.stale > most_stale:
                found.stopped = "leases kept ending before their letters were deleted"
    except KeyboardInterrupt:
        found.stopped = CANCELLED
        for future in under_way:
            with suppress(AwsError):
                _apply(found, future.result(), tell)
    finally:
        pool.shutdown(wait=True)
        found.unreleased = _release(aws, queue, found.held.values())
        aws.disconnect()
    if error:
        raise error
    return found


def _apply(found: DeleteResult, one: _Round, deleted: Callable[[Sequence[str]], None]) -> bool:
    """Whether the round met anything that was not known."""
    known = {*one.deleted, *one.refused} - found.missing - found.refused.keys()  # deleted by an earlier round
    fresh = [message_id for message_id in one.deleted if message_id not in known]
    found.missing.difference_update(fresh, one.refused)
    for message_id in fresh:  # refused before, and met again when its lease had ended
        found.refused.pop(message_id, None)
        found.held.pop(message_id, None)
    found.deleted += len(fresh)
    found.redelivered = bool(known)
    found.refused |= {message_id: why for message_id, why in one.refused.items() if message_id not in known}
    found.stale += one.stale
    found.receives += 1
    news = bool(fresh or one.stale or one.stay.keys() - found.held.keys())
    found.held |= one.stay
    if fresh:
        deleted(fresh)
    return news


def _round(aws: Aws, queue: sqs.Queue, chosen: Container[str], lease_s: int, pause: float) -> _Round:
    time.sleep(pause)
    began = time.monotonic()
    met = sqs.receive_messages(aws, queue, lease_s, LONG_POLL_S)
    mine = [message for message in met if message.message_id in chosen]
    stay = {message.message_id: message.receipt for message in met if message.message_id not in chosen}
    done: list[str] = []
    refused: dict[str, str] = {}
    stale = 0
    for attempt in range(MAX_ATTEMPTS):
        if not mine:
            break
        time.sleep(BACKOFF_S * 2**attempt if attempt else 0)
        again = []
        for message, refusal in zip(mine, _delete(aws, queue, mine), strict=True):
            if time.monotonic() - began > lease_s - LEASE_MARGIN_S or (refusal and refusal.code == _EXPIRED_RECEIPT):
                stale += 1  # visible again, so it is met again
            elif refusal is None:
                done.append(message.message_id)
            elif refusal.sender_fault or attempt == MAX_ATTEMPTS - 1:
                refused[message.message_id] = f"{refusal.code}: {refusal.message}"
                stay[message.message_id] = message.receipt
            else:
                again.append(message)
        mine = again
    return _Round(tuple(done), stay, refused, stale)


def _delete(aws: Aws, queue: sqs.Queue, messages: Sequence[sqs.Message]) -> tuple[sqs.BatchEntryError | None, ...]:
    """A refusal of the whole call is one of each entry: raised, it would lose the receipts."""
    try:
        return sqs.delete_batch(aws, queue, [message.receipt for message in messages])
    except AwsError as error:
        refused = sqs.BatchEntryError(
            error.code or type(error).__name__, str(error), isinstance(error, _PERMANENT_ERRORS)
        )
        return (refused,) * len(messages)


def _release(aws: Aws, queue: sqs.Queue, receipts: Iterable[str]) -> int:
    """How many could not be given back. Refusals are counted, not raised: the leases end by themselves, and those of
    stale receipts have ended already. Once a call was refused to the end, the others are not tried."""
    rest = iter(receipts)
    failed = 0
    while batch := list(islice(rest, sqs.MAX_BATCH)):
        left = _release_batch(aws, queue, batch)
        if left is None:
            return failed + len(batch) + sum(1 for _ in rest)
        failed += left
    return failed


def _release_batch(aws: Aws, queue: sqs.Queue, receipts: list[str]) -> int | None:
    """How many of up to ten were not given back; None when the call itself was refused to the end."""
    answered = False
    for attempt in range(MAX_ATTEMPTS):
        time.sleep(BACKOFF_S * 2**attempt if attempt else 0)
        try:
            results = sqs.change_visibility_batch(aws, queue, receipts, 0)
        except _PERMANENT_ERRORS:
            return None
        except AwsError:
            continue
        answered = True
        told = zip(receipts, results, strict=True)
        receipts = [receipt for receipt, refused in told if refused is not None and refused.code != _EXPIRED_RECEIPT]
        if not receipts:
            break
    return len(receipts) if answered else None
