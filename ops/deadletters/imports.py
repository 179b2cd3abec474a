"""Letters from an export back onto a shelf: of this queue or another one, of this machine or another one.

They lie on the shelf only, so a plan over them sends and deletes nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops.deadletters import letterlines
from ops.deadletters.letter import Place
from ops.deadletters.shelf import Shelf
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.deadletters.source import Source


@dataclass(frozen=True)
class Imported:
    """``letters`` in the file; ``new`` on the shelf, ``there`` already (in the queue, or imported before)."""

    path: Path
    letters: int
    new: int
    there: int
    sha256: str


def read(source: Source, path: Path) -> Imported:
    """Put the letters of an export in JSON lines on the shelf. All of the file is checked before the first one.

    Letters that had left the queue (redriven, purged, gone) are selectable again as imported ones. Raises UsageError
    with the line's number for what is no letter or is there twice, OpsError for a file or shelf that cannot be used.
    """
    path = path.expanduser()
    digest = hashlib.sha256()
    ids: dict[str, int] = {}
    for number, letter in letterlines.lines(path, digest.update):
        first = ids.setdefault(letter.message_id, number)
        if first != number:
            raise UsageError(
                f"{path}: line {number} has the same message_id as line {first}.",
                "Take one of them out; nothing was imported.",
            )
    if not ids:
        raise UsageError(f"{path} holds no letter.", "Name a file that ops dlq export wrote.")
    with Shelf.open(source) as shelf:
        before = shelf.places(ids)
        left = [letter_id for letter_id, place in before.items() if place not in (Place.QUEUE, Place.IMPORTED)]
        shelf.add((letter for _, letter in letterlines.lines(path)), Place.IMPORTED)
        shelf.mark(left, Place.IMPORTED)
    new = len(ids) - len(before) + len(left)
    return Imported(path, len(ids), new, len(ids) - new, digest.hexdigest())
