"""Joins all lines of an invocation: an attempt's record, its REPORT line, and how it ended.

A retried asynchronous invocation keeps its request id, so lines are joined by request id, log stream and time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handler.extension.records import rules
from ops.invocation_log import INIT, RECORD, REPORT, TIMEOUT, InvocationLogLine

ONE_ENDING = timedelta(seconds=60)
"""Lines about one ending are written within this. Lambda waits a minute or more before it tries again."""


@dataclass
class _Attempt:
    lines: list[InvocationLogLine] = field(default_factory=list)

    def has(self, source: str) -> bool:
        return any(line.source == source for line in self.lines)


def attempts(lines: Iterable[InvocationLogLine]) -> Iterator[tuple[str, datetime, dict[str, Any]]]:
    """Each attempt's request id, start and values: the record's, completed from the other lines; and whether there is a
    record."""
    lines = list(lines)
    kinds = {line.stream: str(line.values["init_type"]) for line in lines if line.source == INIT}
    for (request_id, stream), joined in _by_environment(lines).items():
        for attempt in _separate(joined):
            first = attempt.lines[0]
            values = _values(attempt, kinds.get(stream, ""))
            yield request_id, first.started, {**values, "environment": stream, "record": attempt.has(RECORD)}


def _by_environment(lines: Sequence[InvocationLogLine]) -> dict[tuple[str, str], list[InvocationLogLine]]:
    """Lines by request ID and log stream; a line that was read twice counts once."""
    once = {
        (line.source, line.request_id, line.started, None if line.source == RECORD else line.at, line.stream): line
        for line in lines
        if line.source != INIT
    }
    grouped: dict[tuple[str, str], list[InvocationLogLine]] = defaultdict(list)
    for line in once.values():
        grouped[line.request_id, line.stream].append(line)
    return grouped


def _separate(lines: Sequence[InvocationLogLine]) -> list[_Attempt]:
    """The attempts of one request id in one environment. An attempt has one record and one REPORT line at most."""
    found = [_Attempt([line]) for line in lines if line.source == RECORD]
    reports = [line for line in lines if line.source == REPORT]
    for record, report in _nearest(found, reports):
        record.lines.append(report)
        reports.remove(report)
    found += [_Attempt([line]) for line in reports]
    for line in sorted((line for line in lines if line.source not in (RECORD, REPORT)), key=_when):
        near = [attempt for attempt in found if not attempt.has(line.source)]
        attempt = min(near or found, key=lambda candidate: abs(_when(candidate.lines[-1]) - _when(line)), default=None)
        if attempt is None or not (_reported(attempt) or abs(_when(attempt.lines[0]) - _when(line)) <= ONE_ENDING):
            found.append(_Attempt([line]))
        else:
            attempt.lines.append(line)
    return found


def _nearest(
    records: Sequence[_Attempt], reports: Sequence[InvocationLogLine]
) -> list[tuple[_Attempt, InvocationLogLine]]:
    """Pairs, nearest in time first. A record's own report is nearer than any other attempt's."""
    distances = sorted(
        (abs(record.lines[0].started - report.started), row, column)
        for row, record in enumerate(records)
        for column, report in enumerate(reports)
    )
    rows: set[int] = set()
    columns: set[int] = set()
    pairs = []
    for _, row, column in distances:
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            pairs.append((records[row], reports[column]))
    return pairs


def _reported(attempt: _Attempt) -> bool:
    return attempt.has(RECORD) or attempt.has(REPORT)


def _when(line: InvocationLogLine) -> datetime:
    return line.at or line.started


def _values(attempt: _Attempt, init_type: str) -> dict[str, Any]:
    values: dict[str, Any] = dict(attempt.lines[0].values)
    for line in attempt.lines[1:]:
        for name, value in line.values.items():
            if values.get(name) in (None, ""):
                values[name] = value
    _settle_ending(values, attempt.lines)
    values["init_type"] = rules.kind_of(values.get("init_type") or init_type, values.get("restore_ms"))
    if not attempt.has(RECORD):
        values["cold"] = rules.is_cold(values["init_type"], values.get("init_ms"), values.get("restore_ms"))
    if not values.get("cold") and rules.ahead(values["init_type"]):
        values["init_ms"] = None  # it ran ahead, and is not in what is billed here
    return values


def _settle_ending(values: dict[str, Any], lines: Sequence[InvocationLogLine]) -> None:
    """A REPORT line without a status is not a success where another line says how the invocation ended."""
    ended = next((line for line in lines if line.source == TIMEOUT), None) or next(
        (line for line in lines if line.source not in (RECORD, REPORT)), None
    )
    if ended is not None and values.get("status") in (None, "", "success"):
        values["status"] = ended.values["status"]
    error_type = str(values.get("error_type") or "")
    if ended is not None and error_type in rules.UNSPECIFIED_ERRORS:
        error_type = str(ended.values.get("error_type") or error_type)
    values["error_type"] = rules.error_type(str(values.get("status") or ""), error_type, *_memory(values))


def _memory(values: Mapping[str, Any]) -> tuple[float | None, float | None]:
    return values.get("memory_used_mb"), values.get("memory_size_mb")
