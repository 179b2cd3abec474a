"""Which lines of a log group are about an invocation, and in which format."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from handler import contract
from ops.invocation_log.extension_record import from_record
from ops.invocation_log.line import InvocationLogLine
from ops.invocation_log.platform_lines import FROM_PLATFORM, REPORT_LINE, from_report, from_words
from ops.invocation_log.values import moment

PATTERN = (
    r"^REPORT RequestId|\"record\": ?\"invocation\"|\"type\": ?\"platform.(?:report|initStart|restoreStart|fault)\""
    r"|\"type\": ?\"platform.runtimeDone\".*\"status\": ?\"(?:timeout|error|failure)\""
    r"|Task timed out after|^RequestId: \S+ (?:Error: |Process exited)"
)
"""Matches the messages that ``parse`` understands; a regular expression of Logs Insights and of Python."""
_MACHINE_MADE = re.compile(r"^REPORT RequestId|\"record\": ?\"invocation\"|\"type\": ?\"platform\.report\"")
"""Matches messages that no person wrote: one that ``parse`` cannot read is worth counting."""
_UNREADABLE = (ValueError, OverflowError, RecursionError, TypeError)


def parse(row: Mapping[str, str]) -> InvocationLogLine | None:
    """One row of Logs Insights (``@timestamp``, ``@message``, ``@logStream``); None when it tells of no invocation.

    Never raises: a row is untrusted text.
    """
    try:
        return _parse(row)
    except _UNREADABLE:
        return None


def unreadable(row: Mapping[str, str]) -> bool:
    """Whether a row that ``parse`` cannot read looks as if it should be one that it can."""
    return parse(row) is None and bool(_MACHINE_MADE.search(row.get("@message", "")))


def _parse(row: Mapping[str, str]) -> InvocationLogLine | None:
    message, stream = row.get("@message", ""), row.get("@logStream", "")
    at = moment(row.get("@timestamp", ""))
    if at is None:
        return None
    if report := REPORT_LINE.match(message):
        return from_report(message, report.group(1), at, stream)
    if line := from_words(message, at, stream):
        return line
    data = json.loads(message)
    if not isinstance(data, dict):
        return None
    if data.get("record") == contract.INVOCATION_RECORD:
        return from_record(data, at, stream)
    if data.keys() == {"time", "type", "record"} and isinstance(data["type"], str):
        read = FROM_PLATFORM.get(data["type"])
        return read(data["record"], at, stream) if read else None
    return None
