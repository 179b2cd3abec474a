"""What became of the messages that a redrive sent: of those very messages, by where they were sent to.

- To a queue that a function reads: what the function's log says about each (``tracks``), a query a look. Where it says
  nothing, by the queues: messages that left their queue and are not in its dead-letter queue are taken to have
  succeeded (``settled``).
- An asynchronous invocation: how the invocations of that request id ended.
- To a bus or a topic: whether it came back, for neither tells what it delivered (``published``).
- Anything else (a queue that nobody is known to read) cannot be watched, and the run says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ops import clock, formatting
from ops.deadletters.causes import cause_in_words
from ops.deadletters.fingerprints.fingerprint import common_label, fingerprint, normalize_message
from ops.deadletters.ledger.model import Outcome
from ops.deadletters.outcomes import dlq_search
from ops.deadletters.outcomes.async_outcomes import AsyncInvocationWatcher
from ops.deadletters.outcomes.publish_outcomes import RETRY_POLICIES, PublishOutcomeWatcher
from ops.deadletters.outcomes.same_bodies import SameBodyMatcher
from ops.deadletters.outcomes.sqs_outcomes import SqsOutcomeWatcher
from ops.deadletters.plan_model import Action
from ops.deadletters.plans import consumers
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.deadletters.ledger.model import DecidedOutcome, MessageOutcome, Run, SentMessage
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue

CHECK_INTERVAL_S, CHECK_INTERVAL_TWIN_S = 15.0, 2.0
WATCH_AFTER_STOP_S, WATCH_AFTER_STOP_TWIN_S = 120.0, 15.0
"""How long what is in flight is watched once a canary has stopped: no longer, since nobody can scan meanwhile. What is
known later, the next scan tells (``afterwards``)."""
MIN_REPORTED_USD = 0.001


class DestinationWatcher(Protocol):
    """Somewhere that messages were sent to."""

    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def usd(self) -> float: ...

    def check(
        self, waiting: Sequence[SentMessage], run: Run, moving: bool, now: datetime
    ) -> Iterable[tuple[SentMessage, DecidedOutcome]]:
        """Those of ``waiting`` whose fate is known."""


class OutcomeMonitor:
    """The ``course.Watch`` of a run."""

    def __init__(self, source: DeadLetterQueue, plan: Plan, run: Run, back: Iterable[SentMessage] = ()) -> None:
        """``back``: what is already known to have come back, where an earlier process of the run found it."""
        self._source = source
        self._same_bodies = SameBodyMatcher(source, plan, run.began, back)
        held = _count_messages(source, run)
        # On resuming, what came back meanwhile is among those that the queue holds, beside those the plan knew.
        self._before = None if held is None else min(held, plan.queue_count + run.failed_again)
        self._watchers: dict[str, DestinationWatcher | None] = {}  # by the destination's ARN; None: cannot be watched
        self._causes: dict[str, str] = {}  # by fingerprint: the name of what came back
        self.pause_s = CHECK_INTERVAL_TWIN_S if source.aws.target.is_twin else CHECK_INTERVAL_S

    @property
    def note(self) -> str:
        notes = [note for place in self._watchers.values() if place for note in place.notes]
        blind = [arn for arn, place in self._watchers.items() if place is None]
        if blind:
            notes.append(f"Nothing tells what became of messages to {', '.join(_resource_name(arn) for arn in blind)}.")
        usd = sum(place.usd for place in self._watchers.values() if place)
        if usd >= MIN_REPORTED_USD:
            notes.append(f"Watching cost {formatting.price(usd)} of log queries.")
        return " ".join(dict.fromkeys(notes))

    def check(self, waiting: Sequence[SentMessage], run: Run, moving: bool) -> list[MessageOutcome]:
        now = clock.now_utc()
        self._same_bodies.add_sent(waiting)
        by_place: dict[str, list[SentMessage]] = {}
        for sent in waiting:
            by_place.setdefault(sent.destination, []).append(sent)
        known: list[MessageOutcome] = []
        for arn, some in by_place.items():
            if arn not in self._watchers:
                self._watchers[arn] = self._watcher_for(arn, min(sent.sent_at for sent in some))
            place = self._watchers[arn]
            if place is None:
                known += [(sent.message_id, Outcome.UNWATCHED, now, "") for sent in some]
            else:
                fates = list(place.check(some, run, moving, now))
                self._name_causes([cause for _, (_, _, cause) in fates if cause])
                known += [
                    (sent.message_id, outcome, at, self._causes.get(_fingerprint_of(cause), cause))
                    for sent, (outcome, at, cause) in fates
                ]
        return known

    def _name_causes(self, causes: Sequence[str]) -> None:
        """One name for all that died of the same, whatever ids and numbers stand in it; once given it stays."""
        alike: dict[str, list[str]] = {}
        for cause in causes:
            alike.setdefault(_fingerprint_of(cause), []).append(cause.partition(": ")[2])
        for key, messages in alike.items():
            error_type = next(cause for cause in causes if _fingerprint_of(cause) == key).partition(": ")[0]
            label = common_label(messages) if len(messages) > 1 else normalize_message(messages[0])
            self._causes.setdefault(key, cause_in_words(error_type, label, ""))

    def _watcher_for(self, arn: str, since: datetime) -> DestinationWatcher | None:
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""
        if service == "lambda":
            return AsyncInvocationWatcher.of(self._source, arn, since)
        if service in RETRY_POLICIES:
            return PublishOutcomeWatcher(self._source, arn, self._before)
        if service != "sqs":
            return None
        reader = consumers.of_queue(self._source, arn)
        return SqsOutcomeWatcher(self._source, reader, since, self._before, self._same_bodies) if reader else None


def start_monitor(
    source: DeadLetterQueue, plan: Plan, run: Run, back: Iterable[SentMessage] = ()
) -> OutcomeMonitor | None:
    """None when the plan asks for no watching. To be called before anything is sent. ``back``: as ``Watch``."""
    return OutcomeMonitor(source, plan, run, back) if plan.steps.watch and plan.action is not Action.PURGE else None


def watch_after_stop_s(aws: Aws) -> float:
    return WATCH_AFTER_STOP_TWIN_S if aws.target.is_twin else WATCH_AFTER_STOP_S


def _count_messages(source: DeadLetterQueue, run: Run) -> int | None:
    """Letters in the queue, and those that the run took out of it."""
    try:
        return dlq_search.message_count(source.aws, source.queue, run.deleted)
    except AwsError:
        return None


def _resource_name(arn: str) -> str:
    return arn.rsplit(":", 1)[-1] or "there"


def _fingerprint_of(cause: str) -> str:
    error_type, _, message = cause.partition(": ")
    return fingerprint(error_type, message) if cause else ""
