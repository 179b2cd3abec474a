"""CSV, row by row: what is kept are compact columns, and a file with too many cells is refused while it is read.

A file is read once for its numbers and, if there are columns of text, once more for those: only after its last cell is
a column known to be numbers, and keeping the strings of all until then would cost ten times as much memory.
"""

from __future__ import annotations

import csv
from array import array
from io import BytesIO, TextIOWrapper
from typing import TYPE_CHECKING, Any

import numpy as np

from handler.errors import UnusableData
from handler.jobs import memory_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Column = NDArray[Any]

MISSING = frozenset({"", "na", "nan", "null", "none"})
"""What a cell may say, in any case, for a missing value."""
MAX_ROW_CHARS = 1_048_576
"""Characters of a row, its line breaks included."""
SHARED = 100_000
"""Distinct strings that are kept once however often they occur."""


def columns(name: str, content: bytes) -> dict[str, Column]:
    """Columns by the names in the header line: float64 with NaN for missing, or object with str and None."""
    rows = _rows(name, content)
    header = next(rows)
    numbers = _numbers(rows, len(header))
    texts = _texts(_rows(name, content), [place for place, column in enumerate(numbers) if column is None])
    return {
        label: texts[place] if column is None else _finite(column)
        for place, (label, column) in enumerate(zip(header, numbers, strict=True))
    }


class _Lines:
    """The lines of a text; ``length`` counts their characters until it is set to 0."""

    def __init__(self, content: bytes) -> None:
        # Lines end where CSV's do: str.splitlines would also break at U+2028 and some control characters.
        self._file = TextIOWrapper(BytesIO(content), "utf-8-sig", newline="")
        self.length = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(MAX_ROW_CHARS + 1):
            self.length += len(line)
            if self.length > MAX_ROW_CHARS:
                raise UnusableData(f"a row is longer than {MAX_ROW_CHARS} characters")
            yield line


def _rows(name: str, content: bytes) -> Iterator[list[str]]:
    """The header, then every row, each as long as the header."""
    lines = _Lines(content)
    reader = csv.reader(lines, strict=True)
    width = cells = 0
    try:
        for row in reader:
            lines.length = 0
            if not row:
                continue
            if not width:
                width = len(row)
                if len(set(row)) != width or "" in row:
                    raise UnusableData(f"{name} needs a header of distinct column names")
            elif len(row) != width:
                raise UnusableData(f"{name}, line {reader.line_num}: as many values as the header has names are needed")
            else:
                cells += width
                memory_limits.check_cells(cells)
            yield row
    except UnicodeDecodeError as error:
        raise UnusableData(f"{name} is not UTF-8 text: {error.reason} after line {reader.line_num}") from error
    except csv.Error as error:
        raise UnusableData(f"{name} is not CSV: {error}") from error
    if not width:
        raise UnusableData(f"{name} is empty")


def _numbers(rows: Iterator[list[str]], width: int) -> list[array[float] | None]:
    """Each column of numbers; None for a column with anything else in it."""
    found: list[array[float] | None] = [array("d") for _ in range(width)]
    for row in rows:
        for place, cell in enumerate(row):
            column = found[place]
            if column is None:
                continue
            try:
                column.append(float(cell))
            except ValueError:
                if cell.strip().lower() in MISSING:
                    column.append(np.nan)
                else:
                    found[place] = None
    return found


def _texts(rows: Iterator[list[str]], places: list[int]) -> dict[int, Column]:
    if not places:
        return {}
    found: dict[int, list[str | None]] = {place: [] for place in places}
    shared: dict[str, str] = {}
    next(rows)
    for row in rows:
        for place, values in found.items():
            cell = row[place].strip()
            if cell.lower() in MISSING:
                values.append(None)
                continue
            if len(shared) >= SHARED:
                shared.clear()
            values.append(shared.setdefault(cell, cell))
    return {place: _objects(found.pop(place)) for place in places}


def _objects(values: list[str | None]) -> Column:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _finite(values: array[float]) -> Column:
    column = np.frombuffer(values, dtype=np.float64)
    column[~np.isfinite(column)] = np.nan
    return column
