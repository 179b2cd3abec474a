"""A table of named columns, each either numbers (float64, missing = NaN) or text (missing = None). NumPy only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from handler.errors import UnusableData, WrongSchema
from handler.jobs.memory_limits import check_cells, check_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Column = NDArray[Any]
    Numbers = NDArray[np.float64]


class Table:
    """``columns`` keep their order; all have ``rows`` values."""

    def __init__(self, columns: dict[str, Column]) -> None:
        self.columns = columns
        self.rows = len(next(iter(columns.values()))) if columns else 0

    @classmethod
    def from_document(cls, document: Any) -> Table:
        """A table from the inline form ``{"columns": {name: [values…]}}``: numbers, booleans (1, 0), strings and null.

        A column with a string in it is text. NaN and infinities, which are not JSON but written by many, count as missing.
        """
        if not isinstance(document, dict) or document.keys() != {"columns"}:
            raise WrongSchema('a table must be {"columns": {name: [values]}}')
        given = document["columns"]
        if not isinstance(given, dict) or not all(isinstance(values, list) for values in given.values()):
            raise WrongSchema("columns must be an object of lists")
        if len({len(values) for values in given.values()}) > 1:
            raise WrongSchema("columns must have the same number of values")
        check_cells(sum(len(values) for values in given.values()))
        return cls({name: _column(name, values) for name, values in given.items()})

    @classmethod
    def from_bytes(cls, name: str, content: bytes) -> Table:
        """A table from a file's content: CSV with a header line if ``name`` ends in ``.csv``, else JSON of the inline
        form."""
        if name.lower().endswith(".csv"):
            from handler.jobs import csv_reader

            return cls(csv_reader.columns(name, content))
        check_json(name, content)
        try:
            document = json.loads(content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise UnusableData(f"{name} is not UTF-8 text: {error.reason} at byte {error.start}") from error
        except (ValueError, RecursionError) as error:
            raise UnusableData(f"{name} is not JSON: {error}") from error
        return cls.from_document(document)

    def to_document(self) -> dict[str, Any]:
        """The inline form, valid JSON: missing is null."""
        return {"columns": {name: plain(values) for name, values in self.columns.items()}}

    def without(self, names: Iterable[str]) -> Table:
        dropped = set(names)
        return Table({name: values for name, values in self.columns.items() if name not in dropped})

    def take(self, rows: NDArray[Any]) -> Table:
        return Table({name: values[rows] for name, values in self.columns.items()})

    def numeric(self) -> list[str]:
        """Names of the columns of numbers."""
        return [name for name, values in self.columns.items() if values.dtype != object]

    def matrix(self, names: list[str]) -> Numbers:
        """Rows × these columns. UnusableData if one is not there or is text."""
        for name in names:
            if name not in self.columns:
                raise UnusableData(f"there is no column {name!r}")
            if self.columns[name].dtype == object:
                raise UnusableData(f"column {name!r} is text, and numbers are needed")
        return np.column_stack([self.columns[name] for name in names]) if names else np.empty((self.rows, 0))


def categories(values: Column) -> tuple[list[str], NDArray[np.intp]]:
    """The distinct strings of a text column without missing values, sorted, and each row's place among them.

    Not by way of a NumPy string array, in which each row would be as long as the longest.
    """
    distinct = sorted(set(values.tolist()))
    place = {value: number for number, value in enumerate(distinct)}
    return distinct, np.array([place[value] for value in values], dtype=np.intp)


def plain(values: Column) -> list[Any]:
    """JSON values; NaN becomes None."""
    if values.dtype == object or values.dtype.kind in "iub":
        return list(values.tolist())
    found: list[Any] = values.tolist()
    if np.isfinite(values).all():
        return found
    return [value if value - value == 0 else None for value in found]


def _column(name: str, values: list[Any]) -> Column:
    if any(isinstance(value, str) for value in values):
        if not all(value is None or isinstance(value, str | int | float) for value in values):
            raise WrongSchema(f"column {name[:100]!r} holds something that is neither a number, a string nor null")
        text = np.empty(len(values), dtype=object)
        text[:] = [value if value is None or isinstance(value, str) else repr(value) for value in values]
        return text
    try:
        numbers = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise WrongSchema(
            f"column {name[:100]!r} holds something that is neither a number, a string nor null"
        ) from error
    if numbers.ndim != 1:
        raise WrongSchema(f"column {name[:100]!r} holds lists")
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers
