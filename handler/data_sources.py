"""Where a job's data and models come from: the job itself, S3, or a file under the mount. Bytes in, nothing cached."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from handler import contract
from handler.aws import AwsError
from handler.errors import DataDenied, DataNotFound, PathOutsideMount, TableTooLarge, WrongSchema
from handler.jobs.memory_limits import max_object_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.aws import Client

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""S3 user guide, "general purpose bucket naming rules", read 2026-11-23. A bucket's name becomes a host's: nothing else
may get there from a job."""
NO_OBJECT = frozenset(
    {
        "AuthorizationHeaderMalformed",
        "InvalidBucketName",
        "KeyTooLongError",
        "NoSuchBucket",
        "NoSuchKey",
        "PermanentRedirect",
    }
)
"""Codes of S3 that will stay; the redirect and the malformed header mean a bucket in another region (S3 API reference,
"Error responses")."""
NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO})
"""Other errors of a file system (EIO, ESTALE of a network mount) may pass."""


def reader(client: Client) -> Callable[[str], bytes]:
    """A function from a name (``s3://bucket/key`` or a path under the mount) to its bytes."""

    def read(name: str) -> bytes:
        if not name.isprintable():  # control characters, lone surrogates: no key or path that anyone meant
            raise WrongSchema(f"{name[:200]!r} is not a name of data")
        return _from_s3(client, name) if name.startswith("s3://") else _from_mount(name)

    return read


def _from_s3(client: Client, name: str) -> bytes:
    bucket, _, key = name.removeprefix("s3://").partition("/")
    if not BUCKET.fullmatch(bucket) or not key:
        raise WrongSchema(f"{name[:200]!r} is not s3://bucket/key")
    try:
        return client.get_object(bucket, key, max_object_bytes())
    except OverflowError as error:
        raise TableTooLarge(f"{name} has {error}") from error
    except AwsError as error:
        if error.status == 404 or error.code in NO_OBJECT:
            raise DataNotFound(f"{name} is not there ({error.code or 404})") from error
        # Only this: other codes of a 403 (an expired token, a skewed clock) pass with time.
        if error.code == "AccessDenied":
            raise DataDenied(f"{name} may not be read by this function") from error
        raise


def _from_mount(name: str) -> bytes:
    mount = Path(os.environ.get(contract.ENV_DATA_MOUNT) or contract.DATA_MOUNT)
    if not name.startswith("/"):
        raise WrongSchema(f"{name[:200]!r} is neither s3://bucket/key nor an absolute path")
    shown = name[:200]
    try:
        inside = mount.resolve()
        if not Path(name).resolve().is_relative_to(inside):
            raise PathOutsideMount(f"{shown!r} is not under the mount")
        # Without waiting, as a pipe would make us; of a regular file that changes nothing.
        with open(name, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise DataNotFound(f"{shown} is not a file")
            # What was opened counts, not what the path was a moment ago: links may change in between.
            if not Path(f"/proc/self/fd/{file.fileno()}").resolve().is_relative_to(inside):
                raise PathOutsideMount(f"{shown!r} is not under the mount")
            if about.st_size > (most := max_object_bytes()):
                raise TableTooLarge(f"{shown} has {about.st_size} bytes, and {most} is the most")
            return file.read(most)
    except PermissionError as error:
        raise DataDenied(f"{shown} may not be read by this function") from error
    except RuntimeError as error:  # a loop of links, up to Python 3.12
        raise DataNotFound(f"{shown} is not a file") from error
    except OSError as error:
        if error.errno not in NO_FILE:
            raise
        raise DataNotFound(f"{shown} is not a file") from error
