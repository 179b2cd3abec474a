"""Queries a log group, newest first, within a budget, and reports the cost.

Logs Insights bills what a query scans ($ a GB, see ops.pricing) and gives 10,000 rows at most.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting, invocation_log
from ops.aws import logs
from ops.errors import AwsError
from ops.insight.sources import log_volume

if TYPE_CHECKING:
    from ops.aws import Aws

MAX_IDS_PER_QUERY = 200
"""Ids named in one query, which may have 10,000 characters (botocore 1.44.5 model, 2026-11)."""
RETENTION = timedelta(days=14)
"""SQS keeps no message longer (botocore 1.44.5 model, 2026-11)."""
MAX_ROWS_PER_PART = 8_000


@dataclass(frozen=True)
class Budget:
    """The most that one asking may take. ``searching`` False: the logs are not searched, by choice."""

    queries: int = 12
    usd: float = 0.50
    searching: bool = True


NO_SEARCH = Budget(queries=0, usd=0.0, searching=False)


@dataclass
class QueryTotals:
    """What was asked so far, and what it left out, in words."""

    queries: int = 0
    usd: float = 0.0
    notes: list[str] = field(default_factory=list)
    failed: bool = False


class LogQuerySession:
    """One log group, one budget. ``heard`` gets every row that is found."""

    def __init__(self, aws: Aws, group: str, budget: Budget, say: Callable[[str], None] = lambda _: None) -> None:
        self._aws = aws
        self._group = group
        self._budget = budget
        self._say = say
        self._usd_a_second: float | None = None
        self.asked = QueryTotals()

    def read(
        self,
        filters: Sequence[str],
        start: datetime,
        end: datetime,
        on_row: Callable[[dict[str, str]], None],
        *,
        page: bool = True,
        enough: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Every row from ``start`` to ``end`` that matches all of ``filters``, newest first; whether that is all.

        Without ``page`` one query is all. ``enough`` ends it early. A refusal is a note instead of an error: what is
        known without the logs is worth showing.
        """
        waiting = [(start, end)] if start < end else []
        while waiting and not enough():
            start, end = waiting.pop()
            if not self._may(start, end):
                return False
            found = self._query(filters, start, end)
            if found is None:
                return False
            for row in found.rows:
                on_row(row)
            if not found.truncated:
                continue
            if not page:
                return False
            times = [at for row in found.rows if (at := invocation_log.moment(row.get("@timestamp", "")))]
            oldest = min(min(times, default=end), end - timedelta(seconds=1))
            parts = max(1, math.ceil((found.matched - len(found.rows)) / MAX_ROWS_PER_PART))
            if oldest > start:
                waiting += _parts(start, oldest, min(parts, self._budget.queries))
        return True

    def affordable(self, start: datetime, end: datetime) -> datetime:
        """The earliest moment from which the logs can be read until ``end`` within the budget, by how much the group
        took in (AWS/Logs IncomingBytes; a group without that metric is read from ``start``)."""
        if not self._budget.searching:
            return start
        volume = log_volume.read_volume(self._aws, [self._group], start, end)
        if volume is None:
            return start
        since = volume.affordable_since(start, end, self._budget.usd - self.asked.usd)
        self.asked.usd += volume.usd
        if since > start:
            self.asked.notes.append(
                f"The logs before {formatting.clock(since, end)} were not read: that would cost more than "
                f"{formatting.usd(self._budget.usd)}."
            )
        return since

    def _may(self, start: datetime, end: datetime) -> bool:
        if not self._budget.searching:
            return False  # whoever chose it says so, once
        seconds = (end - start).total_seconds()
        dear = self._usd_a_second is not None and self.asked.usd + self._usd_a_second * seconds > self._budget.usd
        if not dear and self.asked.queries < self._budget.queries:
            return True
        bound = formatting.usd(self._budget.usd) if dear else formatting.count(self._budget.queries, "query", "queries")
        self.asked.notes.append(
            f"The logs from {formatting.clock_range(start, end, end)} were not read to the end: the limit is {bound}."
        )
        return False

    def _query(self, filters: Sequence[str], start: datetime, end: datetime) -> logs.LogRows | None:
        self.asked.queries += 1
        self._say(f"asking the logs from {formatting.clock(start, end)} (query {self.asked.queries})")
        matching = "".join(f"| filter @message like /{pattern}/ " for pattern in filters)
        text = f"fields @timestamp, @message, @logStream {matching}| sort @timestamp desc"
        try:
            found = logs.run_query(self._aws, self._group, text, start, end)
        except AwsError as refused:
            self.asked.failed = True
            self.asked.notes.append(
                f"Causes that only the logs know are missing: {refused} {refused.next_step}".strip()
            )
            return None
        usd = log_volume.scan_price(found.bytes_scanned, self._aws.region)
        self.asked.usd += usd
        self._usd_a_second = usd / max(1.0, (end - start).total_seconds())
        return found


def ids_pattern(ids: Iterable[str]) -> str:
    return "|".join(re.escape(message_id).replace("\\-", "-").replace("/", ".") for message_id in ids)


def _parts(start: datetime, end: datetime, count: int) -> list[tuple[datetime, datetime]]:
    """``count`` equal stretches, oldest first."""
    step = (end - start) / count
    return [(start + step * n, start + step * (n + 1)) for n in range(count)]
