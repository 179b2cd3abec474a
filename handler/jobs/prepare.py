"""``prepare``: clean, encode and split a table for training. NumPy only.

Parameters: ``outcome``: column to keep as it is and to split evenly by; rows without it are dropped. ``drop``: columns
to leave out. ``test_share`` (0.25) of the rows go to the test table, chosen by ``seed`` (0). ``max_categories`` (20):
distinct values of a text column that get an indicator column of their own, ``column=value``; rarer ones share
``column=other`` with the value ``other``. The indicators are dense: memory grows with rows × categories.

What is done, in this order: rows that are all missing and columns with no or one value are dropped; missing numbers
become the column's median, and missing text ``missing``; text becomes indicators; the rows are split.

Result: ``report`` (rows, columns, what was dropped, filled and encoded); artifacts ``train.json`` and ``test.json``,
tables in the inline form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from handler.errors import UnusableData
from handler.jobs import Outcome, params
from handler.jobs.table import Table, categories

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[Any]

MISSING = "missing"
OTHER = "other"


def run(table: Table, given: dict[str, Any]) -> Outcome:
    params.only(given, "outcome", "drop", "test_share", "seed", "max_categories")
    outcome = params.text(given, "outcome")
    drop = params.texts(given, "drop") or []
    test_share = params.share(given, "test_share", 0.25)
    seed = params.whole(given, "seed", 0, 0, 2**32 - 1)
    most = params.whole(given, "max_categories", 20, 1, 1_000_000)
    for name in [*drop, *([outcome] if outcome else [])]:
        if name not in table.columns:
            raise UnusableData(f"there is no column {name!r}")

    kept = _rows(table.without(drop), outcome)
    constant = [name for name, values in kept.columns.items() if name != outcome and _constant(values)]
    clean, filled, encoded = _encode(kept.without(constant), outcome, most)
    if clean.rows < 2 or not clean.columns.keys() - {outcome}:
        raise UnusableData("after cleaning, fewer than two rows or no column that varies are left")
    test = split(clean, outcome, test_share, seed)
    report = {
        "rows": {"given": table.rows, "kept": clean.rows, "train": int((~test).sum()), "test": int(test.sum())},
        "columns": {"given": len(table.columns), "kept": len(clean.columns)},
        "dropped_columns": sorted([*drop, *constant]),
        "filled": filled,
        "encoded": encoded,
    }
    tables = {"train.json": clean.take(~test).to_document(), "test.json": clean.take(test).to_document()}
    return Outcome({"report": report}, tables)


def split(table: Table, outcome: str | None, share: float, seed: int) -> NDArray[np.bool_]:
    """Which rows are for testing: ``share`` of them, and of each value of the outcome if it has few values."""
    generator = np.random.default_rng(seed)
    groups = np.zeros(table.rows, dtype=int)
    if outcome:
        values = table.columns[outcome]
        codes = categories(values)[1] if values.dtype == object else np.unique(values, return_inverse=True)[1]
        groups = codes if codes.max(initial=0) < MANY_VALUES else groups
    test = np.zeros(table.rows, dtype=bool)
    for group in np.unique(groups):
        members = generator.permutation(np.flatnonzero(groups == group))
        test[members[: round(share * len(members))]] = True
    if test.all() or not test.any():  # too few rows to share out: one to the smaller side
        test[:] = False
        test[generator.integers(table.rows)] = True
    return test


MANY_VALUES = 10
"""An outcome with more distinct values is an amount, not a class: nothing to split evenly by."""


def _rows(table: Table, outcome: str | None) -> Table:
    missing = np.array([_missing(values) for values in table.columns.values()])
    keep: NDArray[np.bool_] = ~np.all(missing, axis=0) if len(missing) else np.zeros(0, dtype=bool)
    if outcome:
        keep &= ~_missing(table.columns[outcome])
    return table.take(keep)


def _encode(table: Table, outcome: str | None, most: int) -> tuple[Table, dict[str, int], dict[str, int]]:
    """The table as numbers, missing cells filled by column, indicator columns by text column."""
    columns: dict[str, Column] = {}
    filled, encoded = {}, {}
    for name, values in table.columns.items():
        missing = _missing(values)
        if name != outcome and missing.any():
            filled[name] = int(missing.sum())
        if name == outcome:
            columns[name] = values
        elif values.dtype == object:
            indicators = _indicators(name, np.where(missing, MISSING, values), most)
            encoded[name] = len(indicators)
            if clash := [each for each in indicators if each in columns or each in table.columns]:
                raise UnusableData(f"column {name!r} becomes {min(clash)!r}, and there is such a column already")
            columns.update(indicators)
        else:
            columns[name] = np.where(missing, np.nanmedian(values), values)
    return Table(columns), filled, encoded


def _indicators(name: str, values: Column, most: int) -> dict[str, Column]:
    """One 0/1 column for each of the ``most`` frequent values, all in one dense matrix, and one for the others."""
    found, codes = categories(values)
    frequent = np.sort(np.argsort(-np.bincount(codes), kind="stable")[:most])
    matrix = np.equal(codes[:, None], frequent[None, :], out=np.empty((len(codes), len(frequent))))
    columns = {f"{name}={found[code]}": matrix[:, place] for place, code in enumerate(frequent)}
    if len(frequent) < len(found):
        columns[f"{name}={OTHER}"] = columns.get(f"{name}={OTHER}", 0) + 1 - matrix.sum(axis=1)
    return columns


def _missing(values: Column) -> NDArray[np.bool_]:
    if values.dtype == object:
        return np.array([value is None for value in values], dtype=bool)
    found: NDArray[np.bool_] = np.isnan(values)
    return found


def _constant(values: Column) -> bool:
    """Nothing to learn from: no value, or a single one (missing text counts as a value, it becomes one)."""
    missing = _missing(values)
    if missing.all():
        return True
    if values.dtype == object:
        return len(set(values.tolist())) < 2  # None among them
    return len(np.unique(values[~missing])) < 2
