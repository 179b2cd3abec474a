"""The table by its definition: each line parsed and joined by itself, with no arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from handler.extension.records import rules
from ops.insight.invocation_table import Invocation
from ops.insight.invocation_table.joining.attempts import attempts
from ops.insight.invocation_table.joining.unreported_inits import BREAKING_STATUSES, INIT_ERRORS
from ops.invocation_log import RECORD, REPORT, InvocationLogLine, parse


def merged(rows: Sequence[dict[str, str]], function: str = "", as_json: bool = False) -> list[Invocation]:
    lines = _genuine([line for row in rows if (line := parse(row))], function, as_json)
    found = sorted(attempts(lines), key=lambda attempt: attempt[1])
    before: dict[str, str] = {}
    invocations = []
    for request_id, started, values in found:
        recorded, stream = values.pop("record"), values["environment"]
        broke = before.get(stream, "") in BREAKING_STATUSES or values.get("error_type") in INIT_ERRORS
        if stream and broke and not recorded and not values.get("cold"):
            values |= {"cold": True, "phase": rules.SUPPRESSED}
        before[stream] = str(values.get("status") or "")
        invocations.append(Invocation(request_id, started, **values))
    return invocations


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
