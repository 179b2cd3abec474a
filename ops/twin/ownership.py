"""A folder that is the twin's: known by a mark, and cleared of the files that the twin makes, by their names.

The mark is the first line of the file ``lock``. A folder that is new or empty gets it; any other folder is refused,
whatever ``OPS_TWIN_DIR`` says, so that nothing of another owner's is ever overwritten or deleted.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from pathlib import Path
from typing import IO

from ops.errors import TwinError

LOCK = "lock"
MARK = "This folder is the twin's (ops twin up): it replaces and deletes its own files here.\n"
ROLES = ("emulator", "host", "dashboard")
DEMO = "demo"
"""Locked by a running demo; see ``workload.demo_causes``."""
LOGS = frozenset(f"{role}.log" for role in ROLES)
FILES = frozenset(
    ("state.json", "state.tmp", DEMO, "traces.jsonl", "traces.1.jsonl", "hosts", *(f"{role}.pid" for role in ROLES))
)
STAGED = "staged"
"""Images of faulty versions, which a rehearsal makes."""
FOLDERS = frozenset(("emulator", "image", "mnt", "ops", STAGED, "tmp"))
NEXT_STEP = "Set OPS_TWIN_DIR to a new or empty folder."
_NAMED = 3
"""Names that a refusal gives as examples."""


def claim(folder: Path) -> None:
    """Make ``folder``, or check that it is the twin's. Only its owner can enter it from now on.

    Raises TwinError for a folder that holds anything else or belongs to another user, OSError when it cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_uid != os.geteuid():
        raise TwinError(f"The folder {folder} belongs to another user.", NEXT_STEP)
    if not _marked(folder):
        found = {entry.name for entry in folder.iterdir()}
        if found and not _unmarked_twin(folder, found):
            raise TwinError(
                f"{folder} is not the twin's folder: {_listed(found)} in it. Nothing was changed.", NEXT_STEP
            )
        with private(folder / LOCK, "a") as lock:
            lock.write(MARK)
    folder.chmod(0o700)


def private(path: Path, mode: str) -> IO[str]:
    """Open a file of the twin's folder for writing: for its owner only, and never through a symbolic link."""

    def opener(name: str, flags: int) -> int:
        handle = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        os.fchmod(handle, 0o600)
        return handle

    return open(path, mode, opener=opener, encoding="utf-8")


def clear(folder: Path) -> None:
    """Delete what a run leaves in a folder that was claimed, but for the logs and the mark."""
    for name in FILES:
        path = folder / name
        if not path.is_dir() or path.is_symlink():
            path.unlink(missing_ok=True)
    for name in FOLDERS:
        remove(folder / name)


def remove(folder: Path) -> None:
    """Delete a folder with all in it: of a link the link alone, and nothing where something is mounted in it."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.is_dir() and not _mounted_below(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _marked(folder: Path) -> bool:
    return _start_of(folder / LOCK) == MARK.encode()


def _start_of(path: Path) -> bytes | None:
    """As many bytes as the mark has; None when there is no such regular file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return os.read(handle, len(MARK)) if stat.S_ISREG(os.fstat(handle).st_mode) else None
    finally:
        os.close(handle)


def _unmarked_twin(folder: Path, found: set[str]) -> bool:
    """Whether a version without marks made it: an empty lock, both logs, and nothing else but what the twin makes."""
    known = {LOCK} | LOGS | FILES | FOLDERS
    started = found == {LOCK} or {"emulator.log", "host.log"} <= found
    return started and found <= known and _start_of(folder / LOCK) == b""


def _listed(found: set[str]) -> str:
    names = sorted(found)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"there is {', '.join(names[:_NAMED])}{more}"


def _mounted_below(folder: Path) -> bool:
    """Whether another file system, or a folder from elsewhere, is mounted in it (Linux tells; elsewhere: unknown)."""
    with contextlib.suppress(OSError):  # there is no such file, or it may not be read: unknown
        inside = f"{folder.resolve()}{os.sep}"
        for line in Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines():
            point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split(" ")[4])
            if f"{point}{os.sep}".startswith(inside):
                return True
    return False
