"""Joins attempts whose lines are irregular, one by one as objects, and returns them as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ops.insight.invocation_table.joining.attempts import attempts
from ops.insight.invocation_table.lines.columns import VALUE_TEXTS, Column, LineColumns, OtherLine, moment_of, ticks
from ops.insight.invocation_table.model import NUMBERS
from ops.invocation_log import RECORD, REPORT, InvocationLogLine


def join_line_by_line(
    lines: LineColumns, columns: Mapping[str, Column], endings: Sequence[OtherLine], inits: Sequence[OtherLine]
) -> dict[str, Column]:
    """``columns``: of records and REPORT lines; ``endings``: other lines about the end of an invocation."""
    known = sorted(
        [*_objects(lines, columns), *((ending.place, ending.line) for ending in endings)], key=lambda pair: pair[0]
    )
    places: dict[tuple[str, str], int] = {}
    for place, line in known:
        places.setdefault((line.request_id, line.stream), place)
    found = list(attempts([*(init.line for init in inits), *(line for _, line in known)]))
    values = [read for _, _, read in found]
    joined: dict[str, Column] = {
        "request_id": lines.request_ids.add_all([request_id for request_id, _, _ in found]),
        "started": np.array([ticks(started) for _, started, _ in found], dtype=np.int64),
        "cold": np.array([bool(read.get("cold")) for read in values], dtype=bool),
        "record": np.array([read["record"] for read in values], dtype=bool),
        "environment": lines.streams.add_all([read["environment"] for read in values]),
        "place": np.array([places[request_id, read["environment"]] for request_id, _, read in found], dtype=np.int64),
    }
    for name in NUMBERS:
        joined[name] = np.array([read.get(name) for read in values], dtype=float)
    for name in VALUE_TEXTS:
        joined[name] = lines.texts[name].add_all([str(read.get(name) or "") for read in values])
    return joined


def _objects(lines: LineColumns, columns: Mapping[str, Column]) -> list[tuple[int, InvocationLogLine]]:
    """The lines again as ``ops.invocation_log.parse`` reads them, with their places."""
    listed = {name: values.tolist() for name, values in columns.items()}
    for name, texts in {
        **{name: lines.texts[name] for name in VALUE_TEXTS},
        "request_id": lines.request_ids,
        "stream": lines.streams,
        "function": lines.functions,
    }.items():
        written = texts.texts
        listed[name] = [written[code] for code in listed[name]]
    return [(place, _object(listed, row)) for row, place in enumerate(listed["place"])]


def _object(listed: Mapping[str, list[Any]], row: int) -> InvocationLogLine:
    values = {name: listed[name][row] for name in (*NUMBERS, *VALUE_TEXTS, "cold")}
    values = {name: value for name, value in values.items() if value == value}  # NaN is not
    return InvocationLogLine(
        RECORD if listed["record"][row] else REPORT,
        listed["request_id"][row],
        moment_of(listed["started"][row]),
        values,
        moment_of(listed["at"][row]),
        listed["stream"][row],
        listed["as_json"][row],
        listed["function"][row],
    )
