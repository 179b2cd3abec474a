"""Why a message failed, as the framework that moved it wrote in its attributes or body.

Names as of 2026-11, from the sources of MassTransit 8 (``MessageHeaders``), NServiceBus 9 (``FaultsHeaderKeys``),
Sidekiq 7, Bull 4, Spring Cloud Stream 4 (``x-exception-*``), Watermill 1 (``reason_poisoned``), Rebus 8; and of
Lambda's on-failure records for streams (Lambda developer guide).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.deadletters.messages import message_body

if TYPE_CHECKING:
    from ops.deadletters.messages.model import DeadLetter


class FrameworkError(NamedTuple):
    """``where``: attribute | body."""

    error_type: str
    error_message: str
    where: str


class _Names(NamedTuple):
    error_type: str
    error_message: str


_HEADERS = (
    _Names("MT-Fault-ExceptionType", "MT-Fault-Message"),
    _Names("NServiceBus.ExceptionInfo.ExceptionType", "NServiceBus.ExceptionInfo.Message"),
    _Names("x-exception-fqcn", "x-exception-message"),
    _Names("", "reason_poisoned"),
    _Names("", "rbs2-error-details"),
    _Names("", "MT-Reason"),
)
"""Pairs of names in message attributes, or in the headers that a body holds."""
_BODY_FIELDS = (
    _Names("error_class", "error_message"),  # Sidekiq
    _Names("", "failedReason"),  # Bull
)
"""Pairs of names in the body itself."""
_HEADER_FIELDS = ("headers", "Headers")
_PACKED_HEADERS = ("NServiceBus.AmazonSQS.Headers", "MT-Host-Headers")
"""Attributes that hold headers as JSON."""
_HINTS = (
    "MT-Fault-", "MT-Reason", "NServiceBus.ExceptionInfo", "x-exception-", "_poisoned", "rbs2-error", "error_class",
    "failedReason", "BatchInfo",
)  # fmt: skip
"""Each body with an error has one of these, so that others need not be parsed."""


def find_framework_error(message: DeadLetter) -> FrameworkError | None:
    """None where no framework wrote anything."""
    if message.attributes:
        values = {name: each.value for name, each in message.attributes.items() if not each.binary}
        packed = [_object(values[name]) for name in _PACKED_HEADERS if name in values]
        if found := _first(_HEADERS, [values, *packed], "attribute"):
            return found
    if not any(hint in message.body for hint in _HINTS):
        return None
    body = _object(message.body)
    held = [value for name in _HEADER_FIELDS if isinstance(value := body.get(name), dict)]
    return _first(_HEADERS, held, "body") or _first(_BODY_FIELDS, [body], "body") or _stream_error(body)


def _object(text: str) -> Mapping[str, Any]:
    value = message_body.parse_body(text)
    return value if isinstance(value, dict) else {}


def _first(names: Iterable[_Names], holders: Iterable[Mapping[str, Any]], where: str) -> FrameworkError | None:
    holders = list(holders)
    for keys in names:
        for holder in holders:
            message = _text(holder.get(keys.error_message))
            kind = _text(holder.get(keys.error_type)) if keys.error_type else ""
            if kind or message:
                return FrameworkError(kind or "Failed", message, where)
    return None


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def _stream_error(body: Mapping[str, Any]) -> FrameworkError | None:
    """A batch of a stream that Lambda or a pipe gave up: the record says where it is, not what was in it."""
    batch = next((name for name in ("KinesisBatchInfo", "DDBStreamBatchInfo") if name in body), None)
    context = body.get("requestContext", body.get("context"))
    if batch is None or not isinstance(context, dict) or not isinstance(context.get("condition"), str):
        return None
    answer = body.get("responseContext")
    error = _text(answer.get("functionError")) if isinstance(answer, dict) else ""
    what = "Kinesis" if batch == "KinesisBatchInfo" else "DynamoDB"
    return FrameworkError(
        context["condition"], f"a batch of a {what} stream{f', function error {error}' if error else ''}", "body"
    )
