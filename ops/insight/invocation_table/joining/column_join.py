"""Joins the lines of all attempts as arrays, where ``rows_by_attempt`` can tell them apart; the others line by line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from handler.extension.records import rules
from ops.insight.invocation_table.error_types import error_types
from ops.insight.invocation_table.joining.genuine_lines import genuine_lines
from ops.insight.invocation_table.joining.irregular_attempts import join_line_by_line
from ops.insight.invocation_table.joining.rows_by_attempt import Mask, Rows, rows_by_attempt
from ops.insight.invocation_table.joining.unreported_inits import mark_unreported_inits
from ops.insight.invocation_table.lines.columns import VALUE_TEXTS, Column, LineColumns
from ops.insight.invocation_table.model import NUMBERS
from ops.invocation_log import INIT


def join(lines: LineColumns, function: str, as_json: bool) -> dict[str, Column]:
    """The columns of ``Invocation``, texts as codes, sorted by start, and ``record``: whether there is one. ``environment``
    holds codes of ``lines.streams``."""
    columns = lines.whole()
    rows, others = genuine_lines(lines, columns, function, as_json)
    inits = [other for other in others if other.line.source == INIT]
    endings = [other for other in others if other.line.source != INIT]
    rows, first, rest = rows_by_attempt(columns, rows, endings, len(lines.streams))
    base = _complete(lines, columns, rows, first)
    found = join_line_by_line(lines, {name: values[rest] for name, values in columns.items()}, endings, inits)
    whole = _sorted(columns, base, found)
    _settle_init(lines, whole, {other.stream: str(other.line.values["init_type"]) for other in inits})
    mark_unreported_inits(lines, whole)
    return whole


def _complete(lines: LineColumns, columns: Mapping[str, Column], rows: Rows, first: Mask) -> Rows:
    """Completes each record from the REPORT line behind it; gives one row of ``columns`` per attempt. ``rows``: by attempt;
    ``first``: whether a row is the first of its attempt."""
    report = rows[~first]
    record = rows[np.flatnonzero(~first) - 1]
    completed = {}
    for name in (*NUMBERS, *VALUE_TEXTS):
        own, other = columns[name][record], columns[name][report]
        completed[name] = np.where(np.isnan(own) if name in NUMBERS else own == 0, other, own)
    completed["error_type"] = error_types(completed, lines.texts)
    completed["place"] = np.minimum(columns["place"][record], columns["place"][report])
    for name, values in completed.items():
        columns[name][record] = values
    return rows[first]


def _sorted(columns: dict[str, Column], base: Rows, more: Mapping[str, Column]) -> dict[str, Column]:
    """The rows ``base`` of ``columns`` and those of ``more``, by start. ``columns`` are given up here, one by one."""
    columns["environment"] = columns.pop("stream")
    started, place = (np.concatenate([columns[name][base], more[name]]) for name in ("started", "place"))
    order = np.lexsort((place, started))
    added = np.flatnonzero(order >= len(base))
    of_more, order[added] = order[added] - len(base), 0
    taken = base[order] if len(base) else order
    whole = {}
    for name in (*NUMBERS, *VALUE_TEXTS, "started", "cold", "request_id", "environment", "record"):
        values = columns.pop(name)
        whole[name] = values[taken] if len(base) else np.empty(len(order), dtype=values.dtype)
        whole[name][added] = more[name][of_more]
    return whole


def _settle_init(lines: LineColumns, found: dict[str, Column], kinds: Mapping[int, str]) -> None:
    """The initialization type, whether the attempt was cold, and whether its INIT is billed with it."""
    types = lines.texts["init_type"]
    by_stream = np.zeros(len(lines.streams), dtype=np.int32)
    for stream, kind in kinds.items():
        by_stream[stream] = types.code(kind)
    init, restored = ~np.isnan(found["init_ms"]), ~np.isnan(found["restore_ms"])
    init_type = np.where(found["init_type"] == 0, by_stream[found["environment"]], found["init_type"])

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
