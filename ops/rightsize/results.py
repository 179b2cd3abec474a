"""Sweeps on disk, one file each: the page shows them, and applies another objective to the same measurements."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import TYPE_CHECKING

from ops import typed_json
from ops.errors import OpsError, UsageError
from ops.files import atomic_file
from ops.insight.cold_start_options.memory_sweep import MemorySweep, SweptMemory
from ops.rightsize import journal
from ops.rightsize.model import Measured

if TYPE_CHECKING:
    from ops.target import Target
    from ops.workload import Workload

MAX_KEPT = 20
"""Sweeps that are kept per function; the oldest are removed."""


def save(home: Path, measured: Measured) -> Path:
    """The file. Raises OpsError when it cannot be written."""
    path = home / f"{_stem(measured.account, measured.region, measured.function)}.{measured.id}.json"
    with atomic_file.atomic_write(path, replace=True) as stream:
        stream.write(typed_json.dumps(measured).encode())
    for old in _files(home, measured.account, measured.region, measured.function)[MAX_KEPT:]:
        old.unlink(missing_ok=True)
    return path


def latest(home: Path, account: str, region: str, function: str) -> Measured | None:
    """The newest sweep that can be read; None without one."""
    for path in _files(home, account, region, function):
        try:
            return typed_json.typed(typed_json.loads(atomic_file.read_file(path)), Measured)
        except (OpsError, *atomic_file.MALFORMED):
            continue
    return None


def ensure_latest(home: Path, account: str, region: str, function: str) -> Measured:
    """Raises UsageError without one."""
    found = latest(home, account, region, function)
    if found is None:
        raise UsageError(f"No sweep of {function} is saved on this machine.", "Run one: ops rightsize.")
    return found


def latest_by_memory(target: Target, workload: Workload) -> MemorySweep | None:
    """What the newest sweep of the workload's function says of INIT and duration; None without one. Calls no AWS service."""
    if workload.function is None:
        return None
    try:
        home = journal.folder(target)
    except OpsError:  # a folder that cannot be made has no sweep
        return None
    found = latest(home, workload.account, workload.region, workload.function.name)
    return None if found is None else by_memory(found)


def by_memory(measured: Measured) -> MemorySweep:
    """The sweep at the batch size that the workload had. Failed invocations are left out."""
    size = measured.current.batch_size
    fine = [
        attempt
        for attempt in measured.attempts
        if attempt.batch_size == size and attempt.succeeded and not attempt.error
    ]
    sizes = []
    for memory_mb in sorted({attempt.memory_mb for attempt in fine}):
        own = [attempt for attempt in fine if attempt.memory_mb == memory_mb]
        inits = sorted(attempt.init_ms for attempt in own if attempt.cold and attempt.init_ms is not None)
        warm = [attempt.duration_ms for attempt in own if not attempt.cold and attempt.duration_ms is not None]
        if inits and warm:
            sizes.append(SweptMemory(memory_mb, tuple(inits), statistics.fmean(warm), len(warm)))
    return MemorySweep(measured.ended, tuple(sizes))


def _files(home: Path, account: str, region: str, function: str) -> list[Path]:
    """Newest first: an ID begins with its time."""
    return sorted(home.glob(f"{_stem(account, region, function)}.*.json"), reverse=True)


def _stem(account: str, region: str, function: str) -> str:
    return f"{account}-{region}-{function}"
