"""Windows of time and the metric period that suits each: few enough points for a chart, and still kept."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from ops.errors import UsageError
from ops.insight.report_types import Window

USUAL_MINUTES, TWIN_MINUTES = 60, 15
"""Default length of the range: a twin is young, and its metrics have periods of 10 seconds."""
MAX_POINTS = 360
"""Points a chart is worth; more are noise on a laptop's screen."""
PERIODS = (1, 5, 10, 20, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400)
METRIC_RETENTION = (
    (timedelta(hours=3), 1),
    (timedelta(days=15), 60),
    (timedelta(days=63), 300),
    (timedelta(days=455), 3_600),
)
"""How far back CloudWatch keeps which shortest period, in seconds (botocore 1.44.5 model, 2026-11)."""
FINE_PERIOD_S = 60
"""The period (s) in which AWS services publish."""
LIVE_WITHIN = timedelta(seconds=60)
"""A range that ended within this time counts as current: metrics are as old."""


def usual_minutes(is_twin: bool) -> int:
    """Default length of the range in the command line and the dashboard."""
    return TWIN_MINUTES if is_twin else USUAL_MINUTES


def last(minutes: float, finest: int = 60, now: datetime | None = None) -> Window:
    """The last ``minutes``, up to now. ``finest``: the shortest period (s) that the target's metrics come in."""
    end = now or datetime.now(UTC)
    return between(end - timedelta(minutes=minutes), end, finest, end)


def between(start: datetime, end: datetime, finest: int = 60, now: datetime | None = None) -> Window:
    """The window from ``start`` to ``end`` (aware), with the shortest period that CloudWatch still has and a chart can show.

    ``start`` moves back to a period's beginning. Raises UsageError for naive times, an empty window, or one that begins
    before CloudWatch's retention.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise UsageError("A time without a zone is ambiguous.", "Write it with one, e.g. 2026-11-23T19:00:00Z.")
    now = now or datetime.now(UTC)
    start, end, past = start.astimezone(UTC), min(end, now).astimezone(UTC), now - end > LIVE_WITHIN
    if end <= start:
        raise UsageError("The time range ends before it starts, or is in the future.", "Choose an earlier start.")
    kept = next((shortest for age, shortest in METRIC_RETENTION if now - start <= age), None)
    if kept is None:
        raise UsageError("CloudWatch keeps metrics for 455 days.", "Choose a later start.")
    shortest = max(finest, kept)
    needed = (end - start).total_seconds() / MAX_POINTS
    period = next((p for p in PERIODS if p >= shortest and p >= needed), PERIODS[-1])
    return Window(floor(start, period), end, period, past, max(FINE_PERIOD_S, kept))


def floor(moment: datetime, period: int) -> datetime:
    """The start of the period (s) that contains ``moment``, counted from the epoch as CloudWatch does."""
    return datetime.fromtimestamp(math.floor(moment.timestamp() / period) * period, UTC)


def periods(window: Window) -> tuple[datetime, ...]:
    """The beginnings of the window's periods, the unfinished last one included."""
    first, period = floor(window.start, window.period), timedelta(seconds=window.period)
    return tuple(first + number * period for number in range(math.ceil((window.end - first) / period)))
