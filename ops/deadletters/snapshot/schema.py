"""The snapshot's file: an SQLite database with a write-ahead log, so that a scan may write while pages read."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.errors import OpsError
from ops.files import atomic_file

SCHEMA_VERSION = 2
APPLICATION_ID = 0x0D1EAD  # in the file's header: that it is a snapshot
LOCK_TIMEOUT_S = 30.0
"""How long a writer waits for another one; a scan's page takes milliseconds."""
PAGE_BYTES = 16_384
"""Bytes: some ten messages of 1 KB, of which smaller pages would waste a third."""
MMAP_BYTES = 1 << 31
"""Bytes of the file read through the page cache itself, which costs a scan of 100,000 messages half its time."""

TABLES = """
CREATE TABLE letters (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    place TEXT NOT NULL,
    kind TEXT NOT NULL,
    sent INTEGER,                -- milliseconds since 1970, as SQS says it
    receives INTEGER NOT NULL,
    source TEXT NOT NULL,
    original_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    bytes INTEGER NOT NULL,      -- of the body, as UTF-8
    form INTEGER NOT NULL,       -- ops.deadletters.messages.message_body.BodyFormat
    seen INTEGER,                -- milliseconds: the last look that found it, null where only a file told of it
    moved INTEGER,               -- milliseconds: when it was redriven or purged from here
    look INTEGER,                -- looks.n of the last look that found it
    receipt TEXT,                -- while that look holds it
    leased_until REAL,           -- seconds since 1970
    error_type TEXT NOT NULL DEFAULT 'unknown',
    error_message TEXT NOT NULL DEFAULT '',
    location TEXT NOT NULL DEFAULT '',
    cause_source TEXT NOT NULL DEFAULT 'none',
    cause_request_id TEXT NOT NULL DEFAULT '',
    died INTEGER,                -- microseconds since 1970
    version TEXT NOT NULL DEFAULT '',
    job_kind TEXT NOT NULL DEFAULT '',
    fingerprint TEXT NOT NULL DEFAULT '',
    label TEXT NOT NULL DEFAULT '',
    likely INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX letters_sent ON letters (place, sent);
CREATE INDEX letters_cause ON letters (place, fingerprint);
CREATE INDEX letters_held ON letters (leased_until) WHERE receipt IS NOT NULL;

CREATE TABLE contents (          -- never changed, but replaced when a look meets what only a file told of
    n INTEGER PRIMARY KEY REFERENCES letters (n),
    attributes TEXT NOT NULL,    -- JSON: name to value
    types TEXT NOT NULL,         -- JSON: name to data type
    system TEXT NOT NULL,        -- JSON: name to value, as first read
    outline TEXT,                -- ops.deadletters.messages.message_body.body_outline, before the body, so that filters need not read that
    body                         -- text, but bytes where UTF-8 or SQLite's text cannot hold it
);

CREATE TABLE looks (
    n INTEGER PRIMARY KEY AUTOINCREMENT,  -- letters name it, so that no other look may get it
    began INTEGER NOT NULL,      -- milliseconds
    ended INTEGER,               -- null while it goes on, or was killed
    report TEXT                  -- JSON of the counts it ended with
);

CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


def connect(path: Path) -> sqlite3.Connection:
    """The snapshot at ``path``, made when it is not there.

    Raises OpsError: of another version, damaged, no snapshot at all, or not to be opened or written. A snapshot holds
    nothing that a scan would not read again, but for what was imported and the record of what was moved.
    """
    atomic_file.ensure_regular(path)
    with translate_sqlite_errors(path):
        connection = sqlite3.connect(path, timeout=LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        with translate_read_errors(path):
            _configure(connection, path)
    except BaseException:  # Ctrl-C too must leave no connection open
        connection.close()
        raise
    return connection


def _configure(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new file
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA mmap_size = {MMAP_BYTES}")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.create_function("found", 2, _found, deterministic=True)
    connection.create_function("found_in", 2, _found_in, deterministic=True)
    if _state(connection) == (0, 0, 0):
        connection.execute("BEGIN IMMEDIATE")
        if _state(connection) == (0, 0, 0):  # two may come at once
            path.chmod(0o600)  # messages may hold personal data
            for statement in TABLES.split(";"):
                connection.execute(statement)
            connection.execute("INSERT INTO notes VALUES ('changes', ?)", [secrets.randbits(60)])
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    application, version, _ = _state(connection)
    if (application, version) == (APPLICATION_ID, 1):
        version = _upgrade_from_1(connection)
    if application != APPLICATION_ID:
        raise OpsError(f"{path} is not a snapshot of a dead-letter queue.", "Move the file away and scan again.")
    if version != SCHEMA_VERSION:
        raise OpsError(
            f"The snapshot {path} was written by another version ({version}; this one reads {SCHEMA_VERSION}).",
            f"Use that version, or move the file away (mv {path} {path}.old) and scan again.",
        )


def _upgrade_from_1(connection: sqlite3.Connection) -> int:
    """Messages stored before have no outline; filters read their bodies."""
    connection.execute("BEGIN IMMEDIATE")
    if _state(connection)[1] == 1:
        connection.execute("ALTER TABLE contents ADD COLUMN outline TEXT")
        connection.execute("PRAGMA user_version = 2")
    connection.execute("COMMIT")
    return _state(connection)[1]


def _state(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Application, version, tables."""
    pragmas = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return int(pragmas[0]), int(pragmas[1]), int(tables)


