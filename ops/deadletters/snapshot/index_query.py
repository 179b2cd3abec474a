"""Which messages a selection means: their numbers in the snapshot, in order, found once until the snapshot changes."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import rows, selection_query
from ops.deadletters.snapshot.schema import damaged_error, dumps, translate_read_errors
from ops.errors import UsageError
from ops.files import atomic_file

SORT_COLUMNS = {
    "sent": ("sent",),
    "died": ("died",),
    "receives": ("receives",),
    "bytes": ("bytes",),
    "kind": ("kind",),
    "error": ("error_type", "error_message"),
}
MAX_CACHED = 24
"""Answers kept in memory, of all snapshots: 0.8 MB each for 100,000 messages."""

_Key = tuple[Any, ...]
_results: OrderedDict[_Key, array[int]] = OrderedDict()
_lock = Lock()


def selected_rows(
    connection: sqlite3.Connection,
    path: Path,
    selection: Selection,
    order: str,
    descending: bool,
    places: Sequence[Place],
) -> Sequence[int]:
    """``letters.n`` of what is selected, in order. Raises UsageError: not a valid JMESPath expression, or no such
    order."""
    if order not in SORT_COLUMNS:
        raise UsageError(f"Messages cannot be sorted by {order}.", f"Sort by one of: {', '.join(SORT_COLUMNS)}.")
    changes = connection.execute("SELECT value FROM notes WHERE key = 'changes'").fetchone()
    key: _Key = (str(path), changes, selection, order, descending, tuple(places))
    with _lock:
        if key in _results:
            _results.move_to_end(key)
            return _results[key]
    found = array("q", _matching_rows(connection, path, selection, order, descending, places))
    with _lock:
        _results[key] = found
        while len(_results) > MAX_CACHED:
            _results.popitem(last=False)
    return found


def _matching_rows(
    connection: sqlite3.Connection,
    path: Path,
    selection: Selection,
    order: str,
    descending: bool,
    places: Sequence[Place],
) -> Iterable[int]:
    asked = selection_query.compile_selection(selection)
    condition = f"place IN (SELECT value FROM json_each(?)) AND {asked.condition}"
    values = (dumps([place.value for place in places]), *asked.values)
    if not asked.contents:
        direction = "DESC" if descending else "ASC"
        by = ", ".join(f"{column} {direction}" for column in (*SORT_COLUMNS[order], "n"))
        return (row[0] for row in connection.execute(f"SELECT n FROM letters WHERE {condition} ORDER BY {by}", values))
    keys = ", ".join([f"ifnull({column}, -1)" for column in SORT_COLUMNS[order]] + ["n"])
    # "+": not by an index, in whose order bodies lie scattered over the file, but in their own
    meant = f"FROM {rows.MESSAGE_TABLES} WHERE +{condition}"

    found: list[list[Any]] = []
    if asked.unsure != "1":
        sure = connection.execute(
            f"SELECT json_group_array(json_array({keys})) {meant} AND NOT ({asked.unsure})", values
        )
        found = json.loads(sure.fetchone()[0])
    if asked.check and asked.unsure != "0":
        unsure = f"SELECT {keys}, {', '.join(selection_query.DOCUMENT_COLUMNS)} {meant} AND ({asked.unsure})"
        for row in connection.execute(unsure, values):
            size = len(row) - len(selection_query.DOCUMENT_COLUMNS)
            if asked.check(_document(path, row[size:])):
                found.append(list(row[:size]))
    with translate_read_errors(path):
        found.sort(reverse=descending)
    return (row[-1] for row in found)


def _document(path: Path, row: Sequence[Any]) -> dict[str, Any]:
    """Apart from the filter, whose own errors are none of the file's."""
    try:
        return selection_query.filter_document(row)
    except atomic_file.MALFORMED as error:
        raise damaged_error(path, "it holds invalid values") from error
