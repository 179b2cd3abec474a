"""Invocations one by one, from the log group: the extension's records, and REPORT lines where there are none.

One Logs Insights query finds both. Its filter is a pattern on the raw message, which works whether or not a group's
JSON fields are indexed, and on the twin, whose emulator knows no other kind of filter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from ops.aws import logs
from ops.errors import AccessDenied, NotFound
from ops.insight import prices, reportlines, words
from ops.insight.reports import Look
from ops.workload.notes import unknown_function

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.insight.reports import Window
    from ops.workload import Workload

ROWS = logs.ROWS
QUERY = (
    r"fields @timestamp, @message, @logStream "
    rf"| filter @message like /{reportlines.PATTERN}/ "
    r"| sort @timestamp desc"
)
SCAN_GB = 1e9


@dataclass(frozen=True)
class Invocation:
    """One run of the function. Times in ms, memory in MB; None where nothing says. ``started`` is aware UTC."""

    request_id: str
    started: datetime
    version: str = ""
    cold: bool = False
    init_ms: float | None = None
    duration_ms: float | None = None
    billed_ms: float | None = None
    memory_used_mb: float | None = None
    memory_size_mb: float | None = None
    status: str = ""  # success | failure | error | timeout
    error_type: str = ""
    architecture: str = ""
    runtime_init_ms: float | None = None
    response_latency_ms: float | None = None
    response_duration_ms: float | None = None
    runtime_overhead_ms: float | None = None
    extension_overhead_ms: float | None = None
    cost_usd: float | None = None


COLUMNS = tuple(field.name for field in fields(Invocation))


@dataclass(frozen=True)
class Invocations:
    """``frame``: one row an invocation (``Invocation``'s fields), oldest first. ``truncated``: there were more."""

    frame: pd.DataFrame
    truncated: bool
    log_bytes: float
    look: Look


def read(aws: Aws, workload: Workload, window: Window, rows: int = ROWS) -> Invocations:
    """The invocations of the window, the newest ``rows`` log lines of them. Raises what ``ops.aws`` raises.

    A function that never ran has no log group, and some may not read logs: that is an empty answer with a note, because
    the metrics beside it still say something.
    """
    if workload.function is None or workload.log_group is None:
        return _nothing(unknown_function(workload) or "No function reads the queue, so there are no invocations.")
    try:
        found = logs.query(aws, workload.log_group, QUERY, window.start, window.end, rows)
    except NotFound:
        return _nothing(f"There is no log group {workload.log_group}: the function never ran, or may not log.")
    except AccessDenied as denied:
        return _nothing(f"No invocations: {denied} {denied.next_step}")
    lines = [parsed for row in found.rows if (parsed := reportlines.parse(row)) is not None]
    merged = [_priced(invocation, workload) for invocation in merge(lines)]
    partial = []
    if found.truncated:
        partial.append(
            f"Only the newest {words.count(len(merged))} invocations are shown: "
            f"{words.count(found.matched)} log lines matched. Choose a shorter time range for all of them."
        )
    look = Look(usd=found.bytes_scanned / SCAN_GB * prices.load().log_gb_scanned, partial=tuple(partial))
    return Invocations(to_frame(merged), found.truncated, found.bytes_scanned, look)


def merge(lines: Iterable[reportlines.Line]) -> list[Invocation]:
    """One invocation for each record, and for each REPORT line without one; oldest first.

    A retried asynchronous invocation keeps its request id, so a record's identity is request id and start.
    """
    records: dict[tuple[str, datetime], reportlines.Line] = {}
    told: dict[str, list[reportlines.Line]] = {}
    for line in lines:
        if line.source == "record":
            records[line.request_id, line.started] = line
        elif line.source == "report":
            told.setdefault(line.request_id, []).append(line)
        else:  # "Task timed out": says only how an older REPORT line ended
            told.setdefault(line.request_id, []).insert(0, line)
    recorded = {request_id for request_id, _ in records}
    merged = [_filled(line, told.get(line.request_id, [])) for line in records.values()]
    for request_id, reports in told.items():
        if request_id not in recorded:
            timed_out = any(line.source == "timeout" for line in reports)
            merged += [_plain(line, timed_out) for line in reports if line.source == "report"]
    return sorted(merged, key=lambda invocation: invocation.started)


def to_frame(invocations: Iterable[Invocation]) -> pd.DataFrame:
    frame = pd.DataFrame([asdict(invocation) for invocation in invocations], columns=list(COLUMNS))
    frame["started"] = pd.to_datetime(frame["started"], utc=True)
    for column in COLUMNS:
        if column.endswith(("_ms", "_mb", "_usd")):
            frame[column] = frame[column].astype(float)
    frame["cold"] = frame["cold"].astype(bool)
    return frame


def _filled(record: reportlines.Line, reports: list[reportlines.Line]) -> Invocation:
    """A record, with what its REPORT line knows where telemetry never came."""
    values = dict(record.values)
    for report in reports:
        for name, value in report.values.items():
            if values.get(name) in (None, ""):
                values[name] = value
    return Invocation(record.request_id, record.started, **values)


def _plain(report: reportlines.Line, timed_out: bool) -> Invocation:
    values = dict(report.values)
    if timed_out and not values.get("error_type"):
        values |= {"status": "timeout", "error_type": "Sandbox.Timedout"}
    return Invocation(report.request_id, report.started, **values)


def _priced(invocation: Invocation, workload: Workload) -> Invocation:
    """With the price of its billed time and its request, by the prices on file."""
    function = workload.function
    memory = invocation.memory_size_mb or (function.memory_mb if function else None)
    if invocation.billed_ms is None or memory is None:
        return invocation
    architecture = invocation.architecture or (function.architecture if function else "")
    table = prices.load()
    usd = invocation.billed_ms / 1000 * memory / 1024 * table.gb_second(architecture) + table.lambda_request
    return Invocation(**{**asdict(invocation), "memory_size_mb": float(memory), "cost_usd": usd})


def _nothing(why: str) -> Invocations:
    return Invocations(to_frame([]), False, 0.0, Look(partial=(why,)))
