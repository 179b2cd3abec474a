"""What each period cost, part by part: plain arithmetic on the metrics, so that every page gets the same dollars."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from handler import contract
from ops import pricing
from ops.aws.lambda_ import DEFAULT_MINIMUM_POLLERS
from ops.insight import time_window
from ops.insight.rules.alarm_rules import alarm_words
from ops.insight.rules.cost.function_cost import GB, REPORT_COLUMNS, BilledTime, function_usd, hourly_usd
from ops.insight.sources import metric_queries
from ops.insight.sources.function_usage import FunctionUsage
from ops.pricing import Prices
from ops.workload.gaps import Part, Why

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm, MetricQuery
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

HOURS_PER_MONTH = 730
"""AWS's own month in its price examples."""
MONTHLY_ESTIMATE_MIN_S = 300
"""Seconds of data below which there is no monthly estimate: a single cold start would dominate it. Our choice."""
CHUNK_BYTES = 65_536
"""SQS bills each 64 KB of a request as one request (third-party price tables, 2026)."""
API_CHUNK_BYTES = 524_288
"""HTTP APIs are metered by 512 KB (AWS white paper on private APIs, undated; a third-party table of 2026)."""
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
SQS_COMPONENT, EMPTY_COMPONENT = "SQS requests", "Empty receives"
"""What messages take, and what polling an empty queue takes."""
EXCLUDED = (
    "S3, DynamoDB, EventBridge, X-Ray, data transfer, storage of logs, what takes in exported OTLP, and a surcharge for fair "
    "queues, which one source names (no dated price on file)",
)


@dataclass(frozen=True)
class Assumptions:
    """What an operator may change about the cost picture. Prices are in the dated file; these are about use."""

    log_bytes_per_invocation: float = 3_000.0
    api: str = "rest"  # rest | http | none
    always_on_usd_per_hour: float = 0.0816
    always_on_jobs_per_hour: float = 36_000.0
    volume_tiers: bool = False
    free_tier: bool = False


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
    """With billed time and INIT from REPORT lines, for a function that ran and has no records (one Logs Insights query; for
    a busy range those of a sample and of aggregates): what the Cost page shows and what the Overview shows then rest on
    the same lines."""
    if readings.total("billed_ms") is not None or not readings.total("invocations"):
        return readings, None
    from ops.insight.sources import invocations  # with NumPy, which most commands do without

    window = readings.window
    found = invocations.read(aws, workload, window, readings.total("invocations"))
    found = invocations.with_totals(aws, workload, window, found, has_records=bool(readings.total("recorded")))
    return with_reports(readings, found), found


