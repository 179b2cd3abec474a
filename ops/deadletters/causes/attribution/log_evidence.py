"""Searches the logs of every function that may have failed the messages, each for those of its own queues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops.deadletters.causes.attribution.evidence import Evidence, SearchedMessage
from ops.deadletters.causes.attribution.log_search import SearchWindow, search_function_logs
from ops.deadletters.causes.attribution.message_sources import OWN_QUEUE, QueueConsumer, QueueConsumers, source_queue
from ops.deadletters.causes.logs.log_query import Budget, LogQuerySession, QueryTotals

if TYPE_CHECKING:
    from ops.deadletters.causes.attribution.logged_invocation import InvocationLines
    from ops.deadletters.messages.model import Cause
    from ops.deadletters.queue import DeadLetterQueue

BACKLOG_ALLOWANCE = timedelta(hours=1)
"""A message may wait for its next receive behind a backlog."""
OTHER_QUEUES_HORIZON = timedelta(days=1)
"""How long messages of other queues may have been retried, whose settings are not read."""


@dataclass
class LogSearchResult:
    """``found``: causes by message ID. ``unfailed``: by the ID of a message without one, the last invocation that had it,
    in which no line tells of a failure. ``askings``: by the function's ARN, for more questions within the budget.
    ``whole``: ARNs of the functions of which each line that names a message was read."""

    found: dict[str, Cause] = field(default_factory=dict)
    unfailed: dict[str, InvocationLines] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    askings: dict[str, LogQuerySession] = field(default_factory=dict)

    @property
    def asked(self) -> QueryTotals:
        """The totals of all log queries."""
        some = [asking.asked for asking in self.askings.values()]
        return QueryTotals(
            queries=sum(totals.queries for totals in some),
            usd=sum(totals.usd for totals in some),
            notes=[note for totals in some for note in totals.notes],
            failed=any(totals.failed for totals in some),
        )


def search_logs(
    source: DeadLetterQueue,
    feeds: QueueConsumers,
    subjects: Sequence[SearchedMessage],
    budget: Budget,
    say: Callable[[str], None],
    now: datetime,
) -> LogSearchResult:
    """What the logs know of ``subjects``; the budget is for all functions together, those that come first in it may
    leave more for the rest."""
    result = LogSearchResult()
    every = feeds.all
    for number, feed in enumerate(every):
        asked, left = result.asked, len(every) - number
        share = replace(
            budget,
            queries=-(-max(0, budget.queries - asked.queries) // left),
            usd=max(0.0, budget.usd - asked.usd) / left,
        )
        asking = LogQuerySession(source.aws, feed.function.log_group, share, say)
        result.askings[feed.function.arn] = asking
        mine = [
            message
            for message in subjects
            if message.message_id not in result.found and _reads(source, feeds, feed, message)
        ]
        _of_function(source, feeds, feed, mine, asking, now, result)
    return result


def _reads(source: DeadLetterQueue, feeds: QueueConsumers, feed: QueueConsumer, subject: SearchedMessage) -> bool:
    return any(
        consumer.function.arn == feed.function.arn for consumer in feeds.of(source_queue(source, subject.source))
    )


def _of_function(
    source: DeadLetterQueue,
    feeds: QueueConsumers,
    feed: QueueConsumer,
    subjects: Sequence[SearchedMessage],
    asking: LogQuerySession,
    now: datetime,
    result: LogSearchResult,
) -> None:
    evidence = Evidence(frozenset().union(*(subject.ids for subject in subjects)), feed.setup)
    queue = source.workload.queue
    horizon = timedelta(seconds=queue.visibility_s * (queue.max_receive_count or 3) * 2) + BACKLOG_ALLOWANCE
    if any(source_queue(source, subject.source) != OWN_QUEUE for subject in subjects):
        horizon = max(horizon, OTHER_QUEUES_HORIZON)
    when = SearchWindow(now, horizon, horizon if source.queue.fifo else timedelta(0))
    if search_function_logs(asking, subjects, evidence, when) and not (asking.asked.failed or asking.asked.notes):
        result.whole.add(feed.function.arn)
    for subject in subjects:
        cause = evidence.cause(subject)
        if cause is None and _may_join(source, feeds, subject):
            cause = evidence.likely(subject)
        if cause is not None:
            result.found[subject.message_id] = cause
        elif (invocation := evidence.last_attempt(subject)) is not None:
            result.unfailed[subject.message_id] = invocation


def _may_join(source: DeadLetterQueue, feeds: QueueConsumers, subject: SearchedMessage) -> bool:
    """Whether a failure may be joined by time: only where one function reads the queue, because either of two may have
    failed it."""
    known = bool(subject.source) or len(feeds.by_queue) == 1
    return known and len(feeds.of(source_queue(source, subject.source))) == 1
