"""``describe``: distributions, correlations and significance tests, with SciPy.

Parameters: ``columns``: which (default: all); ``outcome``: a column of two values, by which the others are compared;
``resamples`` (0, at most 10^12): bootstrap samples for 95 % intervals; ``seed`` (0).

Result: ``columns``: count, missing, and for numbers mean, standard deviation, quartiles, skewness and a histogram, for
text the ten most frequent values. ``correlations``: Pearson and Spearman matrices of the numeric columns, from rows
without a missing value. ``tests`` (with an outcome): for numbers Welch's t and Mann-Whitney's U, for text chi-square;
``p_adjusted`` is Holm's over all of them. ``bootstrap``: of each numeric column the mean's interval or, with an
outcome, that of the difference of the two groups' means. Time grows with resamples × rows, memory does not.
A number beyond what a float64 can hold is null.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from handler.errors import TableTooLarge, UnusableData
from handler.jobs import Outcome, finite, params
from handler.jobs.bootstrap_ci import intervals
from handler.jobs.significance import chi_square, mann_whitney, ranks, welch
from handler.jobs.table import Table, categories, plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[Any]

BINS = 10
FREQUENT = 10
MAX_VALUE_CHARS = 200  # characters of a value that are shown
MAX_CORRELATED = 500  # columns; the matrix grows with their square


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def run(table: Table, given: dict[str, Any]) -> Outcome:
    params.only(given, "columns", "outcome", "resamples", "seed")
    outcome = params.text(given, "outcome")
    names = params.texts(given, "columns") or list(table.columns)
    resamples = params.whole(given, "resamples", 0, 0, 10**12)
    seed = params.whole(given, "seed", 0, 0, 2**32 - 1)
    for name in [*names, *([outcome] if outcome else [])]:
        if name not in table.columns:
            raise UnusableData(f"there is no column {name!r}")
    if not table.rows:
        raise UnusableData("the table has no rows")
    _check_width(Table({name: table.columns[name] for name in names}))
    groups = _groups(table.columns[outcome], outcome) if outcome else None
    chosen = Table({name: table.columns[name] for name in names if name != outcome})

    result: dict[str, Any] = {
        "rows": table.rows,
        "columns": {name: _distribution(table.columns[name]) for name in names},
        "correlations": _correlations(Table({name: table.columns[name] for name in names})),
    }
    if groups:
        result["tests"] = _tests(chosen, *groups)
    if resamples:
        result["bootstrap"] = intervals(
            {name: chosen.columns[name] for name in chosen.numeric()}, groups, resamples, seed
        )
    return Outcome(finite(result))


def _check_width(table: Table) -> None:
    """Before any column is worked on: a refusal after minutes would cost the batch its time."""
    if len(names := table.numeric()) > MAX_CORRELATED:
        raise TableTooLarge(f"{len(names)} columns of numbers; choose at most {MAX_CORRELATED} with columns")


def _groups(values: Column, name: str) -> tuple[Column, Column]:
    """Which rows have the smaller and the larger of the outcome's two values."""
    known = np.array([value is not None for value in values]) if values.dtype == object else ~np.isnan(values)
    classes = sorted(set(values[known].tolist()))
    if len(classes) != 2:
        raise UnusableData(f"an outcome has two different values, and column {name!r} has {len(classes)}")
    return values == classes[0], values == classes[1]


