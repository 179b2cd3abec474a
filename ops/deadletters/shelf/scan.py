"""Which letters a selection means: their numbers on the shelf, in order, found once until the shelf changes."""

from __future__ import annotations

import sqlite3
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from ops.deadletters import select
from ops.deadletters.letter import Place
from ops.deadletters.plan import Selection
from ops.deadletters.shelf import rows
from ops.deadletters.shelf.schema import dumps
from ops.errors import UsageError

ORDERS = {
    "sent": "sent",
    "died": "died",
    "receives": "receives",
    "bytes": "bytes",
    "kind": "kind",
    "error": "error_type, error_message",
}
REMEMBERED = 24
"""Answers kept in memory, of all shelves: 0.8 MB each for 100,000 letters."""

_Key = tuple[Any, ...]
_answers: OrderedDict[_Key, array[int]] = OrderedDict()
_lock = Lock()


def numbers(
    connection: sqlite3.Connection,
    path: Path,
    selection: Selection,
    order: str,
    descending: bool,
    places: Sequence[Place],
) -> Sequence[int]:
    """``letters.n`` of what is selected, in order. Raises UsageError: no JMESPath, or no such order."""
    if order not in ORDERS:
        raise UsageError(f"Letters cannot be ordered by {order}.", f"Order them by one of: {', '.join(ORDERS)}.")
    changes = connection.execute("SELECT value FROM notes WHERE key = 'changes'").fetchone()
    key: _Key = (str(path), path.stat().st_ino, changes, selection, order, descending, tuple(places))
    with _lock:
        if key in _answers:
            _answers.move_to_end(key)
            return _answers[key]
    found = array("q", _scan(connection, selection, order, descending, places))
    with _lock:
        _answers[key] = found
        while len(_answers) > REMEMBERED:
            _answers.popitem(last=False)
    return found


def _scan(
    connection: sqlite3.Connection, selection: Selection, order: str, descending: bool, places: Sequence[Place]
) -> list[int]:
    asked = select.query(selection)
    direction = "DESC" if descending else "ASC"
    by = ", ".join(f"{column} {direction}" for column in (*ORDERS[order].split(", "), "letters.n"))
    tables = rows.FROM if asked.contents else "letters"
    condition = f"place IN (SELECT value FROM json_each(?)) AND {asked.condition}"
    values = (dumps([place.value for place in places]), *asked.values)
    if asked.check is None:
        return [row[0] for row in connection.execute(f"SELECT n FROM {tables} WHERE {condition} ORDER BY {by}", values)]
    found = []
    for row in connection.execute(
        f"SELECT n, {asked.unsure}, {select.DOCUMENT} FROM {tables} WHERE {condition} ORDER BY {by}", values
    ):
        if not row[1] or asked.check(select.document(row[2:])):
            found.append(row[0])
    return found
