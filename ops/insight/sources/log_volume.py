"""How much log groups took in, by CloudWatch's own metric: what a Logs Insights query over a time range would scan."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import pricing
from ops.aws import cloudwatch
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.aws import Aws

MAX_PERIODS = 1_000
"""Points per log group that are asked for: hours, or as many hours each as the range needs."""
BYTES_PER_GB = 1e9


@dataclass(frozen=True)
class LogVolume:
    """``by_period``: start of each period with its bytes, oldest first; empty where CloudWatch has no figures.
    ``usd``: what reading the metric cost."""

    by_period: tuple[tuple[datetime, float], ...]
    period: timedelta
    usd: float
    region: str = pricing.PRICE_REGION

    @property
    def total(self) -> float:
        """Bytes."""
        return sum(size for _, size in self.by_period)

    def affordable_since(self, start: datetime, end: datetime, usd: float) -> datetime:
        """The earliest time from which a query until ``end`` scans no more than ``usd`` pays for."""
        left = usd
        for at, size in reversed(self.by_period):
            left -= scan_price(size, self.region)
            if left < 0:
                return min(end, max(start, at + self.period))
        return start


def scan_price(size: float, region: str) -> float:
    """USD for a query that scans ``size`` bytes."""
    return size / BYTES_PER_GB * pricing.load(region).log_gb_scanned


def read_volume(aws: Aws, groups: Sequence[str], start: datetime, end: datetime) -> LogVolume | None:
    """AWS/Logs IncomingBytes of ``groups`` together; None when it cannot be read."""
    period = timedelta(hours=max(1, math.ceil((end - start) / timedelta(hours=MAX_PERIODS))))
    queries = [
        cloudwatch.MetricQuery(f"bytes{number}", "AWS/Logs", "IncomingBytes", "Sum", (("LogGroupName", group),))
        for number, group in enumerate(groups)
    ]
    try:
        data = cloudwatch.get_metric_data(aws, queries, start - period, end, int(period.total_seconds()))
    except AwsError:
        return None
    sizes: Counter[datetime] = Counter()
    for points in data.series.values():
        for at, size in points:
            sizes[at] += size  # type: ignore[assignment]
    return LogVolume(
        tuple(sorted(sizes.items())), period, len(groups) * pricing.load(aws.region).metric_requested, aws.region
    )
