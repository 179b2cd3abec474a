"""What the same hours of the week before cost: is a success getting more expensive?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ops.errors import UsageError
from ops.insight import time_window
from ops.insight.report_types import QueryCost
from ops.insight.rules.cost import cost_claims, cost_model
from ops.insight.rules.cost.comparison import NO_DATA, WeekBefore
from ops.insight.rules.cost.function_cost import REPORT_COLUMNS
from ops.insight.sources import metrics

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm
    from ops.insight.report_types import Window
    from ops.insight.rules.cost.cost_model import Assumptions
    from ops.insight.sources.function_usage import FunctionUsage
    from ops.insight.sources.metrics import Readings
    from ops.pricing import Prices
    from ops.workload import Workload

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Priced:
    """How the range itself was priced. The week before is priced alike, so that only its usage differs."""

    assumptions: Assumptions
    prices: Prices
    use: FunctionUsage
    alarms: Sequence[Alarm] = ()


def read(aws: Aws, workload: Workload, window: Window, now: Readings, priced: Priced) -> tuple[WeekBefore, QueryCost]:
    """One GetMetricData call, with today's settings, shares and prices. Raises what ``ops.aws`` raises."""
    if now.has(REPORT_COLUMNS[0]):
        return WeekBefore(None, "INIT is in the logs alone, and those of a week before are not read"), QueryCost()
    try:
        then = time_window.between(window.start - WEEK, window.end - WEEK, window.period, window.end)
    except UsageError:  # CloudWatch keeps no metrics of then
        return NO_DATA, QueryCost()
    readings = metrics.read(aws, cost_model.queries(workload), then)
    spent = cost_model.spend(readings, workload, priced.assumptions, priced.prices, priced.use, priced.alarms)
    spend = cost_claims.Spend.of(workload, spent, cost_model.successes(readings, priced.use))
    if spend.unknown:
        return WeekBefore(None, spend.unknown), readings.look
    if not spend.successes:
        return NO_DATA, readings.look
    if now.has("billed_ms") != readings.has("billed_ms"):
        return WeekBefore(None, "the function had no records then, so its INIT is not known"), readings.look
    return WeekBefore(spend.per_1000), readings.look
