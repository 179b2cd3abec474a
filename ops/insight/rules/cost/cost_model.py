"""Cost of each period by component: plain arithmetic on the metrics, so that every page gets the same dollars."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ops import pricing
from ops.aws.lambda_ import DEFAULT_MINIMUM_POLLERS
from ops.insight.rules.alarm_rules import alarm_words
from ops.insight.rules.cost.function_cost import GB, BilledTime, function_usd, hourly_usd
from ops.insight.rules.cost.usage_readings import period_points, published_metrics, seconds, started_periods
from ops.insight.sources import metric_queries
from ops.insight.sources.function_usage import FunctionUsage
from ops.pricing import Prices
from ops.pricing.billed_requests import api_requests, sqs_chunks
from ops.workload.gaps import Part, Why

if TYPE_CHECKING:
    from ops.aws.cloudwatch import Alarm
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

HOURS_PER_MONTH = 730
"""AWS's own month in its price examples."""
MONTHLY_ESTIMATE_MIN_S = 300
"""Seconds of data below which there is no monthly estimate: a single cold start would dominate it. Our choice."""
SQS_COMPONENT, EMPTY_COMPONENT = "SQS requests", "Empty receives"
"""What messages take, and what polling an empty queue takes."""
EXCLUDED = (
    "S3, DynamoDB, EventBridge, X-Ray, data transfer, storage of logs, what takes in exported OTLP, and a surcharge for fair "
    "queues, which one source names (no dated price on file)",
)


@dataclass(frozen=True)
class Assumptions:
    """Assumptions about usage that an operator can change. Prices are in a dated file."""

    log_bytes_per_invocation: float = 3_000.0
    api: str = "rest"  # rest | http | none
    always_on_usd_per_hour: float = 0.0816
    always_on_jobs_per_hour: float = 36_000.0
    volume_tiers: bool = False
    free_tier: bool = False


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
    periods = [_usage_usd(points, workload, assumptions, prices, use) for points in period_points(readings)]
    spent = {name: [usd[name] for usd in periods] for name in _usage_usd({}, workload, assumptions, prices, use)}
    # The workload may be younger than the window: nothing is charged by the hour before its first point.
    hours = [readings.window.period / 3600 if started else 0.0 for started in started_periods(readings, workload)]
    if pollers := least_pollers(workload):
        spent["Provisioned pollers"] = [pollers * prices.lambda_poller_hour * hour for hour in hours]
    by_hour = hourly_usd(workload.function, prices, use) if workload.function else {}
    for name, usd in by_hour.items():
        spent[name] = [usd * use.queue * hour for hour in hours]
    metric_usd = prices.metric_month / HOURS_PER_MONTH * use.queue
    published = published_metrics(readings)
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
    for points in period_points(readings):
        for name, units in _units(points, workload, assumptions, use).items():
            found[name] += units / months
    found["metric_month"] = math.fsum(published_metrics(readings)) * readings.window.period / lasted_s * use.queue
    counted = replace(pricing.load(), alarm_month=1.0, fast_alarm_month=0.0, composite_alarm_month=0.0)
    found["alarm_month"] = _alarms_month_usd(workload, alarms, counted)
    return dict(found)


def _units(
    points: Mapping[str, float], workload: Workload, assumptions: Assumptions, use: FunctionUsage
) -> dict[str, float]:
    """Units of one period, by the name of their price."""
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
    """Requests for messages, and empty receives."""
    sent, received, deleted, empty = (points.get(name, 0.0) for name in metric_queries.QUEUE_COUNTS)
    return (sent + received) * sqs_chunks(points.get("message_bytes", 0.0)) + deleted, empty


def _alarms_month_usd(workload: Workload, alarms: Sequence[Alarm], prices: Prices) -> float:
    by_name = {alarm.name: alarm_words.monthly_usd(alarm, prices) for alarm in alarms}
    of_metrics = math.fsum(by_name.get(name) or prices.alarm_month for name in workload.alarms)
    return of_metrics + len(workload.composite_alarms) * prices.composite_alarm_month


def _usage_usd(
    points: Mapping[str, float], workload: Workload, assumptions: Assumptions, prices: Prices, use: FunctionUsage
) -> dict[str, float]:
    """Cost of a period's usage in US dollars, by component."""
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
