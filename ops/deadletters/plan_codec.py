"""A plan as readable JSON with a hash that shows changes: in its file, and in the ledger of its redrive."""

from __future__ import annotations

import hashlib
import json
import math
import re
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from ops import atomic_file
from ops.deadletters.plan_model import SCHEMA, Plan
from ops.errors import UsageError

_ID = re.compile("[0-9A-Za-z-]+")
MAKE_NEW_PLAN = "Create a new plan: ops dlq plan."


class PlanUnreadable(UsageError):
    """The plan is missing, or is not a plan."""


def encode_plan(plan: Plan) -> bytes:
    """As ``parse`` reads it."""
    return json.dumps(to_plain(plan), indent=1).encode() + b"\n"


def decode_plan(text: str | bytes, where: str) -> Plan:
    """Raises UsageError, naming ``where`` it was read: no plan (``PlanUnreadable``), changed since it was made, or of
    another version of this tool."""
    try:
        data = json.loads(text)
    except atomic_file.MALFORMED as error:
        raise PlanUnreadable(f"{where} is not a plan: it is not valid JSON.", MAKE_NEW_PLAN) from error
    if not isinstance(data, dict) or "hash" not in data or "schema" not in data:
        raise PlanUnreadable(f"{where} is not a plan.", MAKE_NEW_PLAN)
    if data["schema"] != SCHEMA:
        raise UsageError(
            f"{where} is a plan of version {data['schema']}; this tool reads version {SCHEMA}.", MAKE_NEW_PLAN
        )
    if data["hash"] != _hash(data):
        raise UsageError(f"{where} was changed after it was created: its hash does not match.", MAKE_NEW_PLAN)
    try:
        plan: Plan = _typed(data, Plan)
        if not _ID.fullmatch(plan.id):  # a ledger is called by it
            raise ValueError(f"{plan.id!r:.40} is not a valid ID")
    except atomic_file.MALFORMED as error:
        raise UsageError(f"{where} is not a plan: {error}.", MAKE_NEW_PLAN) from error
    return plan


def with_hash(plan: Plan) -> Plan:
    """``plan`` with the hash of all the rest."""
    return replace(plan, hash=_hash(to_plain(plan)))


def to_plain(value: Any) -> Any:
    """A plan, or a part of one, as JSON holds it."""
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def _hash(data: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in data.items() if name != "hash"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _typed(data: Any, kind: Any) -> Any:
    """``data`` as ``kind``: a dataclass of the plan's, or one of the types of their fields."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        names = [field.name for field in fields(kind) if field.name in data]  # plans of before lack what came later
        return kind(**{name: _typed(data[name], hints[name]) for name in names})
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return None if data is None else _typed(data, next(part for part in get_args(kind) if part is not type(None)))
    if origin is Mapping:
        return {_checked(name, str): _typed(value, get_args(kind)[1]) for name, value in _checked(data, dict).items()}
    if origin is tuple:
        return tuple(_typed(item, get_args(kind)[0]) for item in _checked(data, list))
    if kind is datetime:
        return _timestamp(data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if kind is float:
        return _finite(_checked(data, int | float))
    return _checked(data, kind) if kind in (str, int, bool) else data


def _timestamp(data: Any) -> datetime:
    """In UTC, where a time at the calendar's end overflows."""
    at = datetime.fromisoformat(data)
    at.astimezone(UTC)
    if at.tzinfo is None:
        raise ValueError(f"{data!r:.40} names no time zone")
    return at


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a finite number")
    return number


def _checked(data: Any, kind: Any) -> Any:
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise TypeError(f"{data!r:.40} is of the wrong type")
    return data
