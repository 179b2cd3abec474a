"""What the line about a batch says of each message: enough to see how long it waited, which attempt this is, and whose it is."""

from __future__ import annotations

import json
from typing import Any

from handler import contract
from handler.records import message_id, receives, sent_ms

MAX_CHARS = 128
"""Characters of a text that are logged: a message group ID has no more (SendMessage, botocore 1.44.5 model, 2026-11)."""
MAX_BODY_CHARS = 262_144
"""Characters of a body in which a tenant is looked for: reading a larger one a second time would delay its job."""


def seen_message(record: dict[str, Any], tenant_field: str = "") -> dict[str, str | int]:
    """The fields ``contract.SEEN_*``; what the record does not tell is left out. ``tenant_field``: a dotted path."""
    attributes = record.get("attributes") or {}
    values: dict[str, str | int | None] = {
        contract.SEEN_ID: message_id(record)[:MAX_CHARS],
        contract.SEEN_SENT: sent_ms(record),
        contract.SEEN_RECEIVES: receives(record),
        contract.SEEN_GROUP: _text(attributes.get("MessageGroupId")),
        contract.SEEN_SENDER: _text(attributes.get("SenderId")),
        contract.SEEN_TENANT: _tenant(record["body"], tenant_field) if tenant_field else "",
        contract.SEEN_TRACE: _sampled_trace(attributes.get("AWSTraceHeader")),
    }
    return {name: value for name, value in values.items() if value not in (None, "", 0)}


def _text(value: object) -> str:
    return value[:MAX_CHARS] if isinstance(value, str) else ""


def _tenant(body: str, path: str) -> str:
    """A text, number or truth value at ``path``; empty where there is none."""
    if len(body) > MAX_BODY_CHARS:
        return ""
    try:
        value = json.loads(body)
        for name in path.split("."):
            value = value[name]
    except (ValueError, TypeError, LookupError, RecursionError):
        return ""
    return str(value)[:MAX_CHARS] if isinstance(value, str | int | float) else ""


def _sampled_trace(header: object) -> str:
    parts = dict(part.strip().partition("=")[::2] for part in header.split(";")) if isinstance(header, str) else {}
    return parts.get("Root", "")[:MAX_CHARS] if parts.get("Sampled") == "1" else ""
