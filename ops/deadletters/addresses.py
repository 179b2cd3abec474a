"""Places in a JSON value, addressed as JMESPath does: ``body.params.alpha``, ``body.items[0].x``, ``body.items[*].x``,
``body.items[?id == `7`].x``. What computes instead of addressing (functions, pipes, flattening) names no place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jmespath.exceptions
import jmespath.parser
import jmespath.visitor

from ops.errors import UsageError


@dataclass(frozen=True)
class _Step:
    """``kind``: key | index | slice | each | values | where. ``text``: how it reads in a sentence."""

    kind: str
    value: Any
    text: str


Steps = tuple[_Step, ...]


@lru_cache(maxsize=256)
def parse(path: str) -> Steps:
    """The steps of ``path``. Raises UsageError with the position of what is wrong in it."""
    try:
        return _steps(jmespath.parser.Parser().parse(path).parsed, path)
    except RecursionError:
        raise UsageError("An address is nested too deeply.", "Name places step by step: body.params.alpha.") from None
    except jmespath.exceptions.JMESPathError as error:
        raise UsageError(
            f"{path!r} is no address{_where(error)}.",
            "Write it as JMESPath does, names with other signs than letters, digits and _ in double quotes: "
            'body.params."learning-rate".',
        ) from error


def change(document: Any, path: str, value: Any) -> None:
    """Set what ``path`` addresses in ``document`` to ``value``.

    The last name may be new in an object that is there. Raises UsageError when a place on the way is not there, or
    the address fits nothing.
    """
    steps = parse(path)
    changed = False
    for holder in _holders(document, steps[:-1], ""):
        for key in _keys(holder, steps[-1], _read(steps[:-1]), new=True):
            holder[key] = value
            changed = True
    if not changed:
        raise UsageError(f"{path} fits nothing in this letter.", "Look at its body, or choose other letters.")


def _holders(value: Any, steps: Steps, so_far: str) -> Iterator[Any]:
    if not steps:
        yield value
        return
    for key in _keys(value, steps[0], so_far, new=False):
        yield from _holders(value[key], steps[1:], so_far + steps[0].text)


def _keys(value: Any, step: _Step, so_far: str, new: bool) -> list[Any]:
    """What ``step`` addresses in ``value``: keys of an object or indexes of a list. ``new``: a key may be missing."""
    here = so_far.lstrip(".") or "the letter"
    if step.kind in ("key", "values"):
        if not isinstance(value, dict):
            raise UsageError(f"{here} is {_called(value)}, not an object: it has no {step.text.lstrip('.')}.", _LOOK)
        if step.kind == "values":
            return list(value)
        if step.value not in value and not new:
            raise UsageError(f"{here}{step.text} is not there.", _LOOK)
        return [step.value]
    if not isinstance(value, list):
        raise UsageError(f"{here} is {_called(value)}, not a list: it has no {step.text}.", _LOOK)
    if step.kind == "index":
        if not -len(value) <= step.value < len(value):
            raise UsageError(f"{here}{step.text} is not there: the list has {len(value)}.", _LOOK)
        return [step.value]
    if step.kind == "slice":
        return [*range(*step.value.indices(len(value)))]
    if step.kind == "where":
        return [number for number, item in enumerate(value) if _holds(step.value, item)]
    return list(range(len(value)))


_LOOK = "Look at a letter's body (ops dlq show ID) and address what is in it."


def _holds(expression: Any, item: Any) -> bool:
    try:
        found = jmespath.visitor.TreeInterpreter().visit(expression, item)
    except jmespath.exceptions.JMESPathError as error:
        raise UsageError(f"The condition of an address failed: {str(error).splitlines()[0]}.", _LOOK) from error
    return not (found is None or found is False or found in ("", [], {}))


def _called(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _steps(node: Any, path: str) -> Steps:
    kind, children = node["type"], node["children"]
    if kind == "field":
        return (_Step("key", node["value"], f".{node['value']}"),)
    if kind == "index":
        return (_Step("index", node["value"], f"[{node['value']}]"),)
    if kind == "slice":
        return (_Step("slice", slice(*children), "[:]"),)
    if kind in ("identity", "current"):
        return ()
    if kind in ("subexpression", "index_expression"):
        return tuple(step for child in children for step in _steps(child, path))
    if kind == "projection":
        left = _steps(children[0], path) if children[0]["type"] != "flatten" else None
        if left is not None:
            each = () if left and left[-1].kind == "slice" else (_Step("each", None, "[*]"),)
            return (*left, *each, *_steps(children[1], path))
    if kind == "value_projection":
        return (*_steps(children[0], path), _Step("values", None, ".*"), *_steps(children[1], path))
    if kind == "filter_projection":
        condition = _Step("where", children[2], "[?…]")
        return (*_steps(children[0], path), condition, *_steps(children[1], path))
    raise UsageError(
        f"{path} computes something and names no place that could be set.",
        "Address one with names, [0], [*] or [?…], such as body.items[*].price.",
    )


def _read(steps: Steps) -> str:
    return "".join(step.text for step in steps)


def _where(error: Exception) -> str:
    position = getattr(error, "lex_position", None)
    return "" if position is None else f": it cannot be read from its sign {position + 1} on"
