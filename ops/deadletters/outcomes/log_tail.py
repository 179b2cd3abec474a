"""Following a log group: each look asks only for what is new since the last one, within a budget for the whole run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting, invocation_log, pricing
from ops.aws import logs
from ops.errors import AccessDenied, AwsError, NotFound

if TYPE_CHECKING:
    from ops.aws import Aws

INGESTION_DELAY_S, INGESTION_DELAY_TWIN_S = 60.0, 5.0
"""How much later than they happened lines may turn up in a query: read again each time."""
MAX_QUERIES_PER_READ = 5
BUDGET_USD = 1.00
"""Logs Insights bills what it scans. A run that looks every 15 s at a group that takes in 1 GB an hour scans about 5 GB
an hour ($0.025): the budget lasts for any run but one over a very busy group."""


class LogTail:
    """From ``since`` on. ``usd``, ``queries``: spent so far. ``refused``: why nothing more is read, or empty."""

    def __init__(self, aws: Aws, group: str, since: datetime, budget_usd: float = BUDGET_USD) -> None:
        self._aws = aws
        self._group = group
        self._since = since
        self._late = timedelta(seconds=INGESTION_DELAY_TWIN_S if aws.target.is_twin else INGESTION_DELAY_S)
        self._budget_usd = budget_usd
        self.usd = 0.0
        self.queries = 0
        self.error = ""
        self._over = False

    def read(self, pattern: str, now: datetime, heard: Callable[[dict[str, str]], None]) -> None:
        """Every new row whose message matches ``pattern``, a regular expression without a slash. Rows come twice."""
        query = f"fields @timestamp, @message, @logStream | filter @message like /{pattern}/ | sort @timestamp asc"
        for _ in range(MAX_QUERIES_PER_READ):
            if self._over:
                return
            if self.usd > self._budget_usd:
                self.error = f"The logs are not read any more: that had cost {formatting.usd(self.usd)}."
                self._over = True
                return
            start = self._since - self._late
            try:
                found = logs.run_query(self._aws, self._group, query, start, now)
            except AwsError as error:
                self.error = str(error)
                self._over = isinstance(error, AccessDenied | NotFound)  # else the next look may be answered
                return
            self.error = ""
            self.queries += 1
            self.usd += found.bytes_scanned / 1e9 * pricing.load().log_gb_scanned
            for row in found.rows:
                heard(row)
            times = [at for row in found.rows if (at := invocation_log.moment(row.get("@timestamp", "")))]
            if not found.truncated or not times:
                self._since = now
                return
            # The rest begins where this answer ends; within one second there is no telling the rest apart.
            self._since = max(max(times), start + timedelta(seconds=1)) + self._late
