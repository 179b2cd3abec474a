"""The filter patterns of CloudWatch Logs: which log messages a pattern matches.

Stands for: filter pattern syntax (CloudWatch Logs user guide, FilterAndPatternSyntax and
matching-terms-json-log-events, read 2026-11), case-sensitive: terms that must all occur, ``-term`` that must not, ``?a
?b`` of which one must, ``"a phrase"``, ``%regular expression%``; and ``{ $.field = "value" && ($.n > 5 || $.x NOT
EXISTS) }`` for JSON messages with ``= != < <= > >=``, wildcards, ``IS TRUE/FALSE/NULL``, ``EXISTS``.

Leaves out: space-delimited patterns ``[a, b]`` (refused). That a comparison
with a field that is not there is false, ``!=`` too, is our reading.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from ops.twin.emulator.logs.regular_expression import Expression, ExpressionError

Matcher = Callable[[str], bool]
Test = Callable[[Any], bool]


MAX_PATTERN_LENGTH = 1024
"""Characters (FilterLogEvents API reference, filterPattern, 2026-11)."""
MAX_EXPRESSIONS = 2
"""Regular expressions in a pattern (user guide, as above)."""
MAX_DEPTH = 50
"""Brackets within brackets; the number is ours."""


class PatternError(ValueError):
    """The pattern is not one that CloudWatch Logs understands."""


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Matcher:
    """Raises PatternError."""
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise PatternError(f"a pattern has at most {MAX_PATTERN_LENGTH} characters")
    text = pattern.strip()
    if text.startswith("["):
        raise PatternError("space-delimited patterns are not supported")
    if text.startswith("{"):
        if not text.endswith("}"):
            raise PatternError("a JSON pattern ends with }")
        test = _Json(text[1:-1]).parse()
        return lambda message: _matches_json(test, message)
    return _terms(text)


# --- terms ----------------------------------------------------------------------------------------------------------
TERM = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|([^\s"]+))\s*')


def _terms(text: str) -> Matcher:
    wanted: list[Matcher] = []
    unwanted: list[Matcher] = []
    either: list[Matcher] = []
    position = expressions = 0
    while position < len(text):
        found = TERM.match(text, position)
        if found is None:
            raise PatternError(f"what is meant by {text[position:]}")
        sign, phrase, expression, word = found.groups()
        term = _regex(expression) if expression else _occurs(_unescaped(phrase) if phrase is not None else word)
        expressions += expression is not None
        {"": wanted, "-": unwanted, "?": either}[sign].append(term)
        position = found.end()
    _ensure_few(expressions)
    if wanted or unwanted:
        either = []  # optional terms count only among themselves
    return lambda message: (
        all(term(message) for term in wanted)
        and not any(term(message) for term in unwanted)
        and (not either or any(term(message) for term in either))
    )


def _occurs(text: str) -> Matcher:
    return lambda message: text in message


def _regex(expression: str) -> Matcher:
    try:
        return Expression(expression).search
    except ExpressionError as error:
        raise PatternError(f"{expression} is no regular expression: {error}") from error


def _ensure_few(expressions: int) -> None:
    if expressions > MAX_EXPRESSIONS:
        raise PatternError(f"a pattern has at most {MAX_EXPRESSIONS} regular expressions")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


# --- JSON -----------------------------------------------------------------------------------------------------------
TOKEN = re.compile(
    r"\s*(?:(\(|\)|&&|\|\||!=|<=|>=|=|<|>)|(\$(?:\.[\w@-]+|\[\d+\]|\[\"[^\"]+\"\])*)"
    r'|"((?:[^"\\]|\\.)*)"|%([^%]+)%|([^\s()=<>!&|"]+))\s*'
)
STEP = re.compile(r"\.([\w@-]+)|\[(\d+)\]|\[\"([^\"]+)\"\]")
ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ABSENT = object()


def _matches_json(test: Test, message: str) -> bool:
    try:
        record = json.loads(message)
    except (ValueError, RecursionError):
        return False
    return isinstance(record, dict | list) and test(record)


class _Json:
    """``either := both (|| both)*``, ``both := one (&& one)*``, ``one := ( either ) | selector condition``."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []  # kind, text
        self._depth = 0
        position, end = 0, len(text.rstrip())
        while position < end:
            found = TOKEN.match(text, position)
            if found is None:
                raise PatternError(f"what is meant by {text[position:]}")
            kind = ("sign", "selector", "string", "regex", "word")[(found.lastindex or 1) - 1]
            self._tokens.append((kind, found.group(found.lastindex or 1)))
            position = found.end()
        _ensure_few(sum(kind == "regex" for kind, _ in self._tokens))
        self._tokens.reverse()  # the next one is taken from the end

    def parse(self) -> Test:
        test = self._either()
        if self._tokens:
            raise PatternError(f"nothing may follow here: {self._tokens[-1][1]}")
        return test

    def _either(self) -> Test:
        parts = [self._both()]
        while self._take_if("||"):
            parts.append(self._both())
        return lambda record: any(part(record) for part in parts)

    def _both(self) -> Test:
        parts = [self._one()]
        while self._take_if("&&"):
            parts.append(self._one())
        return lambda record: all(part(record) for part in parts)

    def _one(self) -> Test:
        if self._take_if("("):
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise PatternError(f"there are more than {MAX_DEPTH} brackets within brackets")
            inner = self._either()
            self._depth -= 1
            if not self._take_if(")"):
                raise PatternError("a bracket is not closed")
            return inner
        kind, selector = self._take()
        if kind != "selector":
            raise PatternError(f"{selector} is no selector such as $.field")
        condition = self._condition()
        return lambda record: condition(_select(record, selector))

    def _condition(self) -> Test:
        kind, text = self._take()
        if kind == "sign" and (text in ORDER or text in ("=", "!=")):
            return _comparison(text, *self._take())
        keyword = text.upper()
        if keyword == "EXISTS":
            return lambda value: value is not ABSENT
        if keyword == "NOT" and self._take()[1].upper() == "EXISTS":
            return lambda value: value is ABSENT
        if keyword == "IS":
            expected = {"TRUE": True, "FALSE": False, "NULL": None}
            name = self._take()[1].upper()
            if name in expected:
                return lambda value: value is expected[name]
        raise PatternError(f"{text} is no comparison")

    def _take(self) -> tuple[str, str]:
        if not self._tokens:
            raise PatternError("something is missing at the end")
        return self._tokens.pop()

    def _take_if(self, sign: str) -> bool:
        if self._tokens and self._tokens[-1] == ("sign", sign):
            self._tokens.pop()
            return True
        return False


