"""Reading a queue without taking anything out: SQS has no peek, so a look is a lease.

Messages are received with a visibility timeout that outlasts the look, and given back as soon as all are read. Nothing
is ever deleted or sent. If the look is killed in between, the messages come back by themselves when the lease ends.
What it cannot avoid: each message's receive count goes up by one, and while the look lasts nobody else sees them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.aws import Aws

Progress = Callable[[int, int], None]
"""Called with how many letters were read, and how many there are to read."""

LEASE_S, LEASE_A_LETTER_S, LONGEST_LEASE_S = 60, 0.2, 43_200
"""A lease outlasts the slowest look: 2 s a receive of ten. 12 hours are the most (botocore 1.44.5 model, 2026-11)."""
LONG_POLL_S = 1
"""A receive that waits asks all of SQS's servers; one that does not, only some of them (SQS developer guide)."""
EMPTY_RECEIVES = 2
"""After so many in a row nothing more is visible."""


@dataclass(frozen=True)
class Lease:
    """``reported``: how many messages the queue said were visible when the look began. ``receives``: calls made."""

    messages: tuple[sqs.Message, ...]
    reported: int
    in_flight: int
    receives: int
    lease_s: int
    not_given_back: int


def read(aws: Aws, queue: sqs.Queue, limit: int, progress: Progress | None = None) -> Lease:
    """Up to ``limit`` messages of ``queue``, each once, all given back.

    Raises UsageError when the queue has a redrive policy of its own, because there a receive may move a message away.
    """
    if queue.dlq_arn is not None:
        raise UsageError(
            f"{queue.name} has a redrive policy of its own (maxReceiveCount {queue.max_receive_count}): looking counts "
            "as a receive and could move letters on to the next queue.",
            "Remove that redrive policy first, or read the letters where they are moved to.",
        )
    depth = sqs.depth(aws, queue)
    lease_s = min(LONGEST_LEASE_S, int(LEASE_S + LEASE_A_LETTER_S * min(limit, depth.visible + sqs.BATCH)))
    found: dict[str, sqs.Message] = {}
    receives = empty = 0
    failed = 0
    try:
        while len(found) < limit and empty < EMPTY_RECEIVES:
            wait = LONG_POLL_S if len(found) < depth.visible else 0
            batch = sqs.receive(aws, queue, lease_s, wait, min(sqs.BATCH, limit - len(found)))
            receives += 1
            empty = 0 if batch else empty + 1
            found |= {message.message_id: message for message in batch}
            if progress:
                progress(len(found), min(limit, max(depth.visible, len(found))))
    finally:
        failed = sqs.give_back(aws, queue, tuple(found.values()))
    return Lease(tuple(found.values()), depth.visible, depth.in_flight, receives, lease_s, failed)
