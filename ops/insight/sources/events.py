"""Events of a workload on a time axis: changes of code and configuration, and alarms in ALARM."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ops.aws import cloudwatch
from ops.errors import AwsError
from ops.insight.sources import config_changes
from ops.insight.sources.event_model import ALARM, Event

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm, StateChange
    from ops.insight.report_types import Window
    from ops.workload import Workload


def read_events(
    aws: Aws, workload: Workload, window: Window, alarms: Sequence[Alarm]
) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """The events in the window, oldest first, and what could not be read, in words. One ListVersionsByFunction call, and
    one DescribeAlarmHistory call where there are alarms (more pages of it in a busy account)."""
    events, notes = config_changes.read_changes(aws, workload, window)
    names = [alarm.name for alarm in alarms]
    if not names:
        return tuple(sorted(events, key=lambda event: event.start)), notes
    try:
        changes, unread = cloudwatch.alarm_state_changes(aws, names, window.start, window.end)
    except AwsError as error:  # without it the rest of the page still holds
        return events, (*notes, f"No alarm history: {error} {error.next_step}".strip())
    if unread:
        notes += ("Earlier alarm changes are not shown: the account has too many of them.",)
    notes += tuple(
        f"Whether {alarm.name} was in ALARM is not known: it changed after this range, and not in it."
        for alarm in alarms
        if window.past and _changed_only_later(alarm, changes, window)
    )
    # Of the time before the oldest change that was read, nothing is known.
    known_from = changes[0].at if unread and changes else window.start
    every = (*events, *(event for alarm in alarms for event in alarm_times(alarm, changes, window, known_from)))
    return tuple(sorted(every, key=lambda event: event.start)), notes


def _changed_only_later(alarm: Alarm, changes: Sequence[StateChange], window: Window) -> bool:
    own = any(change.alarm == alarm.name for change in changes)
    return not own and alarm.since is not None and alarm.since > window.end


def alarm_times(
    alarm: Alarm, changes: Sequence[StateChange], window: Window, known_from: datetime | None = None
) -> list[Event]:
    """Times at which ``alarm`` was in ALARM within the window, from its state changes in it (oldest first).

    Without any, its present state has lasted for the whole window, unless it began after it. ``known_from``: from when
    on all changes were read; the start of the window, if None.
    """
    own = [change for change in changes if change.alarm == alarm.name]
    if not own:
        lasted = alarm.state == "ALARM" and alarm.since is not None and alarm.since <= window.end
        since = max(alarm.since, window.start) if lasted and alarm.since else window.start
        return [Event(ALARM, alarm.name, since, window.end, ongoing=True)] if lasted else []
    started = (known_from or window.start) if own[0].before == "ALARM" else None
    times: list[Event] = []
    for change in own:
        if change.after == "ALARM" and started is None:
            started = change.at
        elif change.after != "ALARM" and started is not None:
            times.append(Event(ALARM, alarm.name, started, change.at))
            started = None
    if started is not None:
        times.append(Event(ALARM, alarm.name, started, window.end, ongoing=True))
    return times
