"""One mover per queue: a lock on its folder that ends with the process that holds it, however that ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ops.deadletters.queue import folder_error
from ops.errors import OpsError
from ops.files import lock_holder as locks

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue
    from ops.files.lock_holder import LockHolder

SCAN_LOCK = "scan"
"""Stands for a run's ID while a scan holds the lock."""


class QueueBusy(OpsError):
    """Another process moves messages of this queue now."""


@contextmanager
def hold_lock(source: DeadLetterQueue, run: str, who: str) -> Iterator[None]:
    """No other process on this machine redrives or purges the queue in the meantime. Raises QueueBusy, naming who
    does."""
    path = _path(source)
    with ExitStack() as stack:
        try:
            stack.enter_context(locks.hold_lock(path, run, who))
        except locks.LockHeld as held:
            raise _busy(source, held.holder) from held
        except OSError as error:
            raise folder_error(path, error) from error
        yield


def ensure_not_busy(source: DeadLetterQueue) -> None:
    """Raises QueueBusy while a process moves messages of the queue now."""
    if other := lock_holder(source):
        raise _busy(source, other)


def lock_holder(source: DeadLetterQueue) -> LockHolder | None:
    """The process that moves messages of the queue now, if any. What is not a file is not held."""
    try:
        return locks.read_holder(_path(source))
    except OSError as error:
        raise folder_error(source.folder, error) from error


def _path(source: DeadLetterQueue) -> Path:
    return source.folder / "redrive.lock"


def _busy(source: DeadLetterQueue, other: LockHolder | None) -> QueueBusy:
    by = ""
    if other and other.run:
        run = "" if other.run == SCAN_LOCK else f"run {other.run}, "
        by = f" by {other.who} since {other.since} ({run}process {other.pid})"
    return QueueBusy(
        f"Messages of {source.queue.name} are already being read or moved{by}.",
        "Wait until it ends, or cancel the redrive: ops dlq cancel.",
    )
