"""Delay of CloudWatch's datapoints: some time after their period, and more after a queue was inactive.

- ⚠ AWS does not say how long a metric usually takes: PUBLICATION_S, our choice, unless an incident's series says otherwise.
- A queue without data for six hours is inactive; its metrics then come up to 15 minutes late (SQS developer guide,
  sqs-monitoring-using-cloudwatch, read 2026-11): ``Incident.wake``, here always as late as they may be. ⚠ That the points of
  these minutes come at their end, and are not lost, is read from the word "delay".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ops.alarms.evaluate import Point
from ops.alarms.incidents.model import Incident, IncidentSeries

PUBLICATION_S = 60
INACTIVE_S = 6 * 3600
QUEUES = ("queue", "dlq", "undelivered")


def usual(series: Iterable[IncidentSeries]) -> int:
    """Seconds that every point takes at least."""
    return min((each.published for each in series if each.published is not None), default=PUBLICATION_S)


def wakes(times: Iterable[float], start: float) -> list[float]:
    """Times at which a queue with data at ``times`` became active. A queue whose data starts after ``start`` was
    inactive before."""
    found: list[float] = []
    before = start - INACTIVE_S - 1
    for at in sorted(set(times)):
        if at - before > INACTIVE_S and at > start:
            found.append(at)
        before = at
    return found


def arriving(
    points: Iterable[Point], series: IncidentSeries, incident: Incident, woken: Sequence[float], least: int
) -> Iterator[Point]:
    """``woken``: when the series' queue became active. ``least``: seconds that every point takes, of which none says so."""
    takes = PUBLICATION_S if series.published is None else series.published
    for point in points:
        due = point.timestamp + series.period + takes
        arrived = point.arrived if point.arrived is not None else due if takes > least else None
        asleep = next((at for at in woken if at <= point.timestamp < at + incident.wake), None)
        if asleep is not None:
            arrived = max(due if arrived is None else arrived, asleep + incident.wake)
        yield point if arrived == point.arrived else point._replace(arrived=arrived)


def woken_queues(made: Mapping[str, Iterable[Point]], start: float) -> dict[str, list[float]]:
    """``made``: points of every metric of a queue, by "role.Metric". By role: when it became active."""
    return {
        role: wakes(
            (point.timestamp for name, points in made.items() if name.startswith(f"{role}.") for point in points), start
        )
        for role in QUEUES
    }
