"""Reading a log group incrementally: each read queries only what is new, within one budget for the whole run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting, invocation_log
from ops.aws import logs
from ops.errors import AccessDenied, AwsError, NotFound
from ops.insight.sources import log_volume

if TYPE_CHECKING:
    from ops.aws import Aws

INGESTION_DELAY_S, INGESTION_DELAY_TWIN_S = 60.0, 5.0
"""How long after they were written lines may appear in a query: this time is read again each time."""
MAX_QUERIES_PER_READ = 5
BUDGET_USD = 1.00
"""Logs Insights bills the bytes scanned. A run that reads a log group with 1 GB per hour every 15 s scans about 5 GB per
hour ($0.025): the budget lasts for every run but one over a very busy group."""


class LogTail:
    """``usd``, ``queries``: spent so far. ``error``: why the last read failed, or empty."""

    def __init__(self, aws: Aws, group: str, since: datetime, budget_usd: float = BUDGET_USD) -> None:
        self._aws = aws
        self._group = group
        self._since = since
        self._late = timedelta(seconds=INGESTION_DELAY_TWIN_S if aws.target.is_twin else INGESTION_DELAY_S)
        self._budget_usd = budget_usd
        self.usd = 0.0
        self.queries = 0
        self.error = ""
        self._ended = False

    def read(self, pattern: str, now: datetime, on_row: Callable[[dict[str, str]], None]) -> None:
        """Every new row whose message matches ``pattern``, a regular expression without a slash. Rows may repeat."""
        query = f"fields @timestamp, @message, @logStream | filter @message like /{pattern}/ | sort @timestamp asc"
        for _ in range(MAX_QUERIES_PER_READ):
            if self._ended:
                return
            if self.usd > self._budget_usd:
                self.error = f"The logs are no longer read, because their queries have cost {formatting.usd(self.usd)}."
                self._ended = True
                return
            start = self._since - self._late
            try:
                result = logs.run_query(self._aws, self._group, query, start, now)
            except AwsError as error:
                self.error = str(error)
                self._ended = isinstance(error, AccessDenied | NotFound)  # other errors may be gone at the next read
                return
            self.error = ""
            self.queries += 1
            self.usd += log_volume.scan_price(result.bytes_scanned, self._aws.region)
            for row in result.rows:
                on_row(row)
            times = [at for row in result.rows if (at := invocation_log.moment(row.get("@timestamp", "")))]
            if not result.truncated or not times:
                self._since = now
                return
            # The rest starts where this result ends; a query cannot continue within one second.
            self._since = max(max(times), start + timedelta(seconds=1)) + self._late
