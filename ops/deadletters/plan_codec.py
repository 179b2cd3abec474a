"""A plan as readable JSON with a hash that shows changes: in its file, and in the ledger of its redrive."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ops import typed_json
from ops.deadletters.plan_model import SCHEMA, Plan
from ops.errors import UsageError
from ops.files import atomic_file

_LATER_FIELDS = ("mutes", "mute_s")
"""Not in plans of earlier versions: empty, they do not count for the hash, which these plans keep when written again."""
_ID = re.compile("[0-9A-Za-z-]+")
MAKE_NEW_PLAN = "Create a new plan: ops dlq plan."


class PlanUnreadable(UsageError):
    """The plan is missing, or is not a plan."""


def encode_plan(plan: Plan) -> bytes:
    """The plan in the form that ``parse`` reads."""
    return typed_json.dumps(plan, indent=1).encode() + b"\n"


def decode_plan(text: str | bytes, where: str) -> Plan:
    """Raises UsageError, naming ``where`` it was read: no plan (``PlanUnreadable``), changed since it was made, or of
    another version of this tool."""
    try:
        data = typed_json.loads(text)
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
        plan = typed_json.typed(data, Plan)
        for at in (plan.made_at, plan.looked_at, plan.selection.since, plan.selection.until):
            typed_json.in_utc(at or plan.made_at)
        if not _ID.fullmatch(plan.id):  # a ledger is called by it
            raise ValueError(f"{plan.id!r:.40} is not a valid ID")
    except atomic_file.MALFORMED as error:
        raise UsageError(f"{where} is not a plan: {error}.", MAKE_NEW_PLAN) from error
    return plan


def with_hash(plan: Plan) -> Plan:
    """``plan`` with the hash of all the rest."""
    return replace(plan, hash=_hash(json.loads(typed_json.dumps(plan))))


def _hash(data: Mapping[str, Any]) -> str:
    rest = {name: data[name] for name in data if name != "hash" and (data[name] or name not in _LATER_FIELDS)}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