def _comparison(sign: str, kind: str, text: str) -> Test:
    if sign in ORDER:
        try:
            number = float(text)
        except ValueError as error:
            raise PatternError(f"{text} is not a number") from error
        order = ORDER[sign]
        return lambda value: _is_number(value) and order(value, number)
    if kind not in ("string", "regex", "word"):
        raise PatternError(f"{text} is no value")
    equal = _equality(kind, _unescaped(text) if kind == "string" else text)
    if sign == "=":
        return lambda value: value is not ABSENT and equal(value)
    return lambda value: value is not ABSENT and not equal(value)


def _equality(kind: str, text: str) -> Test:
    if kind == "regex":
        search = _regex(text)
        return lambda value: isinstance(value, str) and search(value)
    wildcard = "*" in text
    literal = text.replace("[", "[[]").replace("?", "[?]")

    def equal(value: Any) -> bool:
        if _is_number(value) and kind == "word":
            try:
                return bool(float(text) == value)
            except ValueError:
                pass
        shown = value if isinstance(value, str) else json.dumps(value)
        return fnmatchcase(shown, literal) if wildcard else shown == text

    return equal


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _select(record: Any, selector: str) -> Any:
    value = record
    for name, index, quoted in STEP.findall(selector):
        if index:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else ABSENT
        else:
            value = value.get(name or quoted, ABSENT) if isinstance(value, dict) else ABSENT
    return value
