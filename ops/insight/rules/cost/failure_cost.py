"""What failed attempts cost, by cause: successes have to pay for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.insight.rules import failed_work
from ops.insight.rules.error_counts import UNTYPED_ERROR

if TYPE_CHECKING:
    from ops.insight.sources.failed_jobs import FailedJobs
    from ops.insight.sources.invocations import Invocation
    from ops.insight.sources.metrics import Readings

NOT_DELETED = "Received, not deleted"
"""Of a function that does not count its jobs: why is not known."""
NOT_LOGGED = "Failed job, cause not in the logs"
CRASHED, RETRIED, REJECTED = "invocation failed", "job failed, retried", "job rejected"


@dataclass(frozen=True)
class CauseCost:
    """``cause``: an error type, as on the Failures page. ``what``: of what it was the end."""

    cause: str
    what: str
    usd: float


def by_cause(
    compute_usd: float, readings: Readings, rows: Sequence[Invocation], jobs: FailedJobs
) -> tuple[CauseCost, ...]:
    """What of ``compute_usd`` (Lambda and SQS) went into work that did not succeed, the most expensive cause first: invocations that
    crashed, by what their records say that they cost, and the failed jobs' share of all others, in equal parts.

    Where the handler counts its jobs, their share is failed attempts of all attempts; elsewhere it is the receives that
    did not end in a deletion.
    """
    spent = math.fsum(row.cost_usd or 0.0 for row in rows)
    crashed: dict[str, float] = {}
    for row in rows:
        if row.status not in ("success", ""):
            cause = row.error_type or UNTYPED_ERROR
            crashed[cause] = crashed.get(cause, 0.0) + (row.cost_usd or 0.0)
    dead = math.fsum(crashed.values()) / spent if spent else 0.0
    found = [CauseCost(cause, CRASHED, compute_usd * usd / spent if spent else 0.0) for cause, usd in crashed.items()]
    of_jobs = compute_usd * (1 - dead) * failed_work.failed_job_share(readings)
    found += [CauseCost(cause, what, of_jobs * share) for (cause, what), share in _job_shares(readings, jobs).items()]
    return tuple(sorted((one for one in found if one.usd > 0), key=lambda one: (-one.usd, one.cause)))


def _job_shares(readings: Readings, jobs: FailedJobs) -> Mapping[tuple[str, str], float]:
    """Of the failed jobs, what is whose; adds up to 1."""
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
