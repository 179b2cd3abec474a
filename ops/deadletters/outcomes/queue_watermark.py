"""Up to when a queue is done with: what was sent to it before has left it, though it is never empty.

By ApproximateAgeOfOldestMessage, which leaves out messages that were received three times and more (SQS developer
guide, "Available CloudWatch metrics for Amazon SQS", 2026-11): those have a few receives left, which are waited for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import clock
from ops.errors import AwsError
from ops.insight import time_window as windows
from ops.insight.sources import metric_queries, metrics

if TYPE_CHECKING:
    from ops.aws import Aws, sqs

AGE_METRIC_MAX_RECEIVES = 3
METRIC_WINDOW_MIN = 5.0


class QueueWatermark:
    """One GetMetricData call of one metric a period ($0.00001)."""

    def __init__(self, aws: Aws, queue: sqs.Queue) -> None:
        self._aws, self._queue = aws, queue
        self._next = 0.0
        self.error = ""
        """Why nothing is known, or empty."""
        self._positions: list[tuple[float, datetime]] = []  # when it was known, what had passed; both grow

    def position(self) -> datetime | None:
        """What was sent earlier has left the queue for good; None when nothing tells, or may come back for ever."""
        most = self._queue.max_receive_count
        if most is None:
            return None
        self._read()
        receives_left = max(1, most - AGE_METRIC_MAX_RECEIVES + 1)
        sure = clock.elapsed_s() - receives_left * self._queue.visibility_s
        if not self._positions or self._positions[-1][0] <= sure:
            return None  # it has stood still since: nobody had those last receives
        return max((sent for known, sent in self._positions if known <= sure), default=None)

    def _read(self) -> None:
        if clock.elapsed_s() < self._next:
            return
        period = self._aws.target.finest_period
        self._next = clock.elapsed_s() + period
        try:
            read = metrics.read(
                self._aws, metric_queries.queue(self._queue, "oldest_s"), windows.last(METRIC_WINDOW_MIN, finest=period)
            )
        except AwsError as error:
            self.error = f"{error} {error.next_step}".strip()
            return
        self.error = ""
        for at, age_s in read.points("oldest_s"):
            sent = at - timedelta(seconds=age_s)
            if not self._positions or sent > self._positions[-1][1]:
                self._positions.append((clock.elapsed_s(), sent))
