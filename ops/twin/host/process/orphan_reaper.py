"""Kills the process groups that the host leaves behind when it is itself killed.

The kernel kills a dead host's direct children (PR_SET_PDEATHSIG), but not what these have started. The reaper is a
tiny process that learns of each group; when its input ends without a goodbye for one of them, the host is gone and it
kills that one.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys


class OrphanReaper:
    """The host's side. ``close`` when every group has been removed."""

    def __init__(self) -> None:
        # Its own session: a Ctrl-C in the terminal must not take it down before the host.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def add(self, group: int) -> None:
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        self._tell(f"-{group}\n")

    def close(self) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # the reaper has ended, here and below
                self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):  # it ends by itself, however busy the machine is
            self._process.wait(5)

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        with contextlib.suppress(OSError):
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


def watch() -> None:
    """The reaper itself: read until the host closes its end or dies, then kill what is left."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        groups.add(group) if line[0] == "+" else groups.discard(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended, or runs as another user
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    watch()
