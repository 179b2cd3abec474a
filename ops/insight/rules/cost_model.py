"""What each period cost, part by part: plain arithmetic on the metrics, so that every page gets the same dollars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from handler import contract
from handler.extension.records import rules
from ops.aws.lambda_ import DEFAULT_MINIMUM_POLLERS
from ops.insight.sources import invocations, metric_queries
from ops.insight.sources.function_usage import FunctionUsage
from ops.pricing import Prices
from ops.workload.gaps import Part, Why

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import MetricQuery
    from ops.aws.lambda_ import Function
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

HOURS_PER_MONTH = 730
"""AWS's own month in its price examples."""
MONTHLY_ESTIMATE_MIN_S = 300
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
REPORT_COLUMNS = ("report_billed_ms", "report_init_ms")
"""Columns of what REPORT lines say, for a function without records."""
DURATION_COMPONENT, INIT_COMPONENT, REQUESTS_COMPONENT = "Lambda duration", "Lambda INIT", "Lambda requests"
LAMBDA_COMPONENTS = (DURATION_COMPONENT, INIT_COMPONENT, REQUESTS_COMPONENT)
RESTORE_COMPONENT = "Lambda restore"
"""Only of functions with SnapStart."""
EXCLUDED = (
    "S3, DynamoDB, EventBridge, X-Ray and data transfer (no dated price on file)",
    "free tiers and volume tiers",
)


@dataclass(frozen=True)
class Assumptions:
    """What an operator may change about the cost picture. Prices are in the dated file; these are about use."""

    log_bytes_per_invocation: float = 3_000.0
    api: str = "rest"  # rest | http | none
    always_on_usd_per_hour: float = 0.0816
    always_on_jobs_per_hour: float = 36_000.0


def queries(workload: Workload) -> list[MetricQuery]:
    """The metrics that the arithmetic needs."""
    filters = workload.mapping is not None and (workload.mapping.filters or workload.mapping.unreadable_filters)
    return [
        *_own(workload),
        *metric_queries.function(workload.function, "provisioned_invocations"),
        *metric_queries.mapping(workload.mapping if filters else None, "filtered_out"),
        *metric_queries.others(workload),
    ]


def _own(workload: Workload) -> list[MetricQuery]:
    """Those that tell that there is something to pay for."""
    function = workload.function
    return [
        *metric_queries.queue(workload.queue, "sent", "received", "deleted", "empty_receives"),
        *metric_queries.sent_bytes(workload.queue),
        *metric_queries.function(function, "invocations", "errors", "duration_ms"),
        *metric_queries.records(function, "billed_ms", "init_ms", "estimated_usd"),
        *metric_queries.jobs(function),
    ]


def completed(aws: Aws, workload: Workload, readings: Readings) -> tuple[Readings, Invocations | None]:
    """With billed time and INIT from REPORT lines, for a function that ran and has no records (one Logs Insights
    query): what the Cost page shows and what the Overview shows then rest on the same lines."""
    if readings.has("billed_ms") or not readings.total("invocations"):
        return readings, None
    found = invocations.read(aws, workload, readings.window)
    return with_reports(readings, found), found


def with_reports(readings: Readings, found: Invocations) -> Readings:
    """Billed time and INIT a period from REPORT lines, beside the columns of metrics: they are no custom metrics."""
    frame = found.frame.dropna(subset=["billed_ms"])
    if readings.has("billed_ms") or frame.empty or found.truncated:
        return readings
    period = pd.Timedelta(seconds=readings.window.period)
    by_period = frame.set_index(frame["started"].dt.floor(period))[["billed_ms", "init_ms"]].groupby(level=0).sum()
    by_period.columns = list(REPORT_COLUMNS)
    return readings.replaced(by_period.reindex(readings.frame.index))


def spend(
    readings: Readings, workload: Workload, assumptions: Assumptions, prices: Prices, use: FunctionUsage | None = None
) -> pd.DataFrame:
    """US dollars by component (columns) and period (rows); of a function that reads other queues, this one's share.

    Lambda's time is what the extension recorded as billed (INIT and restores included), else what REPORT lines say;
    where there is neither it is Duration, which leaves INIT out. Where the extension recorded EstimatedCost, Lambda's
    parts add up to that: it knows the memory, architecture and initialization type of each invocation. SQS counts a
    request for each message sent, received and deleted, in 64 KB chunks, and each empty receive: an upper bound,
    because the event source mapping receives and deletes in batches.
    """
    known, use = readings.finished(), use or FunctionUsage()
    parts = pd.DataFrame(index=known.index)
    # The workload may be younger than the window: nothing is charged by the hour before its first point.
    hours = pd.Series(readings.window.period / 3600, index=known.index).where(_begun(readings, workload), 0.0)
    if (function := workload.function) is not None:
        for name, usd in _function(known, function, assumptions, prices, use).items():
            parts[name] = usd * use.queue
    parts["SQS requests"] = _sqs_requests(readings) * (
        prices.sqs_fifo_request if workload.queue.fifo else prices.sqs_request
    )
    per_request = {"rest": prices.api_rest_request, "http": prices.api_http_request}.get(assumptions.api, 0.0)
    if workload.api_url and per_request:
        parts["API Gateway"] = _of(known, "sent") * per_request
    if pollers := least_pollers(workload):
        parts["Provisioned pollers"] = pollers * prices.lambda_poller_hour * hours
    published = _hourly(known, ["billed_ms"]) * len(RECORD_METRICS) + _hourly(known, list(metric_queries.JOB_SUMS))
    parts["Custom metrics"] = published * prices.metric_month / HOURS_PER_MONTH * hours * use.queue
    parts["Alarms"] = len(workload.alarms) * prices.alarm_month / HOURS_PER_MONTH * hours
    return parts


