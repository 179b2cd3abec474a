"""Reading a ledger, in the process that writes it or any other."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops.deadletters.ledger import schema
from ops.deadletters.ledger.aggregate import MOVE_TASK_PREFIX, PENDING_MOVE_TASK, PLAN_KEY, read_run
from ops.deadletters.ledger.model import MessageState, Outcome, Run, SentMessage
from ops.deadletters.ledger.schema import INTENT, SENT


class LedgerReader:
    """Safe to share between threads. Raises OpsError when the file is of another version or damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = schema.connect(path)
        self._reading = threading.Lock()

    def _flush(self) -> None:
        """Called before lists are read: writes what is pending."""

    def run(self) -> Run:
        """The run as it is on disk. Reads counters, not messages: cheap enough to call every second."""
        with self._reading, schema.translate_errors(self.path):
            return read_run(self._read)

    def plan(self) -> str:
        """The plan that it started with, as JSON; empty where an earlier version of this tool made the ledger."""
        with self._reading, schema.translate_errors(self.path):
            row = self._read.execute("SELECT value FROM run WHERE key = ?", [PLAN_KEY]).fetchone()
        return str(row[0]) if row else ""

    def request_cancel(self) -> None:
        """Asks the process that runs it to stop; safe from any process."""
        with schema.translate_errors(self.path):
            db = schema.connect(self.path)
            try:
                db.execute("INSERT OR REPLACE INTO run VALUES ('cancelled', 'true')")
            finally:
                db.close()

    @property
    def cancel_requested(self) -> bool:
        """Whether it was asked to stop since it started. Reads the disk; call it a few times per second at most."""
        with self._reading, schema.translate_errors(self.path):
            row = self._read.execute("SELECT value FROM run WHERE key = 'cancelled'").fetchone()
        return bool(row and json.loads(row[0]))

    def move_task_starts(self) -> tuple[frozenset[datetime], frozenset[datetime] | None]:
        """The start times of this run's move tasks; and, if a task was announced that is not known yet, those of the
        tasks before it, else None."""
        self._flush()
        with self._reading, schema.translate_errors(self.path):
            facts = dict(self._read.execute("SELECT key, value FROM run WHERE key <> ?", [PLAN_KEY]))
            own = (key.removeprefix(MOVE_TASK_PREFIX) for key in facts if key.startswith(MOVE_TASK_PREFIX))
            before = json.loads(facts.get(PENDING_MOVE_TASK, "null"))
            return (
                frozenset(map(datetime.fromisoformat, own)),
                None if before is None else frozenset(map(datetime.fromisoformat, before)),
            )

    def held_receipts(self) -> tuple[str, ...]:
        """Receipt handles of all messages that a killed process may still hold."""
        sql = "SELECT receipt FROM held UNION ALL SELECT receipt FROM letters WHERE state IN (?, ?)"
        with self._reading, schema.translate_errors(self.path):
            return tuple(receipt for (receipt,) in self._read.execute(sql, (INTENT, SENT)) if receipt)

    def sent_messages(self, outcome: Outcome | None = None) -> Iterator[SentMessage]:
        """The messages that were sent, or those with ``outcome``, in the plan's order."""
        self._flush()
        sql = (
            "SELECT letters.number, id, step, outcome, original, sent_as, sent_at, arn FROM letters "
            "LEFT JOIN routes ON routes.number = route WHERE sent_at IS NOT NULL AND letters.number > ?"
        )
        sql += f" AND outcome = {schema.OUTCOMES.index(outcome)}" if outcome else ""
        last = -1
        while True:
            with self._reading, schema.translate_errors(self.path):
                rows = self._read.execute(f"{sql} ORDER BY letters.number LIMIT 1000", (last,)).fetchall()
            with schema.translate_errors(self.path):
                messages = [_sent_message(row) for row in rows]
            yield from messages
            if not rows:
                return
            last = rows[-1][0]

    def ids_in_states(self, *states: MessageState) -> tuple[str, ...]:
        """Message IDs in one of these states, in the plan's order."""
        self._flush()
        codes = json.dumps([schema.MESSAGE_STATES.index(state) for state in states])
        return self._read_ids(
            "SELECT id FROM letters WHERE state IN (SELECT value FROM json_each(?)) ORDER BY number", codes
        )

    def possible_duplicates(self) -> tuple[str, ...]:
        """Message IDs that may have been sent more than once, or once and are still in the dead-letter queue."""
        self._flush()
        return self._read_ids("SELECT id FROM letters WHERE twice = 1 ORDER BY number")

    def most_sends(self) -> int:
        """How often a message was sent at most: each was announced before it was sent, also where a killed process did
        not live to record more."""
        self._flush()
        with self._reading, schema.translate_errors(self.path):
            (found,) = self._read.execute("SELECT COALESCE(SUM(attempts), 0) FROM letters").fetchone()
        return int(found)

    def _read_ids(self, sql: str, *parameters: str) -> tuple[str, ...]:
        with self._reading, schema.translate_errors(self.path):
            return tuple(name for (name,) in self._read.execute(sql, parameters))


def _sent_message(row: Sequence[Any]) -> SentMessage:
    _, name, step, outcome, original, sent_as, at, arn = row
    return SentMessage(
        message_id=name,
        original_message_id=original or name,
        new_ids=tuple((sent_as or "").split()),
        sent_at=datetime.fromtimestamp(at, UTC),
        step=step,
        destination=arn or "",
        outcome=schema.OUTCOMES[outcome] or Outcome.UNWATCHED,
    )
