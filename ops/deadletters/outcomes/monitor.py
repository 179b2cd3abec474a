"""The outcomes of the messages that a redrive sent, by destination.

- A queue that a function consumes: by the function's log (``log_correlation``), one query per check. Where it does not
  mention a message, by the queues: a message that left its queue and is not in its dead-letter queue is assumed to have
  succeeded (``queue_outcomes``).
- An asynchronous invocation: by how the invocations with that request ID ended.
- A bus or a topic: by what returns to the dead-letter queue, for neither reports deliveries (``publish_outcomes``).
- Anything else (a queue without a known consumer) cannot be watched, and the run says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ops import clock, formatting
from ops.deadletters.causes import cause_in_words
from ops.deadletters.ledger.model import Outcome
from ops.deadletters.outcomes import dlq_search
from ops.deadletters.outcomes.async_outcomes import AsyncInvocationWatcher
from ops.deadletters.outcomes.publish_outcomes import RETRY_POLICIES, PublishOutcomeWatcher
from ops.deadletters.outcomes.same_bodies import SameBodyMatcher
from ops.deadletters.outcomes.sqs_outcomes import SqsOutcomeWatcher
from ops.deadletters.plan_model import Action
from ops.deadletters.plans import consumers
from ops.errors import AwsError
from ops.fingerprints.fingerprint import common_label, fingerprint, normalize_message

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.deadletters.ledger.model import DecidedOutcome, MessageOutcome, Run, SentMessage
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue

CHECK_INTERVAL_S, CHECK_INTERVAL_TWIN_S = 15.0, 2.0
WATCH_AFTER_STOP_S, WATCH_AFTER_STOP_TWIN_S = 120.0, 15.0
"""How long messages in flight are watched once a canary has stopped: briefly, since no scan can run meanwhile. Later
outcomes are found by the next scan (``late_outcomes``)."""
MIN_REPORTED_USD = 0.001


class DestinationWatcher(Protocol):
    """Watches the messages that were sent to one destination."""

    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def usd(self) -> float: ...

    def check(
        self, waiting: Sequence[SentMessage], run: Run, moving: bool, now: datetime
    ) -> Iterable[tuple[SentMessage, DecidedOutcome]]:
        """Messages of ``waiting`` whose outcome is known. ``moving``: the redrive is still sending, so the dead-letter
        queue must stay as it is."""


class OutcomeMonitor:
    """Implements ``rollout.OutcomeWatcher``."""

    def __init__(self, source: DeadLetterQueue, plan: Plan, run: Run, back: Iterable[SentMessage] = ()) -> None:
        """``back``: messages that an earlier process of the run already found to have failed again."""
        self._source = source
        self._same_bodies = SameBodyMatcher(source, plan, run.began, back)
        count = _count_messages(source, run)
        # On resuming, what failed again meanwhile is in the queue too, beside the messages that the plan counted.
        self._before = None if count is None else min(count, plan.queue_count + run.failed_again)
        self._watchers: dict[str, DestinationWatcher | None] = {}  # by destination ARN; None: cannot be watched
        self._causes: dict[str, str] = {}  # by fingerprint
        self.pause_s = CHECK_INTERVAL_TWIN_S if source.aws.target.is_twin else CHECK_INTERVAL_S

    @property
    def note(self) -> str:
        notes = [note for watcher in self._watchers.values() if watcher for note in watcher.notes]
        unwatched = [_resource_name(arn) for arn, watcher in self._watchers.items() if watcher is None]
        if unwatched:
            notes.append(f"The outcomes of messages to {', '.join(unwatched)} are unknown.")
        usd = sum(watcher.usd for watcher in self._watchers.values() if watcher)
        if usd >= MIN_REPORTED_USD:
            notes.append(f"Log queries for the outcomes cost {formatting.price(usd)}.")
        return " ".join(dict.fromkeys(notes))

    def check(self, waiting: Sequence[SentMessage], run: Run, moving: bool) -> list[MessageOutcome]:
        """The outcomes that are known by now of the ``waiting`` messages, each once; ``moving``: more are being sent."""
        now = clock.now_utc()
        self._same_bodies.add_sent(waiting)
        by_destination: dict[str, list[SentMessage]] = {}
        for sent in waiting:
            by_destination.setdefault(sent.destination, []).append(sent)
        known: list[MessageOutcome] = []
        for arn, messages in by_destination.items():
            if arn not in self._watchers:
                self._watchers[arn] = self._watcher_for(arn, min(sent.sent_at for sent in messages))
            watcher = self._watchers[arn]
            if watcher is None:
                known += [(sent.message_id, Outcome.UNWATCHED, now, "") for sent in messages]
            else:
                decided = list(watcher.check(messages, run, moving, now))
                self._name_causes([cause for _, (_, _, cause) in decided if cause])
                known += [
                    (sent.message_id, outcome, at, self._causes.get(_fingerprint_of(cause), cause))
                    for sent, (outcome, at, cause) in decided
                ]
        return known

    def _name_causes(self, causes: Sequence[str]) -> None:
        """One label per fingerprint, whatever IDs and numbers the messages contain; it stays the same afterwards."""
        by_fingerprint: dict[str, list[str]] = {}
        for cause in causes:
            by_fingerprint.setdefault(_fingerprint_of(cause), []).append(cause.partition(": ")[2])
        for key, messages in by_fingerprint.items():
            error_type = next(cause for cause in causes if _fingerprint_of(cause) == key).partition(": ")[0]
            label = common_label(messages) if len(messages) > 1 else normalize_message(messages[0])
            self._causes.setdefault(key, cause_in_words(error_type, label, ""))

    def _watcher_for(self, arn: str, since: datetime) -> DestinationWatcher | None:
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""
        if service == "lambda":
            return AsyncInvocationWatcher.for_function(self._source, arn, since)
        if service in RETRY_POLICIES:
            return PublishOutcomeWatcher(self._source, arn, self._before)
        if service != "sqs":
            return None
        consumer = consumers.consumer_of_queue(self._source, arn)
        return SqsOutcomeWatcher(self._source, consumer, since, self._before, self._same_bodies) if consumer else None


def start_monitor(
    source: DeadLetterQueue, plan: Plan, run: Run, back: Iterable[SentMessage] = ()
) -> OutcomeMonitor | None:
    """None when the plan does not track outcomes. Call it before anything is sent. ``back``: as in ``OutcomeMonitor``."""
    return OutcomeMonitor(source, plan, run, back) if plan.steps.watch and plan.action is not Action.PURGE else None


def watch_after_stop_s(aws: Aws) -> float:
    return WATCH_AFTER_STOP_TWIN_S if aws.target.is_twin else WATCH_AFTER_STOP_S


def _count_messages(source: DeadLetterQueue, run: Run) -> int | None:
    """Messages in the queue, plus those that the run took out of it; None when SQS does not answer."""
    try:
        return dlq_search.message_count(source.aws, source.queue, run.deleted)
    except AwsError:
        return None


def _resource_name(arn: str) -> str:
    return arn.rsplit(":", 1)[-1] or "there"


def _fingerprint_of(cause: str) -> str:
    error_type, _, message = cause.partition(": ")
    return fingerprint(error_type, message) if cause else ""
