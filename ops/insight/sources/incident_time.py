"""Start and end of an incident by its alarm: from the first datapoint that breached the threshold until the alarm left
ALARM.

An alarm goes into ALARM after its incident began: datapoints to alarm, and metrics that arrive late, lie between them.
Which datapoints it evaluated is in ``stateReasonData`` of the change (its shape: aws-cli's example of
describe-alarm-history, and events of alarms from 2019 to 2026 in public repositories, read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops import formatting
from ops.alarms.evaluate.threshold import COMPARISONS
from ops.alarms.live_test import reasons
from ops.aws import cloudwatch
from ops.aws.cloudwatch import Alarm, CompositeAlarm
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import StateChange

KEPT = timedelta(days=30)
"""How long CloudWatch keeps the history of alarms (DescribeAlarmHistory, API reference, 2026-11)."""
MAX_RETENTION_S = 1_209_600
"""Of an SQS message (botocore 1.44.5 model, 2026-11): none is older."""
AFTERWARDS = "What it left behind, such as a backlog or a redrive, may cost more after that: --until TIME includes it."


@dataclass(frozen=True)
class IncidentTime:
    """``end``: None while the alarm is in ALARM. ``why``: which times these are, in sentences."""

    start: datetime
    end: datetime | None
    why: tuple[str, ...]


@dataclass(frozen=True)
class _Changes:
    """``left``: the last change out of ALARM before the alarm was OK again; None while it is in ALARM."""

    began: StateChange | None
    left: StateChange | None = None


def latest(aws: Aws, name: str, queue: str, now: datetime) -> IncidentTime:
    """The latest one. ``queue``: the workload's, of whose age alarm the start is when its oldest message was sent.

    One DescribeAlarms and one DescribeAlarmHistory call (two more at most for a long history). Raises NotFound, and UsageError
    where no incident, or not its start, is in the history.
    """
    alarm = cloudwatch.find_alarm(aws, name)
    changes, _ = cloudwatch.alarm_state_changes(aws, [name], now - KEPT, now)
    found = _latest_changes(changes)
    if found is None and alarm.state == "ALARM" and alarm.since is not None and not reasons.of_a_test(alarm.reason):
        why = f"From {formatting.clock(alarm.since, now)}, the change to ALARM, which is no longer in the alarm's history."
        return IncidentTime(alarm.since, None, (why, _until(None, now)))
    if found is None:
        raise UsageError(
            f"{name} has not been in ALARM in the last {KEPT.days} days, as far as its history tells.",
            "Give the time with --since and --until.",
        )
    if found.began is None:
        ended = f" until {formatting.clock(found.left.at, now)}" if found.left else ""
        raise UsageError(
            f"{name} was in ALARM{ended}, but its history does not have the change to ALARM.",
            "Give the time with --since and --until.",
        )
    start, why = first_breach(alarm, found.began, queue, now)
    end = found.left.at if found.left else None
    return IncidentTime(start, end, (why, _until(found.left, now), *((AFTERWARDS,) if end else ())))


def _latest_changes(changes: Sequence[StateChange]) -> _Changes | None:
    """``changes``: oldest first. Only OK ends an incident; one that ``ops alarms test`` brought about is none."""
    latest, current, testing = None, None, False
    for change in changes:
        if change.after == "ALARM":
            testing = current is None and reasons.of_a_test(change.reason)
            if not testing:
                current = replace(current, left=None) if current else _Changes(change)
        elif testing:
            testing = False
        else:
            if change.before == "ALARM":
                current = _Changes(current.began if current else None, change)
            if change.after == "OK" and current is not None:
                latest, current = current, None
    return current or latest


def first_breach(alarm: Alarm | CompositeAlarm, began: StateChange, queue: str, now: datetime) -> tuple[datetime, str]:
    """Start of the incident whose change to ALARM is ``began``, and a sentence that explains this time. ``queue``: as
    of ``latest``."""
    alarmed = formatting.clock(began.at, now)
    if isinstance(alarm, CompositeAlarm):
        why = "a composite alarm evaluates no datapoints. Name one of the alarms in its rule for an earlier start"
        return began.at, f"From {alarmed}, the change to ALARM: {why}."
    breaching = sorted(_breaching(alarm, began.reason_data), key=lambda point: point[0])
    if not breaching or breaching[0][0] >= began.at:
        return began.at, f"From {alarmed}, the change to ALARM: the alarm's history has no datapoint that breached."
    at, value = breaching[0]
    first = formatting.clock(at, now)
    if value is not None and _is_age_of(alarm, queue) and 0 < value <= MAX_RETENTION_S:
        sent = at - timedelta(seconds=value)
        age = f"it had waited {formatting.duration(value)} in the first datapoint that breached, of {first}"
        return (
            sent,
            f"From {formatting.clock(sent, now)}, when the oldest message was sent: {age}; in ALARM from {alarmed}.",
        )
    return at, f"From {first}, the first datapoint that breached; in ALARM from {alarmed}."


def _is_age_of(alarm: Alarm, queue: str) -> bool:
    """Whether the alarm is on the age of the queue's oldest message. A dead-letter queue's age does not show when an
    incident began."""
    watched = (alarm.namespace, alarm.metric, dict(alarm.dimensions).get("QueueName"))
    return not alarm.math and watched == ("AWS/SQS", "ApproximateAgeOfOldestMessage", queue)


def _breaching(alarm: Alarm, data: Mapping[str, Any]) -> Iterator[tuple[datetime, float | None]]:
    """Start and value of each evaluated datapoint that breached; None: without data, where that counts as breaching.

    ``startDate`` is the start of the first of ``recentDatapoints``; ``evaluatedDatapoints`` may be fewer.
    """
    threshold, recent, evaluated = (data.get(key) for key in ("threshold", "recentDatapoints", "evaluatedDatapoints"))
    if alarm.comparison not in COMPARISONS or not isinstance(threshold, int | float):
        return  # against an anomaly band
    points = [
        (datapoint.get("timestamp"), datapoint.get("value"))
        for datapoint in _items(evaluated)
        if isinstance(datapoint, dict)
    ]
    points += [(data.get("startDate"), value) for value in _items(recent)[:1]]
    breaches, _ = COMPARISONS[alarm.comparison]
    for text, value in points:
        at = _moment(text)
        if at is None:
            continue
        if isinstance(value, int | float) and breaches(value, threshold):
            yield at, value
        elif value is None and alarm.missing_data == "breaching":
            yield at, None


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _until(left: StateChange | None, now: datetime) -> str:
    if left is None:
        return "Until now: it is still in ALARM."
    state = "it was OK again" if left.after == "OK" else "it had no more data (INSUFFICIENT_DATA)"
    return f"Until {formatting.clock(left.at, now)}, when {state}."
