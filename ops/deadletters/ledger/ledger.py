"""What a run did, letter by letter, on disk before each next step.

``intended`` → (the letter is sent) → ``sent`` → (it is deleted from the dead-letter queue) → ``deleted``. The first two
return when they are synced. One process writes (it holds ``lock.held``); any may read, and ask it to cancel.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ops.deadletters import plan_codec
from ops.deadletters.ledger import schema
from ops.deadletters.ledger.aggregate import MOVE_TASK_PREFIX, PENDING_MOVE_TASK, PLAN_KEY
from ops.deadletters.ledger.model import MessageState, Outcome, RunState
from ops.deadletters.ledger.reader import LedgerReader
from ops.deadletters.ledger.schema import DELETED, FAILED, INTENT, MISSING, NONE, PLANNED, SENT, UNWATCHED, WAITING
from ops.deadletters.ledger.state_index import StateIndex
from ops.deadletters.ledger.writer import LedgerWriter, Statement
from ops.deadletters.plan_model import Action, Plan


@dataclass(frozen=True, slots=True)
class AcceptedMessage:
    """A letter that its destination took. ``sent_as``: what it calls the message there."""

    number: int
    sent_as: str
    at: float  # seconds since the epoch
    original: str = ""  # the first message's id where it is not the letter's own
    route: str = ""  # ARN


class Ledger(LedgerReader):
    """One run's record. Letters are named by their place in the plan (``number``); ``number_of`` finds it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._writer: LedgerWriter | None = None
        self._states = StateIndex(())
        self._facts: dict[str, str] = {}  # to be written with the next commit
        self._routes: dict[str, int] = {}
        self._unmarked = 0
        self._taken = 0
        self.unseen = 0
        """Of the selected messages, how many nobody has met yet: counted by the queue alone."""
        self.watched = True
        self.was_started = False  # another process began it before this one

    @classmethod
    def create(cls, path: Path, plan: Plan, reason: str, who: str) -> Ledger:
        """Raises UsageError when this plan has a ledger already, OpsError when it cannot be written."""
        facts = {
            "id": plan.id,
            "plan_hash": plan.hash,
            "reason": reason,
            "who": who,
            "engine": plan.engine,
            "planned": len(plan.ids),
            "unseen": plan.unseen,
            "queue_arn": plan.queue_arn,
            "watched": plan.steps.watch,
            "stays": plan.action is Action.COPY or plan.selection.imported,
            "state": RunState.RUNNING,
            "began": _now(),
            PLAN_KEY: plan_codec.to_plain(plan),  # so that it can be resumed whatever becomes of the plan's file
        }
        schema.create_ledger(path, plan.ids, {key: json.dumps(value) for key, value in facts.items()})
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> Ledger:
        """Raises UsageError (there is none), OpsError (of another version, or damaged; says what is in doubt)."""
        return cls(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Writes what is still to be written. Never raises: what could not be written was said when it was asked."""
        if self._writer is not None:
            self._writer.close()
        with self._reading:
            self._read.close()

    # --- the run ---------------------------------------------------------------------------------------------------

    def start_run(self, said: str = "") -> int:
        """It runs (again). Letters that an earlier process left between intent and sent may have been sent, so they
        are on the list of those that may arrive twice; how many there are. That somebody asked the run before to stop
        is forgotten; who asked it of a new one, before it begins here, is heard."""
        writer = self._write()
        left = self._states.in_state(INTENT)
        with writer.lock:
            facts = {"state": RunState.RUNNING, "ended": None, "said": said, "begun": True}
            self._facts |= {key: json.dumps(value) for key, value in facts.items()}
            group = writer.add([(_UNASKED, [()]), (_TWICE, [(number,) for number in left])], eager=True)
        writer.wait(group)
        return len(left)

    def finish_run(self, state: RunState, said: str) -> None:
        """Synced."""
        self._note(wait=True, state=state, said=said, ended=_now(), rate=0.0)

    def set_status_text(self, text: str) -> None:
        self._note(said=text)

    def set_rate_limit(self, limit: float | None, why: str = "") -> None:
        """What the rate is held to, and why."""
        self._note(rate_limit=limit, rate_why=why)

    def set_rate(self, messages_a_second: float) -> None:
        self._note(rate=round(messages_a_second, 1))

    def announce_move_task(self, known: Iterable[datetime] | None) -> None:
        """About to begin a move task, while the queue's tasks are those that began then; None: it was not begun after
        all. Synced: a process that is killed before it knows what it began leaves a trace of it."""
        facts: dict[str, Any] = {PENDING_MOVE_TASK: None if known is None else [began.isoformat() for began in known]}
        self._note(wait=True, **facts)

    def record_moves(self, began: datetime, moves: int) -> None:
        """What SQS's move task that began then has moved so far, letters that came back and went again included; from
        now on it is known as this run's."""
        facts: dict[str, Any] = {f"{MOVE_TASK_PREFIX}{began.isoformat()}": moves, PENDING_MOVE_TASK: None}
        self._note(wait=False, **facts)

    def set_step_state(self, number: int, upto: int, state: str) -> None:
        """Say of a step how far it goes and how it stands."""
        writer = self._write()
        row = (number, upto, state)
        with writer.lock:
            group = writer.add([("INSERT OR REPLACE INTO steps VALUES (?, ?, ?)", [row])], eager=True)
        writer.wait(group)

    # --- one letter's way ------------------------------------------------------------------------------------------

    def number_of(self, message_id: str) -> int | None:
        """A letter's place in the plan; None when the plan does not name it. Needs ``begin``."""
        return self._states.numbers.get(message_id)

    def state_of(self, number: int) -> int:
        return self._states.state_of(number)

    @property
    def numbers_by_id(self) -> Mapping[str, int]:
        """Every message that is known, in order: of its plan, then those that were met on the way."""
        return self._states.numbers

    def add_received(self, message_id: str) -> int:
        """One of the unseen ones was received: its number. Synced at the latest with its intent to be sent."""
        writer = self._write()
        with writer.lock:
            number = self._states.add(message_id)
            self.unseen -= 1
            self._facts |= {"planned": json.dumps(len(self._states.numbers)), "unseen": json.dumps(self.unseen)}
            writer.add([("INSERT INTO letters (number, id) VALUES (?, ?)", [(number, message_id)])], eager=False)
        return number

    def set_unseen(self, left: int, taken: int = 0) -> None:
        """So many of the unseen ones are still in the queue; ``taken``: SQS's move task took so many of the others."""
        self.unseen, self._taken = left, self._taken + taken
        self._note(unseen=left, taken=self._taken)

    def count_in_states(self, *states: MessageState) -> int:
        """Letters in any of these states."""
        wanted = {schema.MESSAGE_STATES.index(state) for state in states}
        with self._write().lock:
            return self._states.count(wanted)

    def record_intent(self, claims: Sequence[tuple[int, str]], step: int) -> None:
        """About to send these (number, receipt). Returns when it is synced."""
        writer = self._write()
        with writer.lock:
            self._states.change([number for number, _ in claims], INTENT, NONE, step)
            rows = [(INTENT, step, receipt, number) for number, receipt in claims]
            group = writer.add([(_INTENDED, rows)], eager=True)
        writer.wait(group)

    def record_sent(self, accepted: Sequence[AcceptedMessage], *, done: bool = False) -> None:
        """The destination has these. ``done``: nothing is to be deleted (a copy). Returns when it is synced."""
        writer = self._write()
        state, outcome = (DELETED if done else SENT), (WAITING if self.watched else UNWATCHED)
        with writer.lock:
            self._states.change([each.number for each in accepted], state, outcome)
            rows = [
                (state, outcome, each.original or None, self._route(each.route), each.sent_as, each.at, each.number)
                for each in accepted
            ]
            group = writer.add([(_SENT, rows)], eager=True)
        writer.wait(group)

    def add_unmarked(self, more: int) -> None:
        """So many were sent that had no room for the id of the first message. Not waited for."""
        if more:
            self._unmarked += more
            self._note(unmarked=self._unmarked)

    def record_deleted(self, numbers: Sequence[int]) -> None:
        """They are gone from the dead-letter queue. Not waited for: if this is lost, they are deleted again."""
        writer = self._write()
        with writer.lock:
            self._states.change(numbers, DELETED)
            writer.add([(_STATE, [(DELETED, None, number) for number in numbers])], eager=False)

    def record_possible_duplicates(self, numbers: Sequence[int]) -> None:
        """Whether these were sent is not known. Synced: before they are sent again they are on the list."""
        writer = self._write()
        with writer.lock:
            group = writer.add([(_TWICE, [(number,) for number in numbers])], eager=True)
        writer.wait(group)

    def record_unsent(self, numbers: Sequence[int]) -> None:
        """These were surely not sent after all: they are planned again."""
        self._move(numbers, PLANNED, None)

    def record_rejected(self, numbers: Sequence[int], why: str) -> None:
        """The destination will never take these; they stay in the dead-letter queue."""
        self._move(numbers, FAILED, why)

    def record_missing(self, numbers: Sequence[int], why: str = "") -> None:
        self._move(numbers, MISSING, why or None)

    # --- leases that outlive a killed process ----------------------------------------------------------------------

    def record_held(self, claims: Sequence[tuple[str, str]]) -> None:
        """Letters (id, receipt) that are kept back but will not be sent now. Not waited for."""
        writer = self._write()
        with writer.lock:
            writer.add([("INSERT OR REPLACE INTO held VALUES (?, ?)", list(claims))], eager=False)

    def clear_held(self) -> None:
        """Nothing is kept back any more. Returns when this, and all before it, is synced."""
        writer = self._write()
        with writer.lock:
            group = writer.add([("DELETE FROM held", [()]), (_FORGET, [()])], eager=True)
        writer.wait(group)

    # --- outcomes ----------------------------------------------------------------------------------------

    def record_outcomes(self, known: Iterable[tuple[str, Outcome, datetime | None, str]]) -> None:
        """What became of letters (id, outcome, when, the cause of those that came back), in one commit."""
        writer = self._write()
        rows = []
        with writer.lock:
            for name, outcome, at, cause in known:
                number, code = self._states.numbers[name], schema.OUTCOMES.index(outcome)
                self._states.change([number], self._states.state_of(number), code)
                rows.append((code, at.timestamp() if at else None, cause or None, number))
            group = writer.add(
                [("UPDATE letters SET outcome = ?, outcome_at = ?, cause_back = ? WHERE number = ?", rows)], eager=True
            )
        writer.wait(group)

    # --- inside ----------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        if self._writer is not None:
            self._writer.flush()

    def _write(self) -> LedgerWriter:
        if self._writer is None:
            self._load()
            self._writer = LedgerWriter(self.path, self._with_each_commit)
        return self._writer

    def _load(self) -> None:
        with self._reading, schema.translate_errors(self.path):
            self._states = StateIndex(
                self._read.execute("SELECT number, id, step, state, outcome FROM letters ORDER BY number")
            )
            self._routes = {arn: number for number, arn in self._read.execute("SELECT number, arn FROM routes")}
            facts = dict(self._read.execute("SELECT key, value FROM run WHERE key <> ?", [PLAN_KEY]))
            if len(self._states.numbers) != json.loads(facts["planned"]):
                raise ValueError("letters of its plan are missing")
            self.watched = bool(json.loads(facts["watched"]))
            self.was_started = "begun" in facts
            self._unmarked = int(json.loads(facts.get("unmarked", "0")))
            self.unseen = int(json.loads(facts.get("unseen", "0")))
            self._taken = int(json.loads(facts.get("taken", "0")))

    def _move(self, numbers: Sequence[int], state: int, error: str | None) -> None:
        writer = self._write()
        with writer.lock:
            self._states.change(numbers, state, NONE)
            group = writer.add([(_STATE, [(state, error, number) for number in numbers])], eager=True)
        writer.wait(group)

    def _route(self, arn: str) -> int | None:
        if not arn:
            return None
        if arn not in self._routes:
            self._routes[arn] = len(self._routes)
            writer = self._write()
            writer.add([("INSERT INTO routes VALUES (?, ?)", [(self._routes[arn], arn)])], eager=False)
        return self._routes[arn]

    def _note(self, *, wait: bool = False, **facts: Any) -> None:
        writer = self._write()
        with writer.lock:
            self._facts |= {key: json.dumps(value) for key, value in facts.items()}
            group = writer.add((), eager=wait)
        if wait:
            writer.wait(group)

    def _with_each_commit(self) -> Iterator[Statement]:
        """The counters' changes and the facts noted since the last commit."""
        if changes := self._states.take_changes():
            yield _TALLY, changes
        if self._facts:
            yield "INSERT OR REPLACE INTO run VALUES (?, ?)", list(self._facts.items())
            self._facts = {}


_INTENDED = "UPDATE letters SET state = ?, step = ?, receipt = ?, attempts = attempts + 1 WHERE number = ?"
_SENT = (
    "UPDATE letters SET state = ?, outcome = ?, original = ?, route = ?, "
    "sent_as = CASE WHEN sent_as IS NULL THEN ?5 ELSE sent_as || ' ' || ?5 END, sent_at = ?, error = NULL "
    "WHERE number = ?"
)
_TWICE = "UPDATE letters SET twice = 1 WHERE number = ?"
_UNASKED = "DELETE FROM run WHERE key = 'cancelled' AND EXISTS (SELECT 1 FROM run WHERE key = 'begun')"
_STATE = "UPDATE letters SET state = ?, error = ?, receipt = NULL WHERE number = ?"
_FORGET = "UPDATE letters SET receipt = NULL WHERE receipt IS NOT NULL"
_TALLY = (
    "INSERT INTO tally VALUES (?, ?, ?, ?) ON CONFLICT (step, state, outcome) "
    "DO UPDATE SET letters = letters + excluded.letters"
)


def _now() -> str:
    return datetime.now(UTC).isoformat()
