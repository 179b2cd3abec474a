"""Why messages failed that no log line explains, from the metrics of the time in which they were received.

Throttled at every receive: it never ran, and nothing is wrong with it. Neither invoked nor throttled: something else
received it. Invoked, and no error: it was returned without being deleted. All of that is inferred, so only likely.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting, log_streams
from ops.deadletters.causes.attribution import receive_metrics
from ops.deadletters.causes.attribution.log_search import BATCH_PATTERN
from ops.deadletters.causes.attribution.message_sources import OWN_QUEUE, QueueConsumer, QueueConsumers, source_queue
from ops.deadletters.causes.attribution.receive_metrics import ReceiveCounts, ReceiveMetrics
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.messages.model import NEVER_INVOKED, NEVER_RAN, RETURNED, Cause
from ops.errors import AwsError
from ops.insight.rules import expired_arrivals

if TYPE_CHECKING:
    from ops.deadletters.causes.attribution.evidence import SearchedMessage
    from ops.deadletters.causes.attribution.log_evidence import LogSearchResult
    from ops.deadletters.queue import DeadLetterQueue

METRICS_SOURCE = "metrics"
"""The cause's source."""
METRICS_LATE = timedelta(minutes=5)
"""SQS and Lambda publish theirs a minute or so apart: before that, the silence of one of them is no evidence."""
LOGS_AROUND = timedelta(hours=1)
DEFAULT_RECEIVES = 3
"""The receives assumed when the queue no longer has a redrive policy."""


@dataclass(frozen=True)
class MetricCauses:
    """``found``: by message ID. ``metrics``: what was read, None where nothing was or AWS refused."""

    found: dict[str, Cause] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    metrics: ReceiveMetrics | None = None


@dataclass(frozen=True)
class _Receives:
    """When a message was received, from its first receive to its move."""

    start: datetime
    end: datetime


def infer_from_metrics(
    source: DeadLetterQueue,
    feeds: QueueConsumers,
    search: LogSearchResult,
    subjects: Sequence[SearchedMessage],
    since: datetime | None,
    now: datetime,
) -> MetricCauses:
    """Of ``subjects``, which no failure is known of; only those of the workload's own queue, where one function reads it.

    ``since``: the metrics are needed from then on anyway. Metrics that cannot be read are no evidence, and no error.
    """
    readers = feeds.of(OWN_QUEUE)
    oldest = expired_arrivals.may_expire(source.workload.queue, source.queue)
    mine = {
        message.message_id: (message, receives)
        for message in (subjects if len(readers) == 1 else ())
        if message.source
        and source_queue(source, message.source) == OWN_QUEUE
        and (receives := _receives(source, message))
    }
    starts = [receives.start for _, receives in mine.values()] + ([since] if since else [])
    if not starts and not oldest:
        return MetricCauses()
    reader = readers[0] if len(readers) == 1 else None
    try:
        metrics = receive_metrics.read_metrics(
            source, reader.function if reader else None, min(starts, default=now), now, oldest=oldest
        )
    except AwsError:
        return MetricCauses()
    if reader is None:
        return MetricCauses(metrics=metrics)
    latest = min(now, max((receives.end for _, receives in mine.values()), default=now))
    decision = _Decision(reader, search, metrics, lambda: _names_messages(reader, search, min(starts), latest))
    found = {
        name: cause for name, (message, receives) in mine.items() if (cause := decision.cause(message, receives, now))
    }
    return MetricCauses(found, decision.notes(), metrics)


def _receives(source: DeadLetterQueue, subject: SearchedMessage) -> _Receives | None:
    """From the first receive on, for each receive the visibility timeout. A FIFO dead-letter queue stamps a message when
    it arrives there (SQS developer guide, sqs-dead-letter-queues, 2026-11), so that is the end."""
    queue = source.workload.queue
    lasts = timedelta(seconds=queue.visibility_s * (queue.max_receive_count or DEFAULT_RECEIVES))
    if source.queue.fifo:
        return _Receives(subject.sent - lasts, subject.sent) if subject.sent else None
    first = subject.first_receive
    return _Receives(first, first + lasts) if first else None


