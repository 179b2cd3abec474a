"""The state of an alarm after its test. What began in earnest meanwhile must not be hidden by that.

SetAlarmState, API reference (2026-11): a composite alarm leaves the state that it was set to only when one of its children
changes. So its rule is evaluated here, before and after: a child that fired during the test changes no more.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops.alarms.evaluate.composite.alarm_rule import AlarmRule, alarm_rule
from ops.alarms.evaluate.errors import AlarmError
from ops.alarms.evaluate.threshold import EXTRA_PERIODS
from ops.alarms.live_test import reasons
from ops.aws import cloudwatch
from ops.aws.cloudwatch import alarm_store
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.aws import Aws


def restore(aws: Aws, name: str, before: str, since: datetime) -> str:
    """Sets an alarm that a test set to ALARM at ``since`` back to ``before``, unless it is in ALARM in earnest by now: a
    composite alarm notifies again for that. Returns a sentence on its state. Needs cloudwatch:DescribeAlarms,
    SetAlarmState and, for a metric alarm, GetMetricData. Raises OpsError: then it is in ALARM, or what it is, is said."""
    alarm = cloudwatch.find_alarm(aws, name)
    if alarm.state != "ALARM" or not reasons.of_a_test(alarm.reason):
        return f"CloudWatch has evaluated {name} since: it is {alarm.state}."
    if isinstance(alarm, cloudwatch.Alarm):
        if _has_data(aws, alarm, since):
            return f"{name} was left to CloudWatch, which evaluates it by itself: its metric has data."
        _set(aws, name, before)
        return f"{name} was set back to {before}, since it keeps its state while data is missing."
    try:
        rule = alarm_rule(alarm.rule)
    except AlarmError as error:
        raise OpsError(f"whether its rule holds is unknown ({error}), so it was left in ALARM.") from error
    _firing(aws, rule)  # what may not be read must not leave it at OK
    _set(aws, name, before)
    try:
        firing = _firing(aws, rule)
        if firing is None:
            return f"{name} was set back to {before}, since a composite alarm does not go back by itself."
        why = f"The rule holds after a test by ops alarms test ended: {firing} in ALARM."
        cloudwatch.set_alarm_state(aws, name, "ALARM", why)
    except OpsError as error:
        raise OpsError(f"it was set back to {before}, and whether its rule holds is unknown: {error}") from error
    return f"{name} is in ALARM in earnest: its rule holds ({firing} in ALARM). It has notified again for that."


def _set(aws: Aws, name: str, state: str) -> None:
    cloudwatch.set_alarm_state(aws, name, state, "End of a test by ops alarms test.")


def _firing(aws: Aws, rule: AlarmRule) -> str | None:
    """The children that are in ALARM, in words, where the rule holds; else None."""
    found = alarm_store.definitions_named(aws, rule.alarms)
    states = {name: str(found.get(name, {}).get("StateValue", "")) for name in rule.alarms}
    if not rule.holds(states):
        return None
    return ", ".join(name for name, state in states.items() if state == "ALARM") or "no child"


def _has_data(aws: Aws, alarm: cloudwatch.Alarm, since: datetime) -> bool:
    """Since the test began or within its evaluation range, so that CloudWatch decides its state."""
    now = datetime.now(UTC)
    period = max([metric.period_s for metric in alarm.metrics], default=60)
    start = min(since, now - timedelta(seconds=period * (alarm.periods + EXTRA_PERIODS)))
    queries = [
        cloudwatch.MetricQuery(
            str(number), metric.namespace, metric.metric, "SampleCount", metric.dimensions, metric.period_s
        )
        for number, metric in enumerate(alarm.metrics)
    ]
    return any(cloudwatch.get_metric_data(aws, queries, start, now, period).series.values())
