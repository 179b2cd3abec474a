"""A lock file that names who holds it; the lock ends with the process that holds it, however that ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from ops import typed_json
from ops.errors import OpsError
from ops.files import atomic_file, file_lock

HANDOVER_WAIT_S = 0.5
"""A run reports its end just before it releases its lock; the next one waits that long for it."""


@dataclass(frozen=True)
class LockHolder:
    """``run``: what holds the lock. ``since``: ISO 8601 UTC."""

    run: str
    who: str
    pid: int
    since: str


class LockHeld(Exception):
    """Another process holds the lock; ``holder`` is None where the file does not say who."""

    def __init__(self, holder: LockHolder | None) -> None:
        super().__init__(f"held by {holder}")
        self.holder = holder


@contextmanager
def hold_lock(
    path: Path, run: str, who: str, admit: Callable[[LockHolder | None], None] = lambda _before: None
) -> Iterator[None]:
    """Hold the lock at ``path``. Raises LockHeld, and OSError where the file cannot be used. ``admit`` is called with
    its holder before, None where the file does not say; what it raises leaves the file as it is."""
    with open(path, "a+", errors="replace", opener=atomic_file.private_opener) as file:  # closing it unlocks it
        now = datetime.now(UTC).isoformat(timespec="seconds")
        if not file_lock.lock_exclusively(file, HANDOVER_WAIT_S):
            raise LockHeld(_read(file))
        admit(_read(file))
        _write(file, typed_json.dumps(LockHolder(run, who, os.getpid(), now)))
        yield


def read_holder(path: Path) -> LockHolder | None:
    """The process that holds the lock at ``path`` now, if any. Raises OSError where the file system has no locks."""
    try:
        file = os.fdopen(atomic_file.open_regular(path), "r", errors="replace")
    except (OSError, OpsError):  # what is not a file is not held
        return None
    with file:
        if not file_lock.is_locked(file):
            return None
        return _read(file) or LockHolder("", "an unknown process", 0, "")


def _read(file: IO[str]) -> LockHolder | None:
    try:
        file.seek(0)
        return typed_json.typed(typed_json.loads(file.read()), LockHolder)
    except (OSError, *atomic_file.MALFORMED):
        return None


def _write(file: IO[str], text: str) -> None:
    """Past the file's buffer: what a full disk did not take would be tried again, and raised, when the file closes."""
    os.ftruncate(file.fileno(), 0)
    os.write(file.fileno(), text.encode())
