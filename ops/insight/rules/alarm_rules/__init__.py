"""The workload's alarms: thresholds, breaches, and alarms in ALARM."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Sequence

from ops import formatting
from ops.aws.cloudwatch import Alarm, CompositeAlarm, Points
from ops.insight.report_types import Level, Threshold, Window
from ops.insight.rules.alarm_rules.alarm_words import SIGNS
from ops.insight.rules.findings import Observation
from ops.insight.sources.metrics import peaks

PAGE_OF_METRIC = {
    "ApproximateAgeOfOldestMessage": "queue",
    "ConcurrentExecutions": "concurrency",
    "Throttles": "concurrency",
    "Errors": "failures",
    "Duration": "failures",
}
"""The page with the chart of an alarm's metric."""
_RUNBOOK = re.compile(r"\bRunbook:\s*(\S+)")
_TICKET = re.compile(r"\bSeverity: ticket\b")


def runbook(alarm: Alarm | CompositeAlarm) -> str:
    """The path in its description, or empty."""
    found = _RUNBOOK.search(alarm.description)
    return found.group(1) if found else ""


def level(alarm: Alarm | CompositeAlarm) -> Level:
    """The level of an alarm in ALARM: Warning where its description says ``Severity: ticket``, as the catalogue writes
    it."""
    return Level.WARNING if _TICKET.search(alarm.description) else Level.CRITICAL


def firing(known: Iterable[Alarm], window: Window, stack: str | None, page: str = "") -> list[Observation]:
    """The alarms in ALARM now, none in a past range. ``page``: only those whose metric that page shows."""
    if window.past:
        return []
    return [
        _in_alarm(alarm, stack)
        for alarm in known
        if alarm.state == "ALARM" and page in ("", PAGE_OF_METRIC.get(alarm.metric))
    ]


def page_of(alarm: Alarm, dlq: str | None) -> str:
    """The page that shows the cause of an alarm on these metrics; empty where none does. ``dlq``: the queue's name."""
    watched = [(metric.metric, dict(metric.dimensions)) for metric in alarm.metrics]
    watched = watched or [(alarm.metric, dict(alarm.dimensions))]
    if dlq and any(dlq in dimensions.values() for _, dimensions in watched):
        return "dead_letters"
    found = next((PAGE_OF_METRIC[name] for name, _ in watched if name in PAGE_OF_METRIC), "")
    return found or ("queue" if any("QueueName" in dimensions for _, dimensions in watched) else "")


def beside(claims: Sequence[Observation], fired: Sequence[Observation]) -> str:
    """Further observations, for a page whose worst one is only that alarms are in ALARM."""
    critical = [claim for claim in claims if claim.level is Level.CRITICAL]
    if not critical or any(claim not in fired for claim in critical):
        return ""
    return "; ".join(claim.text for claim in claims if claim not in fired)


def _in_alarm(alarm: Alarm, stack: str | None) -> Observation:
    todo = f": follow {path}" if (path := runbook(alarm)) else ""
    text = f"alarm {alarm.name.removeprefix(f'{stack}-')} is in ALARM{todo}"
    return Observation(level(alarm), text, PAGE_OF_METRIC.get(alarm.metric, ""), kind="alarm")


def thresholds(alarms: tuple[Alarm, ...], metric: str, dimension_value: str, window: Window) -> tuple[Threshold, ...]:
    """Thresholds of every alarm on this metric of this queue or function, each with its comparison: ``alarm A >``."""
    return tuple(
        Threshold(f"alarm {alarm.name} {SIGNS.get(alarm.comparison, '')}".rstrip(), alarm.threshold).read_now(window)
        for alarm in alarms
        if alarm.metric == metric and alarm.threshold is not None and dimension_value in dict(alarm.dimensions).values()
    )


def find_alarm(alarms: tuple[Alarm, ...], metric: str, dimension_value: str) -> Alarm | None:
    """The alarm on this metric of this queue or function: the first that has a threshold."""
    about = [alarm for alarm in alarms if alarm.metric == metric and dimension_value in dict(alarm.dimensions).values()]
    return next((alarm for alarm in about if alarm.threshold is not None), None)


def breached(alarm: Alarm, points: Points, period: int) -> bool:
    """Whether ``points`` (one per period of ``period`` seconds, newest last) meet the alarm's M-out-of-N rule.

    False when there are too few of them.
    """
    if alarm.threshold is None or not points:
        return False
    span = alarm.period_s or 60
    if period < span:
        points = peaks(points, span)
    wanted = max(1, math.ceil(alarm.periods * span / max(span, period)))
    needed = max(1, math.ceil(alarm.to_alarm * span / max(span, period)))
    over = _COMPARE.get(alarm.comparison, operator.ge)
    return [bool(over(value, alarm.threshold)) for _, value in points[-wanted:]].count(True) >= needed


def evaluation_rule(alarm: Alarm) -> str:
    """The alarm's M-out-of-N rule in words: ``15 of 15 periods of 1 min``; empty when one datapoint is enough."""
    if alarm.periods <= 1 or not alarm.period_s:
        return ""
    return f"{alarm.to_alarm} of {alarm.periods} periods of {formatting.duration(alarm.period_s)}"


_COMPARE = {"GreaterThanThreshold": operator.gt, "GreaterThanOrEqualToThreshold": operator.ge}
