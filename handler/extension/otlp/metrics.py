"""FaaS metrics of this environment, added up by metric and trigger, as OTLP/JSON.

Names, units and kinds of ``faas.*``: semantic conventions 1.41 ("FaaS metrics"), with the bounds they advise for
durations. Where the conventions have no name, it begins with ``lambda_ops.``.
"""

from __future__ import annotations

from handler.extension.fast_json import dumps
from handler.extension.otlp.attributes import PREFIX, attributes
from handler.extension.records import rules
from handler.extension.records.emf import estimated_usd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from handler.extension.otlp.deliveries import Delivery
    from handler.extension.records.emf import Function
    from handler.extension.records.model import Init, Invocation

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
WAIT_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400)
"""A wait may last days, where an invocation lasts seconds."""
BYTES = tuple(size << 20 for size in (64, 96, 128, 192, 256, 384, 512, 768, 1_024, 1_536, 2_048, 3_072, 5_120, 10_240))
DELTA, CUMULATIVE = 1, 2
METRICS: dict[str, tuple[str, str, tuple[float, ...]]] = {
    "faas.invoke_duration": ("s", "Measures the duration of the function's logic execution", SECONDS),
    "faas.init_duration": (
        "s",
        "Measures the duration of the function's initialization, such as a cold start",
        SECONDS,
    ),
    "faas.coldstarts": ("{coldstart}", "Number of invocation cold starts", ()),
    "faas.errors": ("{error}", "Number of invocation errors", ()),
    "faas.invocations": ("{invocation}", "Number of successful invocations", ()),
    "faas.timeouts": ("{timeout}", "Number of invocation timeouts", ()),
    "faas.mem_usage": ("By", "Distribution of max memory usage per invocation", BYTES),
    PREFIX + "restore_duration": ("s", "Duration of the restore from a snapshot", SECONDS),
    PREFIX + "billed_duration": ("s", "Billed duration per invocation", SECONDS),
    PREFIX + "queue_wait": ("s", "From sending to invocation, of messages received for the first time", WAIT_SECONDS),
    PREFIX + "estimated_cost": ("{USD}", "Estimated cost of invocations", ()),
}
"""Name → unit, description, bounds; without bounds it is a counter."""
WHOLE = frozenset(("faas.coldstarts", "faas.errors", "faas.invocations", "faas.timeouts"))
"""Counters of whole numbers."""


class Point:
    """A counter, or a histogram where it has bounds, of one metric and trigger since ``start_ms``."""

    __slots__ = ("bounds", "buckets", "count", "highest", "lowest", "start_ms", "total")

    def __init__(self, bounds: tuple[float, ...], start_ms: int) -> None:
        self.bounds = bounds
        self.buckets = [0] * (len(bounds) + 1)
        self.count = 0
        self.total = 0.0
        self.lowest = self.highest = 0.0
        self.start_ms = start_ms

    def add(self, value: float) -> None:
        place = 0
        for bound in self.bounds:  # a bound belongs to the bucket below it
            if value <= bound:
                break
            place += 1
        self.buckets[place] += 1
        self.lowest = min(self.lowest, value) if self.count else value
        self.highest = max(self.highest, value)
        self.count += 1
        self.total += value

    def merge(self, other: Point) -> None:
        """Add an older point of the same metric."""
        self.buckets = [mine + theirs for mine, theirs in zip(self.buckets, other.buckets, strict=True)]
        self.lowest = min(self.lowest, other.lowest) if self.count else other.lowest
        self.highest = max(self.highest, other.highest)
        self.count += other.count
        self.total += other.total
        self.start_ms = min(self.start_ms, other.start_ms)

    def copy(self) -> Point:
        twin = Point(self.bounds, self.start_ms)
        twin.buckets, twin.count, twin.total = list(self.buckets), self.count, self.total
        twin.lowest, twin.highest = self.lowest, self.highest
        return twin

    def plain(self, name: str, trigger: str, at_ms: int) -> dict[str, Any]:
        """A data point. 64-bit integers are text, as in the JSON form of Protobuf."""
        point: dict[str, Any] = {
            "attributes": attributes({"faas.trigger": trigger}),
            "startTimeUnixNano": str(self.start_ms * 1_000_000),
            "timeUnixNano": str(at_ms * 1_000_000),
        }
        if not self.bounds:
            return point | ({"asInt": str(round(self.total))} if name in WHOLE else {"asDouble": self.total})
        return point | {
            "count": str(self.count),
            "sum": self.total,
            "bucketCounts": [str(count) for count in self.buckets],
            "explicitBounds": list(self.bounds),
            "min": self.lowest,
            "max": self.highest,
        }


