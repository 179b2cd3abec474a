"""Which queues a queue serves as their dead-letter queue."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.workload.gaps import Gap, Part, attempt

if TYPE_CHECKING:
    from ops.aws import Aws

MAX_SOURCES = 20
"""Source queues that are looked at one by one."""


def working_queues(aws: Aws, names: Iterable[str]) -> tuple[str, ...]:
    """The queues of ``names``, those that serve others as dead-letter queues replaced by these, by name. Raises what
    ``ops.aws`` raises: where SQS does not say what a queue is, it is not taken for a working one."""
    found: list[str] = []
    for name in names:
        queue = sqs.find_queue(aws, name)
        served = [sqs.find_queue(aws, source) for source in sqs.dead_letter_sources(aws, queue)[:MAX_SOURCES]]
        found += [other.name for other in served if other.dlq_arn == queue.arn] or [queue.name]
    return tuple(dict.fromkeys(found))


def sources(aws: Aws, queue: sqs.Queue) -> tuple[sqs.Queue, ...]:
    """The queues whose redrive policy names ``queue``; a redrive allow policy alone is no proof that one does.

    Empty, too, where SQS may not be asked: then nothing says that it is one.
    """
    listed = attempt(Part.DETAIL, queue.name, lambda: sqs.dead_letter_sources(aws, queue))
    if isinstance(listed, Gap):
        return ()
    found = [attempt(Part.DETAIL, name, partial(sqs.find_queue, aws, name)) for name in listed[:MAX_SOURCES]]
    return tuple(answer for answer in found if isinstance(answer, sqs.Queue) and answer.dlq_arn == queue.arn)
