"""Messages from an export back into a snapshot: of this queue or another one, of this machine or another one.

They are in the snapshot only: nothing counts them among the dead letters, a plan over them (``Selection.imported``)
sends them and deletes nothing, and they can be taken off again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ops import access
from ops.deadletters import causes
from ops.deadletters.archive import jsonl
from ops.deadletters.messages.model import Cause, Place
from ops.deadletters.snapshot import MOVABLE_PLACES, Snapshot
from ops.errors import UsageError
from ops.files import atomic_file

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue


@dataclass(frozen=True)
class ImportResult:
    """``messages`` in the file; ``new`` in the snapshot, ``present`` already (in the queue, or imported before)."""

    path: Path
    messages: int = field(metadata={"json_key": "letters"})
    new: int
    present: int = field(metadata={"json_key": "there"})
    sha256: str


def import_messages(source: DeadLetterQueue, path: Path) -> ImportResult:
    """Put the messages of an export in JSON lines in the snapshot. All of the file is checked before the first one.

    Their causes are those in the file, and guesses: no log is searched. Of a message that a scan meets in the queue
    later, what the queue says stands.

    Messages that had left the queue (redriven, purged, gone) are selectable again as imported ones. Raises UsageError
    with the line's number for what is not a message or is there twice, OpsError for a file or snapshot that cannot be
    used.
    """
    access.ensure_may("an import")
    path = atomic_file.expand_user(path)
    digest = hashlib.sha256()
    ids: dict[str, int] = {}
    for number, stored in jsonl.read_lines(path, digest.update):
        first = ids.setdefault(stored.message.message_id, number)
        if first != number:
            raise UsageError(
                f"{path}: line {number} has the same message_id as line {first}.",
                "Remove one of them; nothing was imported.",
            )
    if not ids:
        raise UsageError(f"{path} has no messages.", "Specify a JSONL file that ops dlq export wrote.")
    with Snapshot.open(source) as snapshot:
        before = snapshot.places(ids)
        moved_ids = [message_id for message_id, place in before.items() if place not in MOVABLE_PLACES]
        snapshot.add((stored.message for _, stored in jsonl.read_lines(path)), Place.IMPORTED)
        snapshot.set_place(moved_ids, Place.IMPORTED)
        snapshot.set_causes(_new_causes(path, before))
    new = len(ids) - len(before) + len(moved_ids)
    if new:
        causes.explain_causes(source, budget=causes.NO_SEARCH, keep=True)
    return ImportResult(path, len(ids), new, len(ids) - new, digest.hexdigest())


def _new_causes(path: Path, before: Mapping[str, Place]) -> Iterator[tuple[str, Cause]]:
    """What the file knows of messages that the snapshot did not."""
    for _, stored in jsonl.read_lines(path):
        if stored.cause.fingerprint and stored.message.message_id not in before:
            yield stored.message.message_id, stored.cause


def undo_import(source: DeadLetterQueue, path: Path) -> ImportResult:
    """Take the messages of an export that were imported out of the snapshot again: ``new`` is how many, ``present``
    those that are in the queue, which stay, or are no longer imported. Raises as ``read_lines`` does."""
    access.ensure_may("undoing an import")
    path = atomic_file.expand_user(path)
    digest = hashlib.sha256()
    ids = {stored.message.message_id for _, stored in jsonl.read_lines(path, digest.update)}
    with Snapshot.open(source) as snapshot:
        taken = snapshot.remove_imported(ids)
    return ImportResult(path, len(ids), taken, len(ids) - taken, digest.hexdigest())
