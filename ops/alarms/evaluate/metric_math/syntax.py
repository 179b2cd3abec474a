"""The syntax of metric math (CloudWatch user guide, using-metric-math, copies of 2023 and 2026-11).

From the loosest: OR (||), AND (&&), comparisons, + -, * /, unary -, ^. ⚠ The order of precedence is not published: this
is that of arithmetic everywhere, with ^ grouping from the right.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ops.alarms.evaluate.errors import AlarmError

MAX_LENGTH = 2048  # of an expression; botocore 1.44.5, MetricExpression
MAX_DEPTH = 40


@dataclass(frozen=True)
class Number:
    value: float
    at: int


@dataclass(frozen=True)
class Name:
    """The ID of a query, or a word such as REPEAT, ASC or AVG as an argument."""

    name: str
    at: int


@dataclass(frozen=True)
class Text:
    value: str
    at: int


@dataclass(frozen=True)
class Listing:
    items: tuple[Node, ...]
    at: int


@dataclass(frozen=True)
class Negation:
    operand: Node
    at: int


@dataclass(frozen=True)
class Operation:
    operator: str  # + - * / ^ == != <= >= < > AND OR
    left: Node
    right: Node
    at: int


@dataclass(frozen=True)
class FunctionCall:
    function: str
    arguments: tuple[Node, ...]
    at: int


Node = Number | Name | Text | Listing | Negation | Operation | FunctionCall

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<word>[A-Za-z_]\w*)|(?P<text>"[^"]*"|'[^']*')"""
    r"""|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>()\[\],]))""",
    re.ASCII,
)
_SAME = {"&&": "AND", "||": "OR"}
_LEVELS = (("OR",), ("AND",), ("==", "!=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/"))


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        match node:
            case Listing(items) | FunctionCall(_, items):
                waiting += items
            case Negation(operand):
                waiting.append(operand)
            case Operation(_, left, right):
                waiting += (left, right)


class MathError(AlarmError):
    """``at``: the position in the expression, from 0."""

    def __init__(self, expression: str, at: int, problem: str, next_step: str = "") -> None:
        shown = expression[at : at + 20] or "the end"
        super().__init__(f"{problem}, at position {at + 1} ({shown}) of the expression: {expression}", next_step)
        self.at = at


def parse(expression: str) -> Node:
    if len(expression) > MAX_LENGTH:
        raise AlarmError(f"The expression has {len(expression)} characters; at most {MAX_LENGTH} are allowed.")
    return _Parser(expression).whole()


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = _tokens(expression)
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._level(0)
        if self._kind() != "end":
            raise self._error(f"Unexpected {self._shown()}")
        return node

    def _level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._level(level + 1)
        while self._kind() in ("sign", "word") and self._value() in _LEVELS[level]:
            operator, at = self._value(), self._at()
            self._next += 1
            left = Operation(operator, left, self._level(level + 1), at)
        return left

    def _unary(self) -> Node:
        if self._value() != "-" or self._kind() != "sign":
            return self._power()
        at = self._at()
        self._next += 1
        self._enter()
        node = Negation(self._unary(), at)
        self._depth -= 1
        return node

    def _power(self) -> Node:
        base = self._atom()
        if self._value() != "^":
            return base
        at = self._at()
        self._next += 1
        self._enter()
        node = Operation("^", base, self._unary(), at)
        self._depth -= 1
        return node

    def _atom(self) -> Node:
        kind, value, at = self._tokens[self._next]
        if kind == "end" or value in ("AND", "OR"):
            raise self._error(f"Expected a value, not {self._shown()}")
        if kind == "number" and not math.isfinite(float(value)):
            raise self._error(f"{value} is too large a number")
        self._next += 1
        if kind == "number":
            return Number(float(value), at)
        if kind == "text":
            return Text(value[1:-1], at)
        if kind == "word":
            return FunctionCall(value, self._items(")"), at) if self._take("(") else Name(value, at)
        if value == "[":
            return Listing(self._items("]"), at)
        if value == "(":
            self._enter()
            node = self._level(0)
            self._depth -= 1
            if not self._take(")"):
                raise self._error(f"Expected ) instead of {self._shown()}")
            return node
        self._next -= 1
        raise self._error(f"Expected a value, not {self._shown()}")

    def _items(self, closing: str) -> tuple[Node, ...]:
        items: list[Node] = []
        self._enter()
        if not self._take(closing):
            items.append(self._level(0))
            while self._take(","):
                items.append(self._level(0))
            if not self._take(closing):
                raise self._error(f"Expected , or {closing} instead of {self._shown()}")
        self._depth -= 1
        return tuple(items)

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"More than {MAX_DEPTH} levels of nesting")

    def _take(self, sign: str) -> bool:
        taken = self._kind() == "sign" and self._value() == sign
        self._next += taken
        return taken

    def _kind(self) -> str:
        return self._tokens[self._next][0]

    def _value(self) -> str:
        return self._tokens[self._next][1]

    def _at(self) -> int:
        return self._tokens[self._next][2]

    def _shown(self) -> str:
        return self._value() or "the end"

    def _error(self, problem: str) -> MathError:
        return MathError(self._expression, self._at(), problem)


def _tokens(expression: str) -> list[tuple[str, str, int]]:
    """(kind, value, position), closed by the end."""
    tokens: list[tuple[str, str, int]] = []
    at, end = 0, len(expression.rstrip())
    while at < end:
        token = _TOKEN.match(expression, at)
        if not token or not token.lastgroup:
            at += len(expression[at:]) - len(expression[at:].lstrip())
            raise MathError(expression, at, f"Unexpected character {expression[at]}")
        value = token[token.lastgroup]
        sign = value in _SAME
        tokens.append((token.lastgroup, _SAME[value] if sign else value, token.start(token.lastgroup)))
        at = token.end()
    return [*tokens, ("end", "", end)]
