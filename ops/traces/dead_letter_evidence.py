"""What this machine knows about a job besides logs: its messages in the snapshot, and redrives in the ledgers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ops.deadletters.ledger import Ledger
from ops.deadletters.messages.model import Kind, Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.messages.model import SnapshotMessage
    from ops.deadletters.queue import DeadLetterQueue

MAX_FOUND = 20
"""Dead-letter messages of one job: more is no path that can be read."""
MAX_LEDGERS = 50
MIN_PREFIX_CHARS = 8
"""Characters of a message ID: fewer are more likely a job's ID."""
PLACES = (Place.QUEUE, Place.MISSING, Place.REDRIVEN, Place.PURGED, Place.IMPORTED)


@dataclass(frozen=True)
class DeadLetterStay:
    """A message in the dead-letter queue. ``original_id``: of the message that it was. ``by_handler``: the handler sent it;
    else SQS moved it, which has no time on record. ``sent``: the message's own time."""

    message_id: str
    original_id: str
    by_handler: bool
    sent: datetime | None
    failed_at: datetime | None
    request_id: str
    cause: str
    place: Place
    seen: datetime | None


@dataclass(frozen=True)
class RedriveSend:
    """One sending by a redrive: ``message_id`` was sent as ``new_ids``."""

    run_id: str
    at: datetime
    message_id: str
    original_id: str
    new_ids: tuple[str, ...]
    destination: str
    outcome: str


@dataclass
class DeadLetterEvidence:
    """``snapshot_found``, ``ledgers_read``: None where they could not be read."""

    stays: dict[str, DeadLetterStay] = field(default_factory=dict)
    sends: dict[tuple[str, str], RedriveSend] = field(default_factory=dict)
    snapshot_scanned: datetime | None = None
    ledgers_read: int = 0
    notes: list[str] = field(default_factory=list)


class DeadLetterSearch:
    """Asked again as more IDs of the job become known."""

    def __init__(self, source: DeadLetterQueue) -> None:
        self._source = source
        self._ledgers: list[RedriveSend] | None = None
        self.found = DeadLetterEvidence()

    def in_full(self, identifier: str) -> str:
        """The ID of the only message of the snapshot that begins so; else what was given."""
        try:
            with Snapshot.open(self._source) as snapshot:
                return (
                    snapshot.get(identifier).message.message_id if len(identifier) >= MIN_PREFIX_CHARS else identifier
                )
        except OpsError:
            return identifier

    def search(self, ids: Collection[str]) -> set[str]:
        """The further IDs of messages that this makes known."""
        related: set[str] = set()
        try:
            for name in ids:
                related |= self._in_snapshot(name)
        except OpsError as error:
            self.found.notes.append(f"The snapshot was not read: {error}")
        for send in self._all_sends():
            names = {send.message_id, send.original_id, *send.new_ids}
            if names & set(ids):
                self.found.sends[send.run_id, send.message_id] = send
                related |= names
        return related - {""}

    def _in_snapshot(self, name: str) -> set[str]:
        with Snapshot.open(self._source) as snapshot:
            self.found.snapshot_scanned = snapshot.info().scanned_at
            selections = (Selection(ids=(name,)), Selection(text=name))
            found = [stored for some in selections for stored in snapshot.find(some, limit=MAX_FOUND, places=PLACES)]
        messages = {stored.message.message_id: stored for stored in found if _names(stored, name)}
        for stored in messages.values():
            self.found.stays[stored.message.message_id] = _stay(stored)
        return {
            id_
            for stored in messages.values()
            for id_ in (stored.message.message_id, stored.message.original_message_id)
        }

    def _all_sends(self) -> list[RedriveSend]:
        if self._ledgers is None:
            self._ledgers = list(self._read_ledgers())
        return self._ledgers

    def _read_ledgers(self) -> Iterator[RedriveSend]:
        paths = sorted(self._source.runs_folder.glob("*.db"), key=lambda path: path.stat().st_mtime, reverse=True)
        if len(paths) > MAX_LEDGERS:
            self.found.notes.append(f"Only the {MAX_LEDGERS} latest of {len(paths)} redrives were read.")
        for path in paths[:MAX_LEDGERS]:
            try:
                with Ledger.open(path) as ledger:
                    for sent in ledger.sent_messages():
                        yield RedriveSend(
                            path.stem,
                            sent.sent_at,
                            sent.message_id,
                            sent.original_message_id,
                            sent.new_ids,
                            sent.destination,
                            sent.outcome.value,
                        )
                self.found.ledgers_read += 1
            except OpsError as error:
                self.found.notes.append(f"The ledger of redrive {path.stem} was not read: {error}")


def _names(stored: SnapshotMessage, name: str) -> bool:
    """Whether it has this ID, whole, as a message or in its text: ``job-4`` is not in ``job-41``."""
    message = stored.message
    if name in (message.message_id, message.original_message_id):
        return True
    whole = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
    return any(whole.search(text) for text in (message.body, *(each.value for each in message.attributes.values())))


def _stay(stored: SnapshotMessage) -> DeadLetterStay:
    message, cause = stored.message, stored.cause
    return DeadLetterStay(
        message.message_id,
        message.original_message_id,
        message.kind is Kind.REJECTED,
        message.sent,
        cause.failed_at,
        cause.request_id or message.request_id,
        f"{cause.error_type}: {cause.error_message}".rstrip(": ")[:300],
        stored.place,
        stored.seen,
    )
