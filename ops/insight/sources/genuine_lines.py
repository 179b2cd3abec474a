"""Which lines that look like the platform's or the extension's are genuine.

A function's output goes to the same log stream, so text that it prints (a message's body, another function's log) may
have the form of a REPORT line, of a platform event or of an invocation record. They are distinguished by:

- *Another function's name* in a record, or in the stream's name where functions share a log group.
- *The format.* An environment logs in one format, and a stream is of one environment. Where plain REPORT lines and JSON
  ``platform.report`` events are in one stream, those in the format that the function is not set to are not genuine.
- *The platform's word.* It reports each invocation before the extension writes the record. A record is not genuine
  where its stream has reports from the time after it began, and none in the whole log names its request id.

The last two are not checked for rows of an unknown stream. One forgery remains possible: a line in the right format
with the request id of a real invocation. Only code that runs in the function knows that id beforehand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from ops.invocation_log import RECORD, REPORT, InvocationLogLine


def genuine(lines: Sequence[InvocationLogLine], function: str = "", as_json: bool = False) -> list[InvocationLogLine]:
    """Those of ``lines`` that may be taken for what they say. ``as_json``: the log format the function is set to."""
    mine = [line for line in lines if not (function and line.function) or line.function == function]
    mixed = _mixed_streams(mine)
    mine = [line for line in mine if line.source == RECORD or line.stream not in mixed or line.as_json == as_json]
    reported = {line.request_id for line in mine if line.source != RECORD}
    latest = _latest_reports(mine)
    return [line for line in mine if line.source != RECORD or line.request_id in reported or not _late(line, latest)]


def _mixed_streams(lines: Sequence[InvocationLogLine]) -> set[str]:
    formats: dict[str, set[bool]] = defaultdict(set)
    for line in lines:
        if line.source == REPORT and line.stream:
            formats[line.stream].add(line.as_json)
    return {stream for stream, kinds in formats.items() if len(kinds) > 1}


def _latest_reports(lines: Sequence[InvocationLogLine]) -> dict[str, datetime]:
    latest: dict[str, datetime] = {}
    for line in lines:
        # At some log levels only failures are reported: such a stream does not have every invocation.
        if line.source == REPORT and line.stream and line.at and line.values.get("status") == "success":
            latest[line.stream] = max(line.at, latest.get(line.stream, line.at))
    return latest


def _late(record: InvocationLogLine, latest: dict[str, datetime]) -> bool:
    """Whether the platform reported in the record's stream after the record's invocation began."""
    return record.stream in latest and record.started <= latest[record.stream]
