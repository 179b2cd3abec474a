"""The ledger's file: creating it, opening it, and the errors of a damaged one."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from ops.deadletters.ledger.model import MessageState, Outcome
from ops.errors import OpsError, UsageError
from ops.files import atomic_file

APPLICATION_ID = 0x6C656467
"""SQLite's application_id of ledgers ("ledg")."""
SCHEMA_VERSION = 1

MESSAGE_STATES = tuple(MessageState)
OUTCOMES = (None, *Outcome)
"""States and outcomes are stored as their index here; 0 is a planned message, without an outcome."""
PLANNED, INTENT, SENT, DELETED, FAILED, MISSING = range(len(MESSAGE_STATES))
NONE, WAITING, SUCCEEDED, FAILED_AGAIN, UNWATCHED = range(len(OUTCOMES))

BUSY_TIMEOUT_S = 15.0
"""How long a process waits for the commit of another."""

TABLES = f"""
CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE letters (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    state INTEGER NOT NULL DEFAULT {PLANNED},
    step INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    twice INTEGER NOT NULL DEFAULT 0,
    outcome INTEGER NOT NULL DEFAULT {NONE},
    receipt TEXT,
    original TEXT,
    route INTEGER,
    sent_as TEXT,
    sent_at REAL,
    error TEXT,
    outcome_at REAL,
    cause_back TEXT
);
CREATE INDEX doubled ON letters (number) WHERE twice = 1;
CREATE INDEX refused ON letters (error) WHERE state = {FAILED};
CREATE INDEX returned ON letters (cause_back) WHERE outcome = {FAILED_AGAIN};
CREATE TABLE held (id TEXT PRIMARY KEY, receipt TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE routes (number INTEGER PRIMARY KEY, arn TEXT NOT NULL UNIQUE);
CREATE TABLE steps (number INTEGER PRIMARY KEY, upto INTEGER NOT NULL, state TEXT NOT NULL);
CREATE TABLE tally (
    step INTEGER, state INTEGER, outcome INTEGER, letters INTEGER NOT NULL, PRIMARY KEY (step, state, outcome)
) WITHOUT ROWID;
"""


def create_ledger(path: Path, ids: Sequence[str], facts: dict[str, str]) -> None:
    """A new ledger at ``path``, complete or none. Raises UsageError when there is one, OpsError on a full disk."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        _fill(scratch, ids, facts)
        os.link(scratch, path)  # unlike a rename, never replaces an existing ledger
        atomic_file.sync_folder(path.parent)
    except FileExistsError:
        raise UsageError(
            f"This plan was already run: {path}.", "Resume it (ops dlq resume), or make a new plan."
        ) from None
    except (sqlite3.Error, OSError) as error:
        raise OpsError(
            f"The ledger {path} cannot be created: {_error_text(error)}. Nothing was sent or deleted.",
            "Free space on that disk (or make it writable), then run the plan again.",
        ) from error
    finally:
        with suppress(OSError):  # a scratch file that stays is of no harm
            for suffix in ("", "-journal", "-wal", "-shm"):  # SQLite's own remain when it could not end cleanly
                scratch.with_name(scratch.name + suffix).unlink(missing_ok=True)


def _fill(path: Path, ids: Sequence[str], facts: dict[str, str]) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={SCHEMA_VERSION};{TABLES}")
        with db:
            db.executemany("INSERT INTO letters (number, id) VALUES (?, ?)", enumerate(ids))
            db.execute("INSERT INTO tally VALUES (0, ?, ?, ?)", (PLANNED, NONE, len(ids)))
            db.executemany("INSERT INTO run VALUES (?, ?)", facts.items())
        db.execute("PRAGMA journal_mode=WAL")


def connect(path: Path, *, check: bool = False) -> sqlite3.Connection:
    """A connection that threads may share under a lock, in autocommit. ``check``: check the whole file for damage.
    Raises UsageError where there is no run, OpsError for a file that cannot be used."""
    if not path.exists() and not path.is_symlink():
        raise UsageError(f"There is no run at {path}.", "List the redrives: ops dlq runs.")
    atomic_file.ensure_regular(path)
    with translate_errors(path):
        db = sqlite3.connect(
            f"file:{path}?mode=rw", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            _examine(db, path, check)
            db.execute("PRAGMA synchronous=FULL")
        except BaseException:  # Ctrl-C too must leave no connection open
            db.close()
            raise
    return db


def _examine(db: sqlite3.Connection, path: Path, check: bool) -> None:
    try:
        application = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION_ID:
            raise damaged_error(path, "it is not a ledger")
        if version != SCHEMA_VERSION:
            raise OpsError(
                f"The ledger {path} has version {version}; this program reads version {SCHEMA_VERSION}. {describe_in_doubt(path)}",
                "Finish the run with the program that started it; or move the file away, scan again and make a new plan: "
                "the messages that were not moved are still in the dead-letter queue.",
            )
        if check:
            result = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if result != "ok":
                raise damaged_error(path, str(result))
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise
        raise damaged_error(path, str(error)) from error


def damaged_error(path: Path, why: str) -> OpsError:
    return OpsError(
        f"The ledger {path} is damaged ({' '.join(why.split())}). {describe_in_doubt(path)}",
        "Move the file away, scan again and make a new plan: the messages that were not moved are still in the "
        "dead-letter queue, and those in doubt may be duplicated.",
    )


def describe_in_doubt(path: Path, limit: int = 10) -> str:
    """Which messages were in flight, if the file can still be read."""
    ids: list[str] = []
    complete = False
    with suppress(sqlite3.Error, *atomic_file.MALFORMED), _reading(path) as db:
        for (name,) in db.execute("SELECT id FROM letters WHERE state IN (?, ?)", (INTENT, SENT)):
            ids.append(str(name))
        complete = True
    if not complete:
        known = f" {len(ids)} of them can be read: {_join(ids, limit)}." if ids else ""
        return f"Which messages were in flight cannot be read: every message of its plan is in doubt.{known}"
    if not ids:
        return "No message was in flight."
    return f"In doubt (possibly sent, not yet deleted): {len(ids)}: {_join(ids, limit)}."


def _join(ids: Sequence[str], limit: int) -> str:
    return ", ".join(ids[:limit]) + (" …" if len(ids) > limit else "")


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1)
    try:
        yield db
    finally:
        db.close()


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Errors of SQLite and the disk, and malformed values in the file, as OpsError."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise unwritable_error(path, error) from error
    except atomic_file.MALFORMED as error:  # SQLite returns a damaged row's values as they are
        raise damaged_error(path, "its values are malformed") from error


def unwritable_error(path: Path, error: Exception) -> OpsError:
    text = _error_text(error)
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return damaged_error(path, text)
    return OpsError(
        f"The ledger {path} cannot be written: {text}. Nothing was sent or deleted that it does not record.",
        "Free space on that disk (or make it writable), then resume the run: ops dlq resume.",
    )


def _error_text(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
