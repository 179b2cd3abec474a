"""Messages that are sent from the snapshot: copies and imported ones. Nothing is received or deleted."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from ops.deadletters.ledger.schema import INTENT, PLANNED
from ops.deadletters.plan_model import Action, Plan, Selection
from ops.deadletters.snapshot import MOVABLE_PLACES, Snapshot
from ops.deadletters.transfer.in_flight import InFlightMessage

if TYPE_CHECKING:
    from ops.deadletters.ledger import Ledger
    from ops.deadletters.queue import DeadLetterQueue

NOT_IN_SNAPSHOT = "It is no longer in the snapshot."


class SnapshotSource:
    """Safe to share between threads. ``active``: the plan's messages come from the snapshot and not from the queue."""

    def __init__(self, source: DeadLetterQueue, plan: Plan, ledger: Ledger) -> None:
        self._source = source
        self._plan = plan
        self._ledger = ledger
        self._lock = threading.Lock()
        self._unsent: deque[int] = deque()
        self.active = plan.action is Action.COPY or plan.selection.imported

    def start_step(self) -> None:
        unsent = (n for n in range(len(self._plan.ids)) if self._ledger.state_of(n) in (PLANNED, INTENT))
        with self._lock:
            self._unsent = deque(unsent if self.active else ())

    def take(self, most: int) -> list[InFlightMessage]:
        """Up to ``most`` messages; those that are no longer in the snapshot are recorded as missing."""
        with self._lock:
            numbers = [self._unsent.popleft() for _ in range(min(most, len(self._unsent)))]
        if not numbers:
            return []
        ids = {number: self._plan.ids[number] for number in numbers}
        with Snapshot.open(self._source) as snapshot:
            rows = snapshot.iterate(Selection(ids=tuple(ids.values())), places=MOVABLE_PLACES)
            messages = {row.message.message_id: row.message for row in rows}
        missing = [number for number in numbers if ids[number] not in messages]
        if missing:
            self._ledger.record_missing(missing, NOT_IN_SNAPSHOT)
        return [InFlightMessage(number, messages[ids[number]]) for number in numbers if ids[number] in messages]
