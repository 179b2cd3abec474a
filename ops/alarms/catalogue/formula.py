"""The formulas of the catalogue: arithmetic over named settings.

Numbers, names, ``+ - * /``, parentheses, and ``min``, ``max``, ``ceil``, ``floor``. Nothing else is evaluated.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ops.alarms.catalogue.errors import CatalogueError
from ops.doctor.settings import NotChecked, Unknown
from ops.formatting import duration, latency

Values = Mapping[str, float | Unknown]

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {"min": min, "max": max, "ceil": math.ceil, "floor": math.floor}
_IN_BRACES = re.compile(r"\{([^{}]+)\}")


def compute(formula: str, values: Values) -> float:
    """Raises NotChecked where a setting is unknown, and CatalogueError for anything but a formula."""
    try:
        return _value(ast.parse(formula, mode="eval").body, values)
    except (SyntaxError, ZeroDivisionError) as error:
        raise CatalogueError(f"{formula!r} is not a formula: {error}") from error


def _value(node: ast.expr, values: Values) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            if name not in values:
                raise CatalogueError(f"there is no setting {name}")
            value = values[name]
            if isinstance(value, Unknown):
                raise NotChecked(value.why)
            return value
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, values), _value(right, values))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*(_value(each, values) for each in arguments))
    raise CatalogueError(f"{ast.unparse(node)} is not part of a formula")


def number_text(number: float) -> str:
    """A number as metric math accepts it: without a fraction where there is none, never with an exponent."""
    return str(int(number)) if float(number).is_integer() else f"{number:.10f}".rstrip("0")


def in_expression(text: str, values: Values, known: Mapping[str, str] = MappingProxyType({})) -> str:
    """The expression with each formula in braces replaced by its number, or by what ``known`` has for it."""
    return _IN_BRACES.sub(lambda found: known.get(found[1]) or number_text(compute(found[1], values)), text)


def in_sentence(text: str, values: Values) -> str:
    """The sentence with each formula in braces replaced by a readable value."""
    return _IN_BRACES.sub(lambda found: _worded(found[1], compute(found[1], values)), text)


def _worded(formula: str, number: float) -> str:
    if formula.endswith("_s"):
        return duration(number)
    if formula.endswith("_ms"):
        return latency(number)
    if formula.endswith("_usd"):
        return f"{number:.2f}"
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,g}"
