"""Destinations of a plan, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ops.aws import events, kms, lambda_, sns, sqs
from ops.deadletters.plan_model import Destination
from ops.deadletters.return_target import Origin, Service
from ops.errors import AccessDenied, NotFound, UsageError

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue


def resolve_destination(source: DeadLetterQueue, destination: Destination) -> tuple[Destination, sqs.Queue | None]:
    """``destination`` with URL and ARN of the queue, or the ARN of the function, that it names. Raises UsageError,
    NotFound, AccessDenied …"""
    if destination.kind == "origin":
        return Destination(), None
    named = destination.queue_url or destination.queue_arn or destination.function_arn
    if "function:" in named:
        return Destination("function", function_arn=lambda_.get_function(source.aws, named).arn), None
    if destination.kind != "queue" or not named:
        raise UsageError(
            f"{destination.kind!r} is not a valid destination.", "Send messages to their origin, or specify a queue."
        )
    queue = sqs.find_queue(source.aws, named)
    return replace(destination, queue_url=queue.url, queue_arn=queue.arn), queue


def ensure_can_receive(source: DeadLetterQueue, queue: sqs.Queue) -> None:
    """Raise UsageError when messages of ``source`` cannot be sent to ``queue``; AwsError when its key cannot be
    used."""
    if queue.arn == source.queue.arn:
        raise UsageError(f"{queue.name} is the queue that holds the messages.", "Specify another queue.")
    if queue.fifo != source.queue.fifo:
        types = {True: "a FIFO queue", False: "a standard queue"}
        raise UsageError(
            f"{queue.name} is {types[queue.fifo]} and {source.queue.name} is {types[source.queue.fifo]}.",
            "Choose a destination of the same type.",
        )


def find_missing(source: DeadLetterQueue, origins: Iterable[Origin]) -> tuple[dict[str, str], list[str]]:
    """By ARN, why nothing can be sent back there: it is not there any more, or another one is found. And warnings,
    where AWS does not let that be read. Raises CredentialsError, Unreachable, AccessDenied."""
    missing: dict[str, str] = {}
    warnings: list[str] = []
    for origin in origins:
        try:
            _look_up(source, origin)
        except (NotFound, UsageError) as none:
            missing[origin.arn] = f"{origin.arn}, where they came from, was not found: {str(none).rstrip('.')}"
        except AccessDenied as refused:
            if origin.service in (Service.SQS, Service.LAMBDA):
                raise
            warnings.append(f"It is not known whether {origin.arn} still exists: {refused}")
    return missing, warnings


def _look_up(source: DeadLetterQueue, origin: Origin) -> None:
    match origin.service:
        case Service.SQS:
            _queue(source, origin.arn)
        case Service.LAMBDA:
            lambda_.get_function(source.aws, origin.arn)
        case Service.SNS:
            sns.subscriptions(source.aws, origin.arn)
        case Service.EVENTS:
            events.find_bus(source.aws, origin.arn)


def _queue(source: DeadLetterQueue, arn: str) -> sqs.Queue:
    known = source.workload.queue
    return known if known.arn == arn else sqs.find_queue(source.aws, arn)


def destination_queues(
    source: DeadLetterQueue, origins: Iterable[Origin], named: sqs.Queue | None
) -> tuple[list[sqs.Queue], list[str]]:
    """The queues that messages would go to, and warnings. Raises what stands in the way (UsageError, AwsError)."""
    back = [_queue(source, origin.arn) for origin in origins if origin.service is Service.SQS]
    queues = [named] if named else back
    warnings: list[str] = []
    for queue in queues:
        ensure_can_receive(source, queue)
        if queue.kms_key:
            warnings += kms.permission_warnings(source.aws, queue.kms_key, queue.name, {"aws:sqs:arn": queue.arn})
        if queue.dlq_arn is None:
            warnings.append(
                f"{queue.name} has no dead-letter queue: messages that fail again there are retried until they expire."
            )
    return queues, warnings
