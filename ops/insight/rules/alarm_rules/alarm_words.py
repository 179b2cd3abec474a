"""An alarm's metric, condition and price in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops import formatting

if TYPE_CHECKING:
    from ops.aws.cloudwatch import Alarm
    from ops.pricing import Prices

HIGH_RESOLUTION_BELOW_S = 60
"""An alarm with a shorter period is billed as one of high resolution."""
SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}


@dataclass(frozen=True)
class MetricWords:
    """``unit``: of its values, for an axis; ``write``: one of them with its unit."""

    label: str
    unit: str
    write: Callable[[float], str]


def _counted(thing: str) -> Callable[[float], str]:
    return lambda value: formatting.count(value, thing)


_ANY_OF = re.compile(
    r"""\s*ALARM\(\s*("[^"]*"|'[^']*'|[^()\s]+)\s*\)(\s+OR\s+ALARM\(\s*("[^"]*"|'[^']*'|[^()\s]+)\s*\))*\s*""", re.I
)
_METRICS = {
    "ApproximateNumberOfMessagesVisible": MetricWords("Messages visible", "messages", _counted("message")),
    "ApproximateNumberOfMessagesNotVisible": MetricWords("Messages in flight", "messages", _counted("message")),
    "ApproximateNumberOfMessagesDelayed": MetricWords("Messages delayed", "messages", _counted("message")),
    "ApproximateAgeOfOldestMessage": MetricWords("Age of oldest message", "s", formatting.duration),
    "NumberOfMessagesSent": MetricWords("Messages sent", "messages", _counted("message")),
    "NumberOfMessagesReceived": MetricWords("Messages received", "messages", _counted("message")),
    "NumberOfMessagesDeleted": MetricWords("Messages deleted", "messages", _counted("message")),
    "Errors": MetricWords("Errors", "invocations", _counted("invocation")),
    "Throttles": MetricWords("Throttles", "invocations", _counted("invocation")),
    "Invocations": MetricWords("Invocations", "invocations", _counted("invocation")),
    "Duration": MetricWords("Duration", "ms", formatting.latency),
    "ConcurrentExecutions": MetricWords("Concurrent executions", "executions", _counted("execution")),
}


def metric_words(metric: str) -> MetricWords:
    """AWS's metrics in plain words; any other metric by its own name."""
    return _METRICS.get(metric) or MetricWords(metric or "Expression", "", lambda value: formatting.count(value))


def watches(alarm: Alarm, stack: str | None = None) -> str:
    """``Messages visible, orders-dead``; of metric math its expression, of a PromQL alarm its query. Names are without their
    stack's."""
    if alarm.promql:
        return f"PromQL: {alarm.promql}"
    if alarm.math and (written := expression(alarm)):
        return written
    metric = alarm.metrics[0] if alarm.metrics else None
    name = metric.metric if metric else alarm.metric
    values = [value for _, value in (metric.dimensions if metric else alarm.dimensions)]
    return ", ".join([metric_words(name).label, *(value.removeprefix(f"{stack}-") for value in values)])


def composite_words(rule: str, children: Sequence[str]) -> str:
    """``Any of 20 alarms in ALARM``, where its rule says no more than that; else the rule."""
    if len(children) > 1 and _ANY_OF.fullmatch(rule):
        return f"Any of {formatting.count(len(children), 'alarm')} in ALARM"
    return rule


def expression(alarm: Alarm) -> str:
    """The metric math expression that the alarm evaluates, such as ``m1 / m2``; empty for an alarm on one metric."""
    entries = alarm.definition.get("Metrics") or ()
    returned = [str(entry.get("Expression") or "") for entry in entries if entry.get("ReturnData", True)]
    return next(filter(None, returned), "")


def condition(alarm: Alarm) -> str:
    """``≥ 9 min, 15 of 15 × 1 min``; empty without a threshold (anomaly detection, PromQL)."""
    value, period = limit(alarm), _period_s(alarm)
    if not value or not period:
        return value
    if alarm.periods > 1:
        return f"{value}, {alarm.to_alarm} of {alarm.periods} × {formatting.duration(period)}"
    return f"{value} in {formatting.duration(period)}"


def limit(alarm: Alarm) -> str:
    """``≥ 9 min``; empty without a threshold."""
    if alarm.threshold is None:
        return ""
    words = metric_words("" if alarm.math else alarm.metric)
    return f"{SIGNS.get(alarm.comparison, '')} {words.write(alarm.threshold)}".strip()


def _period_s(alarm: Alarm) -> int:
    return alarm.period_s or max((metric.period_s for metric in alarm.metrics), default=0)


def monthly_usd(alarm: Alarm, prices: Prices) -> float | None:
    """Monthly price of a metric alarm in US dollars, by its metrics; None if it does not depend on them alone (Metrics
    Insights, PromQL, anomaly detection)."""
    if alarm.threshold is None or alarm.definition.get("EvaluationCriteria"):
        return None
    if expression(alarm).lstrip().upper().startswith("SELECT"):
        return None
    high = any(metric.period_s < HIGH_RESOLUTION_BELOW_S for metric in alarm.metrics)
    each = prices.fast_alarm_month if high else prices.alarm_month
    return each * max(1, len(alarm.metrics))
