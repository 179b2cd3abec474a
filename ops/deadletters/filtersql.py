"""As much of a JMESPath filter as SQLite can answer, in SQL over the shelf's letters and contents.

What is not exact is a superset: Python is asked about the rest, so that a filter means the same however it is answered.
SQLite is asked about bodies that both read alike only (``bodies.Form.JSON``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ROOTS = ("body", "text", "attributes", "system", "kind", "cause")
CAUSE = {
    "error_type": "error_type",
    "error_message": "error_message",
    "location": "location",
    "source": "cause_source",
    "request_id": "cause_request_id",
    "function_version": "version",
    "job_kind": "job_kind",
    "fingerprint": "fingerprint",
    "label": "label",
}
"""What ``cause`` has in a filter, and its column."""
_SIGNS = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_TURNED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
_RUN = re.compile(r"[A-Za-z0-9 .-]{3,}")
"""What JSON writes only as itself or as an escape."""
LONGEST_LIKE = 10_000
"""Characters of a pattern: SQLite takes 50,000."""
_ESCAPES = "%\\u%"
DEEPEST, MOST_VALUES = 25, 900
"""SQLite's parser takes expressions of some forty levels, and older ones no more than 999 values."""


@dataclass(frozen=True)
class Sql:
    condition: str
    values: tuple[Any, ...] = ()
    exact: bool = True
    reads: frozenset[str] = frozenset()  # of "body" and "text": whether letters whose body SQLite misreads matter
    joined: str = ""  # the word that joins its parts, where several of them are

    @property
    def unsure(self) -> str:
        return " OR ".join(self.odd) or "0" if self.exact else "1"

    @property
    def odd(self) -> list[str]:
        return [_ODD[name] for name in sorted(self.reads)]


_ODD = {"body": "form = 2", "text": "typeof(body) = 'blob'"}


def condition(tree: Any) -> Sql:
    """``tree``: the parsed filter."""
    found = _true(tree)
    if _depth(found.condition) > DEEPEST or len(found.values) > MOST_VALUES or not all(map(_takes, found.values)):
        found = _ANY
    whole = " OR ".join([*found.odd, f"({found.condition})"])
    return Sql(whole, found.values, found.exact, found.reads)


def _takes(value: Any) -> bool:
    """SQLite takes no text with lone surrogates, as a JSON literal may hold."""
    return not isinstance(value, str) or value.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in value)


def _depth(condition: str) -> int:
    depth = deepest = 0
    for sign in condition:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    return deepest


def roots(node: Any, outermost: bool = True) -> Iterator[str]:
    """Names that a filter looks up in the letter itself, and not in a part of it."""
    kind, children = node["type"], node["children"]
    if kind == "field" and outermost:
        yield node["value"]
    later = kind in ("subexpression", "index_expression", "projection", "filter_projection", "value_projection", "pipe")
    for number, child in enumerate(children):
        if isinstance(child, dict) and child["type"] != "expref":
            yield from roots(child, outermost and not (later and number))


def _true(node: Any) -> Sql:
    """Whether the value of ``node`` is true, as JMESPath means it."""
    match node["type"]:
        case "and_expression":
            return _both("AND", *(_true(child) for child in node["children"]))
        case "or_expression":
            return _both("OR", *(_true(child) for child in node["children"]))
        case "not_expression":
            found = _true(node["children"][0])
            return Sql(f"NOT ({found.condition})", found.values, True, found.reads) if found.exact else _ANY
        case "comparator":
            return _compared(node["value"], *node["children"])
        case "function_expression":
            return _called(node)
        case "field" | "subexpression" | "index_expression":
            path = _Path.of(node)
            return path.true() if path else _mentioned(node)
        case _:
            return _mentioned(node)


_ANY = Sql("1", exact=False)
_NO = Sql("0")
_PLACE = "<place>"
_VALUE = f"json_extract(@, {_PLACE})"


def _both(word: str, left: Sql, right: Sql) -> Sql:
    before = left.condition if left.joined == word else f"({left.condition})"
    return Sql(
        f"{before} {word} ({right.condition})",
        left.values + right.values,
        left.exact and right.exact,
        left.reads | right.reads,
        word,
    )


