"""The points of a series, as the evaluator takes them. The same file makes the same points."""

from __future__ import annotations

import random
from collections.abc import Iterator

from ops.alarms.evaluate import Point
from ops.alarms.incidents.model import IncidentPhase, IncidentSeries

SEED = 7
"""One for all series, so that what goes up and down together does so in noise, too: received as many as sent."""


def points_of(series: IncidentSeries, start: float, length: int, scale: float = 1.0, history: int = 0) -> list[Point]:
    """Up to ``length`` seconds after ``start`` (of the incident, epoch seconds). ``scale``: by which the values are
    multiplied. ``history``: seconds before the start, in which a series that begins with the incident had its first
    value."""
    chance = random.Random(SEED)  # noqa: S311 - noise, not a secret
    points: list[Point] = []
    for phase in series.phases:
        begins = phase.begins
        if begins == 0:
            points += _points(
                phase,
                series,
                range(-(history // series.period) * series.period, 0, series.period),
                start,
                scale,
                chance,
            )
        points += _points(phase, series, range(begins, min(phase.ends, length), series.period), start, scale, chance)
    return points


def _points(
    phase: IncidentPhase, series: IncidentSeries, offsets: range, start: float, scale: float, chance: random.Random
) -> Iterator[Point]:
    for number, offset in enumerate(offsets):
        value = phase.value(number if offset >= 0 else 0)
        if value is None:
            continue
        counts = series.unit == "Count" and value == round(value)
        value *= scale
        if phase.noise:
            value *= chance.uniform(1 - phase.noise, 1 + phase.noise)
        if counts:
            value = float(round(value))
        at = start + offset
        arrived = at + series.period + phase.late if phase.late else None
        samples = phase.samples[number % len(phase.samples) if offset >= 0 else 0]
        yield Point(at, samples, value * samples, value, value, series.unit, arrived)