def _function(
    known: pd.DataFrame, function: Function, assumptions: Assumptions, prices: Prices, use: FunctionUsage
) -> dict[str, pd.Series]:
    """What the whole function costs, by component."""
    recorded = known["billed_ms"].notna()
    init_ms = _of(known, "init_ms").where(recorded, _of(known, REPORT_COLUMNS[1]))
    billed_ms = known["billed_ms"]
    for stand_in in (REPORT_COLUMNS[0], "duration_ms"):
        if stand_in in known:
            billed_ms = billed_ms.fillna(known[stand_in])
    billed_ms = billed_ms.fillna(0.0)
    gb_seconds = function.memory_mb / 1024 / 1000
    on_demand = prices.gb_second(function.architecture)
    provisioned = prices.gb_second(function.architecture, rules.PROVISIONED)
    price = max(0.0, 1.0 - use.managed - use.provisioned) * on_demand + use.provisioned * provisioned
    restore_ms = billed_ms * use.restored
    extra_tmp_gb = max(0, function.ephemeral_mb - FREE_TMP_MB) / 1024
    logged = _of(known, "invocations") * assumptions.log_bytes_per_invocation / GB
    parts = {
        # Billed is Duration and Init (or Restore) rounded up together: what is neither is duration.
        DURATION_COMPONENT: (billed_ms - init_ms - restore_ms).clip(lower=0) * gb_seconds * price,
        INIT_COMPONENT: init_ms * gb_seconds * on_demand,
        REQUESTS_COMPONENT: _of(known, "invocations") * prices.lambda_request,
        "Logs": logged * prices.log_gb_ingested,
    }
    if use.restored:
        parts[RESTORE_COMPONENT] = restore_ms * gb_seconds * on_demand
    if "estimated_usd" in known:
        parts |= _as_recorded(parts, known["estimated_usd"])
    if extra_tmp_gb:
        parts["Ephemeral storage"] = billed_ms / 1000 * extra_tmp_gb * prices.lambda_tmp_gb_second
    return parts


def _as_recorded(parts: dict[str, pd.Series], estimated_usd: pd.Series) -> dict[str, pd.Series]:
    """Lambda's parts in their proportions, adding up to the records' EstimatedCost in each period that has one."""
    timed = {name: usd for name, usd in parts.items() if is_compute(name) and name != REQUESTS_COMPONENT}
    requests = parts[REQUESTS_COMPONENT].clip(upper=estimated_usd)
    left = estimated_usd - requests
    total = sum(timed.values(), start=0.0 * left)
    recorded = estimated_usd.notna()
    scaled = {name: (usd * left / total.where(total > 0)).fillna(0.0) for name, usd in timed.items()}
    # With nothing billed to divide it by, what is left is for the duration.
    scaled[DURATION_COMPONENT] = scaled[DURATION_COMPONENT].where(total > 0, left)
    scaled[REQUESTS_COMPONENT] = requests
    return {name: usd.where(recorded, parts[name]) for name, usd in scaled.items()}


def is_compute(component: str) -> bool:
    """Whether it is Lambda's own price for running: duration, INIT, restores and requests."""
    return component in LAMBDA_COMPONENTS or component == RESTORE_COMPONENT


def least_pollers(workload: Workload) -> int:
    """Pollers of the queue's mapping in provisioned mode that are paid for whatever there is to do."""
    mapping = workload.mapping
    return (mapping.minimum_pollers or DEFAULT_MINIMUM_POLLERS) if mapping is not None and mapping.provisioned else 0


def seconds(readings: Readings, workload: Workload) -> float:
    """How long there has been something to price: from the first point on, in finished periods."""
    return float(_begun(readings, workload).sum()) * readings.window.period


def _begun(readings: Readings, workload: Workload) -> pd.Series:
    """By period, whether the first point of anything that costs has been reached."""
    known = readings.finished()
    columns = [query.key for query in _own(workload) if query.key in known]
    return known[columns].notna().any(axis=1).cummax()


def successes(readings: Readings, use: FunctionUsage | None = None) -> pd.Series:
    """This queue's finished work a period: its share of the jobs that the handler counted as succeeded, else messages
    deleted from the queue, without those that a filter dropped."""
    use = use or FunctionUsage()
    if readings.has("jobs_succeeded"):
        return readings.finished()["jobs_succeeded"].fillna(0.0) * use.queue
    return readings.finished()["deleted"].fillna(0.0) * use.handled


def unpriced_reason(workload: Workload) -> str:
    """Why a sum of the parts is not what the workload costs, as a clause; empty when it is."""
    gap = workload.gap(Part.FUNCTION) or workload.gap(Part.MAPPING)
    if gap is None or workload.function is not None or (gap.part is Part.MAPPING and gap.why is Why.GONE):
        return ""
    return f"the {gap.part} {gap.verb}, so Lambda is not included"


def per_1000(usd: float, successful: float) -> float | None:
    """Dollars a 1,000 successes; None when nothing succeeded."""
    return usd / successful * 1000 if successful > 0 else None


def chunks(message_bytes: float) -> int:
    """Requests that SQS bills for one message of this size."""
    return max(1, math.ceil(message_bytes / CHUNK_BYTES))


def _of(frame: pd.DataFrame, column: str) -> pd.Series:
    return frame[column].fillna(0.0) if column in frame else pd.Series(0.0, index=frame.index)


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