class _Decision:
    """Decides for the messages of one function. ``names_messages``: whether its logs name each message that it was
    invoked with."""

    def __init__(
        self,
        reader: QueueConsumer,
        search: LogSearchResult,
        metrics: ReceiveMetrics,
        names_messages: Callable[[], bool],
    ) -> None:
        self._unfailed = search.unfailed
        self._whole = reader.function.arn in search.whole
        self._partial = not reader.mappings or any(mapping.partial_batches for mapping in reader.mappings)
        self._metrics = metrics
        self._ask = names_messages
        self._named: bool | None = None
        self._unknown = 0

    def cause(self, subject: SearchedMessage, receives: _Receives, now: datetime) -> Cause | None:
        counts = self._metrics.between(receives.start, receives.end)
        ended = receives.end if receives.end < now else None
        if (last := self._unfailed.get(subject.message_id)) is not None:
            if not counts.invoked or counts.errors:
                return None
            return self._returned(counts, last.until, last.request_id)
        if counts.throttled:
            certain = not counts.invoked or self._never_ran(counts)
            self._unknown += not certain
            return self._throttled(ended) if certain else None
        if not self._whole or counts.errors or receives.end > now - METRICS_LATE:
            return None
        if counts.received and (not counts.invoked or self._names_messages()):
            return self._not_invoked(ended)
        return self._returned(counts, ended, "") if counts.invoked and counts.received > counts.deleted else None

    def _never_ran(self, counts: ReceiveCounts) -> bool:
        """Though other messages did at that time. Without an error it would have been deleted, unless an invocation may
        fail some of its messages and count as no error."""
        return self._whole and ((not counts.errors and not self._partial) or self._names_messages())

    def _names_messages(self) -> bool:
        if self._named is None:
            self._named = self._ask()
        return self._named

    def notes(self) -> tuple[str, ...]:
        """What is not known, and what would tell."""
        if not self._unknown:
            return ()
        some = formatting.count(self._unknown, "message")
        them = "it was" if self._unknown == 1 else "they were"
        why = "its logs name no messages" if self._whole else "its logs could not be read in full"
        return (
            f"It is unknown whether {some} ran: the function was both throttled and invoked while {them} received, and "
            f"{why}. A log line with the IDs of each batch's messages would tell.",
        )

    def _throttled(self, ended: datetime | None) -> Cause:
        text = "the function was throttled at each receive until maxReceiveCount; nothing is wrong with the message"
        return _cause(NEVER_RAN, text, ended)

    def _not_invoked(self, ended: datetime | None) -> Cause:
        text = "it was received, but not by the function: by another consumer, or by a person (console, CLI)"
        return _cause(NEVER_INVOKED, text, ended)

    def _returned(self, counts: ReceiveCounts, at: datetime | None, request_id: str) -> Cause:
        if self._partial:
            text = "the function ran without an error, but its batch response named the message or was malformed"
        else:
            text = "the function ran without an error, but the message was not deleted: its deletion failed"
        if counts.throttled:
            text += "; it was throttled at other receives"
        return _cause(RETURNED, text, at, request_id)


def _cause(error_type: str, text: str, at: datetime | None, request_id: str = "") -> Cause:
    return Cause(
        error_type=error_type,
        error_message=text,
        source=METRICS_SOURCE,
        request_id=request_id,
        failed_at=at,
        likely=True,
    )


def _names_messages(reader: QueueConsumer, search: LogSearchResult, start: datetime, end: datetime) -> bool:
    """Whether the function logs batches with their message IDs: between ``start`` and ``end``, or else within an hour of
    that. Two log queries at most."""
    session = search.askings.get(reader.function.arn)
    if session is None:
        return False
    batches: list[bool] = []

    def collect(row: Mapping[str, str]) -> None:
        if not log_streams.is_other_functions(row, reader.setup.function, reader.setup.shared):
            entry = log_parser.parse_row(row)
            batches.append(entry is not None and entry.batch and bool(entry.message_ids))

    for margin in (timedelta(0), LOGS_AROUND):
        session.read([BATCH_PATTERN], start - margin, end + margin, collect, page=False)
        if any(batches):
            return True
    return False
