"""Warnings of a plan, one sentence each, most important first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting
from ops.deadletters import queue_lock
from ops.deadletters.edits.outgoing import MAX_BYTES
from ops.deadletters.messages import s3_pointers
from ops.deadletters.messages.model import NEVER_RAN, RETURNED, Kind
from ops.deadletters.plan_model import Action, Estimate
from ops.deadletters.return_target import Service

if TYPE_CHECKING:
    from ops.deadletters.plans.selection_stats import SelectionStats, SizeStats
    from ops.deadletters.queue import DeadLetterQueue

EXPIRES_SOON = timedelta(days=1)
OLD_SNAPSHOT = timedelta(hours=1)


def plan_warnings(
    source: DeadLetterQueue,
    stats: SelectionStats,
    sizes: SizeStats,
    action: Action,
    estimate: Estimate,
    *,
    now: datetime,
    looked_at: datetime,
    complete: bool,
    unseen: int,
    to_origin: bool,
    task: bool,
    watched: bool,
    unfixed: Sequence[str],
) -> tuple[str, ...]:
    """``unfixed``: fingerprints of causes that are known not to be fixed since."""
    sentences: list[str] = [*_expiry(source, stats, estimate, now)]
    if busy := queue_lock.lock_holder(source):
        what = "A scan" if busy.run == queue_lock.SCAN_LOCK else f"Redrive {busy.run}"
        sentences.insert(0, f"{what} of this queue is in progress: this plan may be stale when it ends.")
    if action is not Action.PURGE:
        sentences += _unfixed_causes(stats, unfixed, watched=watched)
        sentences += _rejected(stats, sizes)
        sentences += [s3_pointers.pointer_warning(stats.pointers, stats.pointer)] if stats.pointer else []
        sentences += _move_task(watched=watched) if task else _undetectable_duplicates(sizes)
        sentences += _at_destination(source, stats, action, to_origin=to_origin)
    if stats.likely:
        some = formatting.count(stats.likely, "message")
        sentences.append(
            f"The cause of {some} is only likely: inferred from the time, the log stream or the order of log lines."
        )
    if stats.imported and action is not Action.PURGE:
        sentences.append(
            f"{_messages(stats.imported)} imported from a file: they are sent, and nothing is deleted from the queue."
        )
    if stats.imported:
        return tuple(sentences)
    if not complete:
        sentences.append(_unreached(source, action, unseen, task=task))
    if now - looked_at > OLD_SNAPSHOT:
        age = formatting.elapsed(looked_at, now)
        sentences.append(f"The last scan was {age} ago; messages that arrived since are not in this plan.")
    return tuple(sentences)


def _expiry(source: DeadLetterQueue, stats: SelectionStats, estimate: Estimate, now: datetime) -> list[str]:
    """A standard dead-letter queue counts a message's age from when it was first sent, so messages expire early there;
    a FIFO queue restarts the count at an unknown time (SQS developer guide, sqs-dead-letter-queues, 2026-11)."""
    if stats.oldest is None or source.queue.fifo:
        return []
    left = stats.oldest + timedelta(seconds=source.queue.retention_s) - now
    if left <= timedelta(0):
        return ["The oldest message should have expired by now: some messages may no longer be in the queue."]
    if left < EXPIRES_SOON or left.total_seconds() < 2 * estimate.seconds:
        return [f"The oldest message expires in {formatting.duration(left.total_seconds())}: SQS deletes it then."]
    return []


def _unfixed_causes(stats: SelectionStats, unfixed: Sequence[str], *, watched: bool) -> list[str]:
    throttled = [mark for mark in unfixed if stats.types.get(mark) == NEVER_RAN]
    returned = [mark for mark in unfixed if stats.types.get(mark) == RETURNED]
    others = sum(stats.causes[mark] for mark in unfixed if mark not in (*throttled, *returned))
    sentences = []
    if others:
        show = "the canary will show it" if watched else "outcomes are not tracked"
        have = formatting.count(others, "message has", "messages have")
        sentences.append(f"{have} a cause that is not fixed (ops dlq causes) and may fail again: {show}.")
    if never_ran := sum(stats.causes[mark] for mark in throttled):
        sentences.append(
            f"{_messages(never_ran)} never ran, and the function has been throttled since: increase its concurrency "
            "limit first, or lower the rate."
        )
    if not_deleted := sum(stats.causes[mark] for mark in returned):
        some = formatting.count(not_deleted, "message was", "messages were")
        sentences.append(
            f"{some} returned without being deleted, and no deployment followed: correct the function's batch response "
            "first, or they return again."
        )
    return sentences


def _rejected(stats: SelectionStats, sizes: SizeStats) -> list[str]:
    sentences = [
        f"The edits do not apply to {_messages(number)}, which will not be sent: {sentence}"
        for sentence, number in stats.edit_errors.most_common(3)
    ]
    if len(stats.edit_errors) > 3:
        sentences.append(f"There are {len(stats.edit_errors) - 3} more reasons why edits do not apply.")
    for limit, number in sizes.too_large.items():
        if limit == MAX_BYTES:
            sentences.append(f"{_messages(number)} over the SQS limit of 1 MiB will not be sent.")
        else:
            exceed = formatting.count(number, "message exceeds", "messages exceed")
            size = f"MaximumMessageSize ({formatting.count(limit)} bytes, attributes included)"
            sentences.append(f"{exceed} the queue's {size} and will not be sent.")
    return sentences


def _move_task(*, watched: bool) -> list[str]:
    sentences = [
        "A move task gives every message a new ID: a handler that detects duplicates by ID takes each one for new.",
        "A move task takes every message that is in the queue by then, including those that arrived after the scan.",
        "A move task moves messages that fail again, again: it is canceled when it moves more than there were.",
    ]
    if watched:
        sentences.append(
            "After the canary, the rate of the move task is fixed, and messages are not tracked individually."
        )
    return sentences


def _undetectable_duplicates(sizes: SizeStats) -> list[str]:
    sentences = []
    for limit, number in sizes.no_room_for_id.items():
        most = "1 MiB" if limit == MAX_BYTES else f"{formatting.count(limit)} bytes in that queue"
        at = f"at the SQS limit (10 attributes, {most})"
        which = formatting.count(number, f"message {at} has", f"messages {at} have")
        sentences.append(f"{which} no room for the original message ID: the handler cannot detect duplicates.")
    return sentences


def _at_destination(source: DeadLetterQueue, stats: SelectionStats, action: Action, *, to_origin: bool) -> list[str]:
    sentences = []
    if action is Action.COPY:
        sentences.append(
            "Copies are processed, and the messages stay: if you redrive them later, they are processed again."
        )
    if source.queue.fifo:
        sentences.append(
            "Order is kept within each message group, but messages that arrived in a group since are ahead of these."
        )
    services = {origin.service for origin in stats.origins} if to_origin else set()
    if Service.EVENTS in services:
        sentences.append(
            "An event that is put again reaches every matching rule of its bus, not only the one that failed."
        )
    if Service.SNS in services:
        sentences.append("A notification that is published again reaches every subscriber of its topic.")
    strange = stats.kinds[Kind.UNKNOWN]
    if strange and not to_origin:
        sentences.append(f"{_messages(strange)} of unknown kind: body and attributes are sent unchanged.")
    return sentences


def _unreached(source: DeadLetterQueue, action: Action, unseen: int, *, task: bool) -> str:
    if not source.queue.fifo:
        about = f" (about {formatting.count(unseen)})" if unseen else ""
        return f"The last scan did not read the whole queue: messages it did not read are not in this plan{about}."
    behind = "A scan of a FIFO queue sees only the first messages of each message group"
    if not unseen:
        return f"{behind}: those behind them are not in this plan. Scan again after these are redriven or deleted."
    about = f"{behind}; about {formatting.count(unseen, 'more is', 'more are')} behind them"
    if action is not Action.REDRIVE:
        return f"{about} and cannot be copied until those are redriven or deleted."
    if task:
        return f"{about}, and the move task takes them too."
    return f"{about}. The redrive continues in rounds until they are sent, too; messages sent after this plan stay."


def _messages(number: int) -> str:
    return formatting.count(number, "message")
