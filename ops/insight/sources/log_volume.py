"""Volume ingested by log groups, from CloudWatch's metric: the data that a Logs Insights query over a time range
scans."""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops import pricing
from ops.aws import cloudwatch
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.target import Target

MAX_PERIODS = 1_000
"""Points per log group that are asked for: hours, or as many hours each as the range needs."""
BYTES_PER_GB = 1e9
KEPT = timedelta(minutes=5)
"""How much later a range may end than the one whose volume is known: CloudWatch has the last minutes late anyway."""
MAX_KEPT = 32
kept_volumes: dict[tuple[Target, tuple[str, ...]], _Kept] = {}
"""The last range that was read and its volume, by target and log groups."""
_lock = threading.Lock()


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

    def within(self, start: datetime, end: datetime) -> LogVolume:
        """The volume of a part of the range, which costs nothing."""
        inside = tuple((at, size) for at, size in self.by_period if start - self.period <= at < end)
        return replace(self, by_period=inside, usd=0.0)


@dataclass(frozen=True)
class _Kept:
    """``end``: of the range, or when it was read if that was before."""

    start: datetime
    end: datetime
    volume: LogVolume


def scan_price(size: float, region: str) -> float:
    """USD for a query that scans ``size`` bytes."""
    return size / BYTES_PER_GB * pricing.load(region).log_gb_scanned


def known_volume(aws: Aws, groups: Sequence[str], start: datetime, end: datetime) -> LogVolume | None:
    """``read_volume`` with a cache: a result for a range that begins no later and ends nearly as late is reused."""
    key = (aws.target, tuple(groups))
    with _lock:
        kept = kept_volumes.get(key)
    if (
        kept is not None
        and kept.start <= start
        and end - kept.end <= KEPT
        and kept.volume.period == _period(start, end)
    ):
        return kept.volume.within(start, end)
    volume = read_volume(aws, groups, start, end)
    if volume is not None:
        with _lock:
            kept_volumes.pop(key, None)
            kept_volumes[key] = _Kept(start, min(end, datetime.now(UTC)), volume)
            while len(kept_volumes) > MAX_KEPT:
                del kept_volumes[next(iter(kept_volumes))]
    return volume


def read_volume(aws: Aws, groups: Sequence[str], start: datetime, end: datetime) -> LogVolume | None:
    """AWS/Logs IncomingBytes of ``groups`` together; None when it cannot be read."""
    period = _period(start, end)
    queries = [
        cloudwatch.MetricQuery(f"bytes{number}", "AWS/Logs", "IncomingBytes", "Sum", (("LogGroupName", group),))
        for number, group in enumerate(groups)
    ]
    try:
        data = cloudwatch.get_metric_data(aws, queries, start - period, end, int(period.total_seconds()))
    except AwsError:
        return None
    sizes: dict[datetime, float] = defaultdict(float)
    for points in data.series.values():
        for at, size in points:
            sizes[at] += size
    return LogVolume(
        tuple(sorted(sizes.items())), period, len(groups) * pricing.load(aws.region).metric_requested, aws.region
    )


def _period(start: datetime, end: datetime) -> timedelta:
    return timedelta(hours=max(1, math.ceil((end - start) / timedelta(hours=MAX_PERIODS))))
