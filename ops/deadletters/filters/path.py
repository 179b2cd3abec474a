"""A place in a message, as a filter names it, and what SQLite can be asked about the value there.

SQLite is asked about bodies that both read alike only (``message_body.BodyFormat.JSON``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CAUSE_COLUMNS = {
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
_OPERATORS = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_PLAIN_RUN = re.compile(r"[A-Za-z0-9 .-]{3,}")
"""What JSON writes only as itself or as an escape."""
MAX_LIKE_CHARS = 10_000
"""Characters of a pattern: SQLite takes 50,000."""
_ESCAPES = "%\\u%"


@dataclass(frozen=True)
class SqlCondition:
    """A condition and its values. ``exact``: it is true of just the messages that are meant; else of more."""

    condition: str
    values: tuple[Any, ...] = ()
    exact: bool = True
    reads: frozenset[str] = frozenset()  # of "body" and "text": whether messages whose body SQLite misreads matter
    joined: str = ""  # the word that joins its parts, where several of them are

    @property
    def unsure(self) -> str:
        return " OR ".join(self.odd) or "0" if self.exact else "1"

    @property
    def odd(self) -> list[str]:
        return [_MISREAD[name] for name in sorted(self.reads)]


_MISREAD = {"body": "form = 2", "text": "typeof(body) = 'blob'"}

UNDECIDED = SqlCondition("1", exact=False)
"""What SQLite cannot tell."""
NEVER = SqlCondition("0")
_PLACE = "<place>"
_VALUE = f"json_extract(@, {_PLACE})"


@dataclass(frozen=True)
class FieldPath:
    """A place in a message: a column of text, or a place in a column of JSON. Conditions are written with ``@`` for the
    column, and ``_PLACE`` for the place."""

    column: str
    json: str | None
    reads: frozenset[str] = frozenset()

    @classmethod
    def of(cls, node: Any) -> FieldPath | None:
        match path_steps(node):
            case ["body", *rest] if (place := _json_path(rest)) is not None:
                return cls("body", place, frozenset({"body"}))
            case ["attributes" | "system" as column, str() as name] if (
                name.isascii() and _json_path([name]) is not None
            ):
                return cls(column, _json_path([name]))
            case ["text"]:
                return cls("body", None, frozenset({"text"}))
            case ["kind"]:
                return cls("kind", None)
            case ["cause", str() as name] if name in CAUSE_COLUMNS:
                return cls(CAUSE_COLUMNS[name], None)
            case _:
                return None

    def true(self) -> SqlCondition:
        if self.json is None:
            return self._plain("@ <> ''")
        some = {"text": "''", "array": "'[]'", "object": "'{}'"}
        cases = {kind: (f"{_VALUE} <> {empty}",) for kind, empty in some.items()}
        return self._typed({**cases, "true": ("1",), "integer": ("1",), "real": ("1",)})

    def compared(self, sign: str, literal: Any) -> SqlCondition:
        if self.json is None:
            return self._plain(f"@ {_OPERATORS[sign]} ?", literal) if isinstance(literal, str) else NEVER
        if literal is None or isinstance(literal, bool):
            kind = {None: "null", True: "true", False: "false"}[literal]
            return self._typed({kind: ("1",)}, missing=literal is None) if sign == "eq" else NEVER
        same = f"{_VALUE} {_OPERATORS[sign]} ?", _number(literal)
        if not isinstance(literal, str):
            return self._typed({"integer": same, "real": same})
        found = self._typed({"text": same})
        return self._said(literal, found) if sign == "eq" else found

    def has(self, function: str, wanted: str) -> SqlCondition:
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

    def _plain(self, condition: str, *values: Any) -> SqlCondition:
        return SqlCondition(f"ifnull({condition.replace('@', self.column)}, 0)", values, True, self.reads)

    def _typed(self, cases: Mapping[str, tuple[Any, ...]], missing: bool = False) -> SqlCondition:
        """``cases``: for each type that the value may have, a condition and its values; ``missing``: whether it is so
        where nothing is in that place. Of a body the outline is asked, where it has a value there; and only bodies that
        SQLite reads as Python does are asked at all."""
        if self.column != "body":
            condition, values = self._cases(self.column, cases)
            return SqlCondition(
                f"ifnull({condition} {self._other(self.column)} END, {int(missing)})", values, True, self.reads
            )
        whole, beyond = self._cases("body", cases)
        whole = f"CASE WHEN form = 1 THEN {whole} {self._other('body')} END END"
        short = {kind: case for kind, case in cases.items() if kind not in ("object", "array")}
        condition, values = self._cases("outline", short)
        absent = f"CASE WHEN json_type(outline, {self._place}) IS NULL THEN {whole} ELSE 0 END"
        return SqlCondition(
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
        branches = "".join(f" WHEN '{kind}' THEN {condition}" for kind, (condition, *_) in cases.items())
        branches = branches.replace("@", column).replace(_PLACE, self._place)
        return f"CASE json_type({column}, {self._place}){branches}", tuple(
            value for _, *values in cases.values() for value in values
        )

    @property
    def _place(self) -> str:
        return "'" + (self.json or "").replace("'", "''") + "'"

    def _said(self, literal: str, found: SqlCondition) -> SqlCondition:
        """Reading text is cheaper than reading JSON: first whether the literal is there at all."""
        there = mentions(literal) if "body" in self.reads else None
        if there is None:
            return found
        return SqlCondition(
            f"({there.condition}) AND {found.condition}", there.values + found.values, found.exact, found.reads
        )


def mentions(literal: str) -> SqlCondition | None:
    """A superset: bodies that hold a part of ``literal``, or an escape that may stand for it; None where no part of it
    is always written as it is."""
    runs = _PLAIN_RUN.findall(literal)
    if not runs:
        return None
    longest = max(runs, key=len)[:MAX_LIKE_CHARS]
    return SqlCondition("body LIKE ? OR body LIKE ?", (f"%{longest}%", _ESCAPES), False, frozenset({"body"}))


def path_steps(node: Any) -> list[str | int] | None:
    """Names and indexes, of a node that is nothing but a path."""
    match node["type"]:
        case "field" | "index":
            return [node["value"]]
        case "subexpression" | "index_expression":
            parts = [path_steps(child) for child in node["children"]]
            return None if None in parts else [step for part in parts if part for step in part]
        case _:
            return None


def _json_path(steps: list[str | int]) -> str | None:
    """The path in SQLite's JSON syntax; None for a name that it cannot express."""
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
    """An integer that SQLite has no room for is compared as a float; one that is not a float either, as infinite."""
    if not isinstance(literal, int) or abs(literal) < 1 << 63:
        return literal
    try:
        return float(literal)
    except OverflowError:
        return math.inf if literal > 0 else -math.inf
