"""Other queues that the workload's alarms monitor: for undelivered events, or another dead-letter queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.aws.cloudwatch import MetricQuery

if TYPE_CHECKING:
    import pandas as pd

    from ops.aws.cloudwatch import Alarm
    from ops.insight.report_types import Threshold
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

DEPTH_METRIC = "ApproximateNumberOfMessagesVisible"
MAX_QUEUES = 6


@dataclass(frozen=True)
class WatchedQueue:
    """Another queue that an alarm of the workload watches. ``messages``: visible ones; None where not known."""

    queue: str
    messages: float | None
    depth: pd.DataFrame | None = None
    """``visible`` over the window; None in a report without its timeline."""
    lines: tuple[Threshold, ...] = ()
    """Thresholds of the alarms."""


def queues(workload: Workload, known: Sequence[Alarm]) -> tuple[str, ...]:
    """Their names, in the order of the alarms."""
    own = {workload.queue.name, workload.dlq.name if workload.dlq else ""}
    named = [dict(alarm.dimensions).get("QueueName", "") for alarm in known if alarm.metric == DEPTH_METRIC]
    return tuple(dict.fromkeys(name for name in named if name and name not in own))[:MAX_QUEUES]


def queries(names: Sequence[str]) -> list[MetricQuery]:
    return [
        MetricQuery(_key(place), "AWS/SQS", DEPTH_METRIC, "Maximum", (("QueueName", name),))
        for place, name in enumerate(names)
    ]


def read(names: Sequence[str], readings: Readings) -> tuple[WatchedQueue, ...]:
    """Number of messages in each queue at the window's end; None where its metrics are silent (SQS stops publishing
    after hours without use)."""
    return tuple(WatchedQueue(name, readings.latest(_key(place))) for place, name in enumerate(names))


def depth(place: int, readings: Readings) -> pd.DataFrame:
    """``visible`` of the queue at this place of ``queues``, for a chart."""
    return readings.to_frame({"visible": readings.columns[_key(place)]})


def _key(place: int) -> str:
    return f"watched_{place}"
