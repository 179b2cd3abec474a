"""Patch: metric alarms are evaluated as CloudWatch does, by a clock of their own.

Stands for: alarm evaluation (CloudWatch user guide, alarm-evaluation, read 2026-11): the metric with exactly the
alarm's dimensions and unit, periods aligned to the clock, M out of N, TreatMissingData, percentiles; the rule is
``alarm_rule``. MiniStack mixes all dimensions, takes the whole range as one period, and knows no missing data.

AWS evaluates once a minute, or every 10 s for periods below that; here every few seconds. The period under way counts
as soon as it breaches and what is still to come cannot undo that (a maximum, sample count or sum of counts above a
threshold, a minimum below one); it never counts as fine. A finished period is final once the publisher has written its
last point.

Leaves out: metric math, anomaly detection, Metrics Insights, ``EvaluateLowSampleCountPercentile``, evaluation windows,
mute rules; actions other than SNS. Alarms with those are not evaluated.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

from ministack.services import cloudwatch

from ops.twin.emulator import account_context
from ops.twin.emulator.cloudwatch.alarm_evaluation import COMPARISONS, AlarmDecision, Rule, Slot, breaches, decide
from ops.twin.emulator.patch import Patch

log = logging.getLogger(__name__)

LATE_POINTS = 900.0
"""Seconds by which a point may arrive after newer ones and still be found: invocations are stamped at their start."""

GROWING = ("Maximum", "Sum", "SampleCount")
FALLING = ("Minimum",)


class Alarms:
    """``settling``: seconds after a period's end until its last point is written."""

    def __init__(self, settling: float) -> None:
        self._settling = settling

    def evaluate_all(self, _: float) -> None:
        for (account, region, _name), alarm in cloudwatch._alarms.all_items():
            with account_context.acting_for(account, region):
                self.evaluate(alarm)

    def evaluate(self, alarm: dict[str, Any]) -> None:
        """Set the alarm's state, and when it changes write the history and notify."""
        rule = rule_of(alarm)
        if rule is None:
            return
        verdict = decide(rule, slots(alarm, rule, time.time(), self._settling))
        if verdict.state and verdict.state != alarm["StateValue"]:
            _change(alarm, verdict)


def patches() -> list[Patch]:
    # MiniStack evaluates within PutMetricData, where an action that calls back would wait for itself.
    return [
        Patch("services.cloudwatch", "_evaluate_alarm", lambda _: lambda _alarm: None, "alarms have their own clock")
    ]


def rule_of(alarm: dict[str, Any]) -> Rule | None:
    """None for alarms on something else than one metric and a static threshold."""
    comparison = alarm.get("ComparisonOperator")
    if not alarm.get("Namespace") or not alarm.get("MetricName") or comparison not in COMPARISONS:
        return None
    periods = int(alarm.get("EvaluationPeriods") or 1)
    return Rule(
        comparison=str(comparison),
        threshold=float(alarm.get("Threshold") or 0),
        periods=periods,
        to_alarm=int(alarm.get("DatapointsToAlarm") or periods),
        missing=str(alarm.get("TreatMissingData") or "missing"),
    )


def slots(alarm: dict[str, Any], rule: Rule, now: float, settling: float) -> list[Slot]:
    """The periods to judge, oldest first. The newest is the one under way if it already counts."""
    period = int(alarm.get("Period") or 60)
    dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions") or []}
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    current = now // period * period
    begins = [current - period * back for back in range(rule.looks_at, -1, -1)]
    buckets: dict[float, list[dict[str, Any]]] = {}
    # A copy, since old points may be merged meanwhile.
    for point in reversed(list(cloudwatch._metrics.get(key) or [])):
        if point["Timestamp"] < begins[0] - LATE_POINTS:
            break
        if not alarm.get("Unit") or point["Unit"] == alarm["Unit"]:
            buckets.setdefault(point["Timestamp"] // period * period, []).append(point)
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    measured = [Slot(begin, _statistic(buckets.get(begin), statistic)) for begin in begins]
    # From the newest: a period that may still change counts only if it is decided already.
    while measured and now < measured[-1].begins + period + settling and not _decided(measured[-1], rule, statistic):
        measured.pop()
    return measured[-rule.looks_at :]


def _decided(slot: Slot, rule: Rule, statistic: str) -> bool:
    if slot.value is None or not breaches(rule, slot.value):
        return False
    final = GROWING if rule.comparison.startswith("Greater") else FALLING
    return statistic in final


def _statistic(points: list[dict[str, Any]] | None, statistic: str) -> float | None:
    if not points:
        return None
    stats = cloudwatch._calc_stats(points)
    value = cloudwatch._stat_value(stats, statistic, points) if stats else None
    return None if value is None else float(value)


def _change(alarm: dict[str, Any], verdict: AlarmDecision) -> None:
    old, now = alarm["StateValue"], time.time()
    data = _reason_data(alarm, verdict, now)
    alarm["StateValue"] = verdict.state
    alarm["StateReason"] = verdict.reason
    alarm["StateReasonData"] = json.dumps(data)
    alarm["StateUpdatedTimestamp"] = int(now)
    alarm["StateTransitionedTimestamp"] = int(now)
    log.info("alarm %s: %s -> %s", alarm["AlarmName"], old, verdict.state)
    cloudwatch._record_history(alarm["AlarmName"], old, verdict.state, verdict.reason, reason_data=data)
    cloudwatch._dispatch_alarm_actions(alarm, old, verdict.state, verdict.reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _reason_data(alarm: dict[str, Any], verdict: AlarmDecision, now: float) -> dict[str, Any]:
    evaluated = verdict.evaluated
    return {
        "version": "1.0",
        "queryDate": _iso(now),
        **({"startDate": _iso(evaluated[-1].begins)} if evaluated else {}),
        "statistic": alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average",
        "period": int(alarm.get("Period") or 60),
        "recentDatapoints": [slot.value for slot in reversed(evaluated)],
        "threshold": float(alarm.get("Threshold") or 0),
        "evaluatedDatapoints": [{"timestamp": _iso(slot.begins), "value": slot.value} for slot in evaluated],
    }


def _iso(when: float) -> str:
    at = datetime.fromtimestamp(when, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"
