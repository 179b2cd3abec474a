"""The snapshot with what is written to it: messages, and what is learned about them later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from ops.deadletters import cause_record
from ops.deadletters.messages import message_body
from ops.deadletters.messages.model import Cause, DeadLetter, Place
from ops.deadletters.snapshot import rows, schema
from ops.deadletters.snapshot.reader import SnapshotReader

MESSAGES_PER_WRITE = 500
"""Messages put in the snapshot at once: their bodies are in memory."""
CAUSES_PER_WRITE = 5_000
"""Causes written at once."""


class KnownMessage(NamedTuple):
    """``scan``: the last scan that found the message; ``seen``: when, None for an imported one that no scan has
    found."""

    scan: int | None
    seen: int | None


class Snapshot(SnapshotReader):
    """Open it by ``Snapshot.open``; close it, or use it as a context manager. One thread at a time.

    Every method raises OpsError when the file is damaged, held for too long or the disk is full.
    """

    def add(self, messages: Iterable[DeadLetter], place: Place = Place.IMPORTED) -> int:
        """Put messages in the snapshot, all or none; how many are new. What is there already keeps place and
        contents."""
        remaining = iter(messages)
        new = 0
        with schema.write_transaction(self.connection, self.path):
            while batch := {
                rows.storable(message.message_id): message for message in islice(remaining, MESSAGES_PER_WRITE)
            }:
                known = self.known_messages(batch)
                new_messages = [message for message_id, message in batch.items() if message_id not in known]
                self.insert(new_messages, place)
                new += len(new_messages)
        return new

    def known_messages(self, message_ids: Iterable[str]) -> dict[str, KnownMessage]:
        """The messages of ``message_ids`` that are in the snapshot."""
        found = self.connection.execute(
            "SELECT id, look, seen FROM letters WHERE id IN (SELECT value FROM json_each(?))",
            [schema.dumps(list(message_ids))],
        )
        return {message_id: KnownMessage(look, seen) for message_id, look, seen in found}

    def insert(self, messages: Sequence[DeadLetter], place: Place) -> None:
        """Messages that are not there yet, within a transaction (``add``, or a scan's page)."""
        read = [message_body.classify_body(message.body) for message in messages]
        kept = list(zip(messages, read, strict=True))
        self.connection.executemany(
            rows.INSERT_MESSAGE,
            (rows.message_values(message, cause_record.own_cause(message), place, form) for message, (_, form) in kept),
        )
        self.connection.executemany(
            rows.INSERT_CONTENTS, (rows.contents_values(message, value, form) for message, (value, form) in kept)
        )

    def set_causes(self, causes: Iterable[tuple[str, Cause]]) -> None:
        """Set why messages failed, by their ID; those that are not in the snapshot are ignored."""
        values = (rows.cause_values(*each) for each in causes)
        while page := list(islice(values, CAUSES_PER_WRITE)):  # so that no other process has to wait long
            with schema.write_transaction(self.connection, self.path):
                self.connection.executemany(rows.UPDATE_CAUSE, page)

    def set_fingerprints(self, marks: Sequence[tuple[str, str]]) -> None:
        """Message ids and their causes' fingerprints, which have no label yet."""
        with schema.write_transaction(self.connection, self.path):
            self.connection.executemany(
                "UPDATE letters SET fingerprint = ?, label = '' WHERE id = ?",
                [(mark, message_id) for message_id, mark in marks],
            )

    def set_labels(self, labels: Mapping[str, str]) -> None:
        """``labels``: by fingerprint, what its messages have in common. Messages that have a label keep it."""
        if labels:
            with schema.write_transaction(self.connection, self.path):
                self.connection.execute(
                    "UPDATE letters SET label = ifnull(json_extract(?, '$.\"' || fingerprint || '\"'), '') "
                    "WHERE label = '' AND fingerprint <> ''",
                    [schema.dumps(labels)],
                )

    def set_place(self, message_ids: Iterable[str], place: Place, at: datetime | None = None) -> None:
        """Record where messages are now, and since when (default: now)."""
        moved = rows.to_milliseconds(at or datetime.now(UTC))
        with schema.write_transaction(self.connection, self.path):
            self.connection.execute(
                "UPDATE letters SET place = ?, moved = ?, receipt = NULL, leased_until = NULL "
                "WHERE id IN (SELECT value FROM json_each(?))",
                [place.value, moved, schema.dumps(list(message_ids))],
            )

    def remove_imported(self, message_ids: Iterable[str]) -> int:
        """Take imported messages out of the snapshot; how many there were. Of those that were in the queue once, it
        stays on record that they are gone."""
        ids = schema.dumps(list(message_ids))
        these = "id IN (SELECT value FROM json_each(?)) AND place = 'imported'"
        with schema.write_transaction(self.connection, self.path):
            seen = self.connection.execute(
                f"UPDATE letters SET place = 'gone' WHERE {these} AND seen IS NOT NULL", [ids]
            ).rowcount
            self.connection.execute(f"DELETE FROM contents WHERE n IN (SELECT n FROM letters WHERE {these})", [ids])
            return seen + self.connection.execute(f"DELETE FROM letters WHERE {these}", [ids]).rowcount

    def save_note(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep a JSON object by a name."""
        with schema.write_transaction(self.connection, self.path):
            self.connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", [f"note:{key}", schema.dumps(value)])
