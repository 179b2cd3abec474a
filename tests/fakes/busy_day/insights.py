"""Logs Insights about a busy day: the lines of a time range, newest first, with what the query scanned."""

from __future__ import annotations

from typing import Any

from tests.fakes.busy_day.log_lines import BusyLog
from tests.fakes.busy_day.traffic import BYTES_PER_INVOCATION, BusyDay


class BusyInsights:
    """``answer``: an operation of CloudWatch Logs and its request → the response. Queries are done at once."""

    def __init__(self, day: BusyDay) -> None:
        self._log = BusyLog(day)
        self._results: dict[str, dict[str, Any]] = {}
        self.queries: list[str] = []

    def answer(self, operation: str, asked: dict[str, Any], now: float) -> dict[str, Any]:
        if operation == "GetQueryResults":
            return self._results[asked["queryId"]]
        if operation == "StopQuery":
            return {"success": False}
        self.queries.append(asked["queryString"])
        query_id = f"busy-{len(self.queries)}"
        self._results[query_id] = self._run(asked, now)
        return {"queryId": query_id}

    def _run(self, asked: dict[str, Any], now: float) -> dict[str, Any]:
        ended = self._log.ended(float(asked["startTime"]), min(now, float(asked["endTime"]) + 1))
        rows = list(self._log.rows(ended, asked.get("limit", 10_000)))
        return {
            "status": "Complete",
            "results": [[{"field": name, "value": value} for name, value in row.items()] for row in rows],
            "statistics": {
                "recordsMatched": float(len(ended) * self._log.lines_each),
                "recordsScanned": float(len(ended) * 6),
                "bytesScanned": float(len(ended) * BYTES_PER_INVOCATION),
            },
        }
