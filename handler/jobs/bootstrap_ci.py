"""Bootstrap intervals of means, in flat memory: the resampled means go into a histogram, not into a list.

A resample of n values is drawn as the counts of a multinomial over them, a few hundred at a time. Two passes: the first
``PILOT`` resamples fix the histogram's range (their mean ± 12 standard deviations), all further ones are counted in it;
its bins are far narrower than the interval's own error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[Any]

PILOT = 400
BINS = 20_000
CELLS = 400_000  # counts held at once: 3 MB


def intervals(
    columns: dict[str, Column], groups: tuple[Column, Column] | None, resamples: int, seed: int
) -> dict[str, Any]:
    """For each column: ``estimate`` (the mean, or the second group's minus the first's), ``low``, ``high``, ``resamples``.

    A column whose groups are empty has none.
    """
    generator = np.random.default_rng(seed)
    found = {}
    for name, values in columns.items():
        known = ~np.isnan(values)
        parts = [values[known & group] for group in groups] if groups else [values[known]]
        if all(len(part) for part in parts):
            found[name] = _interval(parts, resamples, generator)
    return {"level": 0.95, "of": "difference of means" if groups else "mean", "columns": found}


def _interval(parts: list[Column], resamples: int, generator: np.random.Generator) -> dict[str, Any]:
    at_once = max(1, CELLS // sum(map(len, parts)))
    first = min(PILOT, resamples)
    steps = range(0, first, at_once)
    pilot = np.concatenate([_means(parts, min(at_once, first - done), generator) for done in steps])
    estimate = parts[-1].mean() - (parts[0].mean() if len(parts) == 2 else 0)
    middle, deviation = pilot.mean(), pilot.std()
    reach = max(12 * deviation, 1e-12 * abs(middle)) or 1.0
    edges = np.linspace(middle - reach, middle + reach, BINS + 1)
    if not np.isfinite(edges).all():  # beyond what a float64 can hold
        return {"estimate": float(estimate), "low": None, "high": None, "resamples": resamples}
    counts = np.histogram(pilot, edges)[0]
    left = resamples - len(pilot)
    while left > 0:
        means = _means(parts, min(at_once, left), generator)
        counts += np.histogram(means, edges)[0]
        left -= len(means)
    share = np.cumsum(counts) / counts.sum()
    low, high = (float(edges[np.searchsorted(share, level)]) for level in (0.025, 0.975))
    return {"estimate": float(estimate), "low": low, "high": high, "resamples": resamples}


def _means(parts: list[Column], number: int, generator: np.random.Generator) -> Column:
    """Means of ``number`` resamples; with two parts the second's minus the first's."""
    found = np.zeros(number)
    for sign, part in zip((1, -1), reversed(parts), strict=False):
        size = len(part)
        counts = generator.multinomial(size, np.full(size, 1 / size), size=number)
        found += sign * (counts @ part) / size
    return found
