"""Cost of the same hours of the week before, for the trend of the cost per success."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ops.errors import UsageError
from ops.insight import time_window
from ops.insight.report_types import QueryCost
from ops.insight.rules.cost import cost_claims, cost_model, usage_readings
from ops.insight.rules.cost.comparison import NO_DATA, WeekBefore
from ops.insight.rules.cost.function_cost import REPORT_COLUMNS
from ops.insight.sources import metrics

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm, MetricQuery
    from ops.insight.report_types import Window
    from ops.insight.rules.cost.cost_model import Assumptions
    from ops.insight.sources.function_usage import FunctionUsage
    from ops.insight.sources.metrics import Readings
    from ops.pricing import Prices
    from ops.target import Target
    from ops.workload import Workload

WEEK = timedelta(days=7)
KEPT_FOR = timedelta(minutes=10)
"""How far a range may move until its week before is read again: a refresh each minute would pay for it each time."""
MAX_KEPT = 20
"""Weeks before, of the workloads and ranges that were last read."""


@dataclass(frozen=True)
class Priced:
    """Prices and settings of the range. The week before is priced with them, so that only usage differs."""

    assumptions: Assumptions
    prices: Prices
    use: FunctionUsage
    alarms: Sequence[Alarm] = ()


def read(aws: Aws, workload: Workload, window: Window, now: Readings, priced: Priced) -> tuple[WeekBefore, QueryCost]:
    """Cost with today's settings, shares and prices. One GetMetricData call, or none where it was asked for of the
    same workload and a range that ``KEPT_FOR`` has not moved since. Raises what ``ops.aws`` raises."""
    if now.has(REPORT_COLUMNS[0]):
        return WeekBefore(None, "INIT is in the logs alone, and those of a week before are not read"), QueryCost()
    try:
        then = time_window.between(window.start - WEEK, window.end - WEEK, window.period, window.end)
    except UsageError:  # CloudWatch keeps no metrics of then
        return NO_DATA, QueryCost()
    readings, look = _readings(aws, workload, then)
    spent = cost_model.spend(readings, workload, priced.assumptions, priced.prices, priced.use, priced.alarms)
    spend = cost_claims.Spend.of(workload, spent, usage_readings.successes(readings, priced.use))
    if spend.unknown:
        return WeekBefore(None, spend.unknown), look
    if not spend.successes:
        return NO_DATA, look
    if now.has("billed_ms") != readings.has("billed_ms"):
        return WeekBefore(None, "the function had no records then, so its INIT is not known"), look
    return WeekBefore(spend.per_1000), look


def _readings(aws: Aws, workload: Workload, then: Window) -> tuple[Readings, QueryCost]:
    """The readings, and the cost of this call: nothing if they are cached."""
    queries = tuple(usage_readings.queries(workload))
    key = (aws.target, queries)
    with _lock:
        near = [kept for whose, kept in kept_readings if whose == key and _is_near(kept.window, then)]
    if near:
        return near[-1], QueryCost()
    readings = metrics.read(aws, queries, then)
    with _lock:
        kept_readings.append((key, readings))
    return readings, readings.look


def _is_near(window: Window, other: Window) -> bool:
    """Windows of one range: its end moves by seconds, and its start by whole periods."""
    longer = abs((window.end - window.start) - (other.end - other.start))
    alike = window.period == other.period and longer < timedelta(seconds=window.period)
    return alike and abs(window.end - other.end) < KEPT_FOR


_lock = threading.Lock()
kept_readings: deque[tuple[tuple[Target, tuple[MetricQuery, ...]], Readings]] = deque(maxlen=MAX_KEPT)
"""With the target and what was asked, so that a replaced function is read again. Not by connection: a press of Refresh makes a
new one."""
