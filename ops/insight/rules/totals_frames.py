"""The tables of the Failures page, from aggregates of all log lines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd

from ops.insight.rules.error_counts import UNTYPED_ERROR

if TYPE_CHECKING:
    from ops.insight.sources.log_totals import LogTotals


def by_type(totals: LogTotals) -> pd.DataFrame:
    """error_type, invocations, share (of the failed, 0-1), first, last (beginnings of periods), the most frequent first."""
    found = totals.failures
    counts: Counter[str] = Counter()
    for one in found:
        counts[one.error_type or UNTYPED_ERROR] += one.count
    rows = []
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        times = [one.time for one in found if (one.error_type or UNTYPED_ERROR) == name]
        rows.append((name, count, count / counts.total(), pd.Timestamp(min(times)), pd.Timestamp(max(times))))
    return pd.DataFrame(rows, columns=["error_type", "invocations", "share", "first", "last"])


def by_version(totals: LogTotals) -> pd.DataFrame:
    """version, invocations, failed, share (0-1), p50_ms, p95_ms, p99_ms."""
    failed: Counter[str] = Counter()
    for one in totals.failures:
        failed[one.version] += one.count
    rows = [
        (
            one.version,
            one.invocations,
            failed[one.version],
            failed[one.version] / one.invocations,
            *(one.duration_ms.get(share, float("nan")) for share in (50, 95, 99)),
        )
        for one in totals.by_version
    ]
    return pd.DataFrame(rows, columns=["version", "invocations", "failed", "share", "p50_ms", "p95_ms", "p99_ms"])
