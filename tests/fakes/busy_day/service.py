"""Answers requests for a busy day's metrics and log queries, over the wire's JSON; leaves all others to the twin."""

from __future__ import annotations

import json
import threading
import time

from tests.fakes.busy_day.insights import BusyInsights
from tests.fakes.busy_day.metrics import BusyMetrics
from tests.fakes.busy_day.traffic import BusyDay

QUERY_OPERATIONS = ("StartQuery", "GetQueryResults", "StopQuery", "FilterLogEvents")


class BusyService:
    """``refused``: operations that the reader's role may not call. ``busy_s``: how long it took over its answers, which is
    time that AWS's own would not take of the machine."""

    def __init__(self, day: BusyDay, refused: frozenset[str] = frozenset()) -> None:
        self.metrics, self.insights = BusyMetrics(day), BusyInsights(day)
        self._refused = refused
        self._lock = threading.Lock()
        self.busy_s = 0.0

    def respond(self, operation: str, body: bytes) -> tuple[int, bytes] | None:
        """Status and body; None for a request of anything else."""
        if operation in self._refused:
            denied = {"__type": "AccessDeniedException", "message": f"not authorized to perform: logs:{operation}"}
            return 400, json.dumps(denied).encode()
        with self._lock:
            began = time.thread_time()
            answer = self._answer(operation, body)
            self.busy_s += time.thread_time() - began
        return answer

    def _answer(self, operation: str, body: bytes) -> tuple[int, bytes] | None:
        if operation == "GetMetricData":
            return 200, json.dumps(self.metrics.answer(json.loads(body), time.time())).encode()
        if operation in QUERY_OPERATIONS:
            return 200, json.dumps(self.insights.answer(operation, json.loads(body), time.time())).encode()
        return None