def _compared(sign: str, left: Any, right: Any) -> Sql:
    if left["type"] == "literal" and right["type"] != "literal":
        return _compared(_TURNED.get(sign, sign), right, left)
    path = _Path.of(left)
    if right["type"] != "literal":
        return _ANY
    literal = right["value"]
    if path is None:
        counted = left["type"] == "function_expression" and left["value"] == "length" and literal is not True
        some = sign in ("gt", "gte") and isinstance(literal, int) and literal >= (sign == "gte")
        return _mentioned(left["children"][0]) if counted and some else _ANY
    if isinstance(literal, dict | list):
        return _ANY
    if sign == "ne":
        found = path.compared("eq", literal)
        return Sql(f"NOT ({found.condition})", found.values, True, found.reads)
    return path.compared(sign, literal)


def _called(node: Any) -> Sql:
    children = node["children"]
    if node["value"] not in ("contains", "starts_with", "ends_with") or len(children) != 2:
        return _ANY
    path, wanted = _Path.of(children[0]), children[1]
    if path is None or wanted["type"] != "literal" or not isinstance(wanted["value"], str) or not wanted["value"]:
        return _ANY
    return path.has(node["value"], wanted["value"])


@dataclass(frozen=True)
class _Path:
    """A place in a letter: a column of text, or a place in a column of JSON. Conditions are written with ``@`` for the
    column, and ``_PLACE`` for the place."""

    column: str
    json: str | None
    reads: frozenset[str] = frozenset()

    @classmethod
    def of(cls, node: Any) -> _Path | None:
        match _steps(node):
            case ["body", *rest] if (place := _place(rest)) is not None:
                return cls("body", place, frozenset({"body"}))
            case ["attributes" | "system" as column, str() as name] if name.isascii() and _place([name]) is not None:
                return cls(column, _place([name]))
            case ["text"]:
                return cls("body", None, frozenset({"text"}))
            case ["kind"]:
                return cls("kind", None)
            case ["cause", str() as name] if name in CAUSE:
                return cls(CAUSE[name], None)
            case _:
                return None

    def true(self) -> Sql:
        if self.json is None:
            return self._plain("@ <> ''")
        some = {"text": "''", "array": "'[]'", "object": "'{}'"}
        cases = {kind: (f"{_VALUE} <> {empty}",) for kind, empty in some.items()}
        return self._typed({**cases, "true": ("1",), "integer": ("1",), "real": ("1",)})

    def compared(self, sign: str, literal: Any) -> Sql:
        if self.json is None:
            return self._plain(f"@ {_SIGNS[sign]} ?", literal) if isinstance(literal, str) else _NO
        if literal is None or isinstance(literal, bool):
            kind = {None: "null", True: "true", False: "false"}[literal]
            return self._typed({kind: ("1",)}, missing=literal is None) if sign == "eq" else _NO
        same = f"{_VALUE} {_SIGNS[sign]} ?", _number(literal)
        if not isinstance(literal, str):
            return self._typed({"integer": same, "real": same})
        found = self._typed({"text": same})
        return self._said(literal, found) if sign == "eq" else found

    def has(self, function: str, wanted: str) -> Sql:
        value = "@" if self.json is None else _VALUE
        inside: tuple[Any, ...]
        match function:
            case "contains":
                inside = f"instr({value}, ?) > 0", wanted
            case "starts_with":
                inside = f"substr({value}, 1, ?) = ?", len(wanted), wanted
            case _:
                inside = f"substr({value}, ?) = ?", -len(wanted), wanted
        if self.json is None:
            return self._plain(*inside)
        among = f"EXISTS (SELECT 1 FROM json_each(@, {_PLACE}) WHERE type = 'text' AND atom = ?)", wanted
        cases = {"text": inside, "array": among} if function == "contains" else {"text": inside}
        return self._said(wanted, self._typed(cases))

    def _plain(self, condition: str, *values: Any) -> Sql:
        return Sql(f"ifnull({condition.replace('@', self.column)}, 0)", values, True, self.reads)

    def _typed(self, cases: Mapping[str, tuple[Any, ...]], missing: bool = False) -> Sql:
        """``cases``: for each type that the value may have, a condition and its values; ``missing``: whether it is so
        where nothing is in that place. Of a body the outline is asked, where it has a value there; and only bodies that
        SQLite reads as Python does are asked at all."""
        if self.column != "body":
            condition, values = self._cases(self.column, cases)
            return Sql(f"ifnull({condition} {self._other(self.column)} END, {int(missing)})", values, True, self.reads)
        whole, beyond = self._cases("body", cases)
        whole = f"CASE WHEN form = 1 THEN {whole} {self._other('body')} END END"
        short = {kind: case for kind, case in cases.items() if kind not in ("object", "array")}
        condition, values = self._cases("outline", short)
        absent = f"CASE WHEN json_type(outline, {self._place}) IS NULL THEN {whole} ELSE 0 END"
        return Sql(
            f"ifnull({condition} WHEN 'object' THEN {whole} WHEN 'array' THEN {whole} ELSE {absent} END, "
            f"{int(missing)})",
            values + beyond * 3,
            True,
            self.reads,
        )

    def _other(self, column: str) -> str:
        """A value of another type is none of the cases; NULL is left for what is missing."""
        return f"ELSE CASE WHEN json_type({column}, {self._place}) IS NOT NULL THEN 0 END"

    def _cases(self, column: str, cases: Mapping[str, tuple[Any, ...]]) -> tuple[str, tuple[Any, ...]]:
        """``CASE … WHEN … THEN …``, still open, and its values."""
        told = "".join(f" WHEN '{kind}' THEN {condition}" for kind, (condition, *_) in cases.items())
        told = told.replace("@", column).replace(_PLACE, self._place)
        return f"CASE json_type({column}, {self._place}){told}", tuple(
            value for _, *values in cases.values() for value in values
        )

    @property
    def _place(self) -> str:
        return "'" + (self.json or "").replace("'", "''") + "'"

    def _said(self, literal: str, found: Sql) -> Sql:
        """Reading text is cheaper than reading JSON: first whether the literal is there at all."""
        like = _like(literal) if "body" in self.reads else None
        if like is None:
            return found
        return Sql(f"({like.condition}) AND {found.condition}", like.values + found.values, found.exact, found.reads)


