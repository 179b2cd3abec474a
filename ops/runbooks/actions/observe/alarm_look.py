"""``alarm.look``: one alarm now: its state, its threshold, and what it watches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ops import formatting
from ops.aws import cloudwatch
from ops.aws.call import ApiCall
from ops.errors import NotFound
from ops.runbooks.actions.action import ActionContext, Effect, Outputs, Paper
from ops.runbooks.actions.reads import Repeatable

AlarmName = Annotated[str, Meta(min_length=1, max_length=255)]
LATE_PERIODS = 3
"""Periods that CloudWatch may be late by."""


class AlarmInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``alarm``: its full name, or that without the stack's: ``dead-letters`` for ``shop-dead-letters``."""

    alarm: AlarmName


class LookAtAlarm(Repeatable):
    """``state`` is null where the workload has no such alarm; ``value`` where its metric has no data."""

    name = "alarm.look"
    summary = "Look at one alarm: its state, its threshold, and the value now"
    effect = Effect.READ
    inputs = AlarmInputs
    outputs = ("name", "state", "since", "value", "threshold", "breaching", "lines")
    permissions = ("cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData")

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        return Paper((paper_command(str(values["alarm"])),))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        alarm = find_alarm(context, inputs.alarm)
        if alarm is None:
            text = f"{context.workload.name} has no alarm {inputs.alarm}: judge by the numbers below"
            return dict.fromkeys(self.outputs[:-1]) | {"lines": [text]}
        now = datetime.now(UTC)
        since = f" since {formatting.clock(alarm.since, now)}" if alarm.since else ""
        lines = [f"{alarm.name} is in {alarm.state}{since}"]
        value, breaching, latest = (
            _value(context, alarm, now) if isinstance(alarm, cloudwatch.Alarm) else (None, None, ())
        )
        return {
            "name": alarm.name,
            "state": alarm.state,
            "since": alarm.since.isoformat() if alarm.since else None,
            "value": value,
            "threshold": alarm.threshold if isinstance(alarm, cloudwatch.Alarm) else None,
            "breaching": breaching,
            "lines": [*lines, *latest, *_why(alarm)],
        }


def paper_command(alarm: str) -> str:
    """``page-me`` is a composite alarm, which DescribeAlarms answers only where it is asked for."""
    fields = "AlarmName,StateValue,StateUpdatedTimestamp,StateReason"
    kinds = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    call = ApiCall("cloudwatch", "DescribeAlarms", {"AlarmNames": ["ALARM"]} | kinds)
    return call.command(f"[MetricAlarms,CompositeAlarms][].[{fields}]").replace("ALARM", f"$STACK-{alarm}", 1)


def find_alarm(context: ActionContext, name: str) -> cloudwatch.Alarm | cloudwatch.CompositeAlarm | None:
    """The workload's alarm of that full name, or the one of that name after a prefix. None where there is none, or are
    several. Raises what ``ops.aws`` raises."""
    workload = context.workload
    known = [*workload.alarms, *(arn.rpartition(":alarm:")[2] or arn for arn in workload.composite_alarms)]
    prefixes = [each for each in (workload.stack, workload.name, workload.queue.name) if each]
    candidates = (name, *(f"{prefix}-{name}" for prefix in prefixes))
    chosen = next((each for each in candidates if each in known), None)
    ending = [each for each in known if each.endswith(f"-{name}")]
    if chosen is None and len(ending) != 1:  # with several it is not known which one is meant
        return None
    chosen = chosen or ending[0]
    try:
        return cloudwatch.find_alarm(context.aws, chosen)
    except NotFound:
        return None


def _value(
    context: ActionContext, alarm: cloudwatch.Alarm, now: datetime
) -> tuple[float | None, int | None, tuple[str, ...]]:
    """What it watches, by the periods that are over: the latest value, how many of the last N breach, and both in words."""
    from ops.insight.report_types import Window
    from ops.insight.reports.alarms_page import chart
    from ops.insight.rules.alarm_rules import alarm_words

    period = alarm.period_s or max((metric.period_s for metric in alarm.metrics), default=60)
    window = Window(now - timedelta(seconds=period * (alarm.periods + LATE_PERIODS)), now, period, fine=period)
    planned = chart.plan(alarm, window)
    if isinstance(planned, str):
        return None, None, (planned,)
    data = cloudwatch.get_metric_data(context.aws, planned.queries, window.start, window.end, planned.period)
    drawn = chart.draw(planned, data.series, window)
    begins: list[datetime] = list(drawn.frame.index)
    values = [
        (at, float(value)) for at, value in zip(begins, drawn.frame["value"], strict=True) if not math.isnan(value)
    ]
    title = alarm.description.partition(". ")[0] if alarm.math else ""  # an expression says little to a reader
    watches = title or alarm_words.watches(alarm, context.workload.stack)
    watched = f"watches: {watches}; fires {alarm_words.condition(alarm)}"
    if not values:
        return None, drawn.breaching, (watched, "no data in the periods that it evaluates")
    at, value = values[-1]
    words = alarm_words.metric_words("" if alarm.math else alarm.metric)
    latest = f"latest value {words.write(value)} at {formatting.clock(at, now)}"
    breach = f"{drawn.breaching} of the last {drawn.periods} periods breach, {drawn.to_alarm} make it fire"
    return value, drawn.breaching, (watched, f"{latest}; {breach}")


def _why(alarm: cloudwatch.Alarm | cloudwatch.CompositeAlarm) -> tuple[str, ...]:
    from ops.insight.reports import alarms

    return (f"CloudWatch's reason: {alarms.short_reason(alarm.reason)}",) if alarm.reason else ()
