"""The metrics of a queue and of the function that reads it, while messages were received: one GetMetricData call."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from ops import pricing
from ops.aws import cloudwatch
from ops.aws.cloudwatch import MetricQuery, Points
from ops.insight.time_window import floor

if TYPE_CHECKING:
    from ops.aws.lambda_ import Function
    from ops.aws.sqs import Queue
    from ops.deadletters.queue import DeadLetterQueue

MINUTE = timedelta(minutes=1)
RETENTION = timedelta(days=14)
"""SQS keeps no message longer (botocore 1.44.5 model, 2026-11); CloudWatch keeps minutes for 15 days."""
OLDEST_PERIOD_S = 3600
_FUNCTION = {"throttled": "Throttles", "invoked": "Invocations", "errors": "Errors"}
_QUEUE = {"received": "NumberOfMessagesReceived", "deleted": "NumberOfMessagesDeleted"}
_OLDEST = "oldest"


@dataclass(frozen=True)
class ReceiveCounts:
    """Sums of a time. ``received`` and ``deleted``: messages of the queue."""

    throttled: float
    invoked: float
    errors: float
    received: float
    deleted: float


class ReceiveMetrics:
    """``usd``: what reading them cost. ``oldest_s``: the highest age of the oldest message in the queue, where that was
    asked for and is known."""

    def __init__(self, series: dict[str, Points], usd: float, period_s: int) -> None:
        self.usd = usd
        self._period_s = period_s
        self.oldest_s = max((value for _, value in series.get(_OLDEST, ())), default=None)
        self._times = {name: [at for at, _ in series.get(name, ())] for name in (*_FUNCTION, *_QUEUE)}
        self._sums = {
            name: [0.0, *accumulate(value for _, value in series.get(name, ()))] for name in (*_FUNCTION, *_QUEUE)
        }

    def between(self, start: datetime, end: datetime) -> ReceiveCounts:
        """The counts of the periods from the one that contains ``start`` to the one that contains ``end``."""
        first = floor(start, self._period_s)
        return ReceiveCounts(**{name: self._sum(name, first, end) for name in self._times})

    def after(self, moment: datetime) -> ReceiveCounts:
        """The counts of the periods after the one that contains ``moment``."""
        first = floor(moment, self._period_s) + timedelta(seconds=self._period_s)
        return ReceiveCounts(
            **{name: self._sum(name, first, datetime.max.replace(tzinfo=first.tzinfo)) for name in self._times}
        )

    def _sum(self, name: str, first: datetime, last: datetime) -> float:
        times, sums = self._times[name], self._sums[name]
        return max(0.0, sums[bisect_right(times, last)] - sums[bisect_left(times, first)])


def read_metrics(
    source: DeadLetterQueue, function: Function | None, start: datetime, now: datetime, *, oldest: bool
) -> ReceiveMetrics:
    """The metrics from ``start`` until ``now``, at most the last 14 days. Raises AwsError. Needs
    cloudwatch:GetMetricData."""
    queue = source.workload.queue
    queries = _queries(_QUEUE, "AWS/SQS", "QueueName", queue.name)
    if function is not None:
        queries += _queries(_FUNCTION, "AWS/Lambda", "FunctionName", function.name)
    if oldest:
        queries.append(_oldest_query(queue))
        start = now - RETENTION
    period = source.aws.target.finest_period
    data = cloudwatch.get_metric_data(source.aws, queries, max(start, now - RETENTION) - MINUTE, now, period)
    return ReceiveMetrics(data.series, data.requested * pricing.load(source.workload.region).metric_requested, period)


def _queries(names: dict[str, str], namespace: str, dimension: str, value: str) -> list[MetricQuery]:
    return [MetricQuery(key, namespace, metric, "Sum", ((dimension, value),)) for key, metric in names.items()]


def _oldest_query(queue: Queue) -> MetricQuery:
    at = (("QueueName", queue.name),)
    return MetricQuery(_OLDEST, "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", at, OLDEST_PERIOD_S)
