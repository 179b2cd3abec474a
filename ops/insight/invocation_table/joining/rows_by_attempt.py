"""Joins lines by attempt, where an attempt has one record, one REPORT line, or one of each.

A request ID with other lines than that in one environment (a line that was read twice, a timeout in words, a retry of which
a line is missing) is left to ``attempts``, which joins line by line.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ops.insight.invocation_table.lines.columns import Column, OtherLine

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
Keys = npt.NDArray[np.int64]

_TOGETHER = 1_000_000
"""The lines of one attempt tell of starts within this (microseconds); Lambda waits a minute before it tries again. Where two
attempts are nearer, they are joined line by line."""


def rows_by_attempt(
    columns: dict[str, Column], rows: Rows, endings: Sequence[OtherLine], streams: int
) -> tuple[Rows, Mask, Rows]:
    """The rows whose attempts are known, by attempt and a record before its REPORT line; whether each is the first of its
    attempt; and the rest. ``endings``: lines of another kind; what is about the same is of the rest."""
    keys = columns["request_id"].astype(np.int64) * streams + columns["stream"]
    rows = rows[np.argsort(keys[rows] * 2 + ~columns["record"][rows], kind="stable")]
    key, record = keys[rows], columns["record"][rows]
    first = _first(key)
    which = np.cumsum(first) - 1
    once = np.maximum(np.bincount(which, record), np.bincount(which, ~record)) <= 1
    ended = _ended(key, which, len(once), [other.request_id * streams + other.stream for other in endings])
    known, several = (once & ~ended)[which], (~once & ~ended)[which]
    retried, first_retried, rest = _retried(columns, keys, rows[several])
    return (
        np.concatenate([rows[known], retried]),
        np.concatenate([first[known], first_retried]),
        np.concatenate([rows[ended[which]], rest]),
    )


def _first(sorted_values: Column) -> Mask:
    """For each value, whether it is the first of its kind."""
    first = np.ones(len(sorted_values), dtype=bool)
    first[1:] = sorted_values[1:] != sorted_values[:-1]
    return first


def _ended(key: Keys, which: Rows, count: int, apart: Sequence[int]) -> Mask:
    """For each key, whether it is one of those ``apart``."""
    places = np.searchsorted(key, np.array(apart, dtype=np.int64))
    there = places < len(key)
    there[there] = key[places[there]] == np.array(apart, dtype=np.int64)[there]
    ended = np.zeros(count, dtype=bool)
    ended[which[places[there]]] = True
    return ended


def _retried(columns: dict[str, Column], keys: Keys, rows: Rows) -> tuple[Rows, Mask, Rows]:
    """``rows_by_attempt`` for keys with several attempts. Only those are known whose attempts began apart, each with
    the same lines. Then each line's own attempt is the nearest, in whatever order they are paired."""
    if not len(rows):
        return rows, np.zeros(0, dtype=bool), rows
    rows = rows[np.lexsort((columns["started"][rows], keys[rows]))]
    key, started, record = keys[rows], columns["started"][rows], columns["record"][rows]
    begin_key = _first(key)
    begin = begin_key.copy()
    begin[1:] |= np.diff(started) > _TOGETHER
    attempt, of_key = np.cumsum(begin) - 1, np.cumsum(begin_key) - 1
    records, reports = (np.bincount(attempt, kind)[attempt] for kind in (record, ~record))
    head = np.flatnonzero(begin_key)
    alike = (records <= 1) & (reports <= 1) & (records == records[head][of_key]) & (reports == reports[head][of_key])
    known = (np.bincount(of_key, ~alike) == 0)[of_key]
    of_request = np.minimum.reduceat(columns["place"][rows], head)[of_key]
    columns["place"][rows[known]] = of_request[known]
    ordered = np.lexsort((~record, attempt))
    ordered = ordered[known[ordered]]
    return rows[ordered], _first(attempt[ordered]), rows[~known]
