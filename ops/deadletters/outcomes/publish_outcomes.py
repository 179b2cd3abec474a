"""Outcomes of events and notifications that were published again to a bus or a topic.

Neither service reports deliveries. A failed delivery returns as a dead-letter message with the ID under which it was
published: at once where no retry would help (the target is gone or denies access), else when the retries end. So a
message is known to have failed again, or not to have failed so far; never to have succeeded.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ops import formatting
from ops.deadletters.ledger.model import Outcome
from ops.deadletters.messages import message_body
from ops.deadletters.messages.model import Kind
from ops.deadletters.outcomes import dlq_search
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import DecidedOutcome, Run, SentMessage
    from ops.deadletters.messages.model import DeadLetter
    from ops.deadletters.queue import DeadLetterQueue

RETRY_POLICIES = {
    "events": "EventBridge retries a failed delivery for up to 24 hours",
    "sns": "SNS retries a failed delivery to SQS or Lambda for up to 23 days",
}
"""Defaults (EventBridge user guide, "How EventBridge retries delivering events"; SNS developer guide, "Message delivery
retries"; 2026-11)."""
_ID_FIELDS = {Kind.EVENTBRIDGE: "id", Kind.SNS: "MessageId"}


class PublishOutcomeWatcher:
    """The outcomes at one bus or topic."""

    usd = 0.0

    def __init__(self, source: DeadLetterQueue, arn: str, before: int | None) -> None:
        """``before``: as in ``DlqSearch``."""
        self._queue = source.queue
        self._dlq_search = dlq_search.DlqSearch(source.aws, source.queue, before)
        self._service, self._name = arn.split(":")[2], arn.rpartition(":")[2].rpartition("/")[2]
        self._settling_s = dlq_search.settling_s(source.aws)
        self._next = 0.0
        self._unwatched = 0
        self._note = ""

    @property
    def notes(self) -> Sequence[str]:
        notes = [self._note] if self._note else []
        if self._unwatched:
            count = formatting.count(self._unwatched, "message")
            within = formatting.duration(self._settling_s)
            notes.append(
                f"{count} to {self._name} did not return to {self._queue.name} within {within}; that is not proof of "
                f"delivery, and {RETRY_POLICIES[self._service]}."
            )
        return notes

    def check(
        self, waiting: Sequence[SentMessage], run: Run, moving: bool, now: datetime
    ) -> Iterator[tuple[SentMessage, DecidedOutcome]]:
        if moving or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._settling_s / 4
        try:
            result = self._search(waiting, run, now)
        except AwsError as error:
            self._note = f"{error} {error.next_step}".strip()
            return
        self._note = result.note
        for sent in waiting:
            cause = next((result.causes[new_id] for new_id in sent.new_ids if new_id in result.causes), None)
            if cause is not None:
                self._dlq_search.known_count += 1
                yield sent, (Outcome.FAILED_AGAIN, now, cause)
            elif result.complete and self._settled(sent, now):
                self._unwatched += 1
                yield sent, (Outcome.UNWATCHED, now, "")

    def _search(self, waiting: Sequence[SentMessage], run: Run, now: datetime) -> dlq_search.SearchResult:
        """Before the queue's counts are accurate, it is read only when they have grown."""
        due = any(self._settled(sent, now) for sent in waiting)
        if not due and not self._dlq_search.has_grown(run.deleted):
            return dlq_search.SearchResult({}, False)
        return self._dlq_search.find(
            {new_id for sent in waiting for new_id in sent.new_ids}, _published_ids, run.deleted
        )

    def _settled(self, sent: SentMessage, now: datetime) -> bool:
        return (now - sent.sent_at).total_seconds() >= self._settling_s


def _published_ids(dead_letter: DeadLetter) -> set[str]:
    body = message_body.parse_body(dead_letter.body) if dead_letter.kind in _ID_FIELDS else None
    return {str(body.get(_ID_FIELDS[dead_letter.kind], ""))} if isinstance(body, dict) else set()
