"""A workload's use per period, as its cost is computed from it: which metrics are read, and what they and REPORT lines say."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from handler import contract
from ops.insight import time_window
from ops.insight.rules.cost.function_cost import REPORT_COLUMNS
from ops.insight.sources import metric_queries
from ops.insight.sources.function_usage import FunctionUsage

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import MetricQuery
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload


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
    """Metrics that show whether anything is billed."""
    function = workload.function
    return [
        *metric_queries.queue(workload.queue, "sent", "received", "deleted", "empty_receives"),
        *metric_queries.sent_bytes(workload.queue),
        *metric_queries.function(function, "invocations", "errors", "duration_ms"),
        *metric_queries.records(function, "billed_ms", "init_ms", "estimated_usd"),
        *metric_queries.jobs(function),
    ]


def completed(aws: Aws, workload: Workload, readings: Readings) -> tuple[Readings, Invocations | None]:
    """The readings with billed time and INIT from REPORT lines, for a function that ran and has no records (one Logs
    Insights query; for a busy range, those of a sample and of aggregates). So the Cost page and the Overview rest on
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
        yield from ((total.time, total.billed_ms, total.init_ms) for total in found.totals.outcomes)
    elif not found.truncated:
        table = found.table
        inits = table.first_known("init_ms").tolist()
        for started, billed, init in zip(
            table.started.tolist(), table.numbers["billed_ms"].tolist(), inits, strict=True
        ):
            if not math.isnan(billed):
                yield datetime.fromtimestamp(started / 1e6, UTC), billed, init


def period_points(readings: Readings) -> Iterator[dict[str, float]]:
    """The values of each finished period, without gaps; a sent message's size holds until the next one is known."""
    message_bytes = 0.0
    for at in readings.finished:
        points = {name: values[at] for name, values in readings.columns.items() if not math.isnan(values[at])}
        message_bytes = points.setdefault("message_bytes", message_bytes)
        yield points


def seconds(readings: Readings, workload: Workload) -> float:
    """Seconds of finished periods from the first datapoint on."""
    return float(sum(started_periods(readings, workload))) * readings.window.period


def started_periods(readings: Readings, workload: Workload) -> list[bool]:
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


def published_metrics(readings: Readings) -> list[int]:
    """Number of custom metrics with a datapoint in the hour of each finished period: they are billed by the hour, and
    only for hours with data (CloudWatch's pricing page, from memory; not among the dated sources)."""
    hours = [time_window.floor(readings.times[at], 3600) for at in readings.finished]
    counts: dict[datetime, int] = dict.fromkeys(hours, 0)
    published = {"billed_ms": len(contract.INVOCATION_UNITS), **dict.fromkeys(metric_queries.JOB_SUMS, 1)}
    published["jobs_succeeded"] += 1  # EndToEndLatency comes with each success
    for column, metrics in published.items():
        values = readings.columns.get(column, ())
        for hour in {hour for hour, value in zip(hours, values, strict=False) if not math.isnan(value)}:
            counts[hour] += metrics
    return [counts[hour] for hour in hours]
