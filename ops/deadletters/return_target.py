"""Where a message came from, and so where it goes back to: only where that is known.

SQS itself writes the source of what its redrive policies move. All else in a message may be written by its sender: what
it names must be of this queue's account and region, and a queue must name this one in its redrive policy. An
asynchronous invocation's message names no function: it is known by its request id in that function's own log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from ops.deadletters.messages import message_body
from ops.deadletters.messages.model import DeadLetter, Kind

if TYPE_CHECKING:
    from ops.deadletters.plan_model import Plan


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


@dataclass(frozen=True)
class ReturnContext:
    """What is known beside the messages. ``queue_arn``: the dead-letter queue; empty: nothing is compared with it.

    ``sources``: the queues whose redrive policy names it. ``own``: the workload's queue. ``functions``: by request id,
    in whose log it is; ``searched_functions``: those whose logs were read. ``function``: where all asynchronous
    messages go, as the user chose. ``missing``: by ARN, why nothing can be sent there. ``allowed_arns``: where a plan
    may send, if there is one.
    """

    queue_arn: str = ""
    sources: tuple[str, ...] = ()
    own: str = ""
    functions: Mapping[str, str] = field(default_factory=dict)
    searched_functions: tuple[str, ...] = ()
    function: str = ""
    missing: Mapping[str, str] = field(default_factory=dict)
    allowed_arns: frozenset[str] | None = None


@dataclass(frozen=True)
class ReturnTarget:
    """``origin``, or ``why`` it is not known or takes nothing (a clause). ``inferred``: nothing in the message says so,
    and only one queue comes into question."""

    origin: Origin | None = None
    why: str = ""
    inferred: bool = False


_RESOURCES = {
    Service.SQS: re.compile(r"[\w-]+(\.fifo)?", re.ASCII),
    Service.LAMBDA: re.compile(r"function:[\w-]+(:(\$LATEST|[\w-]+))?", re.ASCII),
    Service.EVENTS: re.compile(r"(rule|event-bus)/[\w./-]+", re.ASCII),
    Service.SNS: re.compile(r"[\w-]+(\.fifo)?", re.ASCII),
}
"""Valid last parts of an ARN."""
_CLAIMED_SERVICES = {Kind.DESTINATION: Service.LAMBDA, Kind.EVENTBRIDGE: Service.EVENTS, Kind.SNS: Service.SNS}
"""Kinds of messages that name where they came from."""


def return_origin(message: DeadLetter, context: ReturnContext | None = None) -> Origin | None:
    """Where ``message`` is to be sent back to; None where that is not known, or nothing accepts it."""
    return find_return_target(message, context).origin


def find_return_target(message: DeadLetter, context: ReturnContext | None = None) -> ReturnTarget:
    """Where ``message`` is to be sent back to, or why it cannot be."""
    context = context or ReturnContext()
    target = _chosen_function(message, context) if context.function else _origin_of(message, context)
    if target.origin is None:
        return target
    if why := context.missing.get(target.origin.arn):
        return ReturnTarget(why=why)
    if context.allowed_arns is not None and target.origin.arn not in context.allowed_arns:
        return ReturnTarget(why=f"the plan does not send to {target.origin.arn}")
    return target


def context_of_plan(plan: Plan) -> ReturnContext:
    """What was known when the plan was made: its run goes by that. Of a plan of before 2026-11-28, which a run may
    still be resumed by, nothing was: then only what SQS itself wrote counts."""
    returns = plan.returns
    return ReturnContext(
        plan.queue_arn,
        returns.sources,
        returns.own,
        returns.functions,
        function=plan.destination.function_arn,
        allowed_arns=frozenset(returns.origins) if returns.origins else None,
    )


def _origin_of(message: DeadLetter, context: ReturnContext) -> ReturnTarget:
    match message.kind:
        case Kind.SQS:
            return _sqs_origin(message, context)
        case Kind.REJECTED if message.source_arn:
            if message.source_arn in (*context.sources, context.own):
                return ReturnTarget(Origin(Service.SQS, message.source_arn))
            return ReturnTarget(
                why=f"an attribute names {_clipped(message.source_arn)}, which does not use this dead-letter queue"
            )
        case Kind.REJECTED | Kind.UNKNOWN:
            return _only_source(context)
        case Kind.LAMBDA:
            function = context.functions.get(message.request_id, "") if message.request_id else ""
            return (
                ReturnTarget(Origin(Service.LAMBDA, function)) if function else ReturnTarget(why=_no_function(context))
            )
        case Kind.SCHEDULER:
            return ReturnTarget(why="messages cannot be returned to a schedule")
        case _:
            return _claimed_origin(message, context)


def _sqs_origin(message: DeadLetter, context: ReturnContext) -> ReturnTarget:
    """SQS wrote the attribute; of an imported message a file says so."""
    if message.imported and context.queue_arn and message.source_arn not in (*context.sources, context.own):
        source = _clipped(message.source_arn)
        return ReturnTarget(why=f"the file names {source}, which does not use this dead-letter queue")
    return _checked_arn(Service.SQS, message.source_arn, context)


def _only_source(context: ReturnContext) -> ReturnTarget:
    if len(context.sources) == 1:
        return ReturnTarget(Origin(Service.SQS, context.sources[0]), inferred=True)
    if context.sources:
        return ReturnTarget(why=f"it is not known which of {len(context.sources)} source queues they came from")
    return ReturnTarget(why="it is not known where they came from")


def _claimed_origin(message: DeadLetter, context: ReturnContext) -> ReturnTarget:
    service = _CLAIMED_SERVICES[message.kind]
    target = _checked_arn(service, message.source_arn, context)
    if target.origin is None or service is not Service.EVENTS:
        return target
    if _event_source(message.body).startswith("aws."):
        # PutEvents refuses sources that begin with "aws." (EventBridge user guide, 2026-11).
        return ReturnTarget(why="events of AWS services cannot be put on an event bus again")
    return ReturnTarget(Origin(service, bus_arn(message.source_arn)))


def _checked_arn(service: Service, arn: str, context: ReturnContext) -> ReturnTarget:
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != service or not _RESOURCES[service].fullmatch(parts[5]):
        return ReturnTarget(why=f"their source, {_clipped(arn) or 'empty'}, is not a valid ARN of that service")
    here = context.queue_arn.split(":", 5)
    if len(here) == 6 and (parts[1], *parts[3:5]) != (here[1], *here[3:5]):
        return ReturnTarget(why=f"{_clipped(arn)} is in a different account or region from this dead-letter queue")
    return ReturnTarget(Origin(service, arn))


def _chosen_function(message: DeadLetter, context: ReturnContext) -> ReturnTarget:
    if message.kind in (Kind.LAMBDA, Kind.DESTINATION):
        return ReturnTarget(Origin(Service.LAMBDA, context.function))
    return ReturnTarget(why="they are not from asynchronous invocations, and only those can be sent to a function")


def _no_function(context: ReturnContext) -> str:
    if not context.searched_functions:
        return "it is not known which function they came from: no function's log was searched"
    logs = "the log of" if len(context.searched_functions) == 1 else "the logs of"
    return f"it is not known which function they came from: their request IDs are not in {logs} {', '.join(context.searched_functions)}"


def _clipped(arn: str) -> str:
    """A sender's ARN, cut where it is too long to show."""
    return arn if len(arn) <= 200 else f"{arn[:200]}…"


def bus_arn(arn: str) -> str:
    """The bus that a rule listens to: ``…:rule/BUS/NAME``, or ``…:rule/NAME`` on the default bus. A bus is its own."""
    head, _, resource = arn.rpartition(":")
    if not resource.startswith("rule/"):
        return arn
    parts = resource.split("/")
    bus = "/".join(parts[1:-1]) or "default"  # a partner's bus has slashes in its name
    return f"{head}:event-bus/{bus}"


def _event_source(body: str) -> str:
    event = message_body.parse_body(body)
    return str(event.get("source", "")) if isinstance(event, dict) else ""
