"""As much of a JMESPath filter as SQLite can answer, in SQL over the snapshot's messages and contents.

What is not exact is a superset: Python is asked about the rest, so that a filter means the same however it is answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ops.deadletters.filters.path import UNDECIDED, FieldPath, SqlCondition, mentions, path_steps
from ops.deadletters.messages.message_body import has_surrogates

ROOTS = ("body", "text", "attributes", "system", "kind", "cause")
_MIRRORED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
MAX_DEPTH, MAX_VALUES = 25, 900
"""SQLite's parser takes expressions of some forty levels, and older ones no more than 999 values."""


def compile_condition(tree: Any) -> SqlCondition:
    """``tree``: the parsed filter."""
    condition = _truthy(tree)
    if (
        _depth(condition.condition) > MAX_DEPTH
        or len(condition.values) > MAX_VALUES
        or not all(map(_storable, condition.values))
    ):
        condition = UNDECIDED
    whole = " OR ".join([*condition.odd, f"({condition.condition})"])
    return SqlCondition(whole, condition.values, condition.exact, condition.reads)


def _storable(value: Any) -> bool:
    """SQLite takes no text with lone surrogates, as a JSON literal may hold."""
    return not (isinstance(value, str) and has_surrogates(value))


def _depth(condition: str) -> int:
    depth = deepest = 0
    for sign in condition:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    return deepest


def looked_up_roots(node: Any, outermost: bool = True) -> Iterator[str]:
    """Names that a filter looks up in the message itself, and not in a part of it."""
    kind, children = node["type"], node["children"]
    if kind == "field" and outermost:
        yield node["value"]
    later = kind in ("subexpression", "index_expression", "projection", "filter_projection", "value_projection", "pipe")
    for number, child in enumerate(children):
        if isinstance(child, dict) and child["type"] != "expref":
            yield from looked_up_roots(child, outermost and not (later and number))


def _truthy(node: Any) -> SqlCondition:
    """Whether the value of ``node`` is true, as JMESPath means it."""
    match node["type"]:
        case "and_expression":
            return _joined("AND", *(_truthy(child) for child in node["children"]))
        case "or_expression":
            return _joined("OR", *(_truthy(child) for child in node["children"]))
        case "not_expression":
            condition = _truthy(node["children"][0])
            return (
                SqlCondition(f"NOT ({condition.condition})", condition.values, True, condition.reads)
                if condition.exact
                else UNDECIDED
            )
        case "comparator":
            return _compared(node["value"], *node["children"])
        case "function_expression":
            return _called(node)
        case "field" | "subexpression" | "index_expression":
            path = FieldPath.of(node)
            return path.true() if path else _mentioned(node)
        case _:
            return _mentioned(node)


def _joined(word: str, left: SqlCondition, right: SqlCondition) -> SqlCondition:
    before = left.condition if left.joined == word else f"({left.condition})"
    return SqlCondition(
        f"{before} {word} ({right.condition})",
        left.values + right.values,
        left.exact and right.exact,
        left.reads | right.reads,
        word,
    )


def _compared(sign: str, left: Any, right: Any) -> SqlCondition:
    if left["type"] == "literal" and right["type"] != "literal":
        return _compared(_MIRRORED.get(sign, sign), right, left)
    path = FieldPath.of(left)
    if right["type"] != "literal":
        return UNDECIDED
    literal = right["value"]
    if path is None:
        counted = left["type"] == "function_expression" and left["value"] == "length" and literal is not True
        some = sign in ("gt", "gte") and isinstance(literal, int) and literal >= (sign == "gte")
        return _mentioned(left["children"][0]) if counted and some else UNDECIDED
    if isinstance(literal, dict | list):
        return UNDECIDED
    if sign == "ne":
        condition = path.compared("eq", literal)
        return SqlCondition(f"NOT ({condition.condition})", condition.values, True, condition.reads)
    return path.compared(sign, literal)


def _called(node: Any) -> SqlCondition:
    children = node["children"]
    if node["value"] not in ("contains", "starts_with", "ends_with") or len(children) != 2:
        return UNDECIDED
    path, wanted = FieldPath.of(children[0]), children[1]
    if path is None or wanted["type"] != "literal" or not isinstance(wanted["value"], str) or not wanted["value"]:
        return UNDECIDED
    return path.has(node["value"], wanted["value"])


def _mentioned(node: Any) -> SqlCondition:
    """A superset: when a projection of the body brings anything, what it filters by stands in the body."""
    match node["type"]:
        case "filter_projection" if (path_steps(node["children"][0]) or [""])[0] == "body":
            return _mentions_literal(node["children"][2])
        case "projection" | "subexpression" | "index_expression" | "flatten":
            return _mentioned(node["children"][0])
        case _:
            return UNDECIDED


def _mentions_literal(node: Any) -> SqlCondition:
    kind, children = node["type"], node["children"]
    if kind in ("and_expression", "or_expression"):
        return _joined(
            "AND" if kind == "and_expression" else "OR", _mentions_literal(children[0]), _mentions_literal(children[1])
        )
    equal = kind == "comparator" and node["value"] == "eq"
    inside = kind == "function_expression" and node["value"] in ("contains", "starts_with", "ends_with")
    for child in children if equal or inside else ():
        if child["type"] == "literal" and isinstance(child["value"], str):
            return mentions(child["value"]) or UNDECIDED
    return UNDECIDED
