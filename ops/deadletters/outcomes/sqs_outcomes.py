"""The fate of messages that were sent to a queue which a function reads."""

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
    """``reader`` is the workload whose queue the messages were sent to."""

    def __init__(
        self, source: DeadLetterQueue, reader: Workload, since: datetime, before: int | None, alike: SameBodyMatcher
    ) -> None:
        queue, mapping, function = reader.queue, reader.mapping, reader.function
        if mapping is None or function is None:
            raise ValueError(f"nobody reads {queue.name}")
        feed = QueueSettings(queue.visibility_s, queue.max_receive_count, not mapping.partial_batches)
        self._wanted: dict[str, str] = {}
        self._tracks = MessageTracker(feed, self._wanted)
        self._logs = LogTail(source.aws, function.log_group, since)
        self._settled = QueueOutcomeWatcher(source, reader, before, alike)
        self._longest = timedelta(seconds=queue.visibility_s * (queue.max_receive_count or 1))
        self._function = function.name

    @property
    def usd(self) -> float:
        return self._logs.usd

    @property
    def notes(self) -> Sequence[str]:
        notes = [self._logs.error] if self._logs.error else []
        return [*notes, *self._settled.notes]

    def check(
        self, waiting: Sequence[SentMessage], run: Run, moving: bool, now: datetime
    ) -> Iterator[tuple[SentMessage, DecidedOutcome]]:
        for sent in waiting:
            self._wanted |= dict.fromkeys(sent.new_ids, sent.message_id)
        self._logs.read(self._pattern(waiting), now, self._tracks.add)
        silent = []
        for sent in waiting:
            fate = next(filter(None, (self._tracks.outcome_of(one, now) for one in sent.new_ids)), None)
            if fate:
                if fate[0] is Outcome.FAILED_AGAIN:
                    self._settled.failed_again()
                yield sent, fate
            elif not (sent.new_ids and self._tracks.sees_handler_records) or now > sent.sent_at + self._longest:
                silent.append(sent)
        if silent and not moving:
            yield from self._settled.check(silent, run, now, self._tracks.last_failure)

    def _pattern(self, waiting: Sequence[SentMessage]) -> str:
        """What may tell about these: this project's records and failures; while the function has not shown that it
        writes such records, also how invocations end, and any line that names a message, if they are few."""
        parts = [HANDLER_RECORDS_PATTERN, log_parser.FAILURE_PATTERN]
        if not self._tracks.sees_handler_records:
            parts.append(invocation_log.PATTERN)
            ids = [one for sent in waiting for one in sent.new_ids]
            if len(ids) <= MAX_IDS_PER_QUERY:
                parts.append(ids_pattern(ids))
        return "|".join(parts)
