"""The reasons of the cold starts that were read, with their counts, latency and dollars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from ops import pricing
from ops.insight.rules.cold_starts.reasons import WARM, ColdReason, ColdStart, explain

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.insight.sources.invocations import Invocations
    from ops.workload import Workload


def explain_logged(aws: Aws, logged: Invocations, workload: Workload) -> list[ColdStart]:
    """Cold starts of the rows that were read."""
    limit = aws.target.idle_limit_s
    warm = WARM if limit is None else timedelta(seconds=limit)
    return explain(logged.rows, _changes(workload), whole=logged.sample is None, warm=warm)


def reasons(starts: Sequence[ColdStart], workload: Workload) -> pd.DataFrame:
    """One row per reason, the most frequent first: reason, inferred (whether any of them is), inferred_cold (how many are),
    cold, waited_p50_ms, waited_p95_ms, usd (of INIT, or the billed part of restores)."""
    price = usd_per_ms(workload)
    grouped: dict[ColdReason, list[ColdStart]] = {}
    for start in starts:
        grouped.setdefault(start.reason, []).append(start)
    rows = []
    for reason, some in sorted(grouped.items(), key=lambda item: -len(item[1])):
        waited = pd.Series([start.waited_ms for start in some], dtype=float)
        billed = sum((start.invocation.init_ms or start.invocation.billed_restore_ms or 0.0) for start in some)
        p50, p95 = waited.quantile(0.5), waited.quantile(0.95)
        inferred = sum(start.inferred for start in some)
        rows.append(
            (reason.value, bool(inferred), inferred, len(some), p50, p95, None if price is None else billed * price)
        )
    return pd.DataFrame(
        rows, columns=["reason", "inferred", "inferred_cold", "cold", "waited_p50_ms", "waited_p95_ms", "usd"]
    )


def _changes(workload: Workload) -> tuple[datetime, ...]:
    """A published version never changes; of the unpublished one only the last change is known."""
    function = workload.function
    unpublished = function is not None and function.version == "$LATEST"
    changed_at = (function.deployed_at or function.measured_at) if function else None
    return (changed_at,) if unpublished and changed_at else ()


def usd_per_ms(workload: Workload) -> float | None:
    """The price of duration or INIT, by the function's memory and architecture; 0 on Managed Instances, which bill
    neither; None where the function is not known."""
    if workload.function is None:
        return None
    if workload.function.managed:
        return 0.0
    return (
        pricing.load(workload.region).gb_second(workload.function.architecture)
        * workload.function.memory_mb
        / 1024
        / 1000
    )
