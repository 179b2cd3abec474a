"""What happened to a workload, as marks on a time axis: deployments and the times in which alarms were in ALARM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ops.aws import cloudwatch
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm, StateChange
    from ops.insight.report_types import Window
    from ops.workload import Workload

DEPLOY, ALARM, REDRIVE, PURGE = "deploy", "alarm", "redrive", "purge"


@dataclass(frozen=True)
class Event:
    """``kind``: deploy | alarm | redrive | purge. ``start`` and ``end`` lie within the window; ``ongoing`` at its end."""

    kind: str
    name: str
    start: datetime
    end: datetime
    ongoing: bool = False


def read_events(
    aws: Aws, workload: Workload, window: Window, alarms: Sequence[Alarm]
) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """The events in the window, oldest first, and what could not be read, in words. One DescribeAlarmHistory call where
    there are alarms (more pages of it in a busy account)."""
    events = _deployments(workload, window)
    names = [alarm.name for alarm in alarms]
    if not names:
        return events, ()
    try:
        changes, unread = cloudwatch.alarm_state_changes(aws, names, window.start, window.end)
    except AwsError as error:  # without it the rest of the page still holds
        return events, (f"No alarm history: {error} {error.next_step}".strip(),)
    notes: tuple[str, ...] = (
        ("Earlier alarm changes are not shown: the account has too many of them.",) if unread else ()
    )
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


def _deployments(workload: Workload, window: Window) -> tuple[Event, ...]:
    at = workload.function.deployed_at if workload.function else None
    if workload.function is None or at is None or not window.start <= at <= window.end:
        return ()
    return (Event(DEPLOY, workload.function.name, at, at),)


def alarm_times(
    alarm: Alarm, changes: Sequence[StateChange], window: Window, known_from: datetime | None = None
) -> list[Event]:
    """When ``alarm`` was in ALARM within the window, by its state changes in it (oldest first).

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
