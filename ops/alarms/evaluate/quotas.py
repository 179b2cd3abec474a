"""The quotas that SERVICE_QUOTA() reads, by the metric of what is used of them.

Concurrent executions of Lambda (L-B99A9384) have AWS/Lambda ConcurrentExecutions, without dimensions, as their usage metric:
answers of GetServiceQuota in public repositories, and public alarms on ``claimed / SERVICE_QUOTA(running)`` (read 2026-11).
⚠ No page of AWS's own guide that we read says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ops.alarms.evaluate.points import Metric

Quotas = Mapping[Metric, float]
NO_QUOTAS: Quotas = MappingProxyType({})


def account_quotas(concurrency: float) -> Quotas:
    """``concurrency``: executions at once of all functions of an account and region (GetAccountSettings, AccountLimit)."""
    return {Metric("AWS/Lambda", "ConcurrentExecutions"): concurrency}
