"""A selection as a query of the snapshot: as much as possible in SQL, the rest in Python, message by message."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.deadletters.filters import jmespath_filter, path
from ops.deadletters.messages import message_body
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import rows
from ops.deadletters.snapshot.schema import dumps


@dataclass(frozen=True)
class SelectionQuery:
    """``condition``: SQL over messages and contents, true of every message that is meant. ``unsure``: SQL, true of
    those among them that ``check`` must be asked about. ``contents``: whether it reads bodies and attributes at all."""

    condition: str
    values: tuple[Any, ...]
    contents: bool = False
    unsure: str = "0"
    check: Callable[[Mapping[str, Any]], bool] | None = None


def compile_selection(selection: Selection) -> SelectionQuery:
    """Raises UsageError when ``selection.where`` is not a valid JMESPath expression, with the position of what is
    wrong."""
    conditions: list[str] = []
    values: list[Any] = []

    def also(condition: str, *more: Any) -> None:
        conditions.append(condition)
        values.extend(more)

    if selection.cause == UNKNOWN_CAUSE:
        also("fingerprint = ''")
    elif _FINGERPRINT.fullmatch(selection.cause):
        also("substr(fingerprint, 1, ?) = ?", len(selection.cause), selection.cause)
    elif selection.cause:
        also("error_type = ?", selection.cause)
    if selection.since:
        also("sent >= ?", rows.to_milliseconds(selection.since))
    if selection.until:
        also("sent < ?", rows.to_milliseconds(selection.until))
    if selection.ids:
        also("letters.id IN (SELECT value FROM json_each(?))", dumps(selection.ids))
    if selection.text:
        also(*_text_condition(selection.text))
    unsure, check = "0", None
    if selection.where:
        found = jmespath_filter.compile_filter(selection.where)
        also(found.condition, *found.values)
        unsure, check = found.unsure, found.check
    return SelectionQuery(
        " AND ".join(f"({condition})" for condition in conditions) or "1",
        tuple(values),
        bool(selection.text or selection.where),
        unsure,
        check,
    )


_FINGERPRINT = re.compile("[0-9a-f]{1,10}")
UNKNOWN_CAUSE = "unknown"
"""The cause with which a selection means messages that have none."""

MAX_LIKE_CHARS = 10_000
"""Characters: SQLite takes patterns of 50,000, in which some characters are escaped."""
DOCUMENT_COLUMNS = ("body", "attributes", "system", "kind", *path.CAUSE_COLUMNS.values())


def filter_document(row: Sequence[Any]) -> dict[str, Any]:
    """The document that a filter is applied to, from a row of ``DOCUMENT_COLUMNS``."""
    text = rows.decode_body(row[0])
    return {
        "body": message_body.parse_body(text),
        "text": text,
        "attributes": json.loads(row[1]),
        "system": json.loads(row[2]),
        "kind": row[3],
        "cause": dict(zip(path.CAUSE_COLUMNS, row[4:], strict=True)),
    }


def _text_condition(wanted: str) -> tuple[str, ...]:
    """Upper and lower case alike. SQLite's LIKE knows ASCII only, and text; ``snapshot.schema``'s ``found`` the
    rest."""
    plain = wanted.isascii() and wanted.isprintable() and not set(wanted) & set('"\\{}:,')
    if plain and len(wanted) < MAX_LIKE_CHARS:
        escaped = re.sub(r"([%_|])", r"|\1", wanted)
        like = f"%{escaped}%"
        body = "CASE typeof(body) WHEN 'text' THEN body LIKE ? ESCAPE '|' ELSE found(body, ?) END"
        return f"{body} OR attributes LIKE ? ESCAPE '|'", like, wanted, like
    return "found(body, ?) OR found_in(attributes, ?)", wanted, wanted
