"""How long an alarm can stay in ALARM after its cause is over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from ops.aws.cloudwatch import Alarm

SETTLING = timedelta(minutes=2)
"""After the longest evaluation window: metrics come late."""


def longest_window(alarms: Iterable[Alarm]) -> timedelta:
    """Length of the longest range of periods that an alarm evaluates."""
    windows = (
        alarm.periods * max([alarm.period_s or 0, *(metric.period_s for metric in alarm.metrics)], default=60)
        for alarm in alarms
    )
    return timedelta(seconds=max(windows, default=60))
