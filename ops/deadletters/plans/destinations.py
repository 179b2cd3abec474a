"""Where letters would go: looked at before anything moves, so that a refusal comes before the first letter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ops.aws import kms, lambda_, sqs
from ops.deadletters.origins import Origin, Service
from ops.deadletters.plan import Destination
from ops.errors import NotFound, UsageError
from ops.insight import words

if TYPE_CHECKING:
    from ops.deadletters.source import Source


def resolve(source: Source, destination: Destination) -> tuple[Destination, sqs.Queue | None]:
    """``destination`` with URL and ARN of the queue it names. Raises UsageError, NotFound, AccessDenied …"""
    if destination.kind == "origin":
        return Destination(), None
    named = destination.queue_url or destination.queue_arn
    if destination.kind != "queue" or not named:
        raise UsageError(
            f"{destination.kind or 'Nothing'} is no destination.", "Send letters to their origin, or name a queue."
        )
    queue = sqs.find(source.aws, named)
    return replace(destination, queue_url=queue.url, queue_arn=queue.arn), queue


def ensure(source: Source, queue: sqs.Queue) -> None:
    """Raise UsageError when letters of ``source`` cannot go to ``queue``; AwsError when its key cannot be used."""
    if queue.arn == source.queue.arn:
        raise UsageError(f"{queue.name} is where the letters are already.", "Name another queue.")
    if queue.fifo != source.queue.fifo:
        types = {True: "a FIFO queue", False: "a standard queue"}
        raise UsageError(
            f"{queue.name} is {types[queue.fifo]} and {source.queue.name} is {types[source.queue.fifo]}.",
            "Choose a destination of the same type.",
        )


def reached(
    source: Source, origins: Mapping[Origin, int], named: sqs.Queue | None
) -> tuple[list[sqs.Queue], list[str]]:
    """The queues that letters would go to, and warnings. ``origins``: how many came from each. Raises what stands in
    the way (UsageError, AwsError)."""
    queues = [named] if named else []
    for origin, letters in origins.items() if named is None else ():
        try:
            if origin.service is Service.SQS:
                known = source.workload.queue
                queues.append(known if known.arn == origin.arn else sqs.find(source.aws, origin.arn))
            elif origin.service is Service.LAMBDA:
                lambda_.function(source.aws, origin.arn)
        except NotFound as missing:
            raise NotFound(
                f"{missing} {words.count(letters, 'letter')} came from there.",
                "Leave those out (--where, --cause), or send all to a queue: --to QUEUE.",
            ) from missing
    warnings: list[str] = []
    for queue in queues:
        ensure(source, queue)
        if queue.kms_key:
            warnings += kms.doubt(source.aws, queue.kms_key, queue.name, {"aws:sqs:arn": queue.arn})
        if queue.dlq_arn is None:
            warnings.append(f"{queue.name} has no dead-letter queue: what fails there again is tried until it expires.")
    return queues, warnings
