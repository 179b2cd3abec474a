"""The canary: whether the outcomes of a step's messages let the next step start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from ops.deadletters.ledger.model import Outcome, RunStep
from ops.deadletters.plan_model import Steps

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import MessageOutcome, Run, SentMessage

EARLY_STOP_DECIDED = 20
"""Decided messages from which a step that is still being sent may be stopped by its failure share; fewer prove too
little. Failures are known later than successes, so that the share is at first lower than in the end."""


class CanaryDecision(StrEnum):
    GO = "go"
    STOP = "stop"  # too many failed again
    WAIT = "wait"
    OPEN = "open"  # the outcome timeout is over, and the remaining outcomes are still unknown


@dataclass(frozen=True)
class StepTally:
    """The outcomes of one step's messages. ``size``: how many the step has, sent or not."""

    size: int
    sent: int
    succeeded: int
    failed_again: int
    unwatched: int = 0

    @property
    def waiting(self) -> int:
        return self.sent - self.succeeded - self.failed_again - self.unwatched

    @property
    def decided(self) -> int:
        return self.succeeded + self.failed_again


def decide_step(tally: StepTally, steps: Steps, waited_s: float) -> CanaryDecision:
    """Whether the next step may start, once this one was sent: as soon as the pending outcomes cannot change that, and
    at the latest when the outcome timeout is over."""
    watched = tally.sent - tally.unwatched
    if tally.failed_again > steps.stop_share * watched:
        return CanaryDecision.STOP
    if tally.failed_again + tally.waiting <= steps.stop_share * watched:
        return CanaryDecision.GO
    if waited_s < steps.patience_s:
        return CanaryDecision.WAIT
    return CanaryDecision.STOP if tally.failed_again > steps.stop_share * tally.decided else CanaryDecision.OPEN


def should_stop_early(tally: StepTally, steps: Steps) -> bool:
    """Whether so many messages of a step failed again that the rest of it should not be sent."""
    enough = tally.decided >= min(EARLY_STOP_DECIDED, tally.size)
    return enough and tally.failed_again > steps.stop_share * tally.decided


class TallyLedger(Protocol):
    def run(self) -> Run: ...
    def sent_messages(self, outcome: Outcome | None = None) -> Iterable[SentMessage]: ...


class StepTallies:
    """Counts the messages that this process sent, and no others: those sent before a stop and a resume may fail again
    at any time, and do not count against what is sent now."""

    def __init__(self, ledger: TallyLedger, stopped: Iterable[RunStep]) -> None:
        """``stopped``: the steps that the canary had stopped before the resume, as they were then."""
        self._ledger = ledger
        self._stopped = {step.number: step for step in stopped}
        waiting = ledger.sent_messages(Outcome.WAITING) if self._stopped else ()
        self._stragglers = {sent.message_id: sent.step for sent in waiting if sent.step in self._stopped}
        self._pending = Counter(self._stragglers.values())
        self._late: Counter[tuple[int, Outcome]] = Counter()

    def update(self, outcomes: Iterable[MessageOutcome]) -> None:
        """After the ledger has recorded these outcomes."""
        for message_id, outcome, _, _ in outcomes:
            if step := self._stragglers.pop(message_id, 0):
                self._pending[step] -= 1
                self._late[step, outcome] += 1

    def tally(self, number: int, size: int) -> StepTally:
        """The tally of the step with that number, which has ``size`` messages."""
        nothing = RunStep(number, 0, 0, 0, 0, 0, "")
        now = next((step for step in self._ledger.run().steps if step.number == number), nothing)
        before = self._stopped.get(number, nothing)
        sent = now.sent - before.sent
        succeeded = now.succeeded - before.succeeded - self._late[number, Outcome.SUCCEEDED]
        failed_again = now.failed_again - before.failed_again - self._late[number, Outcome.FAILED_AGAIN]
        waiting = now.waiting - self._pending[number]
        return StepTally(size - before.sent, sent, succeeded, failed_again, sent - succeeded - failed_again - waiting)