def with_reports(readings: Readings, found: Invocations) -> Readings:
    """Billed time and INIT per period from REPORT lines, beside the columns of metrics: they are not custom metrics."""
    if readings.total("billed_ms") is not None:
        return readings
    sums: dict[datetime, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for started, billed_ms, init_ms in _billed(found):
        period = sums[time_window.floor(started, readings.window.period)]
        period[0] += billed_ms
        period[1] += init_ms
    if not sums:
        return readings
    no_lines = [math.nan, math.nan]
    values = zip(*(sums.get(start, no_lines) for start in readings.times), strict=True)
    return readings.replaced(dict(zip(REPORT_COLUMNS, values, strict=True)))


def _billed(found: Invocations) -> Iterator[tuple[datetime, float, float]]:
    """Times, and what was billed and INIT of it (ms): of all invocations, or of none."""
    if found.totals is not None and found.totals.outcomes is not None:
        yield from ((one.time, one.billed_ms, one.init_ms) for one in found.totals.outcomes)
    elif not found.truncated:
        table = found.table
        inits = table.first_known("init_ms").tolist()
        for started, billed, init in zip(
            table.started.tolist(), table.numbers["billed_ms"].tolist(), inits, strict=True
        ):
            if not math.isnan(billed):
                yield datetime.fromtimestamp(started / 1e6, UTC), billed, init


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
    parts add up to that, at these prices: it knows the memory, architecture and initialization type of each invocation. SQS counts a
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
    by_hour = hourly_usd(workload.function, prices, use) if workload.function else {}
    for name, usd in by_hour.items():
        spent[name] = [usd * use.queue * hour for hour in hours]
    metric_usd = prices.metric_month / HOURS_PER_MONTH * use.queue
    published = _published_metrics(readings)
    spent["Custom metrics"] = [count * metric_usd * hour for count, hour in zip(published, hours, strict=True)]
    alarms_usd = _alarms_month_usd(workload, alarms, prices) / HOURS_PER_MONTH
    spent["Alarms"] = [alarms_usd * hour for hour in hours]
    return spent


def monthly_units(
    readings: Readings,
    workload: Workload,
    assumptions: Assumptions,
    use: FunctionUsage,
    alarms: Sequence[Alarm] = (),
) -> dict[str, float]:
    """Units in a month at the rate of the range, by the name of their price; empty where the range is too short to tell."""
    lasted_s = seconds(readings, workload)
    if lasted_s < MONTHLY_ESTIMATE_MIN_S:
        return {}
    months = lasted_s / 3600 / HOURS_PER_MONTH
    found: dict[str, float] = defaultdict(float)
    for points in _points(readings):
        for name, units in _units(points, workload, assumptions, use).items():
            found[name] += units / months
    found["metric_month"] = math.fsum(_published_metrics(readings)) * readings.window.period / lasted_s * use.queue
    counted = replace(pricing.load(), alarm_month=1.0, fast_alarm_month=0.0, composite_alarm_month=0.0)
    found["alarm_month"] = _alarms_month_usd(workload, alarms, counted)
    return dict(found)


def _units(
    points: Mapping[str, float], workload: Workload, assumptions: Assumptions, use: FunctionUsage
) -> dict[str, float]:
    """Of one period, by the name of their price."""
    function, found = workload.function, {}
    if function is not None:
        of_queue, invocations = use.queue, points.get("invocations", 0.0)
        on_demand = max(0.0, 1.0 - use.managed - use.provisioned)
        gb_seconds = BilledTime.of(points).billed_ms / 1000 * function.memory_mb / 1024 * of_queue
        name = "arm64" if function.architecture == "arm64" else "x86_64"
        found[f"lambda_gb_second_{name}"] = gb_seconds * on_demand
        found["lambda_request"] = invocations * of_queue
        found["log_gb_ingested"] = invocations * of_queue * assumptions.log_bytes_per_invocation / GB
    found["sqs_fifo_request" if workload.queue.fifo else "sqs_request"] = math.fsum(_sqs_requests(points))
    if workload.api_url and assumptions.api in ("rest", "http"):
        requests = api_requests(assumptions.api, points.get("message_bytes", 0.0))
        found[f"api_{assumptions.api}_request"] = points.get("sent", 0.0) * requests
    return found


def _sqs_requests(points: Mapping[str, float]) -> tuple[float, float]:
    """Those for messages, and empty receives."""
    sent, received, deleted, empty = (points.get(name, 0.0) for name in metric_queries.QUEUE_COUNTS)
    return (sent + received) * chunks(points.get("message_bytes", 0.0)) + deleted, empty


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
        usd = function_usd(points, workload.function, assumptions.log_bytes_per_invocation, prices, use)
        spent |= {name: value * use.queue for name, value in usd.items()}
    request_usd = prices.sqs_fifo_request if workload.queue.fifo else prices.sqs_request
    spent[SQS_COMPONENT], spent[EMPTY_COMPONENT] = (count * request_usd for count in _sqs_requests(points))
    per_request = {"rest": prices.api_rest_request, "http": prices.api_http_request}.get(assumptions.api, 0.0)
    if workload.api_url and per_request:
        requests = api_requests(assumptions.api, points.get("message_bytes", 0.0))
        spent["API Gateway"] = points.get("sent", 0.0) * requests * per_request
    return spent


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


def api_requests(api: str, message_bytes: float) -> int:
    """Requests that API Gateway bills for one message of this size; ``api``: rest or http."""
    return max(1, math.ceil(message_bytes / API_CHUNK_BYTES)) if api == "http" else 1


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
