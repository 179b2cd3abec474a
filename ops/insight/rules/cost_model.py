"""What each period cost, part by part: plain arithmetic on the metrics, so that every page gets the same dollars."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from handler import contract
from handler.extension.records import rules
from ops.aws.lambda_ import DEFAULT_MINIMUM_POLLERS
from ops.insight import time_window
from ops.insight.rules.alarm_rules import alarm_words
from ops.insight.sources import metric_queries
from ops.insight.sources.function_usage import FunctionUsage
from ops.pricing import Prices
from ops.workload.gaps import Part, Why

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm, MetricQuery
    from ops.aws.lambda_ import Function
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

HOURS_PER_MONTH = 730
"""AWS's own month in its price examples."""
MONTHLY_ESTIMATE_MIN_S = 300
"""Seconds of data below which there is no monthly estimate: a single cold start would dominate it. Our choice."""
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
SQS_COMPONENT, EMPTY_COMPONENT = "SQS requests", "Empty receives"
"""What messages take, and what polling an empty queue takes."""
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
    """Those that show whether anything is billed."""
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
    from ops.insight.sources import invocations  # with NumPy, which most commands do without

    found = invocations.read(aws, workload, readings.window, readings.total("invocations"))
    return with_reports(readings, found), found


def with_reports(readings: Readings, found: Invocations) -> Readings:
    """Billed time and INIT per period from REPORT lines, beside the columns of metrics: they are not custom metrics."""
    known = [row for row in found.rows if row.billed_ms is not None]
    if readings.has("billed_ms") or not known or found.truncated:
        return readings
    sums: dict[datetime, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for row in known:
        period = sums[time_window.floor(row.started, readings.window.period)]
        period[0] += row.billed_ms or 0.0
        period[1] += row.init_ms or 0.0
    no_lines = [math.nan, math.nan]
    values = zip(*(sums.get(start, no_lines) for start in readings.times), strict=True)
    return readings.replaced(dict(zip(REPORT_COLUMNS, values, strict=True)))


def spend(
    readings: Readings,
    workload: Workload,
    assumptions: Assumptions,
    prices: Prices,
    use: FunctionUsage | None = None,
    alarms: Sequence[Alarm] = (),
) -> dict[str, list[float]]:
    """US dollars by component, for each finished period; of a function that reads other queues, this one's share.

    Lambda's time is what the extension recorded as billed (INIT and restores included), else what REPORT lines say;
    where there is neither it is Duration, which leaves INIT out. Where the extension recorded EstimatedCost, Lambda's
    parts add up to that: it knows the memory, architecture and initialization type of each invocation. SQS counts a
    request for each message sent, received and deleted, in 64 KB chunks: an upper bound, because the event source
    mapping receives and deletes in batches. Empty receives are a part of their own. ``alarms``: those of the workload as they are
    defined; one that is not among them is priced as an alarm on one metric.
    """
    use = use or FunctionUsage()
    periods = [_usage_usd(points, workload, assumptions, prices, use) for points in _points(readings)]
    spent = {name: [usd[name] for usd in periods] for name in _usage_usd({}, workload, assumptions, prices, use)}
    # The workload may be younger than the window: nothing is charged by the hour before its first point.
    hours = [readings.window.period / 3600 if started else 0.0 for started in _started(readings, workload)]
    if pollers := least_pollers(workload):
        spent["Provisioned pollers"] = [pollers * prices.lambda_poller_hour * hour for hour in hours]
    metric_usd = prices.metric_month / HOURS_PER_MONTH * use.queue
    published = _published_metrics(readings)
    spent["Custom metrics"] = [count * metric_usd * hour for count, hour in zip(published, hours, strict=True)]
    alarms_usd = _alarms_month_usd(workload, alarms, prices) / HOURS_PER_MONTH
    spent["Alarms"] = [alarms_usd * hour for hour in hours]
    return spent


def _alarms_month_usd(workload: Workload, alarms: Sequence[Alarm], prices: Prices) -> float:
    by_name = {alarm.name: alarm_words.monthly_usd(alarm, prices) for alarm in alarms}
    of_metrics = math.fsum(by_name.get(name) or prices.alarm_month for name in workload.alarms)
    return of_metrics + len(workload.composite_alarms) * prices.composite_alarm_month


def _points(readings: Readings) -> Iterator[dict[str, float]]:
    """The values of each finished period, without gaps; a sent message's size holds until the next one is known."""
    message_bytes = 0.0
    for at in readings.finished:
        points = {name: values[at] for name, values in readings.columns.items() if not math.isnan(values[at])}
        message_bytes = points.setdefault("message_bytes", message_bytes)
        yield points


def _usage_usd(
    points: Mapping[str, float], workload: Workload, assumptions: Assumptions, prices: Prices, use: FunctionUsage
) -> dict[str, float]:
    """What a period's usage costs, by component."""
    spent: dict[str, float] = {}
    if workload.function is not None:
        usd = _function_usd(points, workload.function, assumptions, prices, use)
        spent |= {name: value * use.queue for name, value in usd.items()}
    sent, received, deleted, empty = (points.get(name, 0.0) for name in metric_queries.QUEUE_COUNTS)
    requests = (sent + received) * chunks(points.get("message_bytes", 0.0)) + deleted
    request_usd = prices.sqs_fifo_request if workload.queue.fifo else prices.sqs_request
    spent[SQS_COMPONENT], spent[EMPTY_COMPONENT] = requests * request_usd, empty * request_usd
    per_request = {"rest": prices.api_rest_request, "http": prices.api_http_request}.get(assumptions.api, 0.0)
    if workload.api_url and per_request:
        spent["API Gateway"] = sent * per_request
    return spent


def _function_usd(
    points: Mapping[str, float], function: Function, assumptions: Assumptions, prices: Prices, use: FunctionUsage
) -> dict[str, float]:
    """What the whole function costs in a period, by component."""
    init_ms = points.get("init_ms" if "billed_ms" in points else REPORT_COLUMNS[1], 0.0)
    sources = ("billed_ms", REPORT_COLUMNS[0], "duration_ms")
    billed_ms = next((points[name] for name in sources if name in points), 0.0)
    gb_seconds = function.memory_mb / 1024 / 1000
    on_demand = prices.gb_second(function.architecture)
    provisioned = prices.gb_second(function.architecture, rules.PROVISIONED)
    price = max(0.0, 1.0 - use.managed - use.provisioned) * on_demand + use.provisioned * provisioned
    restore_ms = billed_ms * use.restored
    invocations = points.get("invocations", 0.0)
    spent = {
        # Billed is Duration and Init (or Restore) rounded up together: what is neither is duration.
        DURATION_COMPONENT: max(0.0, billed_ms - init_ms - restore_ms) * gb_seconds * price,
        INIT_COMPONENT: init_ms * gb_seconds * on_demand,
        REQUESTS_COMPONENT: invocations * prices.lambda_request,
        "Logs": invocations * assumptions.log_bytes_per_invocation / GB * prices.log_gb_ingested,
    }
    if use.restored:
        spent[RESTORE_COMPONENT] = restore_ms * gb_seconds * on_demand
    if "estimated_usd" in points:
        spent |= _as_recorded(spent, points["estimated_usd"])
    if extra_tmp_gb := max(0, function.ephemeral_mb - FREE_TMP_MB) / 1024:
        spent["Ephemeral storage"] = billed_ms / 1000 * extra_tmp_gb * prices.lambda_tmp_gb_second
    return spent


def _as_recorded(spent: Mapping[str, float], estimated_usd: float) -> dict[str, float]:
    """Lambda's parts in their proportions, adding up to the records' EstimatedCost."""
    requests = min(spent[REQUESTS_COMPONENT], estimated_usd)
    rest = estimated_usd - requests
    timed = {name: usd for name, usd in spent.items() if is_compute(name) and name != REQUESTS_COMPONENT}
    total = sum(timed.values())
    scaled = {name: usd * rest / total if total > 0 else 0.0 for name, usd in timed.items()}
    if not total > 0:  # with nothing billed to divide it by, the rest is for the duration
        scaled[DURATION_COMPONENT] = rest
    return {**scaled, REQUESTS_COMPONENT: requests}


def is_compute(component: str) -> bool:
    """Whether it is Lambda's own price for running: duration, INIT, restores and requests."""
    return component in LAMBDA_COMPONENTS or component == RESTORE_COMPONENT


def least_pollers(workload: Workload) -> int:
    """Pollers of the queue's mapping in provisioned mode that are paid for whatever there is to do."""
    mapping = workload.mapping
    return (mapping.minimum_pollers or DEFAULT_MINIMUM_POLLERS) if mapping is not None and mapping.provisioned else 0


def seconds(readings: Readings, workload: Workload) -> float:
    """How long there has been something to price: from the first point on, in finished periods."""
    return float(sum(_started(readings, workload))) * readings.window.period


def _started(readings: Readings, workload: Workload) -> list[bool]:
    """For each finished period, whether the first point of anything that costs has been reached."""
    columns = [query.key for query in _own(workload) if query.key in readings.columns]
    first = next(iter(readings.published(columns)), len(readings.times))
    return [at >= first for at in readings.finished]


def successes(readings: Readings, use: FunctionUsage | None = None) -> list[float]:
    """This queue's finished work per period: its share of the jobs that the handler counted as succeeded, else messages
    deleted from the queue, without those that a filter dropped."""
    use = use or FunctionUsage()
    jobs = readings.has("jobs_succeeded")
    counts = readings.counts("jobs_succeeded" if jobs else "deleted", readings.finished)
    return [count * (use.queue if jobs else use.handled) for count in counts]


def per_1000_trend(spent: Mapping[str, Sequence[float]], done: Sequence[float]) -> list[float]:
    """Dollars a 1,000 successes in each period; NaN where nothing succeeded."""
    totals = map(math.fsum, zip(*spent.values(), strict=True))
    return [usd / count * 1000 if count > 0 else math.nan for usd, count in zip(totals, done, strict=True)]


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


def _published_metrics(readings: Readings) -> list[int]:
    """How many custom metrics have a point in the hour of each finished period: they are billed by the hour, and only
    for hours with data (CloudWatch's pricing page, from memory; not among the dated sources)."""
    hours = [time_window.floor(readings.times[at], 3600) for at in readings.finished]
    counts: dict[datetime, int] = dict.fromkeys(hours, 0)
    published = {"billed_ms": len(RECORD_METRICS), **dict.fromkeys(metric_queries.JOB_SUMS, 1)}
    published["jobs_succeeded"] += 1  # EndToEndLatency comes with each success
    for column, metrics in published.items():
        values = readings.columns.get(column, ())
        for hour in {hour for hour, value in zip(hours, values, strict=False) if not math.isnan(value)}:
            counts[hour] += metrics
    return [counts[hour] for hour in hours]
