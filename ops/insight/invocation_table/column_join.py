"""Joins the lines of all attempts as arrays, where an attempt has one record, one REPORT line, or one of each.

A request ID with more lines than that in one environment (a retry, a line that was read twice, a time-out in words) is
joined line by line, by ``attempts``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from handler.extension.records import rules
from ops.insight.invocation_table.error_types import error_types
from ops.insight.invocation_table.genuine_lines import genuine_lines
from ops.insight.invocation_table.line_by_line import join_line_by_line
from ops.insight.invocation_table.line_columns import VALUE_TEXTS, Column, LineColumns
from ops.insight.invocation_table.model import NUMBERS
from ops.insight.invocation_table.unreported_inits import mark_unreported_inits
from ops.invocation_log import INIT

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]


def join(lines: LineColumns, function: str, as_json: bool) -> dict[str, Column]:
    """The columns of ``Invocation``, texts as codes, sorted by start. ``environment`` holds codes of ``lines.streams``."""
    columns = lines.whole()
    rows, others = genuine_lines(lines, columns, function, as_json)
    inits = [other for other in others if other.line.source == INIT]
    endings = [other for other in others if other.line.source != INIT]
    streams = len(lines.streams)
    keys = columns["request_id"].astype(np.int64) * streams + columns["stream"]
    rows = rows[np.argsort(keys[rows] * 2 + ~columns["record"][rows], kind="stable")]  # a record before its REPORT line
    first = _first(keys[rows])
    apart = np.array([other.request_id * streams + other.stream for other in endings], dtype=np.int64)
    regular = _regular(keys[rows], first, columns["record"][rows], apart)
    kinds = {other.stream: str(other.line.values["init_type"]) for other in inits}
    joined = _join_regular(lines, columns, rows[regular], first[regular], kinds)
    rest = {name: values[rows[~regular]] for name, values in columns.items()}
    found = join_line_by_line(lines, rest, endings, inits)
    whole = {name: np.concatenate([joined[name], found[name]]) for name in joined}
    order = np.lexsort((whole["place"], whole["started"]))
    sorted_columns = {name: values[order] for name, values in whole.items() if name != "place"}
    mark_unreported_inits(lines, sorted_columns)
    del sorted_columns["record"]
    return sorted_columns


def _first(keys: npt.NDArray[np.int64]) -> Mask:
    """Of each of the sorted keys: whether it is the first of its kind."""
    first = np.ones(len(keys), dtype=bool)
    first[1:] = keys[1:] != keys[:-1]
    return first


def _regular(keys: npt.NDArray[np.int64], first: Mask, record: Mask, apart: npt.NDArray[np.int64]) -> Mask:
    """Of each line, sorted by key: whether its key has at most one record and one REPORT line, and is not ``apart``."""
    which = np.cumsum(first) - 1
    most = np.maximum(np.bincount(which, weights=record), np.bincount(which, weights=~record))
    regular: Mask = most <= 1
    places = np.searchsorted(keys, apart)
    known = places < len(keys)
    known[known] = keys[places[known]] == apart[known]
    regular[which[places[known]]] = False
    of_lines: Mask = regular[which]
    return of_lines


def _join_regular(
    lines: LineColumns, columns: Mapping[str, Column], rows: Rows, first: Mask, kinds: Mapping[int, str]
) -> dict[str, Column]:
    """``rows``: of ``columns``, by attempt; ``first``: whether a row is the first of its attempt."""
    base = rows[first]
    pairs = np.flatnonzero(~first)  # a REPORT line behind its record
    completed = np.cumsum(first)[pairs] - 1
    report = rows[pairs]
    found = {
        name: columns[name][base]
        for name in (*NUMBERS, *VALUE_TEXTS, "started", "cold", "request_id", "stream", "record")
    }
    for name in (*NUMBERS, *VALUE_TEXTS):
        own, other = found[name][completed], columns[name][report]
        missing = np.isnan(own) if name in NUMBERS else own == 0
        found[name][completed] = np.where(missing, other, own)
    found["error_type"] = error_types(found, lines.texts)
    found["place"] = columns["place"][base]
    found["place"][completed] = np.minimum(found["place"][completed], columns["place"][report])
    _settle_init(lines, found, kinds)
    found["environment"] = found.pop("stream")
    return found


def _settle_init(lines: LineColumns, found: dict[str, Column], kinds: Mapping[int, str]) -> None:
    """The initialization type, whether the attempt was cold, and whether its INIT is billed with it."""
    types = lines.texts["init_type"]
    by_stream = np.zeros(len(lines.streams), dtype=np.int32)
    for stream, kind in kinds.items():
        by_stream[stream] = types.code(kind)
    init, restored = ~np.isnan(found["init_ms"]), ~np.isnan(found["restore_ms"])
    init_type = np.where(found["init_type"] == 0, by_stream[found["stream"]], found["init_type"])

    def by_type(rule: Callable[[str], Any]) -> Column:
        return np.array([rule(name) for name in types.texts])

    of_restored = by_type(lambda name: types.code(rules.kind_of(name, 0.0)))
    init_type = np.where(restored, of_restored[init_type], init_type).astype(np.int32)
    waited = by_type(lambda name: (rules.is_cold(name, 0.0, None), rules.is_cold(name, None, 0.0)))
    by_report = (waited[init_type, 0] & init) | (waited[init_type, 1] & restored)
    found["cold"] = np.where(found["record"], found["cold"], by_report)
    ahead = by_type(rules.ahead)[init_type]
    found["init_ms"][~found["cold"] & ahead] = np.nan  # it ran ahead, and is not in what is billed here
    found["init_type"] = init_type
