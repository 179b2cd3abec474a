"""The values of metric math and its operators.

A scalar, a time series (one value for each position of a common grid, None where it has none), or an array of them
(CloudWatch user guide, using-metric-math, copies of 2023 and 2026-11):

- Between two series a missing value counts as 0 where the other has one; with a scalar it stays missing.
- What is not defined (a division by zero) drops the datapoint. ⚠ For two scalars the guide does not say; here the scalar
  has no value, and neither has what is made of it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Series = list[float | None]
Combine = Callable[[float, float], float]


@dataclass(frozen=True)
class Scalar:
    value: float | None


@dataclass(frozen=True)
class Array:
    series: tuple[Series, ...]


Value = Scalar | Series | Array

OPERATORS: dict[str, Combine] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "AND": lambda left, right: float(bool(left) and bool(right)),
    "OR": lambda left, right: float(bool(left) or bool(right)),
}
ARITHMETIC = ("+", "-", "*", "/", "^")


def defined(combine: Callable[..., float], *operands: float | Sequence[float]) -> float | None:
    """None where the result is not a number."""
    try:
        result = combine(*operands)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    return result if isinstance(result, (int, float)) and math.isfinite(result) else None


def combined(combine: Combine, left: Scalar | Series, right: Scalar | Series) -> Scalar | Series:
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        known = left.value is not None and right.value is not None
        return Scalar(defined(combine, left.value or 0.0, right.value or 0.0) if known else None)
    return series_of(combine, left, right)


def series_of(combine: Combine, left: Scalar | Series, right: Scalar | Series) -> Series:
    """Combines two operands, at least one of them a series; empty if neither is."""
    if isinstance(right, Scalar):
        return [] if isinstance(left, Scalar) else _with_number(combine, left, right.value)
    if isinstance(left, Scalar):
        return _with_number(lambda each, number: combine(number, each), right, left.value)
    return [
        None if number is None and other is None else defined(combine, number or 0.0, other or 0.0)
        for number, other in zip(left, right, strict=True)
    ]


def _with_number(combine: Combine, series: Series, number: float | None) -> Series:
    return [None if each is None or number is None else defined(combine, each, number) for each in series]


def kind(value: Value) -> str:
    if isinstance(value, Scalar):
        return "a number"
    return "an array of time series" if isinstance(value, Array) else "a time series"
