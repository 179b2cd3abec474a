"""The table by its definition: each line parsed and joined by itself, with no arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from ops.insight.invocation_table import Invocation
from ops.insight.invocation_table.attempts import attempts
from ops.invocation_log import RECORD, REPORT, InvocationLogLine, parse


def merged(rows: Sequence[dict[str, str]], function: str = "", as_json: bool = False) -> list[Invocation]:
    lines = _genuine([line for row in rows if (line := parse(row))], function, as_json)
    found = [Invocation(request_id, started, **values) for request_id, started, values in attempts(lines)]
    return sorted(found, key=lambda invocation: invocation.started)


def _genuine(lines: Sequence[InvocationLogLine], function: str, as_json: bool) -> list[InvocationLogLine]:
    mine = [line for line in lines if not (function and line.function) or line.function == function]
    formats: dict[str, set[bool]] = defaultdict(set)
    for line in mine:
        if line.source == REPORT and line.stream:
            formats[line.stream].add(line.as_json)
    mixed = {stream for stream, kinds in formats.items() if len(kinds) > 1}
    mine = [line for line in mine if line.source == RECORD or line.stream not in mixed or line.as_json == as_json]
    reported = {line.request_id for line in mine if line.source != RECORD}
    latest: dict[str, datetime] = {}
    for line in mine:
        if line.source == REPORT and line.stream and line.at and line.values.get("status") == "success":
            latest[line.stream] = max(line.at, latest.get(line.stream, line.at))
    return [line for line in mine if line.source != RECORD or line.request_id in reported or not _late(line, latest)]


def _late(record: InvocationLogLine, latest: dict[str, datetime]) -> bool:
    return record.stream in latest and record.started <= latest[record.stream]
