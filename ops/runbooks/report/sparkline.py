"""A series as a line of block characters, for text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

WIDTH = 60
"""Characters at most: with its name and its bounds a line still fits an editor."""
_BLOCKS = "▁▂▃▄▅▆▇█"
GAP = "·"
"""Stands for a missing data point."""


def sparkline(values: Sequence[float | None], width: int = WIDTH) -> str:
    """Values from 0, or from the lowest value if it is below 0, to the highest. Values that share a character are shown
    by the highest of them, so that no peak is lost."""
    shared = [_highest(part) for part in _parts(values, width)]
    known = [value for value in shared if value is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    return "".join(GAP if value is None else _block(value, low, high) for value in shared)


def _parts(values: Sequence[float | None], width: int) -> list[Sequence[float | None]]:
    count = min(width, len(values))
    edges = [round(at * len(values) / count) for at in range(count + 1)] if count else []
    return [values[start:end] for start, end in pairwise(edges)]


def _highest(part: Sequence[float | None]) -> float | None:
    return max((value for value in part if value is not None), default=None)


def _block(value: float, low: float, high: float) -> str:
    share = (value - low) / (high - low) if high > low else 0.0
    return _BLOCKS[min(len(_BLOCKS) - 1, int(share * len(_BLOCKS)))]
