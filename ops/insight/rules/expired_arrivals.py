"""Messages that expire when they arrive in the dead-letter queue, so that no one ever sees them there.

A standard dead-letter queue counts a message's age from when it was first sent; a FIFO one from the move (SQS developer
guide, sqs-dead-letter-queues, 2026-11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops import formatting
from ops.insight.report_types import Level
from ops.insight.rules.findings import Observation

if TYPE_CHECKING:
    from ops.aws.sqs import Queue

PAGE = "dead_letters"


def may_expire(queue: Queue, dlq: Queue) -> bool:
    """Whether a message of ``queue`` can be older than ``dlq`` keeps messages."""
    return not dlq.fifo and dlq.retention_s < queue.retention_s and dlq.arn != queue.arn


def observe_now(queue: Queue, dlq: Queue, oldest_s: float | None) -> list[Observation]:
    """``oldest_s``: the age of the oldest message in ``queue``."""
    if oldest_s is None or oldest_s < dlq.retention_s or not may_expire(queue, dlq):
        return []
    age = formatting.duration(oldest_s)
    text = f"{queue.name}'s oldest message is {age} old, and {_kept(dlq)}: if it fails, it expires on arrival"
    return [Observation(Level.CRITICAL, text, PAGE)]


def observe_past(queue: Queue, dlq: Queue, oldest_s: float | None) -> list[Observation]:
    """``oldest_s``: the highest age of the oldest message in ``queue``, in the last 14 days."""
    if oldest_s is None or oldest_s < dlq.retention_s or not may_expire(queue, dlq):
        return []
    age = formatting.duration(oldest_s)
    text = (
        f"{queue.name} held messages up to {age} old in the last 14 days, and {_kept(dlq)}: any that failed at that age "
        "expired on arrival (inferred from the age)"
    )
    return [Observation(Level.WARNING, text, PAGE)]


def _kept(dlq: Queue) -> str:
    return f"{dlq.name} keeps them for {formatting.duration(dlq.retention_s)} from the first send"
