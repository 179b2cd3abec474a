"""Invocations one by one, from the log group: the extension's records, and REPORT lines where there are none.

One Logs Insights query finds both. Its filter is a pattern on the raw message, which works whether or not a group's
JSON fields are indexed, and on the twin, whose emulator knows no other kind of filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from handler.extension.records import rules
from ops import formatting, invocation_log, pricing
from ops.aws import logs
from ops.errors import AccessDenied, NotFound
from ops.insight.report_types import QueryCost
from ops.insight.sources.genuine_lines import genuine
from ops.insight.sources.invocation_join import attempts
from ops.insight.sources.log_volume import scan_price
from ops.workload.notes import unknown_function

if TYPE_CHECKING:
    import pandas as pd

    from ops.aws import Aws
    from ops.insight.report_types import Window
    from ops.workload import Workload

MAX_ROWS = logs.MAX_ROWS
QUERY = (
    r"fields @timestamp, @message, @logStream "
    rf"| filter @message like /{invocation_log.PATTERN}/ "
    r"| sort @timestamp desc"
)


@dataclass(frozen=True)
class Invocation:
    """One invocation. Times in ms, memory in MB; None when unknown. ``started`` is aware UTC."""

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
    init_type: str = (
        ""  # on-demand | provisioned-concurrency | snap-start | lambda-managed-instances | …; empty: unknown
    )
    restore_ms: float | None = None  # SnapStart; its billed part is in billed_ms
    billed_restore_ms: float | None = None
    cost_usd: float | None = None
    trace: str = ""  # the trace header, or a trace ID: see ops.insight.sources.traces


COLUMNS = tuple(field.name for field in fields(Invocation))


@dataclass(frozen=True)
class Invocations:
    """``rows``: oldest first. ``truncated``: there were more."""

    rows: tuple[Invocation, ...]
    truncated: bool
    log_bytes: float
    look: QueryCost

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per invocation, with ``Invocation``'s fields as columns."""
        import pandas as pd  # takes half a second, which `ops status` avoids

        frame = pd.DataFrame([asdict(row) for row in self.rows], columns=list(COLUMNS))
        frame["started"] = pd.to_datetime(frame["started"], utc=True)
        for column in COLUMNS:
            if column.endswith(("_ms", "_mb", "_usd")):
                frame[column] = frame[column].astype(float)
        frame["cold"] = frame["cold"].astype(bool)
        return frame


def read(aws: Aws, workload: Workload, window: Window, rows: int = MAX_ROWS) -> Invocations:
    """The invocations of the window, the newest ``rows`` log lines of them. Raises what ``ops.aws`` raises.

    A function that never ran has no log group, and some may not read logs: that is an empty answer with a note, because
    the metrics beside it still say something.
    """
    if workload.function is None or workload.log_group is None:
        return _nothing(unknown_function(workload) or "No function reads the queue, so there are no invocations.")
    try:
        found = logs.run_query(aws, workload.log_group, QUERY, window.start, window.end, rows)
    except NotFound:
        return _nothing(f"There is no log group {workload.log_group}: the function never ran, or cannot write logs.")
    except AccessDenied as denied:
        return _nothing(f"No invocations: {denied} {denied.next_step}")
    function = workload.function
    lines = [parsed for row in found.rows if (parsed := invocation_log.parse(row)) is not None]
    known = merge(lines, function.name, function.log_format == "JSON")
    merged = tuple(_priced(invocation, workload) for invocation in known)
    partial = _left_out(found.rows)
    if found.truncated:
        partial.append(
            f"Only the newest {formatting.count(len(merged))} invocations are shown: "
            f"{formatting.count(found.matched)} log lines matched. Choose a shorter time range for all of them."
        )
    look = QueryCost(usd=scan_price(found.bytes_scanned), partial=tuple(partial))
    return Invocations(merged, found.truncated, found.bytes_scanned, look)


def merge(
    lines: Iterable[invocation_log.InvocationLogLine], function: str = "", as_json: bool = False
) -> list[Invocation]:
    """One invocation for each attempt with a genuine line; oldest first.

    ``function``: only its lines count, where several share the log group. ``as_json``: the format it logs in.
    """
    known = genuine(list(lines), function, as_json)
    merged = [Invocation(request_id, started, **values) for request_id, started, values in attempts(known)]
    return sorted(merged, key=lambda invocation: invocation.started)


def _priced(invocation: Invocation, workload: Workload) -> Invocation:
    """With its cost: what its record says (EstimatedCost), else the price of its billed time and its request, by the
    prices on file and how its environment is billed."""
    function = workload.function
    memory = invocation.memory_size_mb or (function.memory_mb if function else None)
    if invocation.cost_usd is not None:
        return replace(invocation, memory_size_mb=None if memory is None else float(memory))
    architecture = invocation.architecture or (function.architecture if function else "")
    table = pricing.load()
    if rules.managed(invocation.init_type):
        return replace(invocation, cost_usd=table.lambda_request)
    if invocation.billed_ms is None or memory is None:
        return invocation
    price = table.gb_second(architecture, invocation.init_type)
    usd = invocation.billed_ms / 1000 * memory / 1024 * price + table.lambda_request
    return replace(invocation, memory_size_mb=float(memory), cost_usd=usd)


def _left_out(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """A note about lines that look like records or reports but cannot be parsed."""
    wrong = sum(invocation_log.unreadable(row) for row in rows)
    if not wrong:
        return []
    lines = formatting.count(wrong, "log line was", "log lines were")
    return [f"{lines} left out: in the form of invocation records, but not readable."]


def _nothing(why: str) -> Invocations:
    return Invocations((), False, 0.0, QueryCost(partial=(why,)))
