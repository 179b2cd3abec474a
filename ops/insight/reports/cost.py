"""Cost: what a successful job costs, and where the money goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from handler.extension.records import rules
from ops import pricing
from ops.insight.report_types import Finding, QueryCost, Window
from ops.insight.reports import alarms
from ops.insight.rules import cost_claims, cost_model, failed_work
from ops.insight.rules.cost_model import Assumptions
from ops.insight.rules.findings import summarize
from ops.insight.sources import function_usage, invocations, metrics

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.insight.sources.invocations import Invocation, Invocations
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload


@dataclass(frozen=True)
class CostReport:
    """``parts``: component, usd (the window's spend). ``trend``: usd_per_1000 (dollars per 1,000 successes).

    ``left_out``: what the sum does not hold, in words. ``inferred``: what in it is concluded and not counted.
    ``measured_log_bytes``: an invocation's, from the logs.
    """

    finding: Finding
    parts: pd.DataFrame
    trend: pd.DataFrame
    successes: float
    failures_usd: float
    total_usd: float
    usd_per_1000: float | None
    month_usd: float | None
    break_even_jobs_per_hour: float | None
    assumptions: Assumptions
    prices_dated: str
    look: QueryCost
    left_out: tuple[str, ...] = ()
    measured_log_bytes: float | None = None
    inferred: tuple[str, ...] = ()
    jobs_per_hour: float | None = None


def report(aws: Aws, workload: Workload, window: Window, assumptions: Assumptions | None = None) -> CostReport:
    """One GetMetricData call, one DescribeAlarms call, and one Logs Insights query for what failed invocations cost."""
    assumptions = assumptions or Assumptions()
    table = pricing.load(workload.region)
    readings = metrics.read(aws, cost_model.queries(workload), window)
    logged = invocations.read(aws, workload, window, readings.total("invocations"))
    readings = cost_model.with_reports(readings, logged)
    used = function_usage.read_usage(readings, workload, logged.rows)
    known, missing = alarms.read(aws, workload)
    spent = cost_model.spend(readings, workload, assumptions, table, used, known)
    done = cost_model.successes(readings, used)
    spend = cost_claims.Spend.of(workload, spent, done)
    parts, total, successes = spend.parts, spend.total, spend.successes
    failures = failures_usd(parts, readings, logged)
    seconds = cost_model.seconds(readings, workload)
    monthly = seconds >= cost_model.MONTHLY_ESTIMATE_MIN_S and not spend.unknown
    month = total / seconds * 3600 * cost_model.HOURS_PER_MONTH if monthly else None
    even = break_even(_lambda(parts), successes, assumptions)
    measured = logged.log_bytes / len(logged.rows) if logged.rows and not logged.truncated else None
    return CostReport(
        finding=summarize([cost_claims.observe_cost(workload, readings, spend, failures, month)]),
        parts=pd.DataFrame({"component": list(parts), "usd": list(parts.values())}),
        trend=readings.to_frame({"usd_per_1000": cost_model.per_1000_trend(spent, done)}),
        successes=successes,
        jobs_per_hour=successes / seconds * 3600 if seconds else None,
        failures_usd=failures,
        total_usd=total,
        usd_per_1000=spend.per_1000,
        month_usd=month,
        break_even_jobs_per_hour=even,
        assumptions=assumptions,
        prices_dated=f"{table.dated}, {table.region}, first tier",
        look=QueryCost(
            readings.look.metrics_requested,
            readings.look.usd + logged.look.usd,
            readings.look.partial + logged.look.partial + missing,
        ),
        left_out=left_out(readings, workload, table, used, logged.rows),
        inferred=used.inferred,
        measured_log_bytes=measured,
    )


def break_even(lambda_usd: float, successes: float, assumptions: Assumptions) -> float | None:
    """Jobs per hour from which an always-on worker is cheaper than Lambda; None when it never is.

    Only the compute is compared: queue, API and logs cost the same either way. One worker does
    ``always_on_jobs_per_hour`` at most; above that it takes another one at the same price a job.
    """
    if successes <= 0 or lambda_usd <= 0:
        return None
    jobs = assumptions.always_on_usd_per_hour / (lambda_usd / successes)
    return jobs if jobs <= assumptions.always_on_jobs_per_hour else None


def failures_usd(parts: Mapping[str, float], readings: Readings, logged: Invocations) -> float:
    """What went into work that did not succeed: invocations that crashed, and the failed jobs' share of all others.

    Where the handler counts its jobs, their share is failed attempts of all attempts; elsewhere it is the receives that
    did not end in a deletion.
    """
    compute = _lambda(parts) + parts[cost_model.SQS_COMPONENT]
    spent = math.fsum(row.cost_usd or 0.0 for row in logged.rows)
    failed = math.fsum(row.cost_usd or 0.0 for row in logged.rows if row.status not in ("success", ""))
    dead = failed / spent if spent else 0.0
    return compute * (dead + (1 - dead) * failed_work.failed_job_share(readings))


def _lambda(parts: Mapping[str, float]) -> float:
    return math.fsum(usd for name, usd in parts.items() if cost_model.is_compute(name))


def left_out(
    readings: Readings,
    workload: Workload,
    table: pricing.Prices,
    used: function_usage.FunctionUsage,
    rows: Sequence[Invocation],
) -> tuple[str, ...]:
    """What the sum does not hold, in words."""
    priced = readings.has("billed_ms") or readings.has(cost_model.REPORT_COLUMNS[0])
    kinds = {row.init_type for row in rows}
    pollers = cost_model.least_pollers(workload)
    others = {reader.name for reader in workload.readers[1:]}
    known = (
        (
            workload.function is not None and not priced and readings.has("duration_ms"),
            "INIT: the function has no extension, and not all of its REPORT lines could be read",
        ),
        (used.provisioned > 0, "provisioned concurrency by the hour"),
        (used.managed > 0, "the EC2 instances of Lambda Managed Instances"),
        (rules.SNAP_START in kinds, "SnapStart caching, and restores by the GB (no price on file)"),
        (pollers > 0, f"provisioned pollers above the minimum of {pollers}"),
        (bool(others), f"other functions that read this queue ({', '.join(sorted(others))})"),
        (
            workload.queue.fifo and "sqs_fifo_request" in table.unsure,
            "a confirmed price of FIFO requests (the sources disagree)",
        ),
        (
            workload.region != table.region,
            f"prices of {workload.region}: those of {table.region} are used instead (ops prices refresh reads them)",
        ),
        (
            bool(table.borrowed),
            f"the region's own price of {', '.join(table.borrowed)}: that of {pricing.PRICE_REGION} is used",
        ),
        (
            table.region != pricing.PRICE_REGION and readings.has("estimated_usd"),
            f"the region's own price of Lambda: the extension's records have that of {pricing.PRICE_REGION}",
        ),
    )
    return (*cost_model.EXCLUDED, *(text for is_so, text in known if is_so))
