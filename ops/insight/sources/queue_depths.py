"""Numbers of messages in the queues, now or at the end of a past range. One sample for a page's headline and its
tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from ops import formatting
from ops.aws import sqs
from ops.aws.parallel_calls import both
from ops.insight.sources import metrics

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import MetricQuery
    from ops.insight.report_types import Window
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

EMPTY_DEPTH = sqs.Depth(0, 0, 0)


@dataclass(frozen=True)
class Depths:
    """``queue`` and ``dead`` are None when unknown (or there is no dead-letter queue). ``at``: the end of a past
    range, None for now."""

    queue: sqs.Depth | None
    dead: sqs.Depth | None
    at: datetime | None = None

    @property
    def work(self) -> sqs.Depth:
        """The queue's depth, or zero when unknown, so that it leads to no observation."""
        return self.queue or EMPTY_DEPTH

    @property
    def dead_count(self) -> float | None:
        """Messages in the dead-letter queue, including those in flight."""
        return None if self.dead is None else float(total(self.dead))

    @property
    def label(self) -> str:
        """``at 13:15 UTC`` for a past range; empty for now."""
        return "" if self.at is None else f"at {formatting.clock(self.at, self.at)}"


def total(depth: sqs.Depth) -> int:
    return depth.visible + depth.in_flight + depth.delayed


def read_with_metrics(
    aws: Aws, workload: Workload, queries: Sequence[MetricQuery], window: Window
) -> tuple[Readings, Depths]:
    """Reads metrics and depths at the same time. Depths are SQS's for a range that ends now, else the metrics at its
    end. Raises what ``ops.aws`` raises."""
    if window.past:
        readings = metrics.read(aws, queries, window)
        return readings, _at_end(workload, readings)
    return both(lambda: metrics.read(aws, queries, window), lambda: _now(aws, workload))


def _now(aws: Aws, workload: Workload) -> Depths:
    dead = sqs.queue_depth(aws, workload.dlq) if workload.dlq else None
    return Depths(sqs.queue_depth(aws, workload.queue), dead)


def _at_end(workload: Workload, readings: Readings) -> Depths:
    dead = _last(readings, "dead_visible"), _last(readings, "dead_in_flight")
    return Depths(_then(readings), _depth(*dead) if workload.dlq else None, readings.window.end)


def read_dead_with_metrics(
    aws: Aws, workload: Workload, queries: Sequence[MetricQuery], window: Window
) -> tuple[Readings, Depths]:
    """``read_with_metrics`` for the dead-letter queue alone."""
    dlq = workload.dlq
    if dlq is None:
        return metrics.read(aws, queries, window), Depths(None, None, window.end if window.past else None)
    if not window.past:
        readings, dead = both(lambda: metrics.read(aws, queries, window), lambda: sqs.queue_depth(aws, dlq))
        return readings, Depths(None, dead)
    readings = metrics.read(aws, queries, window)
    return readings, replace(_at_end(workload, readings), queue=None)


def range_text(window: Window) -> str:
    """The range in a sentence: ``in the last 15 min``, ``in the 8 min to 13:15 UTC``."""
    stretch = formatting.stretch(window.length.total_seconds())
    return (
        f"in the {stretch} to {formatting.clock(window.end, window.end)}" if window.past else f"in the last {stretch}"
    )


def _then(readings: Readings) -> sqs.Depth | None:
    return _depth(readings.latest("visible"), readings.latest("in_flight"), readings.latest("delayed"))


def _depth(visible: float | None, in_flight: float | None, delayed: float | None = None) -> sqs.Depth | None:
    if visible is None and in_flight is None:
        return None
    return sqs.Depth(round(visible or 0), round(in_flight or 0), round(delayed or 0))


def _last(readings: Readings, key: str) -> float | None:
    points = readings.fine.get(key)
    return points[-1][1] if points else None
