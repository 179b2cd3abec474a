"""The value of a body's field by JMESPath: whose message it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jmespath
import jmespath.exceptions

from ops.deadletters.filters.growth import ensure_bounded
from ops.deadletters.filters.nesting import ensure_shallow
from ops.errors import UsageError

MAX_EXPRESSION_CHARS = 1_000
MAX_VALUE_CHARS = 128


def body_field(expression: str) -> Callable[[str], str]:
    """Body → text, number or truth value at ``expression``; empty where there is none. Raises UsageError."""
    try:
        if not expression.strip() or len(expression) > MAX_EXPRESSION_CHARS:
            raise UsageError("The expression is empty or too long.", "Name a field of the body: params.tenant.")
        ensure_shallow(expression)
        compiled = jmespath.compile(expression)
        ensure_bounded(expression, compiled.parsed)
    except (jmespath.exceptions.JMESPathError, RecursionError) as error:
        why = next(iter(str(error).splitlines()), "nested too deeply")
        raise UsageError(
            f"{expression[:100]!r} is not valid JMESPath: {why}",
            "Name a field of the body: params.tenant, or join(':', [kind, params.tenant]).",
        ) from error

    def value_of(body: str) -> str:
        try:
            return _text(compiled.search(json.loads(body)))
        except (ValueError, TypeError, RecursionError, jmespath.exceptions.JMESPathError):
            return ""

    return value_of


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:MAX_VALUE_CHARS] if isinstance(value, str | int | float) else ""
