"""Outcomes of messages that no log mentions, by the queues alone.

A message that has left its queue succeeded or failed; if it is not in the dead-letter queue either, it is assumed to
have succeeded. Another consumer may have deleted or moved it, so the run reports the assumption. While it may still
wait in its queue, nothing is assumed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from handler import contract
from ops import clock, formatting
from ops.aws import sqs
from ops.deadletters.ledger.model import Outcome
from ops.deadletters.outcomes import dlq_search
from ops.deadletters.outcomes.queue_watermark import QueueWatermark
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import DecidedOutcome, Run, SentMessage
    from ops.deadletters.messages.model import DeadLetter
    from ops.deadletters.outcomes.same_bodies import SameBodyMatcher
    from ops.deadletters.queue import DeadLetterQueue
    from ops.workload import Workload


class QueueOutcomeWatcher:
    """``consumer``: the workload that the messages were sent to; its dead-letter queue may be the redriven one."""

    def __init__(self, source: DeadLetterQueue, consumer: Workload, before: int | None, alike: SameBodyMatcher) -> None:
        """``before``: as in ``DlqSearch``, about the redriven queue."""
        self._source = source
        self._aws = source.aws
        self._queue, self._dlq = consumer.queue, consumer.dlq
        self._settling = timedelta(seconds=dlq_search.settling_s(self._aws))
        self._longest = timedelta(seconds=self._queue.visibility_s * (self._queue.max_receive_count or 1))
        self._is_redriven = self._dlq is not None and self._dlq.arn == source.queue.arn
        self._dlq_search = self._search_of_dlq(before)
        self._watermark = QueueWatermark(self._aws, self._queue)
        self._same_bodies = alike
        self._empty_since: tuple[datetime, float] | None = None  # the time, and on the monotonic clock
        self._next = 0.0
        self._assumed = 0
        self._remaining = 0  # messages in the queue, while some of the run's may be among them
        self._note = ""

    @property
    def notes(self) -> Sequence[str]:
        notes = [self._note] if self._note else []
        if self._remaining:
            count = formatting.count(self._remaining, "message is", "messages are")
            notes.append(f"{count} still in {self._queue.name}: is its function running?")
            if self._watermark.error:
                notes.append(f"The age of the oldest message is unknown: {self._watermark.error}")
        if self._same_bodies.matched_count:
            count = formatting.count(
                self._same_bodies.matched_count, "message that failed again is", "messages that failed again are"
            )
            notes.append(f"{count} recognized by the body alone, because SQS's move task assigns new IDs.")
        if self._assumed:
            count = formatting.count(self._assumed, "message is", "messages are")
            notes.append(
                f"{count} assumed to have succeeded, because they left {self._queue.name} and did not return; the "
                "function's log does not mention them."
            )
        return notes

    def check(
        self, silent: Sequence[SentMessage], run: Run, now: datetime, last_failure: Callable[[str], str]
    ) -> Iterator[tuple[SentMessage, DecidedOutcome]]:
        """Messages of ``silent`` that have left their queue. ``last_failure``: the cause of a new message ID, or empty."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._settling.total_seconds() / 2
        try:
            left = self._left_before(silent)
            gone = [sent for sent in silent if left and sent.sent_at < left]
            overdue = [sent for sent in silent if now > sent.sent_at + self._longest + self._settling]
            result = self._search_dlq([*gone, *overdue], run)
        except AwsError as error:
            self._note = f"{error} {error.next_step}".strip()
            return
        self._note = result.note
        self._remaining = self._remaining if len(gone) < len(silent) else 0
        searched = {sent.message_id: sent for sent in (*overdue, *gone)}
        by_body = self._same_bodies.match(tuple(searched.values()), result.others)
        for sent in searched.values():
            by_id = (result.causes[new_id] for new_id in sent.new_ids if new_id in result.causes)
            cause = next(by_id, by_body.get(sent.message_id))
            if cause is not None:
                self.failed_again()
                yield (
                    sent,
                    (Outcome.FAILED_AGAIN, now, cause or next(filter(None, map(last_failure, sent.new_ids)), "")),
                )
            elif result.complete and left and sent.sent_at < left:
                self._assumed += 1
                yield sent, (Outcome.SUCCEEDED, now, "")

    def none_left(self) -> None:
        """The log decided on every message: what is in the queue now is none of the run's."""
        self._remaining = 0

    def failed_again(self) -> None:
        """One more message is known to be in the dead-letter queue again."""
        if self._dlq_search:
            self._dlq_search.known_count += 1

    def _left_before(self, silent: Sequence[SentMessage]) -> datetime | None:
        """The messages sent before then have left their queue; None when unknown. That the queue was empty before the
        last message was sent is no evidence: it must have been empty since, long enough for SQS's counts."""
        depth = sqs.queue_depth(self._aws, self._queue)
        self._remaining = depth.visible + depth.in_flight + depth.delayed
        if self._remaining:
            self._empty_since = None
            return self._watermark.position()
        last = max((sent.sent_at for sent in silent), default=None)
        if self._empty_since is None or (last is not None and self._empty_since[0] <= last):
            self._empty_since = clock.now_utc(), clock.elapsed_s()
        since, start = self._empty_since
        return since if clock.elapsed_s() - start >= self._settling.total_seconds() else None

    def _search_dlq(self, messages: Sequence[SentMessage], run: Run) -> dlq_search.SearchResult:
        if self._dlq_search is None or not messages:
            return dlq_search.SearchResult({}, True)
        new_ids = {new_id for sent in messages for new_id in sent.new_ids}
        return self._dlq_search.find(new_ids, _searchable_ids, run.deleted if self._is_redriven else 0)

    def _search_of_dlq(self, before: int | None) -> dlq_search.DlqSearch | None:
        """A search of the queue that messages would return to; None when there is none."""
        if self._dlq is None:
            return None
        if not self._is_redriven:
            before = None
            with suppress(AwsError):  # unknown: then it is searched every time
                before = dlq_search.message_count(self._aws, self._dlq, 0)
        return dlq_search.DlqSearch(self._aws, self._dlq, before)


def _searchable_ids(dead_letter: DeadLetter) -> set[str]:
    """The IDs that a returned message may be found by."""
    original = dead_letter.attributes.get(contract.DLQ_ORIGINAL_MESSAGE_ID)
    return {dead_letter.message_id, original.value if original else ""}