def _mentioned(node: Any) -> Sql:
    """A superset: when a projection of the body brings anything, what it filters by stands in the body."""
    match node["type"]:
        case "filter_projection" if (_steps(node["children"][0]) or [""])[0] == "body":
            return _said(node["children"][2])
        case "projection" | "subexpression" | "index_expression" | "flatten":
            return _mentioned(node["children"][0])
        case _:
            return _ANY


def _said(node: Any) -> Sql:
    kind, children = node["type"], node["children"]
    if kind in ("and_expression", "or_expression"):
        return _both("AND" if kind == "and_expression" else "OR", _said(children[0]), _said(children[1]))
    equal = kind == "comparator" and node["value"] == "eq"
    inside = kind == "function_expression" and node["value"] in ("contains", "starts_with", "ends_with")
    for child in children if equal or inside else ():
        if child["type"] == "literal" and isinstance(child["value"], str):
            return _like(child["value"]) or _ANY
    return _ANY


def _like(literal: str) -> Sql | None:
    runs = _RUN.findall(literal)
    if not runs:
        return None
    longest = max(runs, key=len)[:LONGEST_LIKE]
    return Sql("body LIKE ? OR body LIKE ?", (f"%{longest}%", _ESCAPES), False, frozenset({"body"}))


def _steps(node: Any) -> list[str | int] | None:
    """Names and indexes, of a node that is nothing but a path."""
    match node["type"]:
        case "field" | "index":
            return [node["value"]]
        case "subexpression" | "index_expression":
            parts = [_steps(child) for child in node["children"]]
            return None if None in parts else [step for part in parts if part for step in part]
        case _:
            return None


def _place(steps: list[str | int]) -> str | None:
    """As SQLite addresses JSON; None for a name that it cannot spell."""
    place = "$"
    for step in steps:
        if isinstance(step, int):
            place += f"[{step}]" if step >= 0 else f"[#{step}]"
        elif not step or set(step) & {'"', "\\", "\0"}:
            return None
        else:
            place += f'."{step}"'
    return place


def _number(literal: Any) -> Any:
    """An integer that SQLite has no room for is compared as a float; one that is no float either, as infinite."""
    if not isinstance(literal, int) or abs(literal) < 1 << 63:
        return literal
    try:
        return float(literal)
    except OverflowError:
        return math.inf if literal > 0 else -math.inf
