"""Rows of a log, read in chunks into columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, repeat
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from handler import contract
from ops import invocation_log
from ops.insight.invocation_table.error_types import error_types
from ops.insight.invocation_table.lines.columns import Column, LineColumns
from ops.insight.invocation_table.lines.forms import (
    EVENT_TEXTS,
    REPORT_NUMBERS,
    REPORT_TEXTS,
    decode_event,
    decode_numbers,
    decode_record,
    match_report,
)
from ops.insight.invocation_table.lines.times import UNKNOWN, Ticks, lasting, moments
from ops.insight.invocation_table.text_codes import Codes
from ops.invocation_log.extension_record import MAX_COST_USD, RECORD_NUMBERS, RECORD_TEXTS
from ops.invocation_log.platform_lines import METRICS
from ops.invocation_log.values import MAX_NUMBER

Row = Mapping[str, str]
"""A row of Logs Insights: ``@timestamp``, ``@message``, ``@logStream``."""
_RECORD, _REPORT, _EVENT, _OTHER = range(4)
_FORMS = {"_": _RECORD, "P": _REPORT, "t": _EVENT}
"""The third characters of the usual forms: ``{"_aws``, ``REPORT``, ``{"time``. Their parsers refuse other lines."""
_THIRD = slice(2, 3)
_OF_FEW_VALUES = tuple(name for name in RECORD_TEXTS.values() if name != "trace")
Forms = npt.NDArray[np.int8]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Chunk:
    at: Ticks
    streams: Codes


class LineReader:
    """Reads chunks of rows into ``columns``. ``unreadable``: rows that look like records or reports but are not."""

    def __init__(self) -> None:
        self.columns = LineColumns()
        self.unreadable = 0
        self._read = 0

    def read(self, rows: Sequence[Row]) -> None:
        messages = _members(rows, "@message")
        chunk = _Chunk(
            moments(_members(rows, "@timestamp")),
            self.columns.streams.add_all(_members(rows, "@logStream")),
        )
        thirds = map(itemgetter(_THIRD), messages)
        forms = np.fromiter(map(_FORMS.get, thirds, repeat(_OTHER)), np.int8, len(messages))
        forms[chunk.at == UNKNOWN] = _OTHER
        records = self._parsed(messages, forms, _RECORD, decode_record)
        reports = self._parsed(messages, forms, _REPORT, match_report)
        events = self._parsed(messages, forms, _EVENT, decode_event)
        self._add_records(records, np.flatnonzero(forms == _RECORD), chunk)
        self._add_reports(reports, np.flatnonzero(forms == _REPORT), chunk)
        self._add_events(events, np.flatnonzero(forms == _EVENT), chunk)
        self._add_others(rows, np.flatnonzero(forms == _OTHER).tolist())
        self._read += len(rows)

    def _parsed(self, messages: Sequence[str], forms: Forms, form: int, parse: Callable[[str], Any]) -> list[Any]:
        """The messages of a form, parsed. Those that are not quite in it become others."""
        places = np.flatnonzero(forms == form)
        parsed = [parse(messages[place]) for place in places.tolist()]
        if None in parsed:
            forms[places[[record is None for record in parsed]]] = _OTHER
            parsed = [record for record in parsed if record is not None]
        return parsed

    def _add_records(self, records: Sequence[Any], places: Places, chunk: _Chunk) -> None:
        if not records:
            return
        part = self._placed(places, chunk, record=True, as_json=True)
        part["request_id"] = self.columns.request_ids.encode_ids([record.request_id for record in records])
        started = moments([record.started or "" for record in records])
        part["started"] = np.where(started == UNKNOWN, part["at"], started)
        part |= _numbers(records, tuple(RECORD_NUMBERS.values()))
        part["cost_usd"][part["cost_usd"] > MAX_COST_USD] = np.nan
        part["trace"] = self.columns.texts["trace"].encode([record.trace for record in records])
        few, which = _combinations(records, (*_OF_FEW_VALUES, "function", "cold", "record"))
        for name in _OF_FEW_VALUES:
            part[name] = self.columns.texts[name].encode(few[name])[which]
        named = self.columns.functions.encode(few["function"])[which]
        unnamed = (named == 0) | (named == self.columns.functions.code(contract.UNNAMED))
        part["function"] = np.where(unnamed, part["function"], named).astype(np.int32)
        part["cold"] = np.array([value == 1 for value in few["cold"]])[which]
        genuine = np.array([value == contract.INVOCATION_RECORD for value in few["record"]])[which]
        known = part["request_id"] != 0
        self.unreadable += int(np.count_nonzero(genuine & ~known))
        self._append(part, genuine & known)

    def _add_reports(self, reports: Sequence[Any], places: Places, chunk: _Chunk) -> None:
        if not reports:
            return
        part = self._placed(places, chunk, record=False, as_json=False)
        names = ("request_id", *REPORT_NUMBERS, *REPORT_TEXTS)
        columns = dict(zip(names, zip(*reports, strict=True), strict=True))
        part["request_id"] = self.columns.request_ids.encode_ids(columns["request_id"])
        part |= {name: decode_numbers(columns[name]) for name in REPORT_NUMBERS}
        part |= {name: self.columns.texts[name].encode(columns[name]) for name in REPORT_TEXTS}
        self._end(part)

    def _add_events(self, reports: Sequence[Any], places: Places, chunk: _Chunk) -> None:
        if not reports:
            return
        part = self._placed(places, chunk, record=False, as_json=True)
        part["request_id"] = self.columns.request_ids.encode_ids([report.requestId for report in reports])
        part |= _numbers([report.metrics for report in reports], tuple(METRICS.values()))
        traces = [report.tracing.value if report.tracing else "" for report in reports]
        part["trace"] = self.columns.texts["trace"].encode(traces)
        few, which = _combinations(reports, tuple(EVENT_TEXTS))
        for attribute, name in EVENT_TEXTS.items():
            part[name] = self.columns.texts[name].encode(few[attribute])[which]
        known = part["request_id"] != 0
        self.unreadable += int(np.count_nonzero(~known))
        self._end(part, known)

    def _placed(self, places: Places, chunk: _Chunk, record: bool, as_json: bool) -> dict[str, Column]:
        streams = chunk.streams[places]
        function, version = self.columns.stream_names(streams)
        return {
            "place": places + self._read,
            "at": chunk.at[places],
            "record": np.full(len(places), record),
            "as_json": np.full(len(places), as_json),
            "cold": np.zeros(len(places), dtype=bool),
            "stream": streams,
            "function": function,
            "version": version,
        }

    def _end(self, part: dict[str, Column], known: npt.NDArray[np.bool_] | None = None) -> None:
        """A REPORT line is written when the invocation is over; without a status it is a success."""
        part["status"][part["status"] == 0] = self.columns.texts["status"].code("success")
        init = np.where(part["init_ms"] > 0, part["init_ms"], part["restore_ms"])
        lasted = np.nan_to_num(part["duration_ms"]) + np.nan_to_num(init)
        part["started"] = part["at"] - lasting(lasted)
        self._append(part, known)

    def _append(self, part: dict[str, Column], known: npt.NDArray[np.bool_] | None) -> None:
        if known is not None and not known.all():
            part = {name: values[known] for name, values in part.items()}
        part["error_type"] = error_types(part, self.columns.texts)
        self.columns.append(part)

    def _add_others(self, rows: Sequence[Row], places: Sequence[int]) -> None:
        parsed = [(place, invocation_log.parse(rows[place])) for place in places]
        self.unreadable += sum(line is None and invocation_log.unreadable(rows[place]) for place, line in parsed)
        read = [(place + self._read, line) for place, line in parsed if line is not None]
        self.columns.append_lines([place for place, _ in read], [line for _, line in read])


def _members(rows: Sequence[Row], name: str) -> list[str]:
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:
        return [row.get(name, "") for row in rows]


def _numbers(rows: Sequence[Any], names: Sequence[str]) -> dict[str, npt.NDArray[np.float64]]:
    """Columns with the numbers that ``invocation_log.values.number`` takes."""
    values = chain.from_iterable(map(attrgetter(*names), rows))
    table = np.fromiter(values, float, len(rows) * len(names)).reshape(len(rows), len(names))
    table[~((table >= 0) & (table <= MAX_NUMBER))] = np.nan
    return {name: table[:, place] for place, name in enumerate(names)}


def _combinations(
    rows: Sequence[Any], attributes: Sequence[str]
) -> tuple[dict[str, tuple[Any, ...]], npt.NDArray[np.intp]]:
    """The combinations of values, by attribute, and each row's place among them: there are few of them."""
    read = attrgetter(*attributes)
    found: defaultdict[tuple[Any, ...], int] = defaultdict(count().__next__)
    which = np.fromiter(map(found.__getitem__, map(read, rows)), np.intp, len(rows))
    return dict(zip(attributes, zip(*found, strict=True), strict=True)), which
