"""Places in a JSON value, addressed as JMESPath does: ``body.params.alpha``, ``body.items[0].x``, ``body.items[*].x``,
``body.items[?id == `7`].x``. What computes instead of addressing (functions, pipes, flattening) names no place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jmespath.exceptions
import jmespath.parser
import jmespath.visitor

from ops.deadletters.edits.json_roundtrip import Change, JsonValue, apply_changes
from ops.deadletters.edits.json_splice import Document
from ops.deadletters.filters.growth import ensure_bounded
from ops.deadletters.filters.nesting import ensure_shallow
from ops.errors import UsageError


@dataclass(frozen=True)
class _Step:
    """``kind``: key | index | slice | each | values | where. ``text``: how it reads in a sentence."""

    kind: str
    value: Any
    text: str


PathSteps = tuple[_Step, ...]


@lru_cache(maxsize=256)
def parse_path(path: str) -> PathSteps:
    """The steps of ``path``. Raises UsageError with the position of what is wrong in it."""
    try:
        ensure_shallow(path)
        tree = jmespath.parser.Parser().parse(path).parsed
        ensure_bounded(path, tree)
        return _steps(tree, path)
    except RecursionError:
        raise UsageError("A path is nested too deeply.", "Use a simple path, such as body.params.alpha.") from None
    except jmespath.exceptions.JMESPathError as error:
        raise UsageError(
            f"{path!r} is not a valid path{_position(error)}.",
            "Use JMESPath; names with characters other than letters, digits and _ are in double quotes: "
            'body.params."learning-rate".',
        ) from error


def set_value(text: str, path: str, value: Any) -> str:
    """``text``, a JSON body, with what ``path`` addresses (``body.…``) set to ``value``; no other character changes.

    The last name may be new in an object that is there; of a key that an object has twice, the last one is meant.
    Raises UsageError when a place on the way is not there, or the address fits nothing; ValueError when ``text`` is not
    valid JSON.
    """
    document = Document(text)
    body, *steps = parse_path(path)
    changes = list(_changes(document, document.root, steps, body.text, value))
    if not changes:
        raise UsageError(
            f"{path} matches nothing in this message.", "Check the body (ops dlq show ID), or select other messages."
        )
    return apply_changes(text, changes)


def _changes(
    document: Document, holder: JsonValue, steps: Sequence[_Step], so_far: str, value: Any
) -> Iterator[Change]:
    step, *rest = steps
    members = _members(document, holder, step, so_far)
    for part in _chosen(members, step, so_far, new=not rest):
        if rest and part:
            yield from _changes(document, part, rest, so_far + step.text, value)
        elif part is None:
            yield document.add(holder, members, {step.value: value})
        else:
            yield document.set(part, value)


def _members(document: Document, holder: JsonValue, step: _Step, so_far: str) -> list[JsonValue]:
    here, value = so_far.lstrip("."), holder.value
    if step.kind in ("key", "values"):
        if not isinstance(value, dict):
            raise UsageError(
                f"{here} is {_type_name(value)}, not an object: it has no {step.text.lstrip('.')}.", _CHECK_BODY
            )
    elif not isinstance(value, list):
        raise UsageError(f"{here} is {_type_name(value)}, not a list: it has no {step.text}.", _CHECK_BODY)
    return document.parts(holder)


def _chosen(members: list[JsonValue], step: _Step, so_far: str, new: bool) -> Sequence[JsonValue | None]:
    """What ``step`` addresses; None: a key that is not there. ``new``: it may be missing."""
    here = so_far.lstrip(".")
    if step.kind == "values":
        return list({part.key: part for part in members}.values())
    if step.kind == "key":
        found = next((part for part in reversed(members) if part.key == step.value), None)
        if found is None and not new:
            raise UsageError(f"{here}{step.text} was not found.", _CHECK_BODY)
        return [found]
    if step.kind == "index":
        if not -len(members) <= step.value < len(members):
            raise UsageError(f"{here}{step.text} was not found: the list has {len(members)} items.", _CHECK_BODY)
        return [members[step.value]]
    if step.kind == "slice":
        chosen: list[JsonValue] = members[step.value]
        return chosen
    if step.kind == "where":
        return [part for part in members if _matches(step.value, part.value)]
    return members


_CHECK_BODY = "Check a message's body (ops dlq show ID) and use a path in it."


def _matches(expression: Any, item: Any) -> bool:
    try:
        found = jmespath.visitor.TreeInterpreter().visit(expression, item)
    except jmespath.exceptions.JMESPathError as error:
        raise UsageError(f"The condition of a path failed: {str(error).splitlines()[0]}.", _CHECK_BODY) from error
    return not (found is None or found is False or found in ("", [], {}))


def _type_name(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _steps(node: Any, path: str) -> PathSteps:
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
        f"{path} is an expression, not a path that can be set.",
        "Use names, [0], [*] or [?…], such as body.items[*].price.",
    )


def _position(error: Exception) -> str:
    position = getattr(error, "lex_position", None)
    return "" if position is None else f" at character {position + 1}"
