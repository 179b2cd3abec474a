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
    for total in found:
        counts[total.error_type or UNTYPED_ERROR] += total.count
    rows = []
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        times = [total.time for total in found if (total.error_type or UNTYPED_ERROR) == name]
        rows.append((name, count, count / counts.total(), pd.Timestamp(min(times)), pd.Timestamp(max(times))))
    return pd.DataFrame(rows, columns=["error_type", "invocations", "share", "first", "last"])


def by_version(totals: LogTotals) -> pd.DataFrame:
    """version, invocations, failed, share (0-1), p50_ms, p95_ms, p99_ms."""
    failed: Counter[str] = Counter()
    for total in totals.failures:
        failed[total.version] += total.count
    rows = [
        (
            version.version,
            version.invocations,
            failed[version.version],
            failed[version.version] / version.invocations,
            *(version.duration_ms.get(share, float("nan")) for share in (50, 95, 99)),
        )
        for version in totals.by_version
    ]
    return pd.DataFrame(rows, columns=["version", "invocations", "failed", "share", "p50_ms", "p95_ms", "p99_ms"])
