"""Previews a message as it will be sent, with the functions that build it when it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ops.deadletters import return_target
from ops.deadletters.edits import edits, outgoing
from ops.deadletters.messages.model import DeadLetter, Kind
from ops.deadletters.plan_model import Plan
from ops.deadletters.return_target import Origin, Service
from ops.errors import UsageError

_SENT_AS = {
    Service.LAMBDA: "The function is invoked with the body alone.",
    Service.EVENTS: "The event is put on its bus again.",
    Service.SNS: "The notification's message, subject and attributes are published again.",
}
"""What of a message goes back to a service (``transfer.destinations``)."""


@dataclass(frozen=True)
class Preview:
    """``diff``: from how it failed to how it will be sent, as a unified diff; or ``refused``: why it would not be sent.
    ``added``, ``removed``: attributes that the redrive adds and removes by itself; ``note``: the same in words."""

    id: str
    diff: str = ""
    refused: str = ""
    added: tuple[str, ...] = field(default=(), metadata={"json_key": "put_on"})
    removed: tuple[str, ...] = field(default=(), metadata={"json_key": "left_out"})
    note: str = ""


def preview_message(message: DeadLetter, plan: Plan) -> Preview:
    """How the plan would send the message: what differs, and what its destination adds and leaves out; or why it stays."""
    if plan.destination.kind != "queue" and (
        why := return_target.find_return_target(message, return_target.context_of_plan(plan)).why
    ):
        return Preview(message.message_id, refused=f"It stays in the dead-letter queue: {why}.")
    service, limit = _service(message, plan), _limit(message, plan)
    try:
        edited = outgoing.edited_message(message, plan.edits)
    except UsageError as misfit:
        return Preview(message.message_id, refused=str(misfit))
    after = _message(edited, service, limit)
    if service is Service.SQS and outgoing.message_size(after.body, after.attributes) > (limit or outgoing.MAX_BYTES):
        return Preview(message.message_id, refused=_too_large(limit or outgoing.MAX_BYTES))
    known = {*message.attributes, *edited.attributes}
    dropped = message.attributes.keys() - _message(message, service, limit).attributes.keys()
    removed = tuple(sorted(dropped | (edited.attributes.keys() - after.attributes.keys())))
    added = tuple(sorted(after.attributes.keys() - known))
    note = _note(service, message.kind, added, removed)
    return Preview(message.message_id, edits.diff_messages(message, after), "", added, removed, note)


def _service(message: DeadLetter, plan: Plan) -> Service:
    origin = _origin(message, plan)
    return origin.service if origin else Service.SQS


def _origin(message: DeadLetter, plan: Plan) -> Origin | None:
    return (
        None
        if plan.destination.kind == "queue"
        else return_target.return_origin(message, return_target.context_of_plan(plan))
    )


def _limit(message: DeadLetter, plan: Plan) -> int | None:
    """Bytes that the queue takes where the message goes; None where the plan does not say."""
    origin = _origin(message, plan)
    return plan.size_limits.get(origin.arn if origin else plan.destination.queue_arn)


def _too_large(limit: int) -> str:
    if limit == outgoing.MAX_BYTES:
        return "It would exceed the SQS limit of 1 MiB."
    return f"It would exceed its queue's MaximumMessageSize ({limit:,} bytes, attributes included)."


def _message(message: DeadLetter, service: Service, limit: int | None) -> DeadLetter:
    return replace(message, attributes=outgoing.outgoing_attributes(message, limit) if service is Service.SQS else {})


def _note(service: Service, kind: Kind, added: Sequence[str], removed: Sequence[str]) -> str:
    if service is not Service.SQS:
        handed = _SENT_AS[service]
        if kind is Kind.DESTINATION:
            handed = handed.replace("the body", "requestPayload")
        return f"{handed} Attributes are not sent: {_join(removed)}." if removed else handed
    sentences = []
    if added:
        sentences.append(f"Added by the redrive: {_join(added)}, which identifies duplicates.")
    if removed:
        was = "which was" if len(removed) == 1 else "which were"
        sentences.append(f"Removed by the redrive: {_join(removed)}, {was} added when it failed.")
    return " ".join(sentences)


def _join(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
