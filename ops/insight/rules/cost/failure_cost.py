"""Cost of failed attempts by cause."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.insight.rules import failed_work
from ops.insight.rules.error_counts import UNTYPED_ERROR

if TYPE_CHECKING:
    from ops.insight.sources.failed_jobs import FailedJobs
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.metrics import Readings

NOT_DELETED = "Received, not deleted"
"""The cause for a function that does not count its jobs: why they failed is not known."""
NOT_LOGGED = "Failed job, cause not in the logs"
CRASHED, RETRIED, REJECTED = "invocation failed", "job failed, retried", "job rejected"


@dataclass(frozen=True)
class CauseCost:
    """``cause``: an error type, as on the Failures page; of a failed job with its message, where that is known. ``what``: of what
    it was the end."""

    cause: str
    what: str
    usd: float


def by_cause(compute_usd: float, readings: Readings, logged: Invocations, jobs: FailedJobs) -> tuple[CauseCost, ...]:
    """The part of ``compute_usd`` (Lambda and SQS) spent on work that did not succeed, the most expensive cause first:
    invocations that crashed, by what their records say that they cost (of a busy range by the aggregates of all log
    lines, else by a sample), and the failed jobs' share of all others, in equal parts.

    Where the handler counts its jobs, their share is failed attempts of all attempts; elsewhere it is the receives that
    did not end in a deletion.
    """
    spent, crashed = _crashed(logged)
    dead = math.fsum(crashed.values()) / spent if spent else 0.0
    found = [CauseCost(cause, CRASHED, compute_usd * usd / spent if spent else 0.0) for cause, usd in crashed.items()]
    of_jobs = compute_usd * (1 - dead) * failed_work.failed_job_share(readings)
    found += [CauseCost(cause, what, of_jobs * share) for (cause, what), share in _job_shares(readings, jobs).items()]
    return tuple(sorted((cause for cause in found if cause.usd > 0), key=lambda cause: (-cause.usd, cause.cause)))


def _crashed(logged: Invocations) -> tuple[float, dict[str, float]]:
    """Cost of all invocations, and of crashed ones by cause, in the same unit: dollars, or billed ms of aggregated
    REPORT lines, of which none has dollars."""
    crashed: dict[str, float] = {}
    outcomes = logged.totals.outcomes if logged.totals else None
    if outcomes is not None:
        is_priced = any(total.usd is not None for total in outcomes)  # a record without a cost counts as 0, as below
        costs = [(total.usd or 0.0) if is_priced else total.billed_ms for total in outcomes]
        for total, cost in zip(outcomes, costs, strict=True):
            if total.failed:
                cause = total.error_type or UNTYPED_ERROR
                crashed[cause] = crashed.get(cause, 0.0) + cost
        return math.fsum(costs), crashed
    table = logged.table
    usd = table.first_known("cost_usd")
    for name, part in table.sums_by("error_type", usd, ~table.is_one_of("status", "success", "")).items():
        cause = name or UNTYPED_ERROR
        crashed[cause] = crashed.get(cause, 0.0) + part
    return float(usd.sum()), crashed


def _job_shares(readings: Readings, jobs: FailedJobs) -> Mapping[tuple[str, str], float]:
    """Share of the failed jobs by cause; adds up to 1."""
    counts = {RETRIED: readings.total("jobs_failed") or 0.0, REJECTED: readings.total("jobs_rejected") or 0.0}
    every = math.fsum(counts.values())
    if not every:
        return {(NOT_DELETED, RETRIED): 1.0}
    shares: dict[tuple[str, str], float] = {}
    for what, logged in ((RETRIED, jobs.retried), (REJECTED, jobs.rejected)):
        total = math.fsum(logged.values())
        of_this = counts[what] / every
        if not total:
            shares[NOT_LOGGED, what] = of_this
        for cause, count in logged.items():
            shares[cause, what] = of_this * count / total
    return shares
