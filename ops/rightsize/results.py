"""Sweeps on disk: one file each, so that the page shows them and another goal can be asked of the same measurements."""

from __future__ import annotations

from pathlib import Path

from ops import typed_json
from ops.errors import OpsError, UsageError
from ops.files import atomic_file
from ops.rightsize.model import Measured

MAX_KEPT = 20
"""Of one function; the oldest go."""


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


def _files(home: Path, account: str, region: str, function: str) -> list[Path]:
    """Newest first: an ID begins with its time."""
    return sorted(home.glob(f"{_stem(account, region, function)}.*.json"), reverse=True)


def _stem(account: str, region: str, function: str) -> str:
    return f"{account}-{region}-{function}"
