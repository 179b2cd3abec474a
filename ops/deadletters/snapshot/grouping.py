"""Messages of one cause, counted by SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from ops.deadletters.messages.model import Kind, Place
from ops.deadletters.snapshot import rows, schema

GROUPS_QUERY = """
SELECT g.fingerprint, g.letters, g.first_sent, g.last_sent, g.first_died, g.last_died, g.versions, g.kinds, g.job_kinds,
    s.error_type, s.label, s.location, s.cause_source, s.id, g.likely, g.sources, g.likely_letters
FROM (
    SELECT fingerprint, count(*) AS letters, min(sent) AS first_sent, max(sent) AS last_sent, min(died) AS first_died,
        max(died) AS last_died, group_concat(DISTINCT version) AS versions, group_concat(DISTINCT kind) AS kinds,
        group_concat(DISTINCT job_kind) AS job_kinds, min(likely) AS likely,
        sum(likely) AS likely_letters,
        group_concat(DISTINCT cause_source) AS sources, max(n) AS sample
    FROM letters WHERE place IN (SELECT value FROM json_each(?)) GROUP BY fingerprint
) AS g JOIN letters AS s ON s.n = g.sample
ORDER BY g.letters DESC, g.fingerprint = '', g.fingerprint
"""

ORIGINS_QUERY = """
SELECT fingerprint, source, kind, count(*), max(died) FROM letters
WHERE place IN (SELECT value FROM json_each(?)) GROUP BY fingerprint, source, kind
"""


class OpenSnapshot(Protocol):
    """An open snapshot."""

    path: Path
    connection: sqlite3.Connection


@dataclass(frozen=True)
class CauseOrigin:
    """Messages of one fingerprint, source (ARN; empty: unknown) and kind. ``last_failed``: time of the last failure."""

    fingerprint: str
    source: str
    kind: Kind
    messages: int
    last_failed: datetime | None


@dataclass(frozen=True)
class CauseGroup:
    """Messages of one fingerprint ("": no cause is known). ``error_type``, ``label``, ``location`` and ``source`` are
    those of ``sample_id``, the message that came to the snapshot last; ``likely``: all of them are only likely;
    ``likely_letters``: how many are."""

    fingerprint: str
    error_type: str
    label: str
    location: str
    source: str
    messages: int = field(metadata={"json_key": "letters"})
    share: float  # 0–1 of all groups' messages
    first_sent: datetime | None
    last_sent: datetime | None
    first_failed: datetime | None = field(metadata={"json_key": "first_died"})
    last_failed: datetime | None = field(metadata={"json_key": "last_died"})
    versions: tuple[str, ...]
    kinds: tuple[Kind, ...]
    job_kinds: tuple[str, ...]
    sources: tuple[str, ...]
    likely: bool
    sample_id: str
    likely_messages: int = field(default=0, metadata={"json_key": "likely_letters"})


def group_from_row(row: Sequence[Any], total: int) -> CauseGroup:
    """A row of ``GROUPS_QUERY`` as a group. Raises ``atomic_file.MALFORMED`` if it is not one, since the file may be
    damaged."""
    if not all(isinstance(row[at], str) for at in (0, 9, 10, 11, 12, 13)):
        raise ValueError("a column holds what it never does")
    return CauseGroup(
        fingerprint=row[0],
        error_type=row[9],
        label=row[10],
        location=row[11],
        source=row[12],
        messages=row[1],
        share=row[1] / total,
        first_sent=rows.from_milliseconds(row[2]),
        last_sent=rows.from_milliseconds(row[3]),
        first_failed=rows.from_microseconds(row[4]),
        last_failed=rows.from_microseconds(row[5]),
        versions=_split(row[6]),
        kinds=tuple(Kind(kind) for kind in _split(row[7])),
        job_kinds=_split(row[8]),
        sources=_split(row[15]),
        likely=bool(row[14]),
        sample_id=row[13],
        likely_messages=row[16],
    )


def _split(joined: str | None) -> tuple[str, ...]:
    return tuple(sorted(part for part in (joined or "").split(",") if part))


def cause_origins(snapshot: OpenSnapshot, places: Sequence[Place]) -> tuple[CauseOrigin, ...]:
    """Where the messages of each fingerprint came from. Raises OpsError when the snapshot cannot be read."""
    with schema.translate_sqlite_errors(snapshot.path):
        found = snapshot.connection.execute(ORIGINS_QUERY, [schema.dumps([place.value for place in places])]).fetchall()
    return tuple(CauseOrigin(row[0], row[1], Kind(row[2]), row[3], rows.from_microseconds(row[4])) for row in found)


def cause_fingerprints(snapshot: OpenSnapshot, message_ids: Iterable[str]) -> dict[str, str]:
    """The fingerprint of each of these messages that has a cause, wherever it is now. Raises OpsError."""
    sql = "SELECT id, fingerprint FROM letters WHERE id IN (SELECT value FROM json_each(?)) AND fingerprint <> ''"
    with schema.translate_sqlite_errors(snapshot.path):
        return dict(snapshot.connection.execute(sql, [schema.dumps(list(message_ids))]).fetchall())
