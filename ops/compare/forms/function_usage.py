"""What the function used for the jobs of a run, from its metrics of that time: what a job costs follows from it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from ops.aws import Aws
from ops.compare.measured import Usage
from ops.insight import time_window
from ops.insight.rules.cost import usage_readings
from ops.insight.sources import metric_queries, metrics
from ops.target import Target
from ops.workload import describe

PUBLISHED_WITHIN_S = 20.0
"""The twin publishes metrics every five seconds, by periods of ten."""


def read(target: Target, began: datetime, results: int) -> Usage | None:
    """None where the metrics do not say it in time. Invocations of other jobs of that time count as well."""
    aws = Aws(target)
    workload = describe(aws, target)
    if workload.function is None or not results:
        return None
    queries = [*usage_readings.queries(workload), *metric_queries.records(workload.function, "cold")]
    queries = list({query.key: query for query in queries}.values())
    until = time.monotonic() + PUBLISHED_WITHIN_S
    while True:
        window = time_window.between(began, datetime.now(UTC), target.finest_period)
        found = metrics.read(aws, queries, window)
        invocations, deleted = found.total("invocations") or 0.0, found.total("deleted") or 0.0
        if (invocations and deleted >= results) or time.monotonic() > until:
            break
        time.sleep(1.0)
    if not invocations or not deleted:
        return None
    cold = found.total("cold") or 0.0
    return Usage(
        seconds_per_job=(found.total("duration_ms") or 0.0) / 1000 / deleted,
        jobs_per_invocation=max(1.0, deleted / invocations),
        cold_share=min(1.0, cold / invocations),
        init_s=(found.total("init_ms") or 0.0) / 1000 / cold if cold else 0.0,
        memory_mb=workload.function.memory_mb,
        architecture=workload.function.architecture,
        message_bytes=next((size for size in reversed(found.columns.get("message_bytes", ())) if size == size), 0.0),
    )
