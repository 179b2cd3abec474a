"""Files that are there whole or not at all, also when the disk is full or the power goes; and reading what may be
damaged, or no file at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ops.errors import OpsError, UsageError

MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What is raised by reading a file that says something else than was once written to it."""
PRIVATE_MODE = 0o600
"""What a temporary file has, and so the file that it becomes: messages may hold personal data."""


@contextmanager
def atomic_write(path: Path, replace: bool = False, durable: bool = True) -> Iterator[IO[bytes]]:
    """A stream whose bytes are at ``path`` once the block has ended well: renamed, for this user only.

    ``durable``: synced to disk first, so that it is there after a power failure; not worth its time for progress.

    Raises UsageError when something is there and ``replace`` is off, OpsError when it cannot be written; then nothing
    is at ``path`` that was not there before.
    """
    try:
        if not replace and os.path.lexists(path):  # a link that leads nowhere, too
            raise _there(path)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise file_error(path, error) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        if replace:
            part.replace(path)
        else:
            _put(part, path)
        if durable:
            sync_folder(path.parent)
    except OSError as error:
        raise file_error(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def private_opener(name: str, flags: int) -> int:
    """An opener for ``open``. Like ``opened``: a new file is for this user only, and a link in its place is not
    followed."""
    return open_regular(Path(name), flags | os.O_NOFOLLOW)


def _put(part: Path, path: Path) -> None:
    """Rename, but never over a file that came to be in the meantime."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise _there(path) from None
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise _there(path) from None
        part.replace(path)


def _there(path: Path) -> UsageError:
    return UsageError(f"{path} is there already.", "Name another file; nothing is overwritten.")


def open_regular(path: Path, flags: int = os.O_RDONLY, mode: int = PRIVATE_MODE) -> int:
    """A descriptor of the regular file at ``path``; never waits, as opening a named pipe does. Raises UsageError when
    it is something else, OSError when it cannot be opened."""
    handle = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, mode)
    try:
        ensure_regular(path, os.fstat(handle))
    except BaseException:  # Ctrl-C too must leave no descriptor open
        os.close(handle)
        raise
    return handle


def ensure_regular(path: Path, found: os.stat_result | None = None) -> None:
    """Raises UsageError when something else than a file lies at ``path``; of one that is not there, nothing."""
    try:
        kind = stat.S_IFMT((found or path.stat()).st_mode)
    except FileNotFoundError:
        return
    except OSError as error:
        raise file_error(path, error) from error
    if kind != stat.S_IFREG:
        what = _KINDS.get(kind, "it is not a file")
        raise UsageError(f"{path} cannot be used: {what}.", "Move it away, or name a file.")


_KINDS = {
    stat.S_IFDIR: "Is a directory",
    stat.S_IFIFO: "it is a named pipe",
    stat.S_IFCHR: "it is a device",
    stat.S_IFBLK: "it is a device",
    stat.S_IFSOCK: "it is a socket",
}


def read_file(path: Path, start: int = 0) -> bytes:
    """All of it from byte ``start`` on. Raises UsageError (no file, or none that may be read)."""
    try:
        with os.fdopen(open_regular(path), "rb") as stream:
            stream.seek(start)
            return stream.read()
    except OSError as error:
        raise file_error(path, error) from error


def append_bytes(handle: int, data: bytes) -> None:
    """All of ``data`` or nothing, at the end of a file opened to append: a disk that fills up midway must not leave half
    a line. Raises OSError."""
    size = os.fstat(handle).st_size
    try:
        while data:
            data = data[os.write(handle, data) :]
    except OSError:
        os.ftruncate(handle, size)
        raise


def expand_user(path: str | Path) -> Path:
    """``path`` with a ``~`` as shells mean it; where no one has such a home, it begins a name like any other."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def sync_folder(folder: Path) -> None:
    """Make a new name in ``folder`` last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_error(path: Path, error: OSError) -> OpsError:
    """The error for a ``path`` that could not be written or read."""
    if error.errno == errno.ENOENT:
        if path.parent.is_dir():
            return UsageError(f"There is no file {path}.", "Check its name.")
        return UsageError(f"There is no folder {path.parent}.", "Make it, or name a file in another one.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return OpsError(f"The disk is full: {path} could not be written.", "Make room, then do it again.")
    return UsageError(
        f"{path} cannot be used: {error.strerror or error}.", "Check what it is, and who may read and write it."
    )
