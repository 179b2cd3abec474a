"""What each period cost, part by part: plain arithmetic on the metrics, so that every page gets the same dollars."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from handler import contract
from ops.insight import sources
from ops.insight.prices import Prices
from ops.insight.reports import Assumptions

if TYPE_CHECKING:
    from ops.aws.cloudwatch import MetricQuery
    from ops.insight.metrics import Readings
    from ops.workload import Workload

HOURS_A_MONTH = 730
"""AWS's own month in its price examples."""
LEAST_FOR_A_MONTH_S = 300
"""Seconds of data below which a monthly figure says nothing: a single cold start would carry it. Our choice."""
CHUNK_BYTES = 65_536
"""SQS bills each 64 KB of a request as one request (third-party price tables, 2026)."""
FREE_TMP_MB = 512
GB = 1e9
"""CloudWatch Logs bills decimal or binary gigabytes without saying which; the difference is 7%."""
RECORD_METRICS = (
    contract.INV_INIT,
    contract.INV_DURATION,
    contract.INV_BILLED,
    contract.INV_MEMORY_USED,
    contract.INV_COST,
    contract.INV_COLD,
    contract.INV_FAILED,
)
"""Custom metrics that a function with the extension publishes."""
LAMBDA = ("Lambda duration", "Lambda INIT", "Lambda requests")
LEFT_OUT = (
    "S3, DynamoDB, EventBridge, X-Ray and data transfer (no dated price on file)",
    "free tiers and volume tiers",
)


def queries(workload: Workload) -> list[MetricQuery]:
    """The metrics that the arithmetic needs."""
    function = workload.function
    return [
        *sources.queue(workload.queue, "sent", "received", "deleted", "empty_receives"),
        *sources.sent_bytes(workload.queue),
        *sources.function(function, "invocations", "duration_ms"),
        *sources.records(function, "billed_ms", "init_ms"),
        *sources.jobs(function),
    ]


def spend(readings: Readings, workload: Workload, assumptions: Assumptions, prices: Prices) -> pd.DataFrame:
    """US dollars by component (columns) and period (rows).

    Lambda's time is what the extension recorded as billed (INIT included); in periods without records it is Duration,
    which leaves INIT out. SQS counts a request for each message sent, received and deleted, in 64 KB chunks, and each
    empty receive: an upper bound, because the mapping receives and deletes in batches.
    """
    known = readings.finished()

    def of(column: str) -> pd.Series:
        return known[column].fillna(0.0) if column in known else pd.Series(0.0, index=known.index)

    parts = pd.DataFrame(index=known.index)
    # The workload may be younger than the window: nothing is charged by the hour before its first point.
    hours = pd.Series(readings.window.period / 3600, index=known.index).where(_begun(readings, workload), 0.0)
    if (function := workload.function) is not None:
        recorded = known["billed_ms"].notna()
        init_ms = of("init_ms").where(recorded, 0.0)
        billed_ms = of("billed_ms").where(recorded, of("duration_ms"))
        gb_seconds = function.memory_mb / 1024 / 1000
        price = prices.gb_second(function.architecture)
        extra_tmp_gb = max(0, function.ephemeral_mb - FREE_TMP_MB) / 1024
        # Billed is Duration and Init rounded up together: what is not INIT is duration.
        parts["Lambda duration"] = (billed_ms - init_ms).clip(lower=0) * gb_seconds * price
        parts["Lambda INIT"] = init_ms * gb_seconds * price
        parts["Lambda requests"] = of("invocations") * prices.lambda_request
        if extra_tmp_gb:
            parts["Ephemeral storage"] = billed_ms / 1000 * extra_tmp_gb * prices.lambda_tmp_gb_second
        logged = of("invocations") * assumptions.log_bytes_per_invocation / GB
        parts["Logs"] = logged * prices.log_gb_ingested
    parts["SQS requests"] = _sqs_requests(readings) * (
        prices.sqs_fifo_request if workload.queue.fifo else prices.sqs_request
    )
    per_request = {"rest": prices.api_rest_request, "http": prices.api_http_request}.get(assumptions.api, 0.0)
    if workload.api_url and per_request:
        parts["API Gateway"] = of("sent") * per_request
    published = _hourly(known, ["billed_ms"]) * len(RECORD_METRICS) + _hourly(known, list(sources.JOB_SUMS))
    parts["Custom metrics"] = published * prices.metric_month / HOURS_A_MONTH * hours
    parts["Alarms"] = len(workload.alarms) * prices.alarm_month / HOURS_A_MONTH * hours
    return parts


def seconds(readings: Readings, workload: Workload) -> float:
    """How long there has been something to price: from the first point on, in finished periods."""
    return float(_begun(readings, workload).sum()) * readings.window.period


def _begun(readings: Readings, workload: Workload) -> pd.Series:
    """By period, whether the first point of anything that costs has been reached."""
    known = readings.finished()
    columns = [query.key for query in queries(workload) if query.key in known]
    return known[columns].notna().any(axis=1).cummax()


def successes(readings: Readings) -> pd.Series:
    """Finished work a period: jobs that the handler counted as succeeded, else messages deleted from the queue."""
    column = "jobs_succeeded" if readings.has("jobs_succeeded") else "deleted"
    return readings.finished()[column].fillna(0.0)


def per_1000(usd: float, successful: float) -> float | None:
    """Dollars a 1,000 successes; None when nothing succeeded."""
    return usd / successful * 1000 if successful > 0 else None


def chunks(message_bytes: float) -> int:
    """Requests that SQS bills for one message of this size."""
    return max(1, math.ceil(message_bytes / CHUNK_BYTES))


def _hourly(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    """How many of the metrics have a point in the hour of each period: custom metrics are billed by the hour, and only
    for hours with data (CloudWatch's pricing page says so, as far as we know; not among the dated sources)."""
    known = [column for column in columns if column in frame]
    hour = pd.DatetimeIndex(frame.index).floor("h")
    return frame[known].notna().groupby(hour).transform("any").sum(axis=1).astype(float)


def _sqs_requests(readings: Readings) -> pd.Series:
    frame = readings.finished()
    size = frame["message_bytes"].ffill().fillna(0.0) if "message_bytes" in frame else pd.Series(0.0, frame.index)
    with_body = frame["sent"].fillna(0.0) + frame["received"].fillna(0.0)
    return with_body * size.map(chunks) + frame["deleted"].fillna(0.0) + frame["empty_receives"].fillna(0.0)
