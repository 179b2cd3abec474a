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
"""Rows asked for at most; also the most that one answer page holds (botocore 1.44.5 model, 2026-11)."""
QUERY_TIMEOUT_S = 45.0
"""How long a query may run before what it has found so far is taken instead."""


@dataclass(frozen=True)
class LogRows:
    """``rows``: field → text. ``matched`` may be more than was asked for; ``complete``: the query ran to its end."""

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
    patience_s: float = QUERY_TIMEOUT_S,
    max_bytes: float = math.inf,
) -> LogRows:
    """What ``text`` finds in ``group`` from ``start`` to ``end``. Raises NotFound when there is no such group.

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
        answer = _wait(aws, query_id, patience_s, max_bytes)
        results: list[Any] = list(answer["results"])
        while len(results) < rows and (token := answer.get("nextToken")):
            answer = aws.logs.get_query_results(queryId=query_id, nextToken=token)
            results += answer["results"]
    status = answer.get("status", "")
    if status in ("Failed", "Cancelled", "Timeout"):
        raise AwsError(f"The log query of {group} ended as {status}.", "Choose a shorter time range and ask again.")
    statistics = answer.get("statistics", {})
    found = tuple({cell["field"]: cell.get("value", "") for cell in row} for row in results)
    return LogRows(
        rows=found,
        matched=max(int(statistics.get("recordsMatched", 0)), len(found)),
        bytes_scanned=float(statistics.get("bytesScanned", 0.0)),
        complete=status == "Complete",
    )


def _wait(aws: Aws, query_id: str, patience_s: float, max_bytes: float) -> Any:
    deadline = time.monotonic() + patience_s
    pause = 0.05
    while True:
        answer = aws.logs.get_query_results(queryId=query_id)
        if answer["status"] not in ("Scheduled", "Running", "Unknown"):
            return answer
        scanned = answer.get("statistics", {}).get("bytesScanned", 0.0)
        if time.monotonic() >= deadline or scanned > max_bytes:
            aws.logs.stop_query(queryId=query_id)
            return answer
        time.sleep(pause)
        pause = min(1.0, pause * 2)
