"""Significance tests on SciPy's distribution functions.

``scipy.special`` only: ``scipy.stats`` has the same tests, but its import costs a cold start over a second (measured
2026-11). A test holds these to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[Any]


def ranks(values: Column) -> Column:
    """1 for the smallest; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    shared: Column = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return shared


def welch(first: Column, second: Column) -> tuple[float, float]:
    """Welch's t of the second mean over the first, and its two-sided p. Each needs two values, and some variance."""
    from scipy.special import stdtr

    parts = [part.var(ddof=1) / len(part) for part in (first, second)]
    freedom = sum(parts) ** 2 / sum(v**2 / (len(part) - 1) for v, part in zip(parts, (first, second), strict=True))
    t = (second.mean() - first.mean()) / np.sqrt(sum(parts))
    return float(t), float(2 * stdtr(freedom, -abs(t)))


def mann_whitney(first: Column, second: Column) -> tuple[float, float]:
    """U of the second, and its two-sided p by the normal approximation, corrected for ties and continuity."""
    from scipy.special import ndtr

    n, m = len(first), len(second)
    together = np.concatenate([second, first])
    u = float(ranks(together)[:m].sum() - m * (m + 1) / 2)
    counts = np.unique(together, return_counts=True)[1].astype(np.float64)
    ties = (counts**3 - counts).sum() / ((n + m) * (n + m - 1))
    spread = np.sqrt(n * m / 12 * (n + m + 1 - ties))
    z = (max(u, n * m - u) - n * m / 2 - 0.5) / spread
    return u, float(min(1.0, 2 * ndtr(-z)))


def chi_square(counts: Column) -> tuple[float, float]:
    """Pearson's chi-square of a table of counts, and its p; 2 × 2 tables with Yates's correction."""
    from scipy.special import chdtrc

    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    freedom = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    distance = np.abs(counts - expected)
    if freedom == 1:
        distance = np.maximum(distance - 0.5, 0)
    statistic = float((distance**2 / expected).sum())
    return statistic, float(chdtrc(freedom, statistic))
