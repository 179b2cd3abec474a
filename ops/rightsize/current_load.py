"""The workload's current load: the share of cold starts, the rate of jobs, and how full its batches are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ops import formatting
from ops.insight.rules.cold_starts import cold_share
from ops.insight.rules.cost import cost_model, usage_readings
from ops.insight.sources import metrics
from ops.rightsize.model import Observed

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.insight.report_types import Window
    from ops.workload import Workload


def observe(aws: Aws, workload: Workload, window: Window, share: float | None, per_month: float | None) -> Observed:
    """The load over ``window``, by the metrics that the Cost page reads; ``share`` (0 to 1) and ``per_month`` replace what was
    observed. Raises what ``ops.aws`` raises."""
    queries = [*usage_readings.queries(workload), *cold_share.queries(workload.function)]
    unique = {query.key: query for query in queries}
    readings = metrics.read(aws, tuple(unique.values()), window)
    readings, found = usage_readings.completed(aws, workload, readings)
    over = formatting.duration(window.length.total_seconds())
    basis = []
    if share is None:
        cold = cold_share.count_cold(readings, found)
        share = cold.share if cold else 0.0
        basis.append(
            f"Cold starts: {formatting.percent(share)} of invocations, {cold} in the last {over}."
            if cold
            else f"No cold-start share is known of the last {over}: INIT is not priced in (--cold-share sets one)."
        )
    seconds = usage_readings.seconds(readings, workload)
    jobs = math.fsum(usage_readings.successes(readings))
    if per_month is None and seconds >= cost_model.MONTHLY_ESTIMATE_MIN_S and jobs:
        per_month = jobs / seconds * 3600 * cost_model.HOURS_PER_MONTH
        basis.append(
            f"{formatting.count(per_month)} jobs per month at the rate of the last {formatting.duration(seconds)}."
        )
    elif per_month is None:
        basis.append(f"Too little work in the last {over} for a monthly figure (--per-month sets the number of jobs).")
    ran = readings.total("invocations") or 0.0
    lasted = readings.total("duration_ms")
    return Observed(
        cold_share=share,
        jobs_per_month=per_month,
        messages_per_invocation=(readings.total("deleted") or 0.0) / ran if ran else None,
        duration_ms=lasted / ran if ran and lasted else None,
        basis=tuple(basis),
    )
