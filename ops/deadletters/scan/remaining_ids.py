"""Which messages a move task left in the queue: SQS reports only counts, so the queue is read once and released."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.deadletters.scan import bulk_receive
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue

LEASE_S = 300
MAX_HELD = 110_000
"""Messages held at once at most: SQS allows about 120,000 in flight (botocore 1.44.5 model, 2026-11)."""


def remaining_ids(source: DeadLetterQueue) -> frozenset[str] | None:
    """Message ids in the queue; None when it cannot be read to its end. Messages that arrive in the meantime may be
    missed."""
    try:
        there = sqs.queue_depth(source.aws, source.queue).visible
    except AwsError:
        return None
    receiver = bulk_receive.Receiver(source.aws, source.queue, LEASE_S, MAX_HELD, there)
    receiver.start()
    found = {message.message_id: message.receipt for batch in receiver.batches() for message in batch}
    with ThreadPoolExecutor(bulk_receive.MAX_THREADS) as threads:
        bulk_receive.change_visibility(source.aws, source.queue, list(found.values()), 0, threads)
    return None if receiver.error or receiver.full or len(found) >= MAX_HELD else frozenset(found)
