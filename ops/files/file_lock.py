"""Advisory locks on open files (flock): they end with the process that holds them, however that ends.

Not the filelock package, because these locks are on files that have contents: who holds the lock, a job's log, the audit
file. A child process inherits a job's lock with its log; and whether a lock is held can be seen without taking it
exclusively. filelock opens a descriptor of its own, keeps it to itself, and locks exclusively only.
"""

from __future__ import annotations

import fcntl
import time
from typing import IO

READERS_WAIT_S = 10.0
"""``is_locked`` shares the lock for an instant; ``lock_exclusively`` waits for that, however busy the machine is."""
_RETRY_S = 0.02


def lock_exclusively(file: IO[str], wait_s: float) -> bool:
    """Lock ``file`` for this process alone. False when another process still holds it exclusively after ``wait_s``.

    Raises OSError where the file system has no locks: that is not "held".
    """
    started = time.monotonic()
    while not _try_lock(file, fcntl.LOCK_EX):
        if only_read := _try_lock(file, fcntl.LOCK_SH):
            unlock(file)
        if time.monotonic() - started > (READERS_WAIT_S if only_read else wait_s):
            return False
        time.sleep(_RETRY_S)
    return True


def wait_for_lock(file: IO[str] | int) -> None:
    """Lock ``file`` for this process alone, as soon as no other process holds it; closing the file unlocks it."""
    fcntl.flock(file, fcntl.LOCK_EX)


def is_locked(file: IO[str]) -> bool:
    """Whether another process holds ``file`` exclusively. A free lock stays shared until ``file`` is closed.

    Raises OSError where the file system has no locks.
    """
    return not _try_lock(file, fcntl.LOCK_SH)


def unlock(file: IO[str]) -> None:
    fcntl.flock(file, fcntl.LOCK_UN)


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
