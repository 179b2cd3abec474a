"""Where a letter came from, and so where it goes back to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ops.deadletters import bodies
from ops.deadletters.letter import Kind, Letter

if TYPE_CHECKING:
    from ops.deadletters.source import Source


class Service(StrEnum):
    SQS = "sqs"
    LAMBDA = "lambda"
    EVENTS = "events"
    SNS = "sns"


@dataclass(frozen=True)
class Origin:
    """``arn`` of a queue, a function, an event bus or a topic."""

    service: Service
    arn: str


_SERVICES = {
    Kind.SQS: Service.SQS,
    Kind.REJECTED: Service.SQS,
    Kind.LAMBDA: Service.LAMBDA,
    Kind.DESTINATION: Service.LAMBDA,
    Kind.EVENTBRIDGE: Service.EVENTS,
    Kind.SNS: Service.SNS,
}


def of(letter: Letter, function_arn: str = "") -> Origin | None:
    """Where ``letter`` goes back to; None when nothing tells, or nothing takes it there: a schedule's letter, an event
    of an AWS service (PutEvents refuses sources that begin with "aws."; EventBridge user guide, 2026-11).

    ``function_arn``: whose asynchronous dead letters lie in this queue (``function``); such letters do not name it.
    """
    service = _SERVICES.get(letter.kind)
    arn = letter.source_arn or (function_arn if letter.kind is Kind.LAMBDA else "")
    if service is None or not arn.startswith("arn:"):
        return None
    if service is not Service.EVENTS:
        return Origin(service, arn)
    return None if _event_source(letter.body).startswith("aws.") else Origin(service, bus_arn(arn))


def function(source: Source) -> str:
    """ARN of the workload's function if this queue takes its asynchronous dead letters, else empty."""
    found = source.workload.function
    return found.arn if found is not None and found.dead_letter_arn == source.queue.arn else ""


def bus_arn(arn: str) -> str:
    """The bus that a rule listens to: ``…:rule/BUS/NAME``, or ``…:rule/NAME`` on the default bus. A bus is its own."""
    head, _, resource = arn.rpartition(":")
    if not resource.startswith("rule/"):
        return arn
    parts = resource.split("/")
    bus = "/".join(parts[1:-1]) or "default"  # a partner's bus has slashes in its name
    return f"{head}:event-bus/{bus}"


def _event_source(body: str) -> str:
    event = bodies.parse(body)
    return str(event.get("source", "")) if isinstance(event, dict) else ""
