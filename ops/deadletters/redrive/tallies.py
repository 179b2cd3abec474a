"""What became of the messages of each step, as the canary counts them: those that this process sent, and no others.

A run that was stopped and resumed also has messages from before the stop. They may come back at any time, and are not
held against what goes now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from ops.deadletters.ledger.model import Outcome, Step
from ops.deadletters.redrive.canary import Tally

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import MessageOutcome, Run, Sent


class TallyLedger(Protocol):
    def run(self) -> Run: ...
    def letters(self, outcome: Outcome | None = None) -> Iterable[Sent]: ...


class Tallies:
    """``stopped``: the steps that the canary had stopped before somebody resumed, as they stood then."""

    def __init__(self, ledger: TallyLedger, stopped: Iterable[Step]) -> None:
        self._ledger = ledger
        self._stopped = {step.number: step for step in stopped}
        waiting = ledger.letters(Outcome.WAITING) if self._stopped else ()
        self._stragglers = {sent.message_id: sent.step for sent in waiting if sent.step in self._stopped}
        self._still = Counter(self._stragglers.values())
        self._late: Counter[tuple[int, Outcome]] = Counter()

    def heard(self, known: Iterable[MessageOutcome]) -> None:
        """The ledger has these outcomes now."""
        for message_id, outcome, _, _ in known:
            if step := self._stragglers.pop(message_id, 0):
                self._still[step] -= 1
                self._late[step, outcome] += 1

    def of(self, number: int, size: int) -> Tally:
        """Of the step with that number, which has ``size`` letters."""
        nothing = Step(number, 0, 0, 0, 0, 0, "")
        now = next((step for step in self._ledger.run().steps if step.number == number), nothing)
        before = self._stopped.get(number, nothing)
        sent = now.sent - before.sent
        succeeded = now.succeeded - before.succeeded - self._late[number, Outcome.SUCCEEDED]
        came_back = now.came_back - before.came_back - self._late[number, Outcome.CAME_BACK]
        waiting = now.waiting - self._still[number]
        return Tally(size - before.sent, sent, succeeded, came_back, sent - succeeded - came_back - waiting)
