"""Observations on cost: cost per success, and the share in failed attempts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops import formatting
from ops.insight.report_types import Level
from ops.insight.rules import failed_work
from ops.insight.rules.cost import cost_model
from ops.insight.rules.findings import Observation
from ops.insight.sources import metrics

if TYPE_CHECKING:
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

FAILED_SHARE = 0.2
"""Share of attempts that fail, or of the cost spent on them, that is worth a warning or a mention: our choice."""


@dataclass(frozen=True)
class Spend:
    """The range's dollars: by component, in all, and per 1,000 successes (None when unknown or nothing succeeded).
    ``unknown``: why the sum is not the whole cost, as a clause."""

    parts: Mapping[str, float]
    total: float
    successes: float
    per_1000: float | None
    unknown: str = ""

    @classmethod
    def of(cls, workload: Workload, spent: Mapping[str, Sequence[float]], done: Sequence[float]) -> Spend:
        """``spent`` and ``done``: dollars by component, and successes, of each period."""
        parts = {name: math.fsum(usd) for name, usd in spent.items()}
        total, successes = math.fsum(parts.values()), round(math.fsum(done), 6)
        unknown = cost_model.unpriced_reason(workload)
        return cls(parts, total, successes, None if unknown else cost_model.per_1000(total, successes), unknown)


def observe_cost(
    workload: Workload,
    readings: Readings,
    spend: Spend,
    failures_usd: float | None = None,
    month_usd: float | None = None,
) -> Observation:
    """Observations for the page, its card and the headline. The level depends on the share of attempts that failed,
    which metrics count, so that it is the same everywhere; ``failures_usd``, what went into them, takes the logs,
    which only the page reads."""
    if spend.unknown:
        text = f"only part of the cost is known ({formatting.usd(spend.total)}): {spend.unknown}"
        return Observation(Level.NO_DATA, text)
    if not any(readings.has(column) for column in ("sent", "invocations", "deleted")):
        return Observation(Level.NO_DATA, _nothing_to_price(readings))
    if spend.per_1000 is None:
        return _without_success(readings, spend.total)
    component, largest = max(spend.parts.items(), key=lambda part: part[1])
    share = largest / spend.total if spend.total else 0.0
    where = f"{'mostly' if share > 0.5 else 'largest part'} {_named(component)} ({formatting.percent(share)})"
    monthly = (
        f"at this rate {formatting.usd(month_usd)} per month"
        if month_usd is not None
        else "too little data for a monthly estimate"
    )
    summary = f"1,000 successful jobs cost {formatting.usd(spend.per_1000)}, {where}"
    wasted = failures_usd / spend.total if failures_usd is not None and spend.total else 0.0
    on_failures = (
        f"{formatting.percent(wasted)} of the cost ({formatting.usd(failures_usd or 0)}) is spent on failed jobs"
    )
    failed = failed_work.failed_share(readings)
    if failed >= FAILED_SHARE:
        spent = (on_failures,) if failures_usd is not None else ()
        text = f"{formatting.percent(failed)} of attempts failed"
        return Observation(Level.WARNING, text, "dead_letters", details=(*spent, summary, monthly))
    if wasted < FAILED_SHARE:
        return Observation(Level.OK, summary, details=(monthly,))
    why = f"no warning, as {formatting.percent(failed)} of attempts failed (a warning from {formatting.percent(FAILED_SHARE)})"
    return Observation(Level.OK, summary, details=(monthly, f"{on_failures}, but {why}"))


def _without_success(readings: Readings, total: float) -> Observation:
    """Nothing to divide by. Only work that was tried and failed is worth a warning."""
    spent = f"{formatting.usd(total)} spent"
    if not _counted(readings, "sent", "received", "invocations", "deleted"):
        return Observation(
            Level.OK, f"nothing was sent or processed in this time range; {spent} on components billed by the hour"
        )
    if _counted(readings, "errors", "jobs_failed", "jobs_rejected"):
        return Observation(Level.WARNING, f"{spent}, and no job succeeded", "dead_letters")
    return Observation(Level.OK, f"{spent}; no job has finished or failed yet")


def _nothing_to_price(readings: Readings) -> str:
    if readings.total("sent") is None and readings.total("invocations") is None:
        return "no metrics of usage in this time range, so there is nothing to price"
    period = formatting.duration(readings.window.period)
    return f"no period of {period} with usage is over yet, so there is nothing to price; a shorter time range has shorter periods"


def _counted(readings: Readings, *columns: str) -> bool:
    """Whether one of these sums is above 0 in the finished periods, which are those that are priced."""
    return any(metrics.total(readings.columns.get(column, ())) for column in columns)


def _named(component: str) -> str:
    first = component.split()[0]
    is_name = first == "Lambda" or not first[1:].islower()  # SQS, SnapStart
    return component if is_name else component[:1].lower() + component[1:]
