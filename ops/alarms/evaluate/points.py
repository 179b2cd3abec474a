"""Datapoints of a metric as the evaluator reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

Dimensions = tuple[tuple[str, str], ...]


class Metric(NamedTuple):
    """A metric is its namespace, name and exactly these dimensions, sorted by name."""

    namespace: str
    name: str
    dimensions: Dimensions = ()


class Point(NamedTuple):
    """A value (``minimum`` = ``maximum``) recorded ``samples`` times, or a statistic set. Times are epoch seconds."""

    timestamp: float
    samples: float
    total: float
    minimum: float
    maximum: float
    unit: str = ""
    arrived: float | None = None  # when a query first sees it; None: as soon as its period has ended


def point(timestamp: float, value: float, samples: float = 1.0, unit: str = "", arrived: float | None = None) -> Point:
    return Point(timestamp, samples, value * samples, value, value, unit, arrived)


def dimensions_of(named: Iterable[Mapping[str, Any]]) -> Dimensions:
    """Dimensions from an API's list of ``{"Name": …, "Value": …}``."""
    return tuple(sorted((str(each["Name"]), str(each["Value"])) for each in named))


Metrics = Mapping[Metric, Sequence[Point]]
"""Everything that was recorded. A metric that is not in it never existed: it has no data, which is not an error."""
