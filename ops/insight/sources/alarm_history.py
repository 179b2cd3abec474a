"""The states of alarms over time, by the changes that CloudWatch kept (30 days)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops.aws import cloudwatch
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import StateChange

NOT_READ = ""
KEPT = timedelta(days=30)
"""How long CloudWatch keeps the history of alarms (DescribeAlarmHistory, API reference, 2026-11)."""


@dataclass(frozen=True)
class StateSpan:
    """``state``: OK | ALARM | INSUFFICIENT_DATA, or ``NOT_READ`` where the history does not tell it."""

    start: datetime
    end: datetime
    state: str

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


def newest_alarm(aws: Aws, name: str, now: datetime) -> tuple[datetime, datetime | None]:
    """When the alarm was in ALARM last: its start, and its end; None while it still is. Raises NotFound, and UsageError
    when it was not within ``KEPT``."""
    alarm = cloudwatch.find_alarm(aws, name)
    if alarm.state == "ALARM" and alarm.since is not None:
        return alarm.since, None
    changes, _ = cloudwatch.alarm_state_changes(aws, [name], now - KEPT, now)
    ended = next((change for change in reversed(changes) if change.before == "ALARM"), None)
    if ended is None:
        raise UsageError(
            f"{name} has not been in ALARM in the last {KEPT.days} days, as far as its history tells.",
            "Give the time with --since and --until.",
        )
    before = [change for change in changes if change.after == "ALARM" and change.at < ended.at]
    return (before[-1].at if before else now - KEPT), ended.at


def state_spans(
    state: str,
    since: datetime | None,
    changes: Sequence[StateChange],
    start: datetime,
    end: datetime,
    known_from: datetime,
) -> tuple[StateSpan, ...]:
    """From ``start`` to ``end``, oldest first. ``state`` and ``since``: its present one. ``changes``: its own between
    them, oldest first, all of those after ``known_from``."""
    if not changes:  # the state has lasted since it began, and of the time before that nothing is known
        begins = max(start, min(since, end)) if since is not None else end
        return _joined([(start, begins, NOT_READ), (begins, end, state)])
    first = max(start, min(known_from, changes[0].at))
    edges = [first, *(change.at for change in changes), end]
    states = [changes[0].before, *(change.after for change in changes)]
    spans = [(edges[at], edges[at + 1], states[at]) for at in range(len(states))]
    return _joined([(start, first, NOT_READ), *spans])


def _joined(spans: Sequence[tuple[datetime, datetime, str]]) -> tuple[StateSpan, ...]:
    """Without empty spans, those of one state that follow each other as one."""
    joined: list[StateSpan] = []
    for start, end, state in spans:
        if end <= start:
            continue
        if joined and joined[-1].state == state:
            joined[-1] = StateSpan(joined[-1].start, end, state)
        else:
            joined.append(StateSpan(start, end, state))
    return tuple(joined)
