"""What became of messages of which no log tells, by the queues alone.

A message that is in its queue no more was done or has died; if it is not in the dead-letter queue either, it is taken
to have succeeded. That is an assumption (somebody else may have deleted or moved it), and the run says so. While it may
still wait in its queue, unread, nothing is assumed.
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
    """``reader`` is the workload that the messages went to; its dead-letter queue may be the one that is redriven."""

    def __init__(self, source: DeadLetterQueue, reader: Workload, before: int | None, alike: SameBodyMatcher) -> None:
        """``before``: how many letters lay in the queue that is redriven before anything was sent, and those that this
        run had taken out by then."""
        self._source = source
        self._aws = source.aws
        self._queue, self._dlq = reader.queue, reader.dlq
        self._settling = timedelta(seconds=dlq_search.settling_s(self._aws))
        self._longest = timedelta(seconds=self._queue.visibility_s * (self._queue.max_receive_count or 1))
        self._emptied_by_us = self._dlq is not None and self._dlq.arn == source.queue.arn
        self._dlq_search = self._search_of_dlq(before)
        self._watermark = QueueWatermark(self._aws, self._queue)
        self._same_bodies = alike
        self._empty_since: tuple[datetime, float] | None = None  # the time of day, and on the clock that only runs on
        self._next = 0.0
        self._assumed = 0
        self._remaining = 0  # messages in the queue, while some of ours may be among them
        self._note = ""

    @property
    def notes(self) -> Sequence[str]:
        notes = [self._note] if self._note else []
        if self._remaining:
            some = formatting.count(self._remaining, "message lies", "messages lie")
            notes.append(f"{some} in {self._queue.name}: is its function at work?")
            if self._watermark.error:
                notes.append(f"How old the oldest is cannot be asked: {self._watermark.error}")
        if self._same_bodies.matched_count:
            some = formatting.count(
                self._same_bodies.matched_count, "message that failed again is", "messages that failed again are"
            )
            notes.append(f"{some} known by the body alone, because SQS's move task gives new ids.")
        if self._assumed:
            some = formatting.count(self._assumed, "message is", "messages are")
            notes.append(
                f"{some} taken to have succeeded, because they left {self._queue.name} and did not come back; the "
                "function's log does not tell."
            )
        return notes

    def check(
        self, silent: Sequence[SentMessage], run: Run, now: datetime, why: Callable[[str], str]
    ) -> Iterator[tuple[SentMessage, DecidedOutcome]]:
        """Those of ``silent`` that have left their queue. ``why``: what a new message id last failed of."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._settling.total_seconds() / 2
        try:
            left = self._left_before(silent)
            gone = [sent for sent in silent if left and sent.sent_at < left]
            over = [sent for sent in silent if now > sent.sent_at + self._longest + self._settling]
            found = self._search_dlq([*gone, *over], run)
        except AwsError as error:
            self._note = f"{error} {error.next_step}".strip()
            return
        self._note = found.note
        self._remaining = self._remaining if len(gone) < len(silent) else 0
        asked = {sent.message_id: sent for sent in (*over, *gone)}
        alike = self._same_bodies.match(tuple(asked.values()), found.others)
        for sent in asked.values():
            named = (found.causes[one] for one in sent.new_ids if one in found.causes)
            cause = next(named, alike.get(sent.message_id))
            if cause is not None:
                self.failed_again()
                yield sent, (Outcome.FAILED_AGAIN, now, cause or next(filter(None, map(why, sent.new_ids)), ""))
            elif found.whole and left and sent.sent_at < left:
                self._assumed += 1
                yield sent, (Outcome.SUCCEEDED, now, "")

    def failed_again(self) -> None:
        """One more lies in the dead-letter queue, as this or the log says."""
        if self._dlq_search:
            self._dlq_search.known_count += 1

    def _left_before(self, silent: Sequence[SentMessage]) -> datetime | None:
        """What was sent before then is not in its queue any more; None when nothing tells. That the queue was empty
        before the last of them was sent says nothing about those: it must have been so since, long enough for SQS's
        counts."""
        depth = sqs.queue_depth(self._aws, self._queue)
        self._remaining = depth.visible + depth.in_flight + depth.delayed
        if self._remaining:
            self._empty_since = None
            return self._watermark.position()
        last = max((sent.sent_at for sent in silent), default=None)
        if self._empty_since is None or (last is not None and self._empty_since[0] <= last):
            self._empty_since = clock.now_utc(), clock.elapsed_s()
        since, began = self._empty_since
        return since if clock.elapsed_s() - began >= self._settling.total_seconds() else None

    def _search_dlq(self, some: Sequence[SentMessage], run: Run) -> dlq_search.SearchResult:
        """Which of these lie in the dead-letter queue, by their new ids."""
        if self._dlq_search is None or not some:
            return dlq_search.SearchResult({}, True)
        names = {one for sent in some for one in sent.new_ids}
        return self._dlq_search.find(names, _searchable_ids, run.deleted if self._emptied_by_us else 0)

    def _search_of_dlq(self, before: int | None) -> dlq_search.DlqSearch | None:
        """The queue that they would come back to; None where there is none."""
        if self._dlq is None:
            return None
        if not self._emptied_by_us:
            before = None
            with suppress(AwsError):
                before = dlq_search.message_count(self._aws, self._dlq, 0)
        return dlq_search.DlqSearch(self._aws, self._dlq, before)


def _searchable_ids(letter: DeadLetter) -> set[str]:
    """All that a letter which came back may be asked for by."""
    named = letter.attributes.get(contract.DLQ_ORIGINAL_MESSAGE_ID)
    return {letter.message_id, named.value if named else ""}
