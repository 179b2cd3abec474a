"""The chart of one alarm: what it watches, its threshold, and the periods that decide about its state."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting
from ops.alarms.evaluate import NO_QUOTAS, AlarmError, MetricAlarm, Quotas, metric_alarm
from ops.alarms.evaluate.metric_math.functions import Grid
from ops.alarms.evaluate.threshold import breaches
from ops.aws.cloudwatch import MetricQuery
from ops.insight import time_window
from ops.insight.rules.alarm_rules import alarm_words

if TYPE_CHECKING:
    import pandas as pd

    from ops.aws.cloudwatch import Alarm, Points
    from ops.insight.report_types import Window

MAX_POINTS = 1_500
"""Periods that a chart shows; a longer range is drawn by longer ones."""
ADDED_UP = ("Sum", "SampleCount")
"""Statistics that grow with the period: over longer ones, the threshold does not apply to them."""
INPUT = "alarm input "


@dataclass(frozen=True)
class AlarmChart:
    """``frame``: ``value`` and ``breaching`` (the value where it breaches, else NaN), a row for each period. ``evaluated``:
    from when to when the last N periods are, ``breaching`` of which breach; None where the periods drawn are not the
    alarm's. ``threshold``: None where it does not apply to what is drawn."""

    title: str
    unit: str
    frame: pd.DataFrame
    sign: str
    threshold: float | None
    threshold_text: str
    evaluated: tuple[datetime, datetime] | None
    breaching: int
    to_alarm: int
    periods: int
    period_s: int
    remark: str = ""


@dataclass(frozen=True)
class ChartPlan:
    """The queries of an alarm's chart. ``period``: seconds that are drawn."""

    alarm: MetricAlarm
    source: Alarm
    period: int
    queries: tuple[MetricQuery, ...]


def plan(alarm: Alarm, window: Window, quotas: Quotas = NO_QUOTAS) -> ChartPlan | str:
    """Or why there can be no chart, a sentence."""
    try:
        read = metric_alarm(alarm.definition, quotas)
    except AlarmError as error:
        return f"{error} {error.next_step}".strip()
    period = drawn_period(read.period, window)
    queries = tuple(
        MetricQuery(
            f"{INPUT}{name}", stat.metric.namespace, stat.metric.name, stat.statistic, stat.metric.dimensions, period
        )
        for name, stat in read.inputs
    )
    return ChartPlan(read, alarm, period, queries)


def drawn_period(own: int, window: Window) -> int:
    """The alarm's own period, or the shortest multiple of it that CloudWatch still has and a chart can show."""
    seconds = window.length.total_seconds()
    kept = window.fine if own < window.fine and window.period >= window.fine else own
    least = max(own, kept, seconds / MAX_POINTS)
    return own * math.ceil(least / own)


def draw(planned: ChartPlan, series: dict[str, Points], window: Window) -> AlarmChart:
    """``series``: by the keys of the plan's queries."""
    import pandas as pd

    read, alarm, period = planned.alarm, planned.source, planned.period
    begins = _begins(window, period)
    values = _values(read, series, begins, period)
    own_periods = period == read.period
    applies = own_periods or not any(stat.statistic in ADDED_UP for _, stat in read.inputs)
    words = alarm_words.metric_words("" if alarm.math else alarm.metric)
    breaching = [
        value if value is not None and applies and breaches(read.rule, value) else math.nan for value in values
    ]
    frame = pd.DataFrame(
        {"value": [math.nan if value is None else value for value in values], "breaching": breaching},
        index=pd.DatetimeIndex(begins, tz="UTC", name="time"),
        dtype=float,
    )
    last = begins[-read.rule.periods :] if own_periods else []
    coarse = f"drawn by {formatting.duration(period)}, the alarm decides by {formatting.duration(read.period)}"
    far = "; its threshold does not apply to sums over longer periods: choose a shorter range"
    return AlarmChart(
        title=words.label if not alarm.math else "Expression",
        unit=words.unit,
        frame=frame,
        sign=alarm_words.SIGNS.get(alarm.comparison, ""),
        threshold=read.rule.threshold if applies else None,
        threshold_text=words.write(read.rule.threshold),
        evaluated=(last[0], last[-1] + timedelta(seconds=period)) if last else None,
        breaching=sum(not math.isnan(value) for value in breaching[-read.rule.periods :]) if last else 0,
        to_alarm=read.rule.to_alarm,
        periods=read.rule.periods,
        period_s=read.period,
        remark="" if own_periods else coarse + ("" if applies else far),
    )


def _begins(window: Window, period: int) -> list[datetime]:
    """Starts of the finished periods."""
    first = time_window.floor(window.start, period)
    count = int((window.end - first).total_seconds() // period)
    return [first + timedelta(seconds=number * period) for number in range(count)]


def _values(read: MetricAlarm, series: dict[str, Points], begins: list[datetime], period: int) -> list[float | None]:
    inputs = {}
    for name, _ in read.inputs:
        points = {moment.astimezone(UTC): value for moment, value in series[f"{INPUT}{name}"]}
        inputs[name] = [points.get(begin) for begin in begins]
    if read.program is None:
        return inputs[read.inputs[0][0]]
    return list(read.program.series(inputs, Grid([begin.timestamp() for begin in begins], period)))
