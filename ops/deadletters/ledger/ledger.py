"""What a run did, message by message, on disk before each next step.

``record_intent`` → (the message is sent) → ``record_sent`` → (it is deleted from the dead-letter queue) →
``record_deleted``. The first two return when they are synced.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.deadletters.ledger import schema
from ops.deadletters.ledger.model import MessageOutcome, MessageState
from ops.deadletters.ledger.run_ledger import POSSIBLE_DUPLICATE, RunLedger
from ops.deadletters.ledger.schema import DELETED, FAILED, INTENT, MISSING, NONE, PLANNED, SENT, UNWATCHED, WAITING


@dataclass(frozen=True, slots=True)
class AcceptedMessage:
    """A message that its destination accepted. ``sent_as``: its ID there."""

    number: int
    sent_as: str
    at: float  # seconds since the epoch
    original: str = ""  # the original message ID where it is not the message's own
    route: str = ""  # ARN


class Ledger(RunLedger):
    """One run's record. Messages are named by their place in the plan (``number``); ``number_of`` finds it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._routes: dict[str, int] = {}

    def number_of(self, message_id: str) -> int | None:
        """A message's place in the plan; None when the plan does not name it. Needs ``start_run``."""
        return self._index.numbers.get(message_id)

    def state_of(self, number: int) -> int:
        return self._index.state_of(number)

    @property
    def numbers_by_id(self) -> Mapping[str, int]:
        """Every known message, in order: those of the plan, then those that were received on the way."""
        return self._index.numbers

    def count_in_states(self, *states: MessageState) -> int:
        wanted = {schema.MESSAGE_STATES.index(state) for state in states}
        with self._write().lock:
            return self._index.count(wanted)

    def add_received(self, message_id: str) -> int:
        """An unseen message was received; returns its number. Synced with its intent at the latest."""
        writer = self._write()
        with writer.lock:
            number = self._index.add(message_id)
            self.unseen -= 1
            self._facts |= {"planned": json.dumps(len(self._index.numbers)), "unseen": json.dumps(self.unseen)}
            writer.add([("INSERT INTO letters (number, id) VALUES (?, ?)", [(number, message_id)])], eager=False)
        return number

    def record_intent(self, claims: Sequence[tuple[int, str]], step: int) -> None:
        """These (number, receipt handle) are about to be sent. Returns when it is synced."""
        writer = self._write()
        with writer.lock:
            self._index.change([number for number, _ in claims], INTENT, NONE, step)
            rows = [(INTENT, step, receipt, number) for number, receipt in claims]
            group = writer.add([(_INTENT, rows)], eager=True)
        writer.wait(group)

    def record_sent(self, accepted: Sequence[AcceptedMessage], *, done: bool = False) -> None:
        """The destination accepted these. ``done``: nothing is to be deleted (a copy). Returns when it is synced."""
        writer = self._write()
        state, outcome = (DELETED if done else SENT), (WAITING if self.watched else UNWATCHED)
        with writer.lock:
            self._index.change([message.number for message in accepted], state, outcome)
            rows = [
                (state, outcome, m.original or None, self._route_number(m.route), m.sent_as, m.at, m.number)
                for m in accepted
            ]
            group = writer.add([(_SENT, rows)], eager=True)
        writer.wait(group)

    def record_deleted(self, numbers: Sequence[int]) -> None:
        """Deleted from the dead-letter queue. Not waited for: if this is lost, they are deleted again."""
        writer = self._write()
        with writer.lock:
            self._index.change(numbers, DELETED)
            writer.add([(_STATE, [(DELETED, None, number) for number in numbers])], eager=False)

    def record_possible_duplicates(self, numbers: Sequence[int]) -> None:
        """Whether these were sent is not known. Synced: they are listed before they are sent again."""
        writer = self._write()
        with writer.lock:
            group = writer.add([(POSSIBLE_DUPLICATE, [(number,) for number in numbers])], eager=True)
        writer.wait(group)

    def record_unsent(self, numbers: Sequence[int]) -> None:
        """These were certainly not sent after all: they are planned again."""
        self._change(numbers, PLANNED, None)

    def record_rejected(self, numbers: Sequence[int], why: str) -> None:
        """The destination rejects these for good; they stay in the dead-letter queue."""
        self._change(numbers, FAILED, why)

    def record_missing(self, numbers: Sequence[int], why: str = "") -> None:
        self._change(numbers, MISSING, why or None)

    def record_held(self, claims: Sequence[tuple[str, str]]) -> None:
        """Messages (ID, receipt handle) that are held but not sent now: a killed process cannot release them. Not
        waited for."""
        writer = self._write()
        with writer.lock:
            writer.add([("INSERT OR REPLACE INTO held VALUES (?, ?)", list(claims))], eager=False)

    def clear_held(self) -> None:
        """Nothing is held any more. Returns when this, and all before it, is synced."""
        writer = self._write()
        with writer.lock:
            group = writer.add([("DELETE FROM held", [()]), (_CLEAR_RECEIPTS, [()])], eager=True)
        writer.wait(group)

    def record_outcomes(self, outcomes: Iterable[MessageOutcome]) -> None:
        """Record all of them in one commit. Returns when it is synced."""
        writer = self._write()
        rows = []
        with writer.lock:
            for message_id, outcome, at, cause in outcomes:
                number, code = self._index.numbers[message_id], schema.OUTCOMES.index(outcome)
                self._index.change([number], self._index.state_of(number), code)
                rows.append((code, at.timestamp() if at else None, cause or None, number))
            group = writer.add([(_OUTCOME, rows)], eager=True)
        writer.wait(group)

    def _load(self) -> None:
        super()._load()
        self._routes = {arn: number for number, arn in self._read.execute("SELECT number, arn FROM routes")}

    def _change(self, numbers: Sequence[int], state: int, error: str | None) -> None:
        writer = self._write()
        with writer.lock:
            self._index.change(numbers, state, NONE)
            group = writer.add([(_STATE, [(state, error, number) for number in numbers])], eager=True)
        writer.wait(group)

    def _route_number(self, arn: str) -> int | None:
        if not arn:
            return None
        if arn not in self._routes:
            self._routes[arn] = len(self._routes)
            writer = self._write()
            writer.add([("INSERT INTO routes VALUES (?, ?)", [(self._routes[arn], arn)])], eager=False)
        return self._routes[arn]


_INTENT = "UPDATE letters SET state = ?, step = ?, receipt = ?, attempts = attempts + 1 WHERE number = ?"
_SENT = (
    "UPDATE letters SET state = ?, outcome = ?, original = ?, route = ?, "
    "sent_as = CASE WHEN sent_as IS NULL THEN ?5 ELSE sent_as || ' ' || ?5 END, sent_at = ?, error = NULL "
    "WHERE number = ?"
)
_STATE = "UPDATE letters SET state = ?, error = ?, receipt = NULL WHERE number = ?"
_OUTCOME = "UPDATE letters SET outcome = ?, outcome_at = ?, cause_back = ? WHERE number = ?"
_CLEAR_RECEIPTS = "UPDATE letters SET receipt = NULL WHERE receipt IS NOT NULL"
