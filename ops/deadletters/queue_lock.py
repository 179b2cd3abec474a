"""One mover per queue: a lock on its folder that ends with the process that holds it, however that ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from ops import atomic_file, file_lock, typed_json
from ops.deadletters.queue import folder_error
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue

SCAN_LOCK = "scan"
"""Stands for a run's ID while a scan holds the lock."""
HANDOVER_WAIT_S = 0.5
"""A run says that it has ended just before it lets go of the lock; who wants to be the next waits that long."""


class QueueBusy(OpsError):
    """Another process moves messages of this queue now."""


@dataclass(frozen=True)
class LockHolder:
    """Who moves messages now. ``since``: ISO 8601 UTC."""

    run: str
    who: str
    pid: int
    since: str


@contextmanager
def hold_lock(source: DeadLetterQueue, run: str, who: str) -> Iterator[None]:
    """No other process on this machine redrives or purges the queue in the meantime. Raises QueueBusy, naming who
    does."""
    path = source.folder / "redrive.lock"
    try:
        file = open(path, "a+", errors="replace", opener=atomic_file.private_opener)  # noqa: SIM115 - held for longer
    except OSError as error:
        raise folder_error(path, error) from error
    with file:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            if not file_lock.lock_exclusively(file, HANDOVER_WAIT_S):
                raise _busy(source, _read(file))
            _write(file, typed_json.dumps(LockHolder(run, who, os.getpid(), now)))
        except OSError as error:
            raise folder_error(path, error) from error
        yield  # closing the file unlocks it


def ensure_not_busy(source: DeadLetterQueue) -> None:
    """Raises QueueBusy while a process moves messages of the queue now."""
    if other := lock_holder(source):
        raise _busy(source, other)


def lock_holder(source: DeadLetterQueue) -> LockHolder | None:
    """The process that moves messages of the queue now, if any. What is not a file is not held."""
    try:
        file = os.fdopen(atomic_file.open_regular(source.folder / "redrive.lock"), "r", errors="replace")
    except (OSError, OpsError):
        return None
    with file:
        try:
            locked = file_lock.is_locked(file)
        except OSError as error:
            raise folder_error(source.folder, error) from error
        if not locked:
            return None
        return _read(file) or LockHolder("", "an unknown process", 0, "")


def _busy(source: DeadLetterQueue, other: LockHolder | None) -> QueueBusy:
    by = ""
    if other and other.run:
        run = "" if other.run == SCAN_LOCK else f"run {other.run}, "
        by = f" by {other.who} since {other.since} ({run}process {other.pid})"
    return QueueBusy(
        f"Messages of {source.queue.name} are already being read or moved{by}.",
        "Wait until it ends, or cancel the redrive: ops dlq cancel.",
    )


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
