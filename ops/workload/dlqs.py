"""Which queues a queue serves as their dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.workload.gaps import Gap, Part, attempt

if TYPE_CHECKING:
    from ops.aws import Aws

MOST_SOURCES = 20
"""Source queues that are looked at one by one."""


def sources(aws: Aws, queue: sqs.Queue) -> tuple[sqs.Queue, ...]:
    """The queues whose redrive policy names ``queue``; a redrive allow policy alone is no proof that one does.

    Empty, too, where SQS may not be asked: then nothing says that it is one.
    """
    listed = attempt(Part.DETAIL, queue.name, lambda: sqs.dead_letter_sources(aws, queue))
    if isinstance(listed, Gap):
        return ()
    found = [attempt(Part.DETAIL, one, lambda one=one: sqs.find_queue(aws, one)) for one in listed[:MOST_SOURCES]]  # type: ignore[misc]
    return tuple(one for one in found if isinstance(one, sqs.Queue) and one.dlq_arn == queue.arn)
