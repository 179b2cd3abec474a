"""A look at the dead letters: read them, give them back, find out why they died."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops.deadletters import causes, evidence, lease
from ops.deadletters.letters import letter
from ops.errors import UsageError
from ops.insight import words
from ops.insight.reports import DeadLetterLook

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.sqs import Queue
    from ops.deadletters.lease import Lease, Progress
    from ops.workload import Workload

LIMIT = 200
OUT_OF_AGE_METRIC = 3
"""Receives after which a standard queue's message goes to the back and leaves the age metric (SQS developer guide,
sqs-available-cloudwatch-metrics)."""


def look(
    aws: Aws, workload: Workload, limit: int = LIMIT, progress: Progress | None = None, queue: Queue | None = None
) -> DeadLetterLook:
    """Up to ``limit`` dead letters with their causes. Nothing is deleted, sent or kept back.

    ``queue``: another queue of dead letters than the workload's own, such as that of its bus or its asynchronous
    invocations.

    Raises UsageError when there is no dead-letter queue, or looking at it could move letters; else what ``ops.aws``
    raises. Needs sqs:ReceiveMessage, sqs:ChangeMessageVisibility, sqs:GetQueueAttributes; logs:StartQuery and
    logs:GetQueryResults for causes that the letters do not carry.
    """
    queue = queue or workload.dlq
    if queue is None:
        raise UsageError(
            f"{workload.queue.name} has no dead-letter queue to look at.",
            "Give it a redrive policy (deadLetterTargetArn, maxReceiveCount), so that failing messages are kept.",
        )
    if limit < 1:
        raise UsageError(f"A limit of {limit} letters reads nothing.", "Choose 1 or more.")
    now = datetime.now(UTC)
    read = lease.read(aws, queue, limit, progress)
    carried = [letter(message) for message in read.messages]
    silent = [item for item in carried if item.cause_from == "none"]
    found, cost = evidence.find(aws, workload, silent, now)
    letters = tuple(found.explain(item) if item.cause_from == "none" else item for item in carried)
    grouped = causes.group(letters)
    there = max(len(letters), read.reported)
    return DeadLetterLook(
        finding=causes.finding(grouped, len(letters), there),
        letters=letters,
        causes=grouped,
        receives=read.receives,
        looked_at=now,
        complete=len(letters) >= read.reported and read.in_flight == 0,
        notes=_notes(read, queue, limit, letters_read=len(letters)),
        look=cost,
    )


def _notes(read: Lease, queue: Queue, limit: int, letters_read: int) -> tuple[str, ...]:
    notes = []
    if letters_read:
        notes.append(
            f"The look took {words.count(read.receives, 'receive')}, raised the receive count of "
            f"{words.count(letters_read, 'letter')} by one and gave all of them back."
        )
    if read.not_given_back:
        notes.append(
            f"{words.count(read.not_given_back, 'letter')} could not be given back at once; they are visible again "
            f"within {words.duration(read.lease_s)}."
        )
    if letters_read >= limit and read.reported > limit:
        notes.append(
            f"Stopped at the limit of {words.count(limit)}; the queue holds about {words.count(read.reported)}."
        )
    elif letters_read < read.reported:
        notes.append(f"The queue reported {words.count(read.reported)} letters; it counts approximately.")
    if read.in_flight:
        notes.append(
            f"{words.count(read.in_flight, 'letter is', 'letters are')} held by somebody else and were not read."
        )
    if queue.fifo:
        notes.append("In a FIFO queue one look sees only the first letters of each message group.")
    elif letters_read:
        notes.append(
            f"From {OUT_OF_AGE_METRIC} receives on, a letter no longer counts in the queue's age-of-oldest metric."
        )
    return tuple(notes)
