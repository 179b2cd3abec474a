"""The log alarm that goes with the recommended alarms: where it was asked for, and where it is there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.alarms.applying.for_workload import OwnRecommendation
from ops.alarms.rendering.log_alarm import BASED_ON, LogAlarmPlace, log_alarm, name_of, place_of
from ops.aws.cloudwatch.alarm_store import is_log_alarm


def own_log_alarm(own: OwnRecommendation, given: LogAlarmPlace | None = None) -> Mapping[str, Any] | None:
    """``given``: as on the command line; None: as the workload's log alarm has it that is there. None without one. Raises
    UsageError where one was asked for that cannot be made."""
    alarms = own.recommendation.alarms
    place = given or _place(own)
    return log_alarm(alarms, place) if place else None


def _place(own: OwnRecommendation) -> LogAlarmPlace | None:
    alarms = {alarm.id: alarm for alarm in own.recommendation.alarms}
    if BASED_ON not in alarms or "extension-silent" not in alarms:
        return None
    name = name_of(alarms[BASED_ON])
    there = own.live.definitions.get(name)
    ours = there is not None and own.live.owner(own.owner, name) is None and is_log_alarm(there)
    return place_of(there) if ours and there is not None else None
