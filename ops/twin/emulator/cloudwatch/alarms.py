"""Patch: metric alarms are evaluated as CloudWatch does, by a clock of their own.

Stands for: alarm evaluation (CloudWatch user guide, alarm-evaluation, read 2026-11): the metric with exactly the
alarm's dimensions and unit, M out of N, TreatMissingData, statistics, percentiles and metric math; the rules are those
of ``ops.alarms.evaluate``. MiniStack mixes all dimensions, takes the whole range as one period, and knows no missing data.

AWS evaluates once a minute, or every 10 s for periods below that, with windows that slide; here every few seconds, with
periods aligned to the clock. The period under way counts as soon as it breaches and what is still to come cannot undo
that (a maximum, sample count or sum of counts above a threshold, a minimum below one); it never counts as fine. A
finished period is final once the publisher has written its last point.

Leaves out: what ``ops.alarms.evaluate`` refuses (``alarm_definitions`` says so when an alarm is put), warm-up.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ministack.services import cloudwatch

from ops.alarms.evaluate import NO_QUOTAS, AlarmError, MetricAlarm, MetricStat, Point, metric_alarm
from ops.alarms.evaluate.metric_math.functions import Grid
from ops.alarms.evaluate.reasons import reason
from ops.alarms.evaluate.statistics import statistic
from ops.alarms.evaluate.threshold import Datapoint, Decision, breaches, decide
from ops.twin.emulator import account_context
from ops.twin.emulator.cloudwatch.alarm_definitions import own_quotas
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

    def evaluate(self, definition: dict[str, Any]) -> None:
        """Set the alarm's state, and when it changes write the history and notify."""
        try:
            alarm = metric_alarm(definition, own_quotas() if definition.get("Metrics") else NO_QUOTAS)
        except AlarmError:
            return
        datapoints = _datapoints(alarm, time.time(), self._settling)
        if _too_few_samples(alarm, datapoints[-alarm.rule.periods :]):
            return
        decision = decide(alarm.rule, datapoints)
        if decision.state and decision.state != definition["StateValue"]:
            _change(definition, alarm, decision)


def patches() -> list[Patch]:
    # MiniStack evaluates within PutMetricData, where an action that calls back would wait for itself.
    return [
        Patch("services.cloudwatch", "_evaluate_alarm", lambda _: lambda _alarm: None, "alarms have their own clock")
    ]


def _datapoints(alarm: MetricAlarm, now: float, settling: float) -> list[Datapoint]:
    """The periods to judge, oldest first. The newest is the one under way if it already counts."""
    current = now // alarm.period * alarm.period
    begins = [current - alarm.period * back for back in range(alarm.rule.looks_at, -1, -1)]
    series = {name: _measured(stat, begins) for name, stat in alarm.inputs}
    # From the newest: a period that may still change counts only if it is decided already.
    while begins and now < begins[-1] + alarm.period + settling and not _decided(alarm, series):
        begins.pop()
        for values in series.values():
            values.pop()
    values = next(iter(series.values()))
    if alarm.program is not None:
        begins = begins[-alarm.rule.looks_at :]
        recent = {name: each[-alarm.rule.looks_at :] for name, each in series.items()}
        values = alarm.program.series(recent, Grid(begins, alarm.period))
    return [Datapoint(*each) for each in zip(begins, values, strict=True)][-alarm.rule.looks_at :]


def _too_few_samples(alarm: MetricAlarm, judged: Sequence[Datapoint]) -> bool:
    """Whether the alarm is told to keep its state while its percentile is of too few samples."""
    if not alarm.low_sample_limit or not judged:
        return False
    begin, end = judged[0].begins, judged[-1].begins + alarm.period
    points = _points(alarm.inputs[0][1], begin)
    return 0 < sum(each.samples for each in points if begin <= each.timestamp < end) < alarm.low_sample_limit


def _measured(stat: MetricStat, begins: Sequence[float]) -> list[float | None]:
    buckets: dict[float, list[Point]] = {}
    for each in _points(stat, begins[0]):
        buckets.setdefault(each.timestamp // stat.period * stat.period, []).append(each)
    measure = statistic(stat.statistic)
    return [measure(buckets[begin]) if begin in buckets else None for begin in begins]


def _points(stat: MetricStat, since: float) -> list[Point]:
    metric = stat.metric
    key = (metric.namespace, metric.name, cloudwatch._dims_key(dict(metric.dimensions)))
    points: list[Point] = []
    # A copy, since old points may be merged meanwhile.
    for each in reversed(list(cloudwatch._metrics.get(key) or [])):
        if each["Timestamp"] < since - LATE_POINTS:
            break
        if not stat.unit or each["Unit"] == stat.unit:
            points.append(Point(each["Timestamp"], *cloudwatch._point_stats(each)))
    return points


def _decided(alarm: MetricAlarm, series: Mapping[str, Sequence[float | None]]) -> bool:
    (name, stat), *others = alarm.inputs
    newest = series[name][-1]
    if alarm.program or others or newest is None or not breaches(alarm.rule, newest):
        return False
    return stat.statistic in (GROWING if alarm.rule.comparison.startswith("Greater") else FALLING)


def _change(definition: dict[str, Any], alarm: MetricAlarm, decision: Decision) -> None:
    old, now = definition["StateValue"], time.time()
    data = _reason_data(alarm, decision.judged, now)
    why = reason(alarm.rule, decision)
    definition["StateValue"] = decision.state
    definition["StateReason"] = why
    definition["StateReasonData"] = json.dumps(data)
    definition["StateUpdatedTimestamp"] = int(now)
    definition["StateTransitionedTimestamp"] = int(now)
    log.info("alarm %s: %s -> %s", alarm.name, old, decision.state)
    cloudwatch._record_history(alarm.name, old, decision.state, why, reason_data=data)
    cloudwatch._dispatch_alarm_actions(definition, old, decision.state, why)
    cloudwatch._evaluate_parent_alarms(definition)


def _reason_data(alarm: MetricAlarm, judged: Sequence[Datapoint], now: float) -> dict[str, Any]:
    return {
        "version": "1.0",
        "queryDate": _iso(now),
        **({"startDate": _iso(judged[-1].begins)} if judged else {}),
        **({} if alarm.program else {"statistic": alarm.inputs[0][1].statistic}),
        "period": alarm.period,
        "recentDatapoints": [each.value for each in reversed(judged)],
        "threshold": alarm.rule.threshold,
        "evaluatedDatapoints": [{"timestamp": _iso(each.begins), "value": each.value} for each in judged],
    }


def _iso(when: float) -> str:
    at = datetime.fromtimestamp(when, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"
