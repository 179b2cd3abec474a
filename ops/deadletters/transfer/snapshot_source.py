"""Letters that are sent from the shelf: copies, and those that came from a file. Nothing is received or deleted."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from ops.deadletters.ledger.schema import INTENT, PLANNED
from ops.deadletters.plan_model import Action, Plan, Selection
from ops.deadletters.snapshot import LIVE, Snapshot
from ops.deadletters.transfer.in_flight import InFlightMessage

if TYPE_CHECKING:
    from ops.deadletters.ledger import Ledger
    from ops.deadletters.queue import DeadLetterQueue

NOT_IN_SNAPSHOT = "It is not on the shelf any more."


class SnapshotSource:
    """Safe to share between threads. ``on``: the plan's letters come from the shelf, and not from the queue."""

    def __init__(self, source: DeadLetterQueue, plan: Plan, ledger: Ledger) -> None:
        self._source = source
        self._plan = plan
        self._ledger = ledger
        self._lock = threading.Lock()
        self._left: deque[int] = deque()
        self.active = plan.action is Action.COPY or plan.selection.imported

    def start_step(self) -> None:
        """Once a step: all that is still to be sent."""
        open_ = (n for n in range(len(self._plan.ids)) if self._ledger.state_of(n) in (PLANNED, INTENT))
        with self._lock:
            self._left = deque(open_ if self.active else ())

    def take(self, most: int) -> list[InFlightMessage]:
        """Up to ``most`` letters; those that are not on the shelf any more are written down as vanished."""
        with self._lock:
            numbers = [self._left.popleft() for _ in range(min(most, len(self._left)))]
        if not numbers:
            return []
        wanted = Selection(ids=tuple(self._plan.ids[number] for number in numbers))
        with Snapshot.open(self._source) as shelf:
            found = {each.letter.message_id: each.letter for each in shelf.iterate(wanted, places=LIVE)}
        missing = [number for number in numbers if self._plan.ids[number] not in found]
        if missing:
            self._ledger.record_missing(missing, NOT_IN_SNAPSHOT)
        return [InFlightMessage(n, found[self._plan.ids[n]]) for n in numbers if self._plan.ids[n] in found]