@contextmanager
def write_transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """One transaction: all of it, or nothing."""
    with translate_sqlite_errors(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute(COUNT_CHANGE)
            connection.execute("COMMIT")
        except BaseException:  # Ctrl-C too must not leave half of it
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


COUNT_CHANGE = """
INSERT INTO notes VALUES ('changes', '1') ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1
"""
"""Counts the snapshot's changes, so that an earlier result is known to be still valid. The count of a new file starts
at a random number: a file that takes the place of a deleted one may get its inode as well, and must not get its
results."""


@contextmanager
def translate_sqlite_errors(path: Path) -> Iterator[None]:
    """Raises OpsError, with the next step, for what SQLite or the disk raises."""
    try:
        yield
    except sqlite3.Error as error:
        raise _snapshot_error(path, error) from error
    except OSError as error:
        raise OpsError(
            f"The snapshot {path} cannot be used: {error.strerror or error}.",
            "Set OPS_HOME to a writable folder.",
        ) from error


@contextmanager
def translate_read_errors(path: Path) -> Iterator[None]:
    """The same for what is read: a damaged row is whatever SQLite finds there."""
    try:
        with translate_sqlite_errors(path):
            yield
    except atomic_file.MALFORMED as error:
        raise damaged_error(path, "it holds invalid values") from error


def damaged_error(path: Path, why: str) -> OpsError:
    return OpsError(
        f"The snapshot {path} is damaged ({why}).",
        f"Move it away (mv {path} {path}.damaged) and scan again: the messages themselves are in the queue.",
    )


def _snapshot_error(path: Path, error: sqlite3.Error) -> OpsError:
    text = str(error)
    if "disk is full" in text or "disk I/O" in text:
        return OpsError(
            f"The disk is full: the snapshot {path} could not be written ({text}).",
            "Free disk space (or set OPS_HOME to another disk) and scan again: what was read so far is kept.",
        )
    if any(sign in text for sign in _DAMAGE_SIGNS):
        return damaged_error(path, text)
    if "locked" in text:
        return OpsError(f"The snapshot {path} is locked by another process.", "Wait until its scan ends.")
    return OpsError(
        f"The snapshot {path} cannot be used: {text}.",
        "Set OPS_HOME to a writable folder and scan again.",
    )


_DAMAGE_SIGNS = ("malformed", "not a database", "no such table", "no such column", "decode", "user-defined function")


def _found(body: str | bytes, wanted: str) -> bool:
    """Whether a body holds that text as it stands, or as JSON may write it; upper and lower case alike."""
    text = (body if isinstance(body, str) else body.decode("utf-8", "surrogatepass")).casefold()
    return any(form.casefold() in text for form in {wanted, json.dumps(wanted)[1:-1]})


def _found_in(attributes: str, wanted: str) -> bool:
    wanted = wanted.casefold()
    return any(
        wanted in name.casefold() or wanted in value.casefold() for name, value in json.loads(attributes).items()
    )


dumps = json.JSONEncoder(separators=(",", ":")).encode
"""A JSON value as the snapshot holds it; made once, since each message has three."""
