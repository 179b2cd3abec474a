"""A JMESPath filter over one letter: ``{"body", "text", "attributes", "system", "kind", "cause"}``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath.exceptions

from ops.errors import UsageError


@dataclass(frozen=True)
class Filter:
    condition: str
    values: tuple[Any, ...]
    unsure: str
    check: Callable[[Mapping[str, Any]], bool]


def compiled(where: str) -> Filter:
    """Raises UsageError with the position of what is wrong."""
    try:
        expression = jmespath.compile(where)
    except jmespath.exceptions.JMESPathError as error:
        raise _refused(where, error) from error

    def check(document: Mapping[str, Any]) -> bool:
        try:
            found = expression.search(document)
        except jmespath.exceptions.JMESPathError:
            return False  # a function was given what it does not take: of this letter it is not true
        return _true(found)

    return Filter("1", (), "1", check)


def _true(found: Any) -> bool:
    """As JMESPath means it: 0 is true; null, false and what is empty are not."""
    return found is not None and found is not False and found != "" and found != [] and found != {}


def _refused(where: str, error: jmespath.exceptions.JMESPathError) -> UsageError:
    position = getattr(error, "lex_position", None)
    if position is None:
        position = getattr(error, "lexer_position", None)
    at = f" at character {position + 1}" if position is not None else ""
    return UsageError(
        f"The filter {where!r} is no JMESPath{at}.",
        "Compare a path with a value, text in '…' and numbers in `…`: body.kind == 'train' && body.params.n > `10`.",
    )
