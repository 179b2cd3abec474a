"""Up to when a queue is done with: what was sent to it before has left it, though it is never empty.

By ApproximateAgeOfOldestMessage, which leaves out messages that were received three times and more (SQS developer
guide, "Available CloudWatch metrics for Amazon SQS", 2026-11): those have a few receives left, which are waited for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from ops import clock
from ops.errors import AwsError
from ops.insight import time_window as windows
from ops.insight.sources import metric_queries, metrics

if TYPE_CHECKING:
    from ops.aws import Aws, sqs

LEFT_OUT_FROM = 3
LOOK_BACK_MIN = 5.0


class QueueWatermark:
    """One GetMetricData call of one metric a period ($0.00001)."""

    def __init__(self, aws: Aws, queue: sqs.Queue) -> None:
        self._aws, self._queue = aws, queue
        self._next = 0.0
        self.refused = ""
        """Why nothing is known, or empty."""
        self._up_to: list[tuple[float, datetime]] = []  # when it was known, what had passed; both grow

    def up_to(self) -> datetime | None:
        """What was sent earlier has left the queue for good; None when nothing tells, or may come back for ever."""
        most = self._queue.max_receive_count
        if most is None:
            return None
        self._ask()
        receives_left = max(1, most - LEFT_OUT_FROM + 1)
        sure = clock.elapsed_s() - receives_left * self._queue.visibility_s
        if not self._up_to or self._up_to[-1][0] <= sure:
            return None  # it has stood still since: nobody had those last receives
        return max((sent for known, sent in self._up_to if known <= sure), default=None)

    def _ask(self) -> None:
        if clock.elapsed_s() < self._next:
            return
        period = self._aws.target.finest_period
        self._next = clock.elapsed_s() + period
        try:
            read = metrics.read(
                self._aws, metric_queries.queue(self._queue, "oldest_s"), windows.last(LOOK_BACK_MIN, finest=period)
            )
        except AwsError as error:
            self.refused = f"{error} {error.next_step}".strip()
            return
        self.refused = ""
        ages = read.frame["oldest_s"].dropna()
        for at, age_s in zip(pd.DatetimeIndex(ages.index).to_pydatetime(), ages, strict=True):
            sent = at - timedelta(seconds=float(age_s))
            if not self._up_to or sent > self._up_to[-1][1]:
                self._up_to.append((clock.elapsed_s(), sent))
