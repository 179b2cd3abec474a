"""Text from messages in a CSV file stays text, whichever list separator the spreadsheet that opens it has."""

from __future__ import annotations

import csv
import io

import pytest

from ops.deadletters import csv_safe

FORMULA = "=cmd|' /C calc'!A0"
TEXTS = [
    FORMULA,
    f"x;{FORMULA};y",
    f"x; {FORMULA}",
    f"x;'{FORMULA}",
    f'x;"{FORMULA}"',
    f"x\t{FORMULA}",
    f"x\n{FORMULA}",
    f"x\r\n{FORMULA}",
    f";;{FORMULA}",
    "a;+1+1",
    "a;-1",
    "a;@SUM(1)",
    "a;＝1+1",
    "a;\u00a0=1+1",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_begins_like_a_formula(text: str, separator: str) -> None:
    line = csv_safe.csv_line(["id", text, "end"])
    for row in csv.reader(io.StringIO(line, newline=""), delimiter=separator):
        for cell in row:
            assert cell.lstrip(' "\u00a0')[:1] not in tuple("=+-@|%＝＋－＠"), cell


@pytest.mark.parametrize("text", ["a;b", "a - b; c", "2026-11-28; x=1", "k=v", "5;6", "a\n\nb", "x;y=1"])
def test_other_text_is_as_it_was(text: str) -> None:
    assert csv_safe.safe_cell(text) == text


def test_a_megabyte_of_separators_is_one_pass() -> None:
    """Without a bound on what may stand between, this would be hours."""
    assert csv_safe.safe_cell("\n" * 1_000_000 + "=1").endswith("'=1")
