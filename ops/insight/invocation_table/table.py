"""The invocation table: one row per attempt, numbers as arrays, texts as codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ops.insight.invocation_table.joining.column_join import join
from ops.insight.invocation_table.lines.columns import Column, moment_of
from ops.insight.invocation_table.lines.reader import LineReader, Row
from ops.insight.invocation_table.model import COLUMNS, NUMBERS, TEXTS, Invocation

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class InvocationTable:
    """``started``: microseconds since 1970, ascending. ``numbers``: float columns, NaN for unknown. ``codes``: for each text
    column, places in its ``texts``. ``recorded``: whether the extension wrote a record. ``unreadable``: log lines in the form
    of records or reports that are not readable."""

    started: npt.NDArray[np.int64]
    cold: npt.NDArray[np.bool_]
    recorded: npt.NDArray[np.bool_]
    numbers: Mapping[str, npt.NDArray[np.float64]]
    codes: Mapping[str, npt.NDArray[np.int32]]
    texts: Mapping[str, Sequence[str]]
    unreadable: int = 0

    def __len__(self) -> int:
        return len(self.started)

    def is_one_of(self, column: str, *texts: str) -> npt.NDArray[np.bool_]:
        """For each row, whether its text in ``column`` is one of ``texts``."""
        known = np.array([text in texts for text in self.texts[column]], dtype=bool)
        return known[self.codes[column]]

    def occurring(self, column: str) -> set[str]:
        """The texts of a text column that a row has."""
        return {self.texts[column][code] for code in np.unique(self.codes[column])}

    def first_known(self, *columns: str) -> npt.NDArray[np.float64]:
        """For each row, the first of these numbers that is known, or 0."""
        found = self.numbers[columns[0]]
        for column in columns[1:]:
            found = np.where(np.isnan(found), self.numbers[column], found)
        return np.nan_to_num(found)

    def sums_by(
        self, column: str, numbers: npt.NDArray[np.float64], rows: npt.NDArray[np.bool_] | None = None
    ) -> dict[str, float]:
        """``numbers`` added up by the text in ``column``; of those ``rows`` only."""
        codes = self.codes[column] if rows is None else self.codes[column][rows]
        sums = np.bincount(codes, numbers if rows is None else numbers[rows], len(self.texts[column]))
        return {self.texts[column][code]: float(sums[code]) for code in np.unique(codes)}

    @cached_property
    def rows(self) -> tuple[Invocation, ...]:
        """The rows as objects: 1,000 bytes per row, so only for the table of a page."""
        columns: dict[str, list[Any]] = {"started": [moment_of(tick) for tick in self.started.tolist()]}
        columns["cold"] = self.cold.tolist()
        for name in NUMBERS:
            columns[name] = [None if number != number else number for number in self.numbers[name].tolist()]
        for name in TEXTS:
            texts = self.texts[name]
            columns[name] = [texts[code] for code in self.codes[name].tolist()]
        return tuple(Invocation(*values) for values in zip(*(columns[name] for name in COLUMNS), strict=True))

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A data frame with ``Invocation``'s fields as columns, texts as categories; request IDs are plain texts."""
        import pandas as pd  # takes half a second, which `ops status` avoids

        columns: dict[str, Any] = {"started": pd.to_datetime(self.started.view("datetime64[us]"), utc=True)}
        columns["cold"] = self.cold
        columns |= self.numbers
        for name in TEXTS:
            if name == "request_id":
                columns[name] = np.array(self.texts[name], dtype=object)[self.codes[name]]
                continue
            categories = pd.Index(np.array(self.texts[name], dtype=object), dtype=object)
            columns[name] = pd.Categorical.from_codes(self.codes[name], categories=categories)
        return pd.DataFrame({name: columns[name] for name in COLUMNS}, copy=False)

    @cached_property
    def text_frame(self) -> pd.DataFrame:
        """``frame`` with texts as text."""
        return self.frame.astype(dict.fromkeys(TEXTS, "str"))


def build_table(chunks: Iterable[Sequence[Row]], function: str = "", as_json: bool = False) -> InvocationTable:
    """One row for each attempt with a genuine line. A chunk's rows are not kept, only what they say.

    ``function``: only its lines count, where several share the log group. ``as_json``: the format it logs in.
    """
    reader = LineReader()
    for chunk in chunks:
        reader.read(chunk)
    lines = reader.columns
    joined = join(lines, function, as_json)
    texts = {
        **{name: codes.texts for name, codes in lines.texts.items()},
        "request_id": lines.request_ids.texts,
        "environment": lines.streams.texts,
    }
    codes: dict[str, Column] = {name: joined[name] for name in TEXTS}
    numbers = {name: joined[name] for name in NUMBERS}
    marks = (joined["cold"], joined["record"])
    return InvocationTable(joined["started"], *marks, numbers, codes, texts, reader.unreadable)