Points = dict[tuple[str, str], Point]


class Aggregates:
    """Not safe for threads: the sender takes a copy under its lock."""

    def __init__(self, start_ms: int) -> None:
        self.points: Points = {}
        self._start_ms = start_ms

    def invocation(self, invocation: Invocation, function: Function, delivery: Delivery) -> None:
        trigger = delivery.trigger
        status = invocation.status
        values: dict[str, float | None] = {
            "faas.invoke_duration": _seconds(invocation.duration),
            "faas.coldstarts": 1 if invocation.cold else None,
            "faas.invocations": 1 if status == "success" else None,
            "faas.timeouts": 1 if status == "timeout" else None,
            "faas.errors": 1 if status not in ("", "success", "timeout") else None,
            "faas.mem_usage": None if invocation.memory_used is None else invocation.memory_used * (1 << 20),
            PREFIX + "billed_duration": _seconds(invocation.billed),
            PREFIX + "estimated_cost": estimated_usd(invocation, function),
        }
        for name, value in values.items():
            if value is not None:
                self._add(name, trigger, value)
        for init in invocation.inits:
            self.init(init, trigger)
        for message in delivery.messages:
            if message.receives == 1 and invocation.started_ms is not None:
                self._add(PREFIX + "queue_wait", trigger, max(0, invocation.started_ms - message.sent_ms) / 1000)

    def init(self, init: Init, trigger: str = "") -> None:
        """The initialization before a snapshot ran when the version was published, once for all environments."""
        if init.restore is not None:
            self._add(PREFIX + "restore_duration", trigger, init.restore / 1000)
        if init.duration is not None and init.type != rules.SNAP_START:
            self._add("faas.init_duration", trigger, init.duration / 1000)

    def take(self, start_ms: int) -> Points:
        """All, and start again from now."""
        points, self.points, self._start_ms = self.points, {}, start_ms
        return points

    def put_back(self, points: Points) -> None:
        for key, point in points.items():
            if key in self.points:
                self.points[key].merge(point)
            else:
                self.points[key] = point

    def copy(self) -> Points:
        return {key: point.copy() for key, point in self.points.items()}

    def _add(self, name: str, trigger: str, value: float) -> None:
        point = self.points.get((name, trigger))
        if point is None:
            point = self.points[name, trigger] = Point(METRICS[name][2], self._start_ms)
        point.add(value)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def rendered(points: Points, at_ms: int, cumulative: bool) -> str:
    """The metrics of a request, without the brackets of their list."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for (name, trigger), point in points.items():
        by_name.setdefault(name, []).append(point.plain(name, trigger, at_ms))
    return ",".join(dumps(_metric(name, data, cumulative)) for name, data in by_name.items())


def _metric(name: str, data: list[dict[str, Any]], cumulative: bool) -> dict[str, Any]:
    unit, description, bounds = METRICS[name]
    content: dict[str, Any] = {"aggregationTemporality": CUMULATIVE if cumulative else DELTA, "dataPoints": data}
    if not bounds:
        content["isMonotonic"] = True
    return {"name": name, "unit": unit, "description": description, "histogram" if bounds else "sum": content}
