"""Writing metric points into MiniStack's CloudWatch, and keeping its memory bounded.

Stands for: CloudWatch's retention (points of less than a minute are kept 3 hours, of a minute 15 days; CloudWatch user
guide, cloudwatch_concepts, read 2026-11). Plain MiniStack keeps every point for two weeks.

Leaves out: the coarser steps (5 minutes for 63 days, an hour for 455), since a twin does not run that long. Values
older than 3 hours are kept to four significant digits so that equal ones merge; percentiles stay right to that.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ministack.services import cloudwatch

FINE_SECONDS = 3 * 3600
KEPT_SECONDS = 15 * 86_400


def publish(
    namespace: str,
    name: str,
    dimensions: Mapping[str, str],
    when: float,
    unit: str,
    values: Mapping[float, float] | Mapping[int, int] | Mapping[float, int],
) -> None:
    """Store values (value → how many samples of it) at ``when`` (epoch seconds) for the current account and region."""
    if values:
        cloudwatch._store_datum(
            namespace, name, dict(dimensions), when, unit, None, list(values), list(values.values()), None
        )


def compact(now: float | None = None) -> int:
    """Merge old points by the minute and drop the oldest, everywhere. Returns how many points went away."""
    now = time.time() if now is None else now
    gone = 0
    for _, points in cloudwatch._metrics.all_items():
        old = _length_of_old(points, now - FINE_SECONDS)
        if old > 1:
            merged = merge(points[:old], now - KEPT_SECONDS)
            # In one step and in place: a request may be appending to the end of this very list.
            points[:old] = merged
            gone += old - len(merged)
    return gone


def _length_of_old(points: list[dict[str, Any]], cutoff: float) -> int:
    for position, point in enumerate(points):
        if point["Timestamp"] > cutoff:
            return position
    return len(points)


def merge(points: list[dict[str, Any]], oldest: float) -> list[dict[str, Any]]:
    """Points by the minute, each distinct value once with its count. Statistic sets stay as they are."""
    kept: list[dict[str, Any]] = []
    counts: Counter[tuple[float, float, str]] = Counter()
    dimensions: dict[str, str] = {}
    for point in points:
        if point["Timestamp"] < oldest:
            continue
        if point.get("_stat") is not None:
            kept.append(point)
            continue
        minute = point["Timestamp"] // 60 * 60
        counts[minute, float(f"{point['Value']:.4g}"), point["Unit"]] += point.get("Count", 1.0)
        dimensions = point["Dimensions"]
    kept.extend(
        {"Timestamp": minute, "Value": value, "Unit": unit, "Count": count, "Dimensions": dimensions}
        for (minute, value, unit), count in counts.items()
    )
    return sorted(kept, key=lambda point: float(point["Timestamp"]))
