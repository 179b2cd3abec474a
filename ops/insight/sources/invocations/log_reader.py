"""Invocations read from the log group in one Logs Insights query.

Its filter is a pattern on the raw message, which works whether or not a group's JSON fields are indexed, and on the twin,
whose emulator knows no other kind of filter.
"""

from __future__ import annotations

import operator
import threading
from collections import deque
from typing import TYPE_CHECKING

from ops import formatting, invocation_log, measured_versions
from ops.aws import logs
from ops.errors import AccessDenied, NotFound
from ops.insight.invocation_table import build_table
from ops.insight.invocation_table.prices import priced
from ops.insight.report_types import QueryCost
from ops.insight.sources.invocations import filtered_lines
from ops.insight.sources.invocations.model import Invocations
from ops.insight.sources.invocations.range_sample import RangeSample, are_kept, plan, read_moments
from ops.insight.sources.log_volume import scan_price
from ops.workload.notes import unknown_function

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.lambda_ import Function
    from ops.insight.invocation_table import InvocationTable
    from ops.insight.report_types import Window
    from ops.workload import Workload

MAX_TABLES = 4
"""Tables of samples that are kept: of the ranges and workloads shown last. Our choice."""
QUERY = (
    r"fields @timestamp, @message, @logStream "
    rf"| filter @message like /{invocation_log.PATTERN}/ "
    r"| sort @timestamp desc"
)


def read(aws: Aws, workload: Workload, window: Window, counted: float | None = None) -> Invocations:
    """The invocations of the window; a sample of them where ``counted``, their number by CloudWatch's metric, is more than
    one query returns. Raises what ``ops.aws`` raises.

    A function that never ran has no log group, and some may not read logs: that is an empty answer with a note, because
    the metrics beside it still say something.
    """
    if workload.function is None or workload.log_group is None:
        if why := unknown_function(workload):
            return _nothing(why, f"which function reads {workload.queue.name} is not known")
        return _nothing("No function reads the queue, so there are no invocations.")
    sample = plan(window, counted or 0.0)
    found: tuple[logs.LogRows, ...]
    by_filter = ""
    try:
        if sample is None:
            found = (logs.run_query(aws, workload.log_group, QUERY, window.start, window.end),)
            scanned = found[0].bytes_scanned
        else:
            found, scanned = read_moments(aws, workload.log_group, QUERY, sample)
    except NotFound:
        return _nothing(f"There is no log group {workload.log_group}: the function never ran, or cannot write logs.")
    except AccessDenied as denied:
        try:
            found, scanned = _filtered(aws, workload.log_group, window, sample), 0.0
        except (AccessDenied, NotFound):
            return _nothing(f"No invocations: {denied} {denied.next_step}", "the function's logs may not be read")
        by_filter = f"{denied} The log lines are read with FilterLogEvents instead, which is free but slower."
    function = workload.function
    table = _table(found, function, workload.region)
    size = sum(rows.bytes_scanned for rows in found)
    partial = [*([by_filter] if by_filter else []), *_left_out(table.unreadable)]
    cut = sum(rows.truncated for rows in found)
    if sample is not None:
        partial.append(_sampled(len(table), counted or 0.0, sample, cut))
    elif cut:
        partial.append(
            f"Only the newest {formatting.count(len(table))} invocations are shown: "
            f"{formatting.count(found[0].matched)} log lines matched. Choose a shorter time range for all of them."
        )
    scale = max(1.0, (counted or 0.0) / len(table)) if sample is not None and len(table) else 1.0
    look = QueryCost(usd=scan_price(scanned, workload.region), partial=tuple(partial))
    measured = measured_versions.read(aws.target, workload.account, workload.region, function.name)
    return Invocations(table, bool(cut) or sample is not None, size, look, "", sample, scale, measured=measured)


def _table(found: tuple[logs.LogRows, ...], function: Function, region: str) -> InvocationTable:
    """The table; that of a sample is kept while its moments are the same: for an hour in a range of a day."""
    with _lock:
        for lines, of, known in _tables:
            if of == (function, region) and len(lines) == len(found) and all(map(operator.is_, lines, found)):
                return known
    as_json = function.log_format == "JSON"
    table = priced(build_table((rows.rows for rows in found), function.name, as_json), function, region)
    if len(found) > 1:
        with _lock:
            _tables.append((found, (function, region), table))
    return table


_lock = threading.Lock()
_tables: deque[tuple[tuple[logs.LogRows, ...], tuple[Function, str], InvocationTable]] = deque(maxlen=MAX_TABLES)


def await_sample(aws: Aws, workload: Workload, window: Window, counted: float | None) -> Invocations | None:
    """No rows yet, for what can be shown before a sample is read; None where ``read`` does not take long: the lines are few,
    kept from before, or not to be had."""
    if workload.function is None or workload.log_group is None:
        return None
    sample = plan(window, counted or 0.0)
    if sample is None or are_kept(aws, workload.log_group, QUERY, sample):
        return None
    return Invocations(build_table([]), True, 0.0, QueryCost(), "", sample)


def _filtered(aws: Aws, group: str, window: Window, sample: RangeSample | None) -> tuple[logs.LogRows, ...]:
    if sample is None:
        return (filtered_lines.read_filtered(aws, group, "", window.start, window.end),)
    return read_moments(aws, group, "", sample, filtered_lines.read_filtered)[0]


def _sampled(rows: int, counted: float, sample: RangeSample, cut: int) -> str:
    """A note about a sample: how large it is, where it is from, and what rests on it."""
    moments = f"{len(sample.moments)} moments of {formatting.duration(sample.length.total_seconds() + 1)}"
    text = (
        f"Log lines are sampled: {formatting.count(rows)} of {formatting.count(counted, 'invocation')}, from {moments} spread "
        "over the range. Counts by version, error type and duration are scaled to what CloudWatch counted; shares and "
        "percentiles are estimates, unless stated otherwise."
    )
    if cut:
        busiest = formatting.count(cut, "moment has", "moments have")
        text += f" {busiest} more lines than could be read, so the busiest times count for too little."
    return text


def _left_out(wrong: int) -> list[str]:
    """A note about lines that look like records or reports but cannot be parsed."""
    if not wrong:
        return []
    lines = formatting.count(wrong, "log line was", "log lines were")
    return [f"{lines} left out: in the form of invocation records, but not readable."]


def _nothing(why: str, unread: str = "") -> Invocations:
    return Invocations(build_table([]), False, 0.0, QueryCost(partial=(why,)), unread)
