"""Logs Insights: one query, waited for, with what it scanned."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.aws.clients import Aws

MAX_ROWS = 10_000
"""The maximum number of rows per query, and per page of results (botocore 1.44.5 model, 2026-11)."""
QUERY_TIMEOUT_S = 45.0
"""How long a query may run before its results so far are returned instead."""


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
    with aws.translate_errors("logs", f"log group {group}"):
        query_id = aws.logs.start_query(
            logGroupName=group,
            queryString=text,
            startTime=int(start.timestamp()),
            endTime=int(end.timestamp()) + 1,
            limit=min(rows, MAX_ROWS),
        )["queryId"]
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


def _wait(aws: Aws, query_id: str, timeout_s: float, max_bytes: float) -> Any:
    deadline = time.monotonic() + timeout_s
    pause = 0.05
    while True:
        response = aws.logs.get_query_results(queryId=query_id)
        if response["status"] not in ("Scheduled", "Running", "Unknown"):
            return response
        scanned = response.get("statistics", {}).get("bytesScanned", 0.0)
        if time.monotonic() >= deadline or scanned > max_bytes:
            aws.logs.stop_query(queryId=query_id)
            return response
        time.sleep(pause)
        pause = min(1.0, pause * 2)
