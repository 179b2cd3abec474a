"""A bounded peek at the live queue, for which SQS has no call: messages are received and released at once.

Each message that is received counts one receive more towards the queue's maxReceiveCount and is hidden from its consumers until
it is released, a moment later; undeleted receives count as failed ones (SQS API reference, ReceiveMessage; facts of
botocore 1.44.5, 2026-11). So it is done on request only, each message is received once, and not where it could send one to the
dead-letter queue without an attempt.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ops import access, formatting
from ops.aws import sqs
from ops.errors import OpsError, UsageError
from ops.tenants.model import SampledMessage
from ops.tenants.samples import Sample

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.sqs import Message, Queue

HOLD_S = 20
"""How long a message stays hidden where releasing it fails: a message that is not held would be received again and again."""
MAX_MESSAGES = 1_000
RECEIVING_S = 10.0
"""How long is received at most, so that nothing is visible again before it is released."""
EMPTY_ROUNDS = 3
MIN_RECEIVES = 2
"""The lowest maxReceiveCount. With 1, a message that was only peeked at moves to the dead-letter queue at its next
receive."""


def peek_effect(queue: Queue, most: int) -> str:
    """What a peek does to the queue, in a sentence. Raises UsageError where it may not be done."""
    if not 1 <= most <= MAX_MESSAGES:
        raise UsageError(f"A peek receives 1 to {MAX_MESSAGES:,} messages.", "Choose a number within that.")
    if queue.name.endswith(".fifo"):
        raise UsageError(
            "A FIFO queue is not peeked at: a received message holds up its whole group.",
            "Use the log lines: --source logs.",
        )
    limit = queue.max_receive_count
    if limit is not None and limit < MIN_RECEIVES:
        raise UsageError(
            f"{queue.name} allows {formatting.count(limit, 'receive')}: a message that is looked at would go to the "
            "dead-letter queue without an attempt.",
            "Use the log lines: --source logs.",
        )
    left = f" of the {limit} that each has before it goes to the dead-letter queue" if limit is not None else ""
    return (
        f"Up to {formatting.count(most, 'message')} of {queue.name} are received once and released: each uses up one "
        f"receive{left}, and is hidden from its consumers for a moment, at most {HOLD_S} s."
    )


def peek(aws: Aws, queue: Queue, most: int, key: Callable[[Message], str]) -> Sample:
    """Receives up to ``most`` messages and releases every one, whatever happens. Raises ReadOnly, UsageError as
    ``peek_effect`` and what ``ops.aws`` raises. Needs sqs:ReceiveMessage and sqs:ChangeMessageVisibility."""
    access.ensure_may("receiving messages of the live queue")
    peek_effect(queue, most)
    held: dict[str, Message] = {}
    notes: list[str] = []
    empty = 0
    try:
        until = time.monotonic() + RECEIVING_S
        while len(held) < most and empty < EMPTY_ROUNDS and time.monotonic() < until:
            received = sqs.receive_messages(aws, queue, HOLD_S, 0, min(sqs.MAX_BATCH, most - len(held)))
            held |= {message.message_id: message for message in received}
            empty = 0 if received else empty + 1
    finally:
        notes += _release(aws, queue, [message.receipt for message in held.values()])
    limit = queue.max_receive_count
    spent = (
        sum(int(message.system.get("ApproximateReceiveCount", "0")) >= limit for message in held.values())
        if limit
        else 0
    )
    if spent:
        notes.append(
            f"{formatting.count(spent, 'message has', 'messages have')} no receive left: SQS moves them to the dead-letter "
            "queue at the next one."
        )
    messages = tuple(SampledMessage(message.message_id, key(message)) for message in held.values())
    method = (
        f"{formatting.count(len(messages), 'message')} received from the live queue and released, as SQS gave them out"
    )
    return Sample(messages, method, False, notes=tuple(notes))


def _release(aws: Aws, queue: Queue, receipts: list[str]) -> list[str]:
    failed = 0
    for at in range(0, len(receipts), sqs.MAX_BATCH):
        some = receipts[at : at + sqs.MAX_BATCH]
        try:
            failed += sum(error is not None for error in sqs.change_visibility_batch(aws, queue, some, 0))
        except OpsError:
            failed += len(some)
    return [f"{formatting.count(failed, 'message')} were not released: visible again in {HOLD_S} s."] if failed else []
