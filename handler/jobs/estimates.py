"""What a job may cost, estimated from its body before it is started: for the order of a batch, not a check.

The figures are upper bounds, rounded up, for one vCPU (measured 2026-11 on the slowest machine at hand). What they
leave out is named data, whose size is known only once it is read: it counts as ``ELSEWHERE_S``.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from handler.jobs.memory_limits import CELL_BYTES, data_memory

FAST, SLOW, UNBOUNDED = 0, 1, 2

FAST_S = 1.0  # longer, and a job is SLOW
SLOW_S = 10.0  # longer, and a job is UNBOUNDED
NAMED_DATA_S = 5.0
TRAIN_S = 3.0  # the import of scikit-learn

CELL_S = 2e-6
COLUMN_S = 2e-4
DISTANCE_S = 1e-8  # from one row to one centre, by feature
INDICATOR_S, INDICATOR_BYTES = 4e-7, 80  # one row of one indicator column, also in the table that is stored
RESAMPLE_S = 6e-8  # one resample of one row of one column
SEGMENT_S = 3e-6  # k-means: one cell in one segment, over all rounds
CATEGORIES, SEGMENTS = 20, 4
"""Defaults of ``prepare`` and ``train``."""


class Effort(NamedTuple):
    """``rank``: FAST (under a second; poison too), SLOW (seconds), or UNBOUNDED: it may take so long or grow so large
    that it kills its environment. ``seconds``: the estimate."""

    rank: int
    seconds: float


POISON = Effort(FAST, 0.0)


def effort(body: str) -> Effort:
    """The effort of the job in ``body``, whatever that is. Never fails: what cannot be read is rejected quickly."""
    try:
        found = json.loads(body)
        kind, data, params = found["kind"], found["data"], found.get("params") or {}
        seconds, memory = _named(params) if isinstance(data, str) else _inline(kind, data["columns"], params)
        elsewhere = isinstance(data, str) or isinstance(params.get("model"), str)
        unbounded = bool(params.get("resamples") or params.get("max_categories"))
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError, OverflowError):
        return POISON
    if unbounded or seconds > SLOW_S or memory > data_memory() / 2:
        return Effort(UNBOUNDED, max(seconds, SLOW_S * memory / data_memory()))
    return Effort(SLOW if elsewhere or kind == "train" or seconds > FAST_S else FAST, seconds)


def _named(params: dict[str, Any]) -> tuple[float, float]:
    """Seconds and bytes of a job on a table of unknown size: what no parameter multiplies fits into the memory."""
    cells = data_memory() / CELL_BYTES
    seconds = NAMED_DATA_S + float(params.get("resamples") or 0) * cells * RESAMPLE_S
    return seconds, float(data_memory()) if params.get("max_categories") else 0.0


def _inline(kind: str, columns: dict[str, list[Any]], params: dict[str, Any]) -> tuple[float, float]:
    rows = len(next(iter(columns.values()), ()))
    cells = rows * len(columns)
    seconds, memory = cells * CELL_S + len(columns) * COLUMN_S, float(cells * CELL_BYTES)
    match kind:
        case "train":
            seconds += TRAIN_S + cells * float(params.get("segments") or SEGMENTS) * SEGMENT_S
        case "describe":
            seconds += float(params.get("resamples") or 0) * cells * RESAMPLE_S
        case "prepare":
            indicators = rows * _text(columns) * min(rows, float(params.get("max_categories") or CATEGORIES) + 1)
            seconds, memory = seconds + indicators * INDICATOR_S, memory + indicators * INDICATOR_BYTES
        case "score" if isinstance(model := params.get("model"), dict):
            seconds += rows * len(model["features"]) * len(model["centers"]) * DISTANCE_S
    return seconds, memory


def _text(columns: dict[str, list[Any]]) -> int:
    """How many columns may become indicators: of text, at any place."""
    return sum(any(isinstance(value, str) for value in values) for values in columns.values())
