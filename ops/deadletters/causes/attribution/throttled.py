"""Messages that never ran: Lambda throttled the function each time that they were received, until no receive was left.

Such a message leaves no log line at all, and nothing is wrong with it. Only the function's metrics show it, so that it
is inferred: throttled while the message was received, and nothing of that time failed by running.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting, pricing
from ops.aws import cloudwatch
from ops.deadletters.causes.attribution.message_sources import OWN_QUEUE, QueueConsumer, QueueConsumers, source_queue
from ops.deadletters.messages.model import NEVER_RAN, Cause
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.deadletters.causes.attribution.evidence import SearchedMessage
    from ops.deadletters.queue import DeadLetterQueue

METRICS_SOURCE = "metrics"
"""The cause's source."""
MINUTE = timedelta(minutes=1)
_NAMES = ("Throttles", "Invocations", "Errors")

Points = tuple[tuple[datetime, float], ...]


@dataclass(frozen=True)
class ThrottledMessages:
    """By message ID; and what asking the metrics cost."""

    found: dict[str, Cause]
    usd: float = 0.0


def find_never_invoked(
    source: DeadLetterQueue, feeds: QueueConsumers, subjects: Sequence[SearchedMessage], now: datetime
) -> ThrottledMessages:
    """Of messages of the workload's own queue that nothing in the logs names. Metrics that cannot be read are no evidence.
    Needs cloudwatch:GetMetricData."""
    readers = feeds.of(OWN_QUEUE)
    queue = source.workload.queue
    mine = [
        one for one in subjects if one.source and source_queue(source, one.source) == OWN_QUEUE and one.first_receive
    ]
    if len(readers) != 1 or not mine or source.queue.fifo:
        return ThrottledMessages({})
    lasts = timedelta(seconds=queue.visibility_s * (queue.max_receive_count or 1))
    times = [one.first_receive for one in mine if one.first_receive]
    try:
        series = _metrics(source, readers[0], min(times) - MINUTE, min(now, max(times) + lasts) + MINUTE)
    except AwsError:
        return ThrottledMessages({})
    found = {}
    for subject, at in zip(mine, times, strict=True):
        throttled, ran, failed = (sum(_between(series[name], at, at + lasts)) for name in _NAMES)
        if throttled and (not ran or (not failed and not _fails_unseen(readers[0]))):
            found[subject.message_id] = _cause(throttled, at + lasts if at + lasts < now else None)
    return ThrottledMessages(found, len(_NAMES) * pricing.load().metric_requested)


def _metrics(source: DeadLetterQueue, feed: QueueConsumer, start: datetime, end: datetime) -> dict[str, Points]:
    named = (("FunctionName", feed.function.name),)
    queries = [cloudwatch.MetricQuery(name, "AWS/Lambda", name, "Sum", named) for name in _NAMES]
    return cloudwatch.get_metric_data(source.aws, queries, start, end, 60).series


def _between(points: Points, start: datetime, end: datetime) -> Iterator[float]:
    """Values of the minutes from the one of ``start`` to the one of ``end``."""
    begins = start.replace(second=0, microsecond=0)
    for at, value in points[bisect_left(points, begins, key=lambda point: point[0]) :]:
        if at > end:
            return
        yield value


def _fails_unseen(feed: QueueConsumer) -> bool:
    """Whether an invocation may fail some of its messages and count as no error."""
    return not feed.mappings or any(one.partial_batches for one in feed.mappings)


def _cause(throttled: float, died: datetime | None) -> Cause:
    return Cause(
        error_type=NEVER_RAN,
        error_message=f"the function was throttled {formatting.count(throttled, 'time')} while this message was received, "
        "and no log line or error is about it: raise the concurrency limit, or redrive it now",
        source=METRICS_SOURCE,
        failed_at=died,
        likely=True,
    )
