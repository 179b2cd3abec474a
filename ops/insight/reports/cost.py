"""Cost: what a successful job costs, and where the money goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from handler.extension.records import rules
from ops import pricing
from ops.insight.cold_start_options.snap_start import PRICE_NAMES
from ops.insight.report_types import Finding, QueryCost, Window
from ops.insight.reports import alarms
from ops.insight.rules.alarm_rules import alarm_words
from ops.insight.rules.cost import cost_claims, cost_model, failure_cost, usage_readings, volume, week_before
from ops.insight.rules.cost.comparison import NO_WEEK_BEFORE, WeekBefore
from ops.insight.rules.cost.cost_model import Assumptions
from ops.insight.rules.cost.function_cost import REPORT_COLUMNS, is_compute
from ops.insight.rules.cost.week_before import Priced
from ops.insight.rules.findings import summarize
from ops.insight.sources import failed_jobs, function_usage, invocations, log_totals, metrics, provisioned

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm
    from ops.insight.invocation_table import InvocationTable
    from ops.insight.sources.failed_jobs import FailedJobs
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload


SETTINGS_OF_NOW = "alarms, provisioned concurrency and other settings that are priced are those of now"
"""The note on a range that is over."""


@dataclass(frozen=True)
class CostReport:
    """``parts``: component, usd (the window's spend). ``trend``: usd_per_1000 (dollars per 1,000 successes).
    ``failures``: cause, what (what failed), usd; the most expensive first.

    ``left_out``: what the sum does not hold, in words. ``inferred``: what in it is concluded and not counted.
    ``measured_log_bytes``: an invocation's, from the logs. ``week_before``: the same hours a week before.
    """

    finding: Finding
    parts: pd.DataFrame
    trend: pd.DataFrame
    failures: pd.DataFrame
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
    week_before: WeekBefore = NO_WEEK_BEFORE
    refresh_usd: float = 0.0
    """What a refresh costs, without totals of log lines, which are kept for several."""
    totals_hourly_usd: float = 0.0
    """What these totals cost where the page is refreshed for an hour."""
    is_outline: bool = False
    """Log lines are not read yet: ``failures`` and ``failures_usd`` are not known."""


def read_metrics(aws: Aws, workload: Workload, window: Window) -> Readings:
    """One GetMetricData call. Raises what ``ops.aws`` raises."""
    return metrics.read(aws, usage_readings.queries(workload), window)


def outline(
    aws: Aws, workload: Workload, readings: Readings, assumptions: Assumptions | None = None
) -> CostReport | None:
    """The part of the report that needs no log lines, if a sample of them must be read; else None, also for a function
    whose INIT or restores only logs show. The calls of ``report`` but for those of logs."""
    logged = invocations.await_sample(aws, workload, readings.window, readings.total("invocations"))
    function = workload.function
    if logged is None or function is None or function.snap_start or readings.total("billed_ms") is None:
        return None
    return _made(aws, workload, readings, logged, None, assumptions or Assumptions())


def report(
    aws: Aws,
    workload: Workload,
    window: Window,
    assumptions: Assumptions | None = None,
    readings: Readings | None = None,
) -> CostReport:
    """One GetMetricData call (none with ``readings``; at times one more: ``week_before``), one DescribeAlarms, one
    ListProvisionedConcurrencyConfigs, one Logs Insights query for what failed invocations cost, and one more for why jobs
    failed, where some did; for a busy range the queries of a sample, and aggregates where the budget allows them."""
    readings = readings or read_metrics(aws, workload, window)
    window = readings.window
    logged = invocations.read(aws, workload, window, readings.total("invocations"))
    has_records, has_failed = readings.total("billed_ms") is not None, failed_jobs.are_counted(readings)
    before = logged.look.usd
    logged = invocations.with_totals(
        aws, workload, window, logged, has_records=has_records, with_failed_jobs=has_failed
    )
    now = logged.look.usd - before
    readings = usage_readings.with_reports(readings, logged)
    jobs = failed_jobs.read(aws, workload, window, readings, logged)
    made = _made(aws, workload, readings, logged, jobs, assumptions or Assumptions())
    hourly = log_totals.hourly_usd(logged.totals, window)
    return replace(made, refresh_usd=made.look.usd - now, totals_hourly_usd=hourly)


def _made(
    aws: Aws,
    workload: Workload,
    readings: Readings,
    logged: Invocations,
    jobs: FailedJobs | None,
    assumptions: Assumptions,
) -> CostReport:
    """``jobs``: None for the outline."""
    window = readings.window
    environments, unread = provisioned.read(aws, workload)
    used = function_usage.read_usage(readings, workload, logged.table, environments)
    known, missing = alarms.read(aws, workload)
    table = prices_of(workload, readings, assumptions, used, known)
    spent = cost_model.spend(readings, workload, assumptions, table, used, known)
    done = usage_readings.successes(readings, used)
    spend = cost_claims.Spend.of(workload, spent, done)
    parts, total, successes = spend.parts, spend.total, spend.successes
    compute = _lambda(parts) + parts[cost_model.SQS_COMPONENT]
    causes = failure_cost.by_cause(compute, readings, logged, jobs) if jobs else ()
    failures = math.fsum(cause.usd for cause in causes)
    seconds = usage_readings.seconds(readings, workload)
    monthly = seconds >= cost_model.MONTHLY_ESTIMATE_MIN_S and not spend.unknown
    month = total / seconds * 3600 * cost_model.HOURS_PER_MONTH if monthly else None
    even = break_even(_lambda(parts), successes, assumptions)
    measured = logged.log_bytes / len(logged.table) if len(logged.table) and not logged.truncated else None
    before, look = week_before.read(aws, workload, window, readings, Priced(assumptions, table, used, known))
    of_jobs = jobs.look if jobs else QueryCost()
    cost = readings.look.plus(logged.look).plus(of_jobs).plus(look)
    return CostReport(
        finding=summarize([cost_claims.observe_cost(workload, readings, spend, failures if jobs else None, month)]),
        parts=pd.DataFrame({"component": list(parts), "usd": list(parts.values())}),
        trend=readings.to_frame({"usd_per_1000": cost_model.per_1000_trend(spent, done)}),
        failures=pd.DataFrame(
            [(cause.cause, cause.what, cause.usd) for cause in causes], columns=["cause", "what", "usd"]
        ),
        successes=successes,
        jobs_per_hour=successes / seconds * 3600 if seconds else None,
        failures_usd=failures,
        total_usd=total,
        usd_per_1000=spend.per_1000,
        month_usd=month,
        break_even_jobs_per_hour=even,
        assumptions=assumptions,
        prices_dated=f"{table.dated}, {table.region}, {_tier_words(assumptions)}",
        look=QueryCost(
            cost.metrics_requested,
            cost.usd,
            readings.look.partial + logged.look.partial + of_jobs.partial + missing + unread,
        ),
        left_out=left_out(readings, workload, table, used, logged.table, assumptions, known),
        inferred=(*used.inferred, *_volume_notes(assumptions), *((SETTINGS_OF_NOW,) if window.past else ())),
        measured_log_bytes=measured,
        week_before=before,
        refresh_usd=cost.usd,
        is_outline=jobs is None,
    )


def prices_of(
    workload: Workload,
    readings: Readings,
    assumptions: Assumptions,
    used: function_usage.FunctionUsage,
    known: Sequence[Alarm],
    listed: pricing.Prices | None = None,
) -> pricing.Prices:
    """Prices of the workload's region, or ``listed``; at a month's volume if that is asked for and can be told."""
    table = listed or pricing.load(workload.region)
    if not (assumptions.volume_tiers or assumptions.free_tier):
        return table
    units = cost_model.monthly_units(readings, workload, assumptions, used, known)
    return volume.at_volume(table, units, tiers=assumptions.volume_tiers, free_tier=assumptions.free_tier)


def _tier_words(assumptions: Assumptions) -> str:
    tiers = "volume tiers" if assumptions.volume_tiers else "first tier"
    return f"{tiers}, with the free tier" if assumptions.free_tier else tiers


def _volume_notes(assumptions: Assumptions) -> tuple[str, ...]:
    asked = ((assumptions.volume_tiers, volume.TIERS_NOTE), (assumptions.free_tier, volume.FREE_TIER_NOTE))
    return tuple(text for is_so, text in asked if is_so)


def break_even(lambda_usd: float, successes: float, assumptions: Assumptions) -> float | None:
    """Jobs per hour from which an always-on worker is cheaper than Lambda; None when it never is.

    Only the compute is compared: queue, API and logs cost the same either way. One worker does
    ``always_on_jobs_per_hour`` at most; above that it takes another one at the same price a job.
    """
    if successes <= 0 or lambda_usd <= 0:
        return None
    jobs = assumptions.always_on_usd_per_hour / (lambda_usd / successes)
    return jobs if jobs <= assumptions.always_on_jobs_per_hour else None


def _lambda(parts: Mapping[str, float]) -> float:
    return math.fsum(usd for name, usd in parts.items() if is_compute(name))


def left_out(
    readings: Readings,
    workload: Workload,
    table: pricing.Prices,
    used: function_usage.FunctionUsage,
    logged: InvocationTable,
    assumptions: Assumptions,
    alarms_known: Sequence[Alarm] = (),
) -> tuple[str, ...]:
    """Costs that the sum does not include, in words."""
    unpriced = sorted(alarm.name for alarm in alarms_known if alarm_words.monthly_usd(alarm, table) is None)
    priced = readings.has("billed_ms") or readings.has(REPORT_COLUMNS[0])
    kinds = logged.occurring("init_type")
    pollers = cost_model.least_pollers(workload)
    others = {reader.name for reader in workload.readers[1:]}
    known = (
        (
            workload.function is not None and not priced and readings.has("duration_ms"),
            "INIT: the function has no extension, and not all of its REPORT lines could be read",
        ),
        (
            used.provisioned > 0 and not used.provisioned_environments,
            "provisioned concurrency by the hour (none is configured now)",
        ),
        (used.managed > 0, "the EC2 instances of Lambda Managed Instances"),
        (
            rules.SNAP_START in kinds and table.lambda_snapstart_cache_gb_second is None,
            "SnapStart caching, and restores by the GB (no price on file: ops prices refresh reads it)",
        ),
        (
            used.snapshots > 0 and not PRICE_NAMES.isdisjoint(table.unsure),
            "a confirmed price of SnapStart caching and restores (not read from AWS: ops prices refresh reads it)",
        ),
        (
            pollers > 0,
            f"provisioned pollers above the minimum of {pollers} (that a poller is one unit of the price is inferred)",
        ),
        (
            bool(unpriced),
            f"the price of {', '.join(unpriced)}, which is not a plain metric alarm: the price of one is used instead",
        ),
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
        (not assumptions.free_tier, "free tiers"),
        (not assumptions.volume_tiers, "volume tiers"),
        (
            assumptions.volume_tiers and workload.api_url is not None and assumptions.api == "rest",
            "volume tiers of REST APIs (their bounds are not on record)",
        ),
        (
            assumptions.free_tier and bool(len(logged)),
            "the free tier of logs and custom metrics (not on record)",
        ),
    )
    return (*cost_model.EXCLUDED, *(text for is_so, text in known if is_so))
