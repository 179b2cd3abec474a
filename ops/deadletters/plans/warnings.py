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
    from ops.deadletters.plans.selection_stats import Survey, Weight
    from ops.deadletters.queue import DeadLetterQueue

SOON = timedelta(days=1)
OLD_SHELF = timedelta(hours=1)


def warnings(
    source: DeadLetterQueue,
    found: Survey,
    weight: Weight,
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
        what = "A look" if busy.run == "look" else f"Run {busy.run}"
        said.insert(0, f"{what} is at work in this queue now: when it ends this plan may be stale.")
    if action is not Action.PURGE:
        said += _again(found, unmended, watched=watched)
        said += _unfit(found, weight)
        said += [s3_pointers.warning(found.pointers, found.pointer)] if found.pointer else []
        said += _task(watched=watched) if task else _repeats(weight)
        said += _arrival(source, found, action, to_origin=to_origin)
    if found.likely:
        some = formatting.count(found.likely, "message")
        said.append(
            f"The cause of {some} is only likely: inferred from the time, the log stream or the order of lines."
        )
    if found.imported and action is not Action.PURGE:
        said.append(f"{_letters(found.imported)} from an export: sent, and nothing is deleted for them.")
    if found.imported:
        return tuple(said)
    if not complete:
        said.append(_unreached(source, action, unseen, task=task))
    if now - looked_at > OLD_SHELF:
        age = formatting.duration((now - looked_at).total_seconds())
        said.append(f"The queue was looked at {age} ago; what came since is not in this plan.")
    return tuple(said)


def _expiry(source: DeadLetterQueue, found: Survey, estimate: Estimate, now: datetime) -> list[str]:
    """A standard dead-letter queue counts a message's age from when it was first sent, so letters die early there; a
    FIFO one counts anew from a time that nothing tells (SQS developer guide, sqs-dead-letter-queues, 2026-11)."""
    if found.oldest is None or source.queue.fifo:
        return []
    left = found.oldest + timedelta(seconds=source.queue.retention_s) - now
    if left <= timedelta(0):
        return ["The oldest letter should have expired by now: some may not be there any more."]
    if left < SOON or left.total_seconds() < 2 * estimate.seconds:
        return [f"The oldest letter expires in {formatting.duration(left.total_seconds())}: SQS deletes it then."]
    return []


def _again(found: Survey, unmended: Sequence[str], *, watched: bool) -> list[str]:
    letters = sum(found.causes[mark] for mark in unmended)
    if not letters:
        return []
    show = "the canary will show it" if watched else "nobody watches what becomes of them"
    return [f"{_letters(letters)} died of what is not fixed since (ops dlq causes) and may die of it again: {show}."]


def _unfit(found: Survey, weight: Weight) -> list[str]:
    said = [
        f"The edits do not fit {_letters(number)}, which will stay: {sentence}"
        for sentence, number in found.misfits.most_common(3)
    ]
    if len(found.misfits) > 3:
        said.append(f"There are {len(found.misfits) - 3} more reasons why edits do not fit.")
    for limit, number in weight.too_large.items():
        if limit == MAX_BYTES:
            said.append(f"{_letters(number)} over SQS's limit of 1 MiB a message will be refused, and stay.")
        else:
            larger = formatting.count(number, "message is larger", "messages are larger")
            most = f"MaximumMessageSize {formatting.count(limit)} bytes"
            said.append(f"{larger} than the queue takes ({most}), attributes included: refused, and kept here.")
    return said


def _task(*, watched: bool) -> list[str]:
    said = [
        "A move task gives every message a new id: a handler that drops repeats by id takes each for new.",
        "A move task takes every letter that is in the queue by then, also those that came since the look.",
        "A move task moves letters that die again, again: the run cancels it when it moves more than there were.",
    ]
    if watched:
        said.append("After the canary a move task's rate is fixed, and its messages are not watched one by one.")
    return said


def _repeats(weight: Weight) -> list[str]:
    said = []
    for limit, number in weight.full.items():
        most = "1 MiB" if limit == MAX_BYTES else f"{formatting.count(limit)} bytes in that queue"
        at = f"at SQS's limit (10 attributes, {most})"
        which = formatting.count(number, f"letter {at} has", f"letters {at} have")
        said.append(f"{which} no room for the original message id: should one be sent twice, the handler cannot tell.")
    return said


def _arrival(source: DeadLetterQueue, found: Survey, action: Action, *, to_origin: bool) -> list[str]:
    said = []
    if action is Action.COPY:
        said.append("Copies are worked on, and the letters stay: redriving them later works on them again.")
    if source.queue.fifo:
        said.append(
            "Order is kept within each message group, but what came to a group since is ahead of these letters."
        )
    services = {origin.service for origin in found.origins} if to_origin else set()
    if Service.EVENTS in services:
        said.append("An event put again reaches every rule of its bus that matches, not only the one that failed.")
    if Service.SNS in services:
        said.append("A notification published again reaches every subscriber of its topic.")
    strange = found.kinds[Kind.UNKNOWN]
    if strange and not to_origin:
        said.append(f"{_letters(strange)} of unknown kind: their body and attributes are sent as they are.")
    return said


def _unreached(source: DeadLetterQueue, action: Action, unseen: int, *, task: bool) -> str:
    if not source.queue.fifo:
        about = f" (about {formatting.count(unseen)})" if unseen else ""
        return f"The last look did not read the whole queue: letters it did not see are not in this plan{about}."
    behind = "A scan of a FIFO queue sees only the first messages of each message group"
    if not unseen:
        return f"{behind}: those behind them are not in this plan. Scan again once these are gone."
    about = f"{behind}; about {formatting.count(unseen, 'more stands', 'more stand')} behind them"
    if action is not Action.REDRIVE:
        return f"{about} and cannot be copied before those are gone."
    if task:
        return f"{about}, and the move task takes them too."
    return f"{about}. The redrive goes on in rounds until they are sent, too; what was sent after this plan stays."


def _letters(number: int) -> str:
    return formatting.count(number, "letter")
