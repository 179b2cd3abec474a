"""What a scan writes to the snapshot: messages as they are received, the receipts that it holds them by, how it ended.

The receipts are in the snapshot and not in memory, so that a scan that is killed leaves behind what its successor
needs: it continues with what is still held, and gives all of it back at the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops.deadletters.messages.model import DeadLetter, Place
from ops.deadletters.messages.parse import parse_message
from ops.deadletters.snapshot import rows, schema

if TYPE_CHECKING:
    from ops.aws.sqs import Message
    from ops.deadletters.snapshot.snapshot import Snapshot


@dataclass(frozen=True)
class StartedScan:
    """``held``: messages that it has read and still holds, from before it was killed; ``new`` and ``receives``: its
    counts until then."""

    number: int
    started_at: datetime
    held: int = 0
    new: int = 0
    receives: int = 0


@dataclass(frozen=True)
class HeldMessage:
    """A message that a scan holds: its number in the snapshot and its receipt."""

    number: int
    receipt: str


class ScanLog:
    """The writing side of one scan. The snapshot stays its owner's to close. Raises as ``Snapshot`` does."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._execute = snapshot.connection.execute

    def start(self, now: datetime) -> StartedScan:
        """Continue the scan that was killed while it read, else start again. ``now`` decides which leases have ended:
        messages of those are read again."""
        with schema.write_transaction(self._snapshot.connection, self._snapshot.path):
            self._execute(
                "UPDATE letters SET receipt = NULL, leased_until = NULL, look = NULL WHERE leased_until <= ?",
                [now.timestamp()],
            )
            killed = self._execute("SELECT n, began, report FROM looks WHERE ended IS NULL ORDER BY n DESC").fetchone()
            if killed and (resumed := self._resumable(now, *killed)):
                return resumed
            self._execute("DELETE FROM looks WHERE ended IS NULL")
            number = self._execute("INSERT INTO looks (began) VALUES (?)", [rows.to_milliseconds(now)]).lastrowid
        return StartedScan(number or 0, now)

    def _resumable(self, now: datetime, number: int, began: int, written: str | None) -> StartedScan | None:
        with schema.translate_read_errors(self._snapshot.path):
            report = json.loads(written or "{}")
            if report.get("returning") or not (held := self._held_count(number)):
                return None
            return StartedScan(
                number,
                rows.from_milliseconds(began) or now,
                held,
                int(report.get("new", 0)),
                int(report.get("receives", 0)),
            )

    def record_batch(
        self, number: int, messages: Iterable[Message], until: float, now: datetime, report: Mapping[str, Any]
    ) -> tuple[int, int]:
        """What was received goes into the snapshot, held ``until`` then (seconds since 1970). ``report``: counts so
        far.

        Returns how many messages this scan had not read yet, and how many of those were not in the snapshot.
        """
        received = {message.message_id: (parse_message(message), message.receipt) for message in messages}
        seen = rows.to_milliseconds(now)
        with schema.write_transaction(self._snapshot.connection, self._snapshot.path):
            known = self._snapshot.known_messages(received)
            new = [each for name, (each, _) in received.items() if name not in known]
            self._snapshot.insert(new, Place.QUEUE)
            imported = [each for name, (each, _) in received.items() if name in known and known[name].seen is None]
            if imported:
                self._replace_imported(imported)
            self._snapshot.connection.executemany(
                "UPDATE letters SET place = 'queue', look = ?, receipt = ?, leased_until = ?, seen = ?, "
                "receives = ? WHERE id = ?",
                [(number, receipt, until, seen, each.receives, name) for name, (each, receipt) in received.items()],
            )
            counts = schema.dumps({**report, "new": report["new"] + len(new)})
            self._execute("UPDATE looks SET report = ? WHERE n = ?", [counts, number])
        return sum(name not in known or known[name].scan != number for name in received), len(new)

    def held_messages(
        self, most: int, after: int = 0, before: float | None = None, but: int | None = None
    ) -> tuple[HeldMessage, ...]:
        """Messages held by scans, by number, those after ``after``; leases that end ``before`` (seconds since 1970)
        only; not those of the scan ``but``."""
        with schema.translate_read_errors(self._snapshot.path):
            found = self._execute(
                "SELECT n, receipt FROM letters WHERE receipt IS NOT NULL AND n > ? AND leased_until < ? "
                "AND look IS NOT ? ORDER BY n LIMIT ?",
                [after, before if before is not None else float("inf"), but, most],
            ).fetchall()
        return tuple(HeldMessage(*row) for row in found)

    def record_renewal(self, numbers: Sequence[int], until: float) -> None:
        with schema.write_transaction(self._snapshot.connection, self._snapshot.path):
            self._execute(
                "UPDATE letters SET leased_until = ? WHERE n IN (SELECT value FROM json_each(?))",
                [until, schema.dumps(list(numbers))],
            )

    def record_release(self, numbers: Sequence[int], returning: int | None = None) -> None:
        """Forget their receipts. ``returning``: the scan that reads no more: killed now, its successor begins again."""
        with schema.write_transaction(self._snapshot.connection, self._snapshot.path):
            self._execute(
                "UPDATE letters SET receipt = NULL, leased_until = NULL WHERE n IN (SELECT value FROM json_each(?))",
                [schema.dumps(list(numbers))],
            )
            if returning is not None:
                self._execute("UPDATE looks SET report = ? WHERE n = ?", [schema.dumps({"returning": True}), returning])

    def mark_missing(self, number: int) -> int:
        """A whole scan did not find these: they are gone from the queue. How many."""
        with schema.write_transaction(self._snapshot.connection, self._snapshot.path):
            return self._execute(
                "UPDATE letters SET place = 'gone' WHERE place = 'queue' AND look IS NOT ?", [number]
            ).rowcount

    def finish(self, number: int, ended: datetime, report: Mapping[str, Any]) -> None:
        with schema.write_transaction(self._snapshot.connection, self._snapshot.path):
            self._execute(
                "UPDATE looks SET ended = ?, report = ? WHERE n = ?",
                [rows.to_milliseconds(ended), schema.dumps(report), number],
            )

    def discard(self, number: int) -> None:
        """It failed: the scan before it stays the last one."""
        with schema.write_transaction(self._snapshot.connection, self._snapshot.path):
            self._execute("DELETE FROM looks WHERE n = ?", [number])

    def _replace_imported(self, received: Sequence[DeadLetter]) -> None:
        """Imported messages that are now found in the queue: the queue's version replaces the file's. The file's cause
        stays with a message that is the same."""
        ids = schema.dumps([message.message_id for message in received])
        these = "id IN (SELECT value FROM json_each(?))"
        with schema.translate_read_errors(self._snapshot.path):
            stored = self._execute(f"SELECT {rows.MESSAGE_COLUMNS} FROM {rows.MESSAGE_TABLES} WHERE {these}", [ids])
            before = {message_id.message.message_id: message_id for message_id in map(rows.message_from_row, stored)}
        self._execute(f"DELETE FROM contents WHERE n IN (SELECT n FROM letters WHERE {these})", [ids])
        self._execute(f"DELETE FROM letters WHERE {these}", [ids])
        self._snapshot.insert(received, Place.QUEUE)
        same = [
            message.message_id
            for message in received
            if _cause_inputs(message) == _cause_inputs(before[message.message_id].message)
        ]
        self._snapshot.connection.executemany(
            rows.UPDATE_CAUSE, [rows.cause_values(message_id, before[message_id].cause) for message_id in same]
        )

    def _held_count(self, number: int) -> int:
        found = self._execute(
            "SELECT count(*) FROM letters WHERE receipt IS NOT NULL AND look = ?", [number]
        ).fetchone()
        return int(found[0])


def _cause_inputs(message: DeadLetter) -> tuple[Any, ...]:
    """What its cause was found by."""
    return message.body, message.attributes, message.kind
