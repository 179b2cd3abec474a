"""A JMESPath filter over one message: ``{"body", "text", "attributes", "system", "kind", "cause"}``.

``body`` is the JSON value of the body, null where it is none; ``text`` the body as it was sent. ``attributes`` and
``system`` map names to text. A filter is true of a message as JMESPath says: null, false and what is empty are not
true. A function that is given what it does not take is not true either; ``contains``, ``starts_with`` and ``ends_with``
of something that is not text are false instead, so that ``contains(body.note, 'x') || …`` is still evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jmespath.exceptions
import jmespath.functions
import jmespath.parser
import jmespath.visitor

from ops.deadletters.filters import sql
from ops.deadletters.filters.growth import ensure_bounded
from ops.deadletters.filters.nesting import ensure_shallow
from ops.deadletters.filters.sql import ROOTS
from ops.errors import UsageError

_EXAMPLE = "Compare a path with a value, text in '…' and numbers in `…`: body.kind == 'train' && body.params.n > `10`."


MAX_FILTER_CHARS = 4_000
"""Characters of a filter: SQLite takes expressions of a thousand levels."""


@dataclass(frozen=True)
class Filter:
    """``condition``: SQL, true of every message that is meant; ``unsure``: SQL, true of those among them that only
    ``check``, given the message as a document, can tell."""

    condition: str
    values: tuple[Any, ...]
    unsure: str
    check: Callable[[Mapping[str, Any]], bool]


@lru_cache(maxsize=128)
def compile_filter(where: str) -> Filter:
    """Raises UsageError, with the position: not a valid JMESPath expression; a path that no message has; a function
    that there is not."""
    try:
        if len(where) > MAX_FILTER_CHARS:
            raise RecursionError
        ensure_shallow(where)
        parsed = jmespath.parser.Parser().parse(where)
        ensure_bounded(where, parsed.parsed)
        _ensure_answerable(where, parsed.parsed)
        found = sql.compile_condition(parsed.parsed)
    except jmespath.exceptions.JMESPathError as error:
        raise _syntax_error(where, error) from error
    except RecursionError:
        raise UsageError("The filter is too long, or nested too deeply.", "Use a simpler filter.") from None
    interpreter = _Interpreter(jmespath.Options(custom_functions=_LenientFunctions()))

    def check(document: Mapping[str, Any]) -> bool:
        try:
            value = interpreter.visit(parsed.parsed, document)
        except (jmespath.exceptions.JMESPathError, TypeError, RecursionError):
            return False
        return not any(value is no or (value == no and type(value) is type(no)) for no in _NOT_TRUE)

    return Filter(found.condition, found.values, found.unsure, check)


_NOT_TRUE: tuple[Any, ...] = (None, False, "", [], {})


class _Interpreter(jmespath.visitor.TreeInterpreter):  # type: ignore[misc]  # jmespath has no types, here and below
    def visit_comparator(self, node: Any, value: Any) -> Any:
        """Text against a number is null, as JMESPath's specification has it; the library raises TypeError, and then a
        negation of it would not be true."""
        try:
            return super().visit_comparator(node, value)
        except TypeError:
            return None


class _LenientFunctions(jmespath.functions.Functions):  # type: ignore[misc]
    """jmespath calls these by their names."""

    @jmespath.functions.signature({"types": []}, {"types": []})  # type: ignore[untyped-decorator]
    def _func_contains(self, subject: Any, search: Any) -> bool:
        if isinstance(subject, str):
            return isinstance(search, str) and search in subject
        return isinstance(subject, list) and search in subject

    @jmespath.functions.signature({"types": []}, {"types": []})  # type: ignore[untyped-decorator]
    def _func_starts_with(self, search: Any, prefix: Any) -> bool:
        return isinstance(search, str) and isinstance(prefix, str) and search.startswith(prefix)

    @jmespath.functions.signature({"types": []}, {"types": []})  # type: ignore[untyped-decorator]
    def _func_ends_with(self, search: Any, suffix: Any) -> bool:
        return isinstance(search, str) and isinstance(suffix, str) and search.endswith(suffix)


def _ensure_answerable(where: str, tree: Any) -> None:
    """A filter that can be true of no message is a slip, and finding nothing would not say so."""
    for name in _called_functions(tree):
        if name not in _LenientFunctions.FUNCTION_TABLE:
            raise UsageError(
                f"The filter {where!r} calls {name}(), which JMESPath does not have.",
                f"It has: {', '.join(sorted(_LenientFunctions.FUNCTION_TABLE))}.",
            )
    for name in sql.looked_up_roots(tree):
        if name not in ROOTS:
            at = where.find(name)
            raise UsageError(
                f"The filter {where!r} uses {name!r} at character {at + 1}, which a message does not have.",
                f"A message has {', '.join(ROOTS)}. A value of the body is body.{name}; text is in quotes "
                f"('{name}'), and null, true, false and numbers in backquotes (`null`).",
            )


def _called_functions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node["type"] == "function_expression":
            yield node["value"]
        for child in node["children"]:
            yield from _called_functions(child)


def _syntax_error(where: str, error: jmespath.exceptions.JMESPathError) -> UsageError:
    position = getattr(error, "lex_position", None)
    at = f" at character {position + 1}" if position is not None else ""
    return UsageError(f"The filter {where!r} is not valid JMESPath{at}.", _EXAMPLE)
