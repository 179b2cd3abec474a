"""A plan as a file: JSON that a person can read, and that says when it is not what was planned."""

from __future__ import annotations

import hashlib
import json
import re
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from ops.deadletters import files
from ops.deadletters.plan import SCHEMA, Plan
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.deadletters.source import Source

_ID = re.compile("[0-9A-Za-z-]+")
MAKE_ANEW = "Make the plan anew: ops dlq plan."


def save(source: Source, plan: Plan, path: Path | None = None) -> Path:
    """Write ``plan`` to ``path``, else to the queue's own folder under its id, where saving twice is no harm.

    Raises UsageError when ``path`` is there already, OpsError when it cannot be written.
    """
    target = path or source.plans / f"{plan.id}.json"
    with files.whole(target, replace=path is None) as stream:
        stream.write(json.dumps(plain(plan), indent=1).encode() + b"\n")
    return target


def load(path_or_id: str | Path, source: Source) -> Plan:
    """The plan in a file, or the one of this queue whose id is or begins with ``path_or_id``.

    Raises UsageError: no such plan, several of that beginning, changed since it was made, of another version of this
    tool, or about another queue. OpsError: it cannot be read.
    """
    path = _find(str(path_or_id), source)
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise files.failed(path, error) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no plan: it is no JSON.", MAKE_ANEW) from error
    if not isinstance(data, dict) or "hash" not in data or "schema" not in data:
        raise UsageError(f"{path} is no plan.", MAKE_ANEW)
    if data["schema"] != SCHEMA:
        raise UsageError(
            f"{path} is a plan of version {data['schema']} and this tool follows version {SCHEMA}.", MAKE_ANEW
        )
    if data["hash"] != _hash(data):
        raise UsageError(f"{path} was changed after it was made: its hash does not fit.", MAKE_ANEW)
    try:
        plan: Plan = _typed(data, Plan)
        if not _ID.fullmatch(plan.id):  # a ledger is called by it
            raise ValueError(f"{plan.id!r:.40} is no id")
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} is no plan: {error}.", MAKE_ANEW) from error
    if plan.queue_arn != source.queue.arn:
        raise UsageError(
            f"Plan {plan.id} is about {plan.queue_arn.rsplit(':', 1)[-1]}, not {source.queue.name}.",
            f"Name that queue: --from {plan.queue_arn}.",
        )
    return plan


def sealed(plan: Plan) -> Plan:
    """``plan`` with the hash of all the rest."""
    return replace(plan, hash=_hash(plain(plan)))


def plain(value: Any) -> Any:
    """A plan, or a part of one, as JSON holds it."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def _find(named: str, source: Source) -> Path:
    path = files.named(named)
    try:
        if path.is_file():
            return path
    except OSError as error:
        raise files.failed(path, error) from error
    if path.suffix == ".json" or "/" in named:
        raise UsageError(f"There is no plan at {path}.", MAKE_ANEW)
    found = sorted(plan for plan in source.plans.glob("*.json") if plan.stem.startswith(named))
    if not named or not found:
        raise UsageError(f"There is no plan {named or 'without a name'} of {source.queue.name}.", MAKE_ANEW)
    exact = [plan for plan in found if plan.stem == named]
    if len(found) > 1 and not exact:
        raise UsageError(
            f"{len(found)} plans of {source.queue.name} begin with {named}.", "Name more of it, such as the whole id."
        )
    return (exact or found)[0]


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
    if origin is tuple:
        return tuple(_typed(item, get_args(kind)[0]) for item in _of(data, list))
    if kind is datetime:
        return datetime.fromisoformat(data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if kind is float:
        return _of(data, int | float)
    return _of(data, kind) if kind in (str, int, bool) else data


def _of(data: Any, kind: Any) -> Any:
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise TypeError(f"{data!r:.40} is of the wrong type")
    return data
