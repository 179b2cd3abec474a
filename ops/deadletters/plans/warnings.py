"""What somebody should know before letters move, a sentence each, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting
from ops.deadletters import queue_lock
from ops.deadletters.edits.outgoing import MAX_BYTES
from ops.deadletters.messages import s3_pointers
from ops.deadletters.messages.model import Kind
from ops.deadletters.plan_model import Action, Estimate
from ops.deadletters.return_target import Service

if TYPE_CHECKING:
    from ops.deadletters.plans.selection_stats import SelectionStats, SizeStats
    from ops.deadletters.queue import DeadLetterQueue

EXPIRES_SOON = timedelta(days=1)
OLD_SNAPSHOT = timedelta(hours=1)


def plan_warnings(
    source: DeadLetterQueue,
    found: SelectionStats,
    weight: SizeStats,
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
    unmended: Sequence[str],
) -> tuple[str, ...]:
    """``unmended``: fingerprints of causes that are known not to be fixed since."""
    said: list[str] = [*_expiry(source, found, estimate, now)]
    if busy := queue_lock.lock_holder(source):
        what = "A scan" if busy.run == queue_lock.SCAN_LOCK else f"Redrive {busy.run}"
        said.insert(0, f"{what} of this queue is in progress: this plan may be stale when it ends.")
    if action is not Action.PURGE:
        said += _unfixed_causes(found, unmended, watched=watched)
        said += _rejected(found, weight)
        said += [s3_pointers.pointer_warning(found.pointers, found.pointer)] if found.pointer else []
        said += _move_task(watched=watched) if task else _undetectable_duplicates(weight)
        said += _at_destination(source, found, action, to_origin=to_origin)
    if found.likely:
        some = formatting.count(found.likely, "message")
        said.append(
            f"The cause of {some} is only likely: inferred from the time, the log stream or the order of log lines."
        )
    if found.imported and action is not Action.PURGE:
        said.append(
            f"{_messages(found.imported)} imported from a file: they are sent, and nothing is deleted from the queue."
        )
    if found.imported:
        return tuple(said)
    if not complete:
        said.append(_unreached(source, action, unseen, task=task))
    if now - looked_at > OLD_SNAPSHOT:
        age = formatting.duration((now - looked_at).total_seconds())
        said.append(f"The last scan was {age} ago; messages that arrived since are not in this plan.")
    return tuple(said)


def _expiry(source: DeadLetterQueue, found: SelectionStats, estimate: Estimate, now: datetime) -> list[str]:
    """A standard dead-letter queue counts a message's age from when it was first sent, so letters die early there; a
    FIFO one counts anew from a time that nothing tells (SQS developer guide, sqs-dead-letter-queues, 2026-11)."""
    if found.oldest is None or source.queue.fifo:
        return []
    left = found.oldest + timedelta(seconds=source.queue.retention_s) - now
    if left <= timedelta(0):
        return ["The oldest message should have expired by now: some messages may no longer be in the queue."]
    if left < EXPIRES_SOON or left.total_seconds() < 2 * estimate.seconds:
        return [f"The oldest message expires in {formatting.duration(left.total_seconds())}: SQS deletes it then."]
    return []


def _unfixed_causes(found: SelectionStats, unmended: Sequence[str], *, watched: bool) -> list[str]:
    letters = sum(found.causes[mark] for mark in unmended)
    if not letters:
        return []
    show = "the canary will show it" if watched else "outcomes are not tracked"
    have = formatting.count(letters, "message has", "messages have")
    return [f"{have} a cause that is not fixed (ops dlq causes) and may fail again: {show}."]


def _rejected(found: SelectionStats, weight: SizeStats) -> list[str]:
    said = [
        f"The edits do not apply to {_messages(number)}, which will not be sent: {sentence}"
        for sentence, number in found.edit_errors.most_common(3)
    ]
    if len(found.edit_errors) > 3:
        said.append(f"There are {len(found.edit_errors) - 3} more reasons why edits do not apply.")
    for limit, number in weight.too_large.items():
        if limit == MAX_BYTES:
            said.append(f"{_messages(number)} over the SQS limit of 1 MiB will not be sent.")
        else:
            exceed = formatting.count(number, "message exceeds", "messages exceed")
            size = f"MaximumMessageSize ({formatting.count(limit)} bytes, attributes included)"
            said.append(f"{exceed} the queue's {size} and will not be sent.")
    return said


def _move_task(*, watched: bool) -> list[str]:
    said = [
        "A move task gives every message a new ID: a handler that detects duplicates by ID takes each one for new.",
        "A move task takes every message that is in the queue by then, including those that arrived after the scan.",
        "A move task moves messages that fail again, again: it is canceled when it moves more than there were.",
    ]
    if watched:
        said.append("After the canary, the rate of the move task is fixed, and messages are not tracked individually.")
    return said


def _undetectable_duplicates(weight: SizeStats) -> list[str]:
    said = []
    for limit, number in weight.no_room_for_id.items():
        most = "1 MiB" if limit == MAX_BYTES else f"{formatting.count(limit)} bytes in that queue"
        at = f"at the SQS limit (10 attributes, {most})"
        which = formatting.count(number, f"message {at} has", f"messages {at} have")
        said.append(f"{which} no room for the original message ID: the handler cannot detect duplicates.")
    return said


def _at_destination(source: DeadLetterQueue, found: SelectionStats, action: Action, *, to_origin: bool) -> list[str]:
    said = []
    if action is Action.COPY:
        said.append("Copies are processed, and the messages stay: if you redrive them later, they are processed again.")
    if source.queue.fifo:
        said.append(
            "Order is kept within each message group, but messages that arrived in a group since are ahead of these."
        )
    services = {origin.service for origin in found.origins} if to_origin else set()
    if Service.EVENTS in services:
        said.append("An event that is put again reaches every matching rule of its bus, not only the one that failed.")
    if Service.SNS in services:
        said.append("A notification that is published again reaches every subscriber of its topic.")
    strange = found.kinds[Kind.UNKNOWN]
    if strange and not to_origin:
        said.append(f"{_messages(strange)} of unknown kind: body and attributes are sent unchanged.")
    return said


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
