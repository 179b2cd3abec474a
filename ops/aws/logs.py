"""CloudWatch Logs: a Logs Insights query, waited for, with what it scanned; and lines in order, by FilterLogEvents."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.errors import AwsError, NotFound, Throttled

if TYPE_CHECKING:
    from ops.aws.clients import Aws

MAX_ROWS = 10_000
"""The maximum number of rows per query, and per page of results (botocore 1.44.5 model, 2026-11)."""
QUERY_TIMEOUT_S = 45.0
"""How long a query may run before its results so far are returned instead."""
MAX_RUNNING = 8
"""Queries of this process at a time, all readers and reports together; the others wait. An account may run 100 (botocore
1.44.5 model, 2026-11), which dashboards, alarms and people share."""
FIRST_PAUSE_S, MAX_PAUSE_S = 0.05, 1.0
"""Between looks for a query's results: short at first, because an answer often takes less than a second; twice as long each
time."""
REFUSED_PAUSE_S, REFUSED_FOR_S = 1.0, 20.0
"""Before a query that was refused for too many requests is started again, twice as long each time; and for how long that is
tried. The client's own retries come before it."""
_running = threading.BoundedSemaphore(MAX_RUNNING)


@dataclass(frozen=True)
class LogRows:
    """``rows``: field → text. ``matched`` may be more than were requested. ``complete``: the query ran to its end."""

    rows: tuple[dict[str, str], ...]
    matched: int
    bytes_scanned: float
    complete: bool

    @property
    def truncated(self) -> bool:
        return not self.complete or self.matched > len(self.rows)


MAX_EVENTS = 10_000
"""Lines that one answer page holds; it may hold fewer, or none, and still have a next one (botocore 1.44.5, 2026-11)."""
MAX_CALLS = 10
"""Pages read by one call of ``read_events``."""
MAX_STREAMS = 100
"""Streams that one request may name (botocore 1.44.5 model, 2026-11)."""


@dataclass(frozen=True)
class LogEvent:
    """One line as it was collected. ``text`` is whatever some code printed: untrusted."""

    id: str
    at: datetime
    stream: str
    text: str


@dataclass(frozen=True)
class LogEvents:
    """``more``: the range holds lines that were not read."""

    events: tuple[LogEvent, ...]
    more: bool


def retention_days(aws: Aws, group: str) -> int | None:
    """How long the log group keeps its lines; None: forever. Needs logs:DescribeLogGroups. Raises NotFound."""
    with aws.translate_errors("logs", f"log group {group}"):
        found = aws.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    own = [log_group for log_group in found if log_group.get("logGroupName") == group]
    if not own:
        raise NotFound(f"There is no log group {group}.")
    return own[0].get("retentionInDays")


def run_query(
    aws: Aws,
    group: str,
    text: str,
    start: datetime,
    end: datetime,
    rows: int = MAX_ROWS,
    timeout_s: float = QUERY_TIMEOUT_S,
    max_bytes: float = math.inf,
) -> LogRows:
    """The rows that the query ``text`` finds in ``group`` from ``start`` to ``end``. Raises NotFound.

    A query that has scanned more than ``max_bytes`` is stopped; its results so far are returned.
    """
    request = {
        "logGroupName": group,
        "queryString": text,
        "startTime": int(start.timestamp()),
        "endTime": int(end.timestamp()) + 1,
        "limit": min(rows, MAX_ROWS),
    }
    with _running:
        query_id = _start(aws, group, request)
        with aws.translate_errors("logs", f"log group {group}"):
            response = _wait(aws, query_id, timeout_s, max_bytes)
            results: list[Any] = list(response["results"])
            while len(results) < rows and (token := response.get("nextToken")):
                response = aws.logs.get_query_results(queryId=query_id, nextToken=token)
                results += response["results"]
    status = response.get("status", "")
    if status in ("Failed", "Cancelled", "Timeout"):
        raise AwsError(
            f"The log query of {group} ended with status {status}.", "Choose a shorter time range, then try again."
        )
    statistics = response.get("statistics", {})
    rows_found = tuple({cell["field"]: cell.get("value", "") for cell in row} for row in results)
    return LogRows(
        rows=rows_found,
        matched=max(int(statistics.get("recordsMatched", 0)), len(rows_found)),
        bytes_scanned=float(statistics.get("bytesScanned", 0.0)),
        complete=status == "Complete",
    )


def _start(aws: Aws, group: str, request: Any) -> str:
    """The ID of the query. Raises Throttled when it is refused for ``REFUSED_FOR_S``."""
    deadline, pause = time.monotonic() + REFUSED_FOR_S, REFUSED_PAUSE_S
    while True:
        try:
            with aws.translate_errors("logs", f"log group {group}"):
                return str(aws.logs.start_query(**request)["queryId"])
        except Throttled:
            if time.monotonic() + pause > deadline:
                raise
            time.sleep(pause)
            pause *= 2


def _wait(aws: Aws, query_id: str, timeout_s: float, max_bytes: float) -> Any:
    deadline = time.monotonic() + timeout_s
    pause = FIRST_PAUSE_S
    while True:
        response = aws.logs.get_query_results(queryId=query_id)
        if response["status"] not in ("Scheduled", "Running", "Unknown"):
            return response
        scanned = response.get("statistics", {}).get("bytesScanned", 0.0)
        if time.monotonic() >= deadline or scanned > max_bytes:
            aws.logs.stop_query(queryId=query_id)
            return response
        time.sleep(pause)
        pause = min(MAX_PAUSE_S, pause * 2)


def read_events(
    aws: Aws,
    group: str,
    start: datetime,
    end: datetime,
    *,
    streams: Sequence[str] = (),
    newest_first: bool = False,
    most: int = MAX_EVENTS,
    calls: int = MAX_CALLS,
) -> LogEvents:
    """The lines from ``start`` to before ``end``, of all streams or of ``streams``, in at most ``calls`` requests.

    Raises NotFound when there is no such log group, and what ``ops.aws`` raises. Needs logs:FilterLogEvents.
    """
    request: dict[str, Any] = {
        "logGroupName": group,
        "startTime": milliseconds(start),
        "endTime": milliseconds(end) - 1,  # inclusive on AWS
    }
    if request["startTime"] > request["endTime"]:
        return LogEvents((), more=False)
    if streams:
        request["logStreamNames"] = list(streams[:MAX_STREAMS])
    if newest_first:
        request["startFromHead"] = False
    events: list[LogEvent] = []
    with aws.translate_errors("logs", f"log group {group}"):
        for _ in range(calls):
            answer: Any = aws.logs.filter_log_events(**request, limit=min(MAX_EVENTS, most - len(events)))
            events += [_event(found) for found in answer["events"]]
            token = answer.get("nextToken")
            if not token or len(events) >= most:
                break
            request["nextToken"] = token
    return LogEvents(tuple(events), more=bool(token))


def milliseconds(at: datetime) -> int:
    """Since 1970, as CloudWatch Logs counts."""
    return round(at.timestamp() * 1000)


def _event(found: Any) -> LogEvent:
    at = datetime.fromtimestamp(found["timestamp"] / 1000, UTC)
    return LogEvent(found.get("eventId", ""), at, found.get("logStreamName", ""), found.get("message", ""))
