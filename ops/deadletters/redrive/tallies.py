"""What became of the messages of each step, as the canary counts them: those that this process sent, and no others.

A run that was stopped and resumed also has messages from before the stop. They may come back at any time, and are not
held against what goes now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from ops.deadletters.ledger.model import Outcome, RunStep
from ops.deadletters.redrive.canary import StepTally

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import MessageOutcome, Run, SentMessage


class TallyLedger(Protocol):
    def run(self) -> Run: ...
    def sent_messages(self, outcome: Outcome | None = None) -> Iterable[SentMessage]: ...


class StepTallies:
    """``stopped``: the steps that the canary had stopped before somebody resumed, as they stood then."""

    def __init__(self, ledger: TallyLedger, stopped: Iterable[RunStep]) -> None:
        self._ledger = ledger
        self._stopped = {step.number: step for step in stopped}
        waiting = ledger.sent_messages(Outcome.WAITING) if self._stopped else ()
        self._stragglers = {sent.message_id: sent.step for sent in waiting if sent.step in self._stopped}
        self._still = Counter(self._stragglers.values())
        self._late: Counter[tuple[int, Outcome]] = Counter()

    def update(self, known: Iterable[MessageOutcome]) -> None:
        """The ledger has these outcomes now."""
        for message_id, outcome, _, _ in known:
            if step := self._stragglers.pop(message_id, 0):
                self._still[step] -= 1
                self._late[step, outcome] += 1

    def tally(self, number: int, size: int) -> StepTally:
        """Of the step with that number, which has ``size`` letters."""
        nothing = RunStep(number, 0, 0, 0, 0, 0, "")
        now = next((step for step in self._ledger.run().steps if step.number == number), nothing)
        before = self._stopped.get(number, nothing)
        sent = now.sent - before.sent
        succeeded = now.succeeded - before.succeeded - self._late[number, Outcome.SUCCEEDED]
        came_back = now.failed_again - before.failed_again - self._late[number, Outcome.FAILED_AGAIN]
        waiting = now.waiting - self._still[number]
        return StepTally(size - before.sent, sent, succeeded, came_back, sent - succeeded - came_back - waiting)
