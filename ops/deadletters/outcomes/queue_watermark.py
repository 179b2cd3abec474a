"""The watermark of a busy queue: every message sent before it has left the queue, though the queue is never empty.

Measured by ApproximateAgeOfOldestMessage, which excludes messages that were received three times or more (SQS developer
guide, "Available CloudWatch metrics for Amazon SQS", 2026-11): the watermark waits for their remaining receives.
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

EXCLUDED_FROM_RECEIVES = 3
METRIC_WINDOW_MIN = 5.0


class QueueWatermark:
    """One GetMetricData call with one metric per period ($0.00001)."""

    def __init__(self, aws: Aws, queue: sqs.Queue) -> None:
        self._aws, self._queue = aws, queue
        self._next = 0.0
        self.error = ""
        """Why the metric could not be read, or empty."""
        self._positions: list[tuple[float, datetime]] = []  # when it was read, the watermark then; both increase

    def position(self) -> datetime | None:
        """The messages sent before then have left the queue for good; None when unknown, or when the queue has no
        maxReceiveCount."""
        max_receives = self._queue.max_receive_count
        if max_receives is None:
            return None
        self._read()
        receives_left = max(1, max_receives - EXCLUDED_FROM_RECEIVES + 1)
        settled = clock.elapsed_s() - receives_left * self._queue.visibility_s
        if not self._positions or self._positions[-1][0] <= settled:
            return None  # it has not moved since: the remaining receives did not take place
        return max((sent for read_at, sent in self._positions if read_at <= settled), default=None)

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
