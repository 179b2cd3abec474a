"""The facts of a run in its ledger: state, status text, rate, steps, move tasks, counts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ops import typed_json
from ops.deadletters.ledger import schema
from ops.deadletters.ledger.aggregate import MOVE_TASK_PREFIX, PENDING_MOVE_TASK, PLAN_KEY
from ops.deadletters.ledger.model import RunState
from ops.deadletters.ledger.reader import LedgerReader
from ops.deadletters.ledger.schema import INTENT
from ops.deadletters.ledger.state_index import StateIndex
from ops.deadletters.ledger.writer import LedgerWriter, Statement
from ops.deadletters.plan_model import Action, Plan


class RunLedger(LedgerReader):
    """One process writes (it holds ``queue_lock.hold_lock``); any may read, and request a cancellation."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._writer: LedgerWriter | None = None
        self._index = StateIndex(())
        self._facts: dict[str, str] = {}  # to be written with the next commit
        self._unmarked = 0
        self._taken = 0
        self.unseen = 0
        """Selected messages that were counted by the queue, and not received so far."""
        self.watched = True
        self.was_started = False  # by an earlier process

    @classmethod
    def create(cls, path: Path, plan: Plan, reason: str, who: str) -> Self:
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
            "began": _written(datetime.now(UTC)),
            PLAN_KEY: plan,  # so that it can be resumed when the plan's file is lost
        }
        schema.create_ledger(path, plan.ids, {key: typed_json.dumps(value) for key, value in facts.items()})
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises UsageError (there is none), OpsError (of another version, or damaged; names what is in doubt)."""
        return cls(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Writes what is pending. Never raises: a failed write has raised before."""
        if self._writer is not None:
            self._writer.close()
        with self._reading:
            self._read.close()

    def start_run(self, text: str = "") -> int:
        """Starts or resumes the run. Messages that an earlier process left between intent and sent may have been sent:
        they are listed as possible duplicates; returns their number. A cancellation of an earlier process is cleared;
        one that was requested before a new run started is kept."""
        writer = self._write()
        in_doubt = self._index.in_state(INTENT)
        with writer.lock:
            facts = {"state": RunState.RUNNING, "ended": None, "said": text, "begun": True}
            self._facts |= {key: json.dumps(value) for key, value in facts.items()}
            duplicates: Statement = (POSSIBLE_DUPLICATE, [(number,) for number in in_doubt])
            group = writer.add([(_CLEAR_CANCELLATION, [()]), duplicates], eager=True)
        writer.wait(group)
        return len(in_doubt)

    def finish_run(self, state: RunState, text: str, at: datetime) -> None:
        """Returns when it is synced."""
        self._note(wait=True, state=state, said=text, ended=_written(at), rate=0.0)

    def set_status_text(self, text: str) -> None:
        self._note(said=text)

    def set_rate_limit(self, limit: float | None, why: str = "") -> None:
        self._note(rate_limit=limit, rate_why=why)

    def set_rate(self, messages_per_s: float) -> None:
        self._note(rate=round(messages_per_s, 1))

    def set_step_state(self, number: int, upto: int, state: str) -> None:
        """Returns when it is synced."""
        writer = self._write()
        with writer.lock:
            group = writer.add([("INSERT OR REPLACE INTO steps VALUES (?, ?, ?)", [(number, upto, state)])], eager=True)
        writer.wait(group)

    def announce_move_task(self, known: Iterable[datetime] | None) -> None:
        """A move task is about to be started; ``known``: the start times of the queue's tasks. None: it was not started
        after all. Synced, so that a process that is killed before it knows its task leaves a trace of it."""
        self._note(wait=True, **{PENDING_MOVE_TASK: None if known is None else [task.isoformat() for task in known]})

    def record_moves(self, task_started: datetime, moves: int) -> None:
        """What the move task that was started then has moved so far, messages that were moved again included; from now
        on it is known as this run's."""
        self._note(wait=False, **{f"{MOVE_TASK_PREFIX}{task_started.isoformat()}": moves, PENDING_MOVE_TASK: None})

    def set_unseen(self, remaining: int, taken: int = 0) -> None:
        """``remaining`` of the unseen messages are still in the queue; a move task took ``taken`` of the others."""
        self.unseen, self._taken = remaining, self._taken + taken
        self._note(unseen=remaining, taken=self._taken)

    def add_unmarked(self, more: int) -> None:
        """Count messages that were sent without the original message ID because it did not fit. Their outcomes are not
        waited for."""
        if more:
            self._unmarked += more
            self._note(unmarked=self._unmarked)

    def _flush(self) -> None:
        if self._writer is not None:
            self._writer.flush()

    def _write(self) -> LedgerWriter:
        if self._writer is None:
            with self._reading, schema.translate_errors(self.path):
                self._load()
            self._writer = LedgerWriter(self.path, self._with_each_commit)
        return self._writer

    def _load(self) -> None:
        self._index = StateIndex(
            self._read.execute("SELECT number, id, step, state, outcome FROM letters ORDER BY number")
        )
        facts = dict(self._read.execute("SELECT key, value FROM run WHERE key <> ?", [PLAN_KEY]))
        if len(self._index.numbers) != json.loads(facts["planned"]):
            raise ValueError("messages of its plan are missing")
        self.watched = bool(json.loads(facts["watched"]))
        self.was_started = "begun" in facts
        self._unmarked = int(json.loads(facts.get("unmarked", "0")))
        self.unseen = int(json.loads(facts.get("unseen", "0")))
        self._taken = int(json.loads(facts.get("taken", "0")))

    def _note(self, *, wait: bool = False, **facts: Any) -> None:
        writer = self._write()
        with writer.lock:
            self._facts |= {key: json.dumps(value) for key, value in facts.items()}
            group = writer.add((), eager=wait)
        if wait:
            writer.wait(group)

    def _with_each_commit(self) -> Iterator[Statement]:
        """The changes of the counters, and the facts noted since the last commit."""
        if changes := self._index.take_changes():
            yield _TALLY, changes
        if self._facts:
            yield "INSERT OR REPLACE INTO run VALUES (?, ?)", list(self._facts.items())
            self._facts = {}


POSSIBLE_DUPLICATE = "UPDATE letters SET twice = 1 WHERE number = ?"
_CLEAR_CANCELLATION = "DELETE FROM run WHERE key = 'cancelled' AND EXISTS (SELECT 1 FROM run WHERE key = 'begun')"
_TALLY = (
    "INSERT INTO tally VALUES (?, ?, ?, ?) ON CONFLICT (step, state, outcome) "
    "DO UPDATE SET letters = letters + excluded.letters"
)


def _written(time: datetime) -> str:
    """The time in the audit log's format, so that both round to the same second."""
    return time.isoformat(timespec="milliseconds")
