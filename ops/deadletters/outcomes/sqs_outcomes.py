"""Outcomes of messages that were sent to a queue which a function consumes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import invocation_log
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.causes.logs.log_query import MAX_IDS_PER_QUERY, ids_pattern
from ops.deadletters.ledger.model import Outcome
from ops.deadletters.outcomes.log_correlation import HANDLER_RECORDS_PATTERN, MessageTracker, QueueSettings
from ops.deadletters.outcomes.log_tail import LogTail
from ops.deadletters.outcomes.queue_outcomes import QueueOutcomeWatcher

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import DecidedOutcome, Run, SentMessage
    from ops.deadletters.outcomes.same_bodies import SameBodyMatcher
    from ops.deadletters.queue import DeadLetterQueue
    from ops.workload import Workload


class SqsOutcomeWatcher:
    """``consumer``: the workload whose queue the messages were sent to."""

    def __init__(
        self,
        source: DeadLetterQueue,
        consumer: Workload,
        since: datetime,
        before: int | None,
        same_bodies: SameBodyMatcher,
    ) -> None:
        queue, mapping, function = consumer.queue, consumer.mapping, consumer.function
        if mapping is None or function is None:
            raise ValueError(f"no function consumes {queue.name}")
        settings = QueueSettings(queue.visibility_s, queue.max_receive_count, not mapping.partial_batches)
        self._wanted: dict[str, str] = {}
        self._tracker = MessageTracker(settings, self._wanted)
        self._logs = LogTail(source.aws, function.log_group, since)
        self._queue_outcomes = QueueOutcomeWatcher(source, consumer, before, same_bodies)
        self._longest = timedelta(seconds=queue.visibility_s * (queue.max_receive_count or 1))
        self._function = function.name

    @property
    def usd(self) -> float:
        return self._logs.usd

    @property
    def notes(self) -> Sequence[str]:
        notes = [self._logs.error] if self._logs.error else []
        return [*notes, *self._queue_outcomes.notes]

    def check(
        self, waiting: Sequence[SentMessage], run: Run, moving: bool, now: datetime
    ) -> Iterator[tuple[SentMessage, DecidedOutcome]]:
        for sent in waiting:
            self._wanted |= dict.fromkeys(sent.new_ids, sent.message_id)
        self._logs.read(self._pattern(waiting), now, self._tracker.add)
        silent = []
        for sent in waiting:
            outcome = next(filter(None, (self._tracker.outcome_of(new_id, now) for new_id in sent.new_ids)), None)
            if outcome:
                if outcome[0] is Outcome.FAILED_AGAIN:
                    self._queue_outcomes.failed_again()
                yield sent, outcome
            elif not (sent.new_ids and self._tracker.sees_handler_records) or now > sent.sent_at + self._longest:
                silent.append(sent)
        if not silent:
            self._queue_outcomes.none_left()
        elif not moving:
            yield from self._queue_outcomes.check(silent, run, now, self._tracker.last_failure)

    def _pattern(self, waiting: Sequence[SentMessage]) -> str:
        """Matches what may be about these messages: this project's records and failures. Until the function has
        written such records, also the ends of invocations, and any line with a message ID, if they are few."""
        parts = [HANDLER_RECORDS_PATTERN, log_parser.FAILURE_PATTERN]
        if not self._tracker.sees_handler_records:
            parts.append(invocation_log.PATTERN)
            ids = [new_id for sent in waiting for new_id in sent.new_ids]
            if len(ids) <= MAX_IDS_PER_QUERY:
                parts.append(ids_pattern(ids))
        return "|".join(parts)
