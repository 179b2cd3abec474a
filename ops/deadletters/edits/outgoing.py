"""The message that is sent for a dead-letter message: as first sent, plus edits and its original ID."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from handler import contract
from ops.deadletters.edits import edits
from ops.deadletters.messages.model import Attribute, DeadLetter, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.deadletters.plan_model import Edit

_HANDLER_ATTRIBUTES = (
    contract.DLQ_ERROR_TYPE,
    contract.DLQ_ERROR_MESSAGE,
    contract.DLQ_ORIGINAL_MESSAGE_ID,
    contract.DLQ_REQUEST_ID,
    contract.DLQ_SOURCE_ARN,
)
_EVENTS_ATTRIBUTES = (
    "RULE_ARN",
    "TARGET_ARN",
    "ERROR_CODE",
    "ERROR_MESSAGE",
    "RETRY_ATTEMPTS",
    "EXHAUSTED_RETRY_CONDITION",
)
_ADDED_AT_FAILURE: dict[Kind, tuple[str, ...]] = {
    Kind.REJECTED: _HANDLER_ATTRIBUTES,
    Kind.LAMBDA: ("RequestID", "ErrorCode", "ErrorMessage"),
    Kind.EVENTBRIDGE: _EVENTS_ATTRIBUTES,
    Kind.SCHEDULER: (*_EVENTS_ATTRIBUTES, "SCHEDULE_ARN", "SCHEDULED_TIME", "EXECUTION_ID", "IS_PAYLOAD_TRUNCATED"),
}
"""Attributes added when a message was moved to the dead-letter queue; they are not part of the message."""

MAX_BYTES = 1_048_576
"""The limit for a message with its attributes, and for a batch (botocore 1.44.5 model, 2026-11)."""
OLDER_MAX_BYTES = 262_144
"""What a queue takes that keeps the MaximumMessageSize which was the highest until August 2025."""


def edited_message(message: DeadLetter, changes: Sequence[Edit]) -> DeadLetter:
    """The message as it goes out. Raises UsageError when an edit does not fit it."""
    return edits.apply_edits(replace(message, attributes=_own_attributes(message)), changes) if changes else message


def outgoing_attributes(message: DeadLetter, limit: int | None = None) -> Mapping[str, Attribute]:
    """With the first message's id, by which the handler knows a job that it did already, where there is room for it.

    ``limit``: bytes that the destination takes. Where it is not known, a message that fits into an older queue still
    does so afterwards.
    """
    own = _own_attributes(message)
    if not _room_for_id(own):
        return own
    bare = message_size(message.body, own)
    if bare + _id_size(message) > (limit or _likely_limit(bare)):
        return own
    return own | {contract.DLQ_ORIGINAL_MESSAGE_ID: Attribute("String", message.original_message_id)}


def message_sizes(message: DeadLetter) -> tuple[int, int | None]:
    """Bytes of the message as it is, and with its first id; None where it has ten attributes, and so no room for it."""
    own = _own_attributes(message)
    bare = message_size(message.body, own)
    if contract.DLQ_ORIGINAL_MESSAGE_ID in own:
        return bare, bare
    return bare, bare + _id_size(message) if _room_for_id(own) else None


def to_sqs_attributes(attributes: Mapping[str, Attribute]) -> dict[str, Any]:
    """Message attributes as SendMessage takes them."""
    return {
        name: {"DataType": each.data_type, "BinaryValue": base64.b64decode(each.value)}
        if each.binary
        else {"DataType": each.data_type, "StringValue": each.value}
        for name, each in attributes.items()
    }


def message_size(body: str, attributes: Mapping[str, Attribute]) -> int:
    """Bytes as SQS counts them: the body, and each attribute's name, type and value."""
    parts, binary = [body], 0
    for name, each in attributes.items():
        parts += (name, each.data_type)
        if each.binary:
            binary += len(each.value) * 3 // 4 - each.value[-2:].count("=")  # of base64
        else:
            parts.append(each.value)
    return binary + sum(len(part) if part.isascii() else len(part.encode("utf-8", "surrogatepass")) for part in parts)


def _room_for_id(own: Mapping[str, Attribute]) -> bool:
    return contract.DLQ_ORIGINAL_MESSAGE_ID not in own and len(own) < contract.ATTRIBUTE_LIMIT


def _id_size(message: DeadLetter) -> int:
    return len(contract.DLQ_ORIGINAL_MESSAGE_ID) + len("String") + len(message.original_message_id.encode())


def _likely_limit(bare: int) -> int:
    return OLDER_MAX_BYTES if bare <= OLDER_MAX_BYTES else MAX_BYTES


def _own_attributes(message: DeadLetter) -> dict[str, Attribute]:
    put_on = _ADDED_AT_FAILURE.get(message.kind, ())
    return {name: each for name, each in message.attributes.items() if name not in put_on}
