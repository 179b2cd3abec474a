"""Renders the registry of actions: the table of their reference, and the IAM policies that they need."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from ops import formatting
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import Effect, RunbookAction
from ops.runbooks.actions.reads import FIND_WORKLOAD
from ops.runbooks.locking import SHARED_PERMISSIONS

BEGIN = "<!-- actions: .venv/bin/python -m ops.runbooks.action_reference writes what follows -->\n"
POLICIES = (
    ("Checks alone (`--yes-to read-only`)", frozenset({Effect.READ})),
    ("What can be undone, too (`--yes-to reversible`)", frozenset({Effect.READ, Effect.TRACE, Effect.CHANGE})),
    ("Every action", frozenset(Effect)),
)
"""A heading, and the effects of the actions that its policy allows."""


def with_reference(text: str) -> str:
    """The text with what follows the mark made again."""
    return f"{text.partition(BEGIN)[0]}{BEGIN}" + "".join(f"{line}\n" for line in _lines())


def policy(actions: Iterable[RunbookAction]) -> dict[str, Any]:
    """Permissions on every resource: which ones are needed depends on the workload. Every run needs those to find the
    workload; a run that does more than read also needs those for the tag that shows others who runs it."""
    named = (FIND_WORKLOAD, *actions)
    needed = {permission for action in named for permission in action.permissions}
    if any(action.effect is not Effect.READ for action in named):
        needed.update(SHARED_PERMISSIONS)
    statement = {"Effect": "Allow", "Action": sorted(needed), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _lines() -> Iterator[str]:
    yield "| action | what it does | effect | inputs | outputs | permissions |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for action in ACTIONS.values():
        cells = (
            f"`{action.name}`",
            action.summary,
            action.effect.value,
            "<br>".join(_inputs(action)) or "–",
            ", ".join(f"`{name}`" for name in action.outputs),
            ", ".join(f"`{name}`" for name in sorted(set(action.permissions))) or "none",
        )
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "## IAM policies"
    for heading, effects in POLICIES:
        allowed = policy(action for action in ACTIONS.values() if action.effect in effects)
        yield from ("", f"### {heading}", "", "```json", *json.dumps(allowed, indent=2).split("\n"), "```")


def _inputs(action: RunbookAction) -> Iterator[str]:
    schema: Any = msgspec.json.schema(action.inputs)
    fields: Mapping[str, Any] = schema["$defs"][action.inputs.__name__]["properties"]
    for name, field in fields.items():
        default = f", default {_value(field['default'])}" if field.get("default") not in (None, "") else ""
        yield f"`{name}`: {_kind(field)}{default}"


def _kind(field: Mapping[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_kind(each) for each in field["anyOf"])
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    match field.get("type"):
        case "integer":
            return f"{field['minimum']:,} to {field['maximum']:,}"
        case "array":
            return "list"
        case "null":
            return "null"
    return "text"


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return formatting.count(value) if isinstance(value, int) else str(value)
