"""What to query the logs for, so that few queries cover many dead-letter messages.

1. Few messages are named by id; many are asked for by what such lines look like, in one query.
2. When more matched than came, first the failures alone are read, back in time; then, for the invocations that died,
   the batches that they had, by request ID and within the minutes around.
3. Messages that still have no trace are named, as long as the budget lasts and some turn up: other people's functions
   log ids anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from handler import contract
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.causes.logs.log_query import MAX_IDS_PER_QUERY, RETENTION, ids_pattern

if TYPE_CHECKING:
    from ops.deadletters.causes.attribution.evidence import Evidence, SearchedMessage
    from ops.deadletters.causes.logs.log_query import LogQuerySession

T = TypeVar("T")

MAX_RANGES = 3
"""Stretches of time that are asked about one by one, where long times without a death lie between them:"""
MIN_SKIPPED_GAP = timedelta(hours=6)
BATCH_PATTERN = rf"\"{contract.LOG_BATCH}\""


@dataclass(frozen=True)
class SearchWindow:
    """When messages can have failed: within ``horizon`` of being received first; and before they were sent, by as much as
    ``before``, where their dead-letter queue stamps them again (FIFO queues do). ``since``: nothing earlier is asked."""

    now: datetime
    horizon: timedelta = timedelta(days=1)
    before: timedelta = timedelta(0)
    since: datetime | None = None


def search_function_logs(
    asking: LogQuerySession, subjects: Sequence[SearchedMessage], evidence: Evidence, when: SearchWindow
) -> bool:
    """Fill ``evidence`` with what the logs know about ``subjects``. Asks nothing when there are none. Whether each line
    that names one of them was read, as far as such lines are known."""
    if not subjects:
        return True
    ids = [searched_id for subject in subjects for searched_id in subject.ids | {subject.request_id} if searched_id]
    spans = time_ranges(subjects, when)
    when = replace(when, since=asking.affordable(spans[0][0], spans[-1][1]))
    spans = time_ranges(subjects, when)

    def open_ones() -> list[SearchedMessage]:
        return [subject for subject in subjects if evidence.cause(subject) is None]

    whole = True
    if len(ids) <= MAX_IDS_PER_QUERY:
        for start, end in reversed(spans):
            everything = f"{ids_pattern(ids)}|{log_parser.FAILURE_PATTERN}"
            whole &= asking.read([everything], start, end, evidence.add, enough=lambda: not open_ones())
        return whole
    for start, end in spans:
        whole &= asking.read([f"{BATCH_PATTERN}|{log_parser.FAILURE_PATTERN}"], start, end, evidence.add, page=False)
    if asking.asked.failed or not (left := open_ones()):
        return whole
    if not whole:
        for start, end in reversed(spans):
            asking.read([log_parser.FAILURE_PATTERN], start, end, evidence.add, enough=lambda: not open_ones())
        _batches(asking, evidence)
        left = open_ones()
    _named(asking, left, evidence, when)
    return whole


def _batches(asking: LogQuerySession, evidence: Evidence) -> None:
    """The batches of invocations that failed, some hundred request IDs per query, each within the time that they took."""
    dead = sorted(evidence.without_batch(), key=evidence.death_time)
    for some in _chunks(dead, MAX_IDS_PER_QUERY):
        around = timedelta(minutes=1)
        start, end = evidence.death_time(some[0]) - around, evidence.death_time(some[-1]) + around
        if not asking.read([BATCH_PATTERN, ids_pattern(some)], start, end, evidence.add, page=False):
            return


def _named(
    asking: LogQuerySession, subjects: Sequence[SearchedMessage], evidence: Evidence, when: SearchWindow
) -> None:
    """Messages without a trace, by their IDs, newest first; no more queries once one found nothing."""
    newest = sorted(subjects, key=lambda subject: subject.sent or when.now, reverse=True)
    for some in _chunks(newest, MAX_IDS_PER_QUERY // 2):
        left = [subject for subject in some if evidence.cause(subject) is None]
        if not left:
            continue
        ids = sorted({message_id for subject in left for message_id in subject.ids})
        for start, end in time_ranges(left, when):
            if not asking.read([ids_pattern(ids)], start, end, evidence.add, page=False):
                return
        if all(evidence.cause(subject) is None for subject in left):
            return


def time_ranges(subjects: Sequence[SearchedMessage], when: SearchWindow) -> list[tuple[datetime, datetime]]:
    """The times in which ``subjects`` can have failed, oldest first: few ranges, without long times between them."""
    minute = timedelta(minutes=1)
    oldest = max(when.now - RETENTION, when.since or when.now - RETENTION)
    spans: list[tuple[datetime, datetime]] = []
    for subject in sorted(subjects, key=lambda message: message.sent or oldest):
        begins = max(oldest, (subject.sent or oldest) - when.before) - minute
        received = max(filter(None, (subject.sent, subject.first_receive)), default=None)
        ends = min(when.now, received + when.horizon) + minute if received else when.now
        if ends <= oldest:
            continue
        if spans and begins <= spans[-1][1] + MIN_SKIPPED_GAP:
            spans[-1] = (spans[-1][0], max(spans[-1][1], ends))
        else:
            spans.append((begins, max(ends, begins + minute)))
    while len(spans) > MAX_RANGES:
        at = min(range(1, len(spans)), key=lambda n: spans[n][0] - spans[n - 1][1])
        spans[at - 1 : at + 1] = [(spans[at - 1][0], spans[at][1])]
    return spans


def _chunks(items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    return (items[at : at + size] for at in range(0, len(items), size))