def _distribution(values: Column) -> dict[str, Any]:
    if values.dtype == object:
        known = Counter(value for value in values if value is not None)
        frequent = sorted(known.items(), key=lambda item: (-item[1], item[0]))[:FREQUENT]
        return {
            "type": "text",
            "count": known.total(),
            "missing": len(values) - known.total(),
            "distinct": len(known),
            "frequent": [{"value": value[:MAX_VALUE_CHARS], "count": count} for value, count in frequent],
        }
    numbers = values[~np.isnan(values)]
    about: dict[str, Any] = {"type": "number", "count": len(numbers), "missing": len(values) - len(numbers)}
    if not len(numbers):
        return about
    quartiles = np.percentile(numbers, [25, 50, 75])
    deviation = float(numbers.std(ddof=1)) if len(numbers) > 1 else None
    varies = deviation is not None and 0 < deviation < np.inf
    counts, edges = _histogram(numbers)
    return about | {
        "mean": float(numbers.mean()),
        "deviation": deviation,
        "skewness": float((((numbers - numbers.mean()) / numbers.std()) ** 3).mean()) if varies else None,
        "minimum": float(numbers.min()),
        **dict(zip(("q1", "median", "q3"), quartiles.tolist(), strict=True)),
        "maximum": float(numbers.max()),
        "histogram": {"edges": edges, "counts": counts},
    }


def _histogram(numbers: Column) -> tuple[list[int], list[float]]:
    """Counts and edges; one bin for values too close together, or too far apart, for a float64 to tell ten."""
    low, high = float(numbers.min()), float(numbers.max())
    try:
        counts, edges = np.histogram(numbers, bins=BINS)
    except ValueError:
        return [len(numbers)], [low, high]
    return counts.tolist(), edges.tolist()


def _correlations(table: Table) -> dict[str, Any]:
    """A matrix entry is null where a column does not vary."""
    names = table.numeric()
    matrix = table.matrix(names)
    whole = matrix[~np.isnan(matrix).any(axis=1)]
    if len(whole) < 3 or len(names) < 2:
        return {"columns": names, "rows": len(whole), "pearson": None, "spearman": None}
    return {
        "columns": names,
        "rows": len(whole),
        "pearson": _correlate(whole),
        "spearman": _correlate(np.column_stack([ranks(column) for column in whole.T])),
    }


def _correlate(matrix: Column) -> list[list[float | None]]:
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.corrcoef(matrix, rowvar=False)
    return [plain(row) for row in found]


def _tests(table: Table, zero: Column, one: Column) -> list[dict[str, Any]]:
    found = []
    for name, values in table.columns.items():
        test = _text_test(values, zero, one) if values.dtype == object else _number_test(values, zero, one)
        found.append({"column": name, **test})
    _adjust(found)
    return found


def _number_test(values: Column, zero: Column, one: Column) -> dict[str, Any]:
    first, second = (values[group & ~np.isnan(values)] for group in (zero, one))
    varies = min(len(first), len(second)) > 1 and (np.ptp(first) > 0 or np.ptp(second) > 0)
    if not varies:
        return {"test": "welch", "p": None, "reason": "each group needs two values, and they must vary"}
    statistic, p = welch(first, second)
    if p != p:
        return {"test": "welch", "p": None, "reason": "the variances are beyond what a float64 can hold"}
    return {
        "test": "welch",
        "difference": float(second.mean() - first.mean()),
        "statistic": statistic,
        "p": p,
        "mann_whitney_p": mann_whitney(first, second)[1],
    }


def _text_test(values: Column, zero: Column, one: Column) -> dict[str, Any]:
    known = np.array([value is not None for value in values])
    found, codes = categories(values[known])
    counts = np.array([np.bincount(codes[group[known]], minlength=len(found)) for group in (zero, one)])
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < 2 or not counts.sum(axis=1).all():
        return {"test": "chi2", "p": None, "reason": "two values are needed, and both groups must have some"}
    statistic, p = chi_square(counts)
    return {"test": "chi2", "statistic": statistic, "p": p, "values": counts.shape[1]}


def _adjust(tests: list[dict[str, Any]]) -> None:
    """Holm's step-down adjustment, in place: the chance of even one false alarm stays below the level."""
    known = sorted((test for test in tests if test["p"] is not None), key=lambda test: float(test["p"]))
    running = 0.0
    for place, test in enumerate(known):
        running = max(running, min(1.0, test["p"] * (len(known) - place)))
        test["p_adjusted"] = running
