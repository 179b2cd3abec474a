"""Group commit: many threads add statements, one thread writes them, and one sync of the disk serves them all."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops.deadletters.ledger import schema

Statement = tuple[str, Sequence[Sequence[Any]]]
"""SQL and the rows it is executed with."""

LAZY_COMMIT_S = 0.1
"""Statements that no thread waits for are written with the next commit, or after this time at the latest."""


@dataclass
class CommitGroup:
    """The statements of one commit. ``done`` is set when it is on disk, or has failed with ``error``."""

    statements: list[Statement] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None


class LedgerWriter:
    """Owns the only connection that writes. After an error nothing more is written; every later call raises it."""

    def __init__(self, path: Path, extra: Callable[[], Iterable[Statement]]) -> None:
        """``extra`` is called at each commit, under the lock, for more statements."""
        self._path = path
        self._db = schema.connect(path, check=True)
        self._db.execute("PRAGMA wal_autocheckpoint=4000")
        self._extra = extra
        self._group = CommitGroup()
        self._fresh = False  # statements were added since the last commit
        self._eager = False
        self._closing = False
        self._error: Exception | None = None
        self.lock = threading.Lock()
        self._wake = threading.Condition(self.lock)
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def add(self, statements: Iterable[Statement], *, eager: bool) -> CommitGroup:
        """The caller holds the lock. ``eager``: a thread waits for it."""
        self._check()
        self._group.statements += statements
        if not self._fresh or (eager and not self._eager):
            self._wake.notify()
        self._fresh = True
        self._eager = self._eager or eager
        return self._group

    def wait(self, group: CommitGroup) -> None:
        """Until ``group`` is on disk. Raises OpsError when it could not be written."""
        group.done.wait()
        if group.error is not None:
            raise schema.unwritable_error(self._path, group.error) from group.error

    def flush(self) -> None:
        with self.lock:
            group = self.add((), eager=True)
        self.wait(group)

    def close(self) -> None:
        """Writes what is pending, and ends."""
        with self.lock:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        self._db.close()

    def _check(self) -> None:
        if self._error is not None:
            raise schema.unwritable_error(self._path, self._error) from self._error

    def _run(self) -> None:
        while True:
            with self.lock:
                while not (self._fresh or self._closing):
                    self._wake.wait()
                if not (self._eager or self._closing):
                    self._wake.wait(LAZY_COMMIT_S)
                group, self._group = self._group, CommitGroup()
                self._fresh = self._eager = False
                statements = [*group.statements, *self._extra()]
                closing = self._closing
            if statements and self._error is None:
                self._commit(group, statements)
            group.error = group.error or self._error
            group.done.set()
            if closing:
                return

    def _commit(self, group: CommitGroup, statements: Sequence[Statement]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for sql, rows in statements:
                self._db.executemany(sql, rows)
            self._db.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            with self.lock:
                self._error = group.error = error
            if self._db.in_transaction:
                self._roll_back()

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):  # the disk is what fails; closing the connection ends the transaction
            self._db.execute("ROLLBACK")
