"""Formulas of the catalogue."""

from __future__ import annotations

import pytest

from ops.alarms.catalogue.errors import CatalogueError
from ops.alarms.catalogue.formula import Values, compute, in_expression, in_sentence
from ops.doctor.settings import NotChecked, Unknown

VALUES: Values = {"wait_s": 90.0, "part": 0.00001, "limit": 1200, "gone": Unknown("access was denied")}


@pytest.mark.parametrize(
    ("formula", "number"),
    [("1.5 * wait_s", 135), ("max(10, ceil(wait_s / 60) + 5)", 10), ("floor(0.9 * 11)", 9), ("(1 + 2) * 3 - 4", 5)],
)
def test_a_formula_is_arithmetic_over_settings(formula: str, number: float) -> None:
    assert compute(formula, VALUES) == number


def test_an_unknown_setting_is_not_guessed() -> None:
    with pytest.raises(NotChecked, match="access was denied"):
        compute("2 * gone", VALUES)


@pytest.mark.parametrize("formula", ["nope", "2 **", "wait_s.real", "open('x')", "[1]", "'text'", "1 / 0", "2 ** 3"])
def test_anything_else_is_refused(formula: str) -> None:
    with pytest.raises(CatalogueError):
        compute(formula, VALUES)


def test_numbers_in_an_expression_have_no_exponent() -> None:
    assert in_expression("m > {part} AND n > {limit}", VALUES) == "m > 0.00001 AND n > 1200"


def test_numbers_in_a_sentence_have_units() -> None:
    assert in_sentence("at most {wait_s}, of {limit}", VALUES) == "at most 90 s, of 1,200"
