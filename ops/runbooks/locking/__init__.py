"""One run of a runbook per workload at a time: a lock on this machine, and a tag of the queue for other machines."""

from ops.runbooks.locking.run_lock import (
    RunbookBusy,
    find_waiting,
    hold_run_lock,
    is_interrupted,
    lock_path,
    read_holder,
)
from ops.runbooks.locking.shared_hold import SHARED_PERMISSIONS, SharedHold, SharedHolder

__all__ = [
    "SHARED_PERMISSIONS",
    "RunbookBusy",
    "SharedHold",
    "SharedHolder",
    "find_waiting",
    "hold_run_lock",
    "is_interrupted",
    "lock_path",
    "read_holder",
]
