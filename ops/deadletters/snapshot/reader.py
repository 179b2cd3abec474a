"""The snapshot as its readers see it: find, count, group, and what is noted of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ops.deadletters.messages.model import Place, SnapshotMessage
from ops.deadletters.plan_model import Selection
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.snapshot import index_query, rows, schema
from ops.deadletters.snapshot.grouping import GROUPS_QUERY, CauseGroup, group_from_row
from ops.errors import UsageError

MOVABLE_PLACES = (Place.QUEUE, Place.IMPORTED)
"""Places of the messages that can still be moved."""


@dataclass(frozen=True)
class SnapshotInfo:
    """``messages`` and ``bytes`` (of bodies): those in the queue. The rest is of the last scan that ended:
    ``scanned_at`` None and ``complete`` False before there was one. ``scanning``: a scan is in progress, or was killed.
    ``counts``: messages by place."""

    scanned_at: datetime | None
    messages: int
    bytes: int
    complete: bool
    notes: tuple[str, ...]
    scanning: bool
    last_scan: Mapping[str, Any]  # of ops.deadletters.scan.scan.ScanResult: messages, new, gone, receives, reported, …
    counts: Mapping[str, int]

    @property
    def scanned(self) -> int:
        """Messages that the last scan read; those redriven or deleted since are not in ``messages``."""
        return int(self.last_scan.get("letters") or 0)

    @property
    def imported(self) -> int:
        """Messages that a file brought, and that are not in the queue."""
        return self.counts.get(Place.IMPORTED.value, 0)


class SnapshotReader:
    """The reading half of ``Snapshot``, which documents it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path

    @classmethod
    def open(cls, where: DeadLetterQueue | Path) -> Self:
        """The snapshot of a source, or at a path; made empty when there is none. Raises as ``schema.connect``."""
        path = where if isinstance(where, Path) else where.snapshot_path
        return cls(schema.connect(path), path)

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def find(
        self,
        selection: Selection = Selection(),  # noqa: B008 - frozen
        order: str = "sent",
        descending: bool = False,
        limit: int = 200,
        offset: int = 0,
        places: Sequence[Place] = (),
    ) -> tuple[SnapshotMessage, ...]:
        """One page of what is selected. ``order``: one of ``index_query.SORT_COLUMNS``; messages alike in it keep their
        order. ``places``: where the messages are, here and below; default: those that the selection is about.

        Raises UsageError: a filter that is not a valid JMESPath expression, an unknown order.
        """
        numbers = self._numbers(selection, order, descending, places)[offset : offset + limit]
        return self._messages(numbers)

    def count(self, selection: Selection = Selection(), places: Sequence[Place] = ()) -> int:  # noqa: B008 - frozen
        return len(self._numbers(selection, "sent", False, places))

    def ids(self, selection: Selection = Selection(), places: Sequence[Place] = ()) -> tuple[str, ...]:  # noqa: B008 - frozen
        """Message ids of all that is selected, first sent first."""
        numbers = self._numbers(selection, "sent", False, places)
        with schema.translate_read_errors(self.path):
            found = dict(
                self.connection.execute(
                    "SELECT n, id FROM letters WHERE n IN (SELECT value FROM json_each(?))",
                    [schema.dumps(list(numbers))],
                )
            )
        return tuple(found[number] for number in numbers if number in found)

    def iterate(
        self,
        selection: Selection = Selection(),  # noqa: B008 - frozen
        batch: int = 500,
        places: Sequence[Place] = (),
    ) -> Iterator[SnapshotMessage]:
        """All that was selected when the first was asked for, first sent first, ``batch`` at a time in memory."""
        numbers = iter(self._numbers(selection, "sent", False, places))
        while page := tuple(islice(numbers, batch)):
            yield from self._messages(page)

    def summaries(
        self, fingerprints: Iterable[str], places: Sequence[Place] = MOVABLE_PLACES
    ) -> Iterator[rows.MessageSummary]:
        """Messages of these causes ("": of none), in no order. Nothing may be written before the last one is read."""
        marks = schema.dumps(list(fingerprints))
        with schema.translate_read_errors(self.path):
            found = self.connection.execute(
                f"SELECT {rows.SUMMARY_COLUMNS} FROM {rows.MESSAGE_TABLES} WHERE fingerprint IN (SELECT value FROM json_each(?)) "
                "AND +place IN (SELECT value FROM json_each(?))",
                [marks, schema.dumps([place.value for place in places])],
            )
            yield from map(rows.summary_from_row, found)

    def bodies(self, message_ids: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Message ids with their bodies, as ``sketches`` gives messages."""
        with schema.translate_read_errors(self.path):
            found = self.connection.execute(
                f"SELECT id, body FROM {rows.MESSAGE_TABLES} WHERE id IN (SELECT value FROM json_each(?))",
                [schema.dumps(list(message_ids))],
            )
            yield from ((message_id, rows.decode_body(kept)) for message_id, kept in found)

    def get(self, message_id: str) -> SnapshotMessage:
        """The message with this id, or the only one whose id begins so; wherever it is. Raises UsageError else."""
        with schema.translate_read_errors(self.path):
            found = (
                self.connection.execute(
                    f"SELECT {rows.MESSAGE_COLUMNS} FROM {rows.MESSAGE_TABLES} WHERE id = ?",
                    [message_id],
                ).fetchall()
                or self.connection.execute(
                    f"SELECT {rows.MESSAGE_COLUMNS} FROM {rows.MESSAGE_TABLES} WHERE substr(id, 1, ?) = ? LIMIT 2",
                    [len(message_id), message_id],
                ).fetchall()
            )
        if not found or not message_id:
            raise UsageError(
                f"No message in the snapshot has the ID {message_id!r}.",
                "List messages (ops dlq list), or scan again.",
            )
        if len(found) > 1:
            raise UsageError(f"Several messages have an ID that starts with {message_id}.", "Add more characters.")
        with schema.translate_read_errors(self.path):
            return rows.message_from_row(found[0])

    def info(self) -> SnapshotInfo:
        with schema.translate_read_errors(self.path):
            ask = self.connection.execute
            done = ask("SELECT began, report FROM looks WHERE ended IS NOT NULL ORDER BY n DESC LIMIT 1").fetchone()
            looking = ask("SELECT count(*) FROM looks WHERE ended IS NULL").fetchone()[0]
            by_place = ask("SELECT place, count(*), sum(bytes) FROM letters GROUP BY place").fetchall()
            return _info(done, looking, by_place)

    def groups(self, places: Sequence[Place] = (Place.QUEUE,)) -> tuple[CauseGroup, ...]:
        """One per fingerprint, most messages first; messages without a cause are the group of the fingerprint ""."""
        with schema.translate_read_errors(self.path):
            found = self.connection.execute(GROUPS_QUERY, [schema.dumps([place.value for place in places])]).fetchall()
            total = sum(row[1] for row in found)
            return tuple(group_from_row(row, total) for row in found)

    def places(self, message_ids: Iterable[str]) -> dict[str, Place]:
        """Where each of these messages is; those that are not in the snapshot are left out."""
        with schema.translate_read_errors(self.path):
            found = self.connection.execute(
                "SELECT id, place FROM letters WHERE id IN (SELECT value FROM json_each(?))",
                [schema.dumps(list(message_ids))],
            )
            return {message_id: Place(place) for message_id, place in found}

    def labels(self) -> dict[str, str]:
        """One label for each fingerprint, of those that its messages have."""
        with schema.translate_read_errors(self.path):
            return dict(
                self.connection.execute(
                    "SELECT fingerprint, max(label) FROM letters WHERE label <> '' GROUP BY fingerprint"
                )
            )

    def unlabeled_messages(self) -> Iterator[tuple[str, str]]:
        """Fingerprint and error message of each message whose cause has no label."""
        with schema.translate_read_errors(self.path):
            yield from self.connection.execute(
                "SELECT fingerprint, error_message FROM letters WHERE label = '' AND fingerprint <> ''"
            )

    def unlabeled_groups(self, many: int, marks: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Fingerprint, message id and error message of the messages of causes where some have no label, cause by cause:
        those of at least ``many`` messages, and ``marks``."""
        with schema.translate_sqlite_errors(self.path):
            yield from self.connection.execute(
                "SELECT fingerprint, id, error_message FROM letters WHERE fingerprint IN (SELECT fingerprint FROM "
                "letters WHERE fingerprint <> '' GROUP BY fingerprint HAVING min(label) = '' AND (count(*) >= ? OR "
                "fingerprint IN (SELECT value FROM json_each(?)))) ORDER BY fingerprint, n",
                [many, schema.dumps(list(marks))],
            )

    def read_note(self, key: str) -> dict[str, Any] | None:
        """The note of that name; None when there is none. Raises OpsError for a damaged one."""
        with schema.translate_read_errors(self.path):
            found = self.connection.execute("SELECT value FROM notes WHERE key = ?", [f"note:{key}"]).fetchone()
            kept = json.loads(found[0]) if found else None
            if not isinstance(kept, dict | None):
                raise ValueError("a note is not an object")
            return kept

    # --- within -------------------------------------------------------------------------------------------------

    def _numbers(self, selection: Selection, order: str, descending: bool, places: Sequence[Place]) -> Sequence[int]:
        with schema.translate_sqlite_errors(self.path):
            where = places or (Place.IMPORTED if selection.imported else Place.QUEUE,)
            return index_query.selected_rows(self.connection, self.path, selection, order, descending, where)

    def _messages(self, numbers: Sequence[int]) -> tuple[SnapshotMessage, ...]:
        with schema.translate_read_errors(self.path):
            found = {
                row[-1]: row
                for row in self.connection.execute(
                    f"SELECT {rows.MESSAGE_COLUMNS}, n FROM {rows.MESSAGE_TABLES} WHERE n IN (SELECT value FROM json_each(?))",
                    [schema.dumps(list(numbers))],
                )
            }
            return tuple(rows.message_from_row(found[number]) for number in numbers if number in found)


def _info(done: tuple[Any, ...] | None, looking: int, by_place: list[tuple[Any, ...]]) -> SnapshotInfo:
    report = json.loads(done[1]) if done else {}
    notes = tuple(report.pop("notes", ()))
    if not all(isinstance(note, str) for note in notes):
        raise ValueError("its notes are not text")
    if not all(isinstance(value, int | float) for value in report.values()):
        raise ValueError("its counts are not numbers")
    queued = [row for row in by_place if row[0] == Place.QUEUE.value]
    return SnapshotInfo(
        scanned_at=rows.from_milliseconds(done[0]) if done else None,
        messages=sum(row[1] for row in queued),
        bytes=sum(row[2] for row in queued),
        complete=bool(report.get("complete")),
        notes=notes,
        scanning=bool(looking),
        last_scan=report,
        counts={row[0]: row[1] for row in by_place},
    )
