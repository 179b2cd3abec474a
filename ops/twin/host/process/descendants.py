"""The processes below a process: its children, theirs and so on, whatever session or group they have opened.

A runtime and an extension adopt what their own children leave behind (PR_SET_CHILD_SUBREAPER), so a
process that forks twice is found below them too; what a dead one leaves comes to the host itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable


def children(pid: int) -> list[int]:
    """Uses bare system calls, because each invocation waits for it."""
    found: list[int] = []
    folder = f"/proc/{pid}/task"
    try:
        threads = os.listdir(folder)  # noqa: PTH208 - a bare system call
    except OSError:
        return found
    for thread in threads:
        try:
            handle = os.open(f"{folder}/{thread}/children", os.O_RDONLY)
        except OSError:
            continue
        try:
            text = b""
            while more := os.read(handle, 4096):
                text += more
        except OSError:  # the thread has ended
            continue
        finally:
            os.close(handle)
        if text:
            found += map(int, text.split())
    return found


def below(pid: int) -> list[int]:
    found: list[int] = []
    for child in children(pid):
        found += [child, *below(child)]
    return found


def stop(pid: int) -> list[int]:
    """SIGSTOP to all below, also to what is started meanwhile; who they are."""
    stopped: list[int] = []
    while new := set(below(pid)).difference(stopped):
        send(new, signal.SIGSTOP)
        stopped += new
    return stopped


def send(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended, or runs as another user
            os.kill(pid, number)


def end_strays(known: Iterable[int]) -> None:
    """Kill and collect the host's children that it did not start: a runtime or an extension has died and left them."""
    for pid in set(children(os.getpid())).difference(known):
        send([pid, *stop(pid)], signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # collected already
            os.waitpid(pid, os.WNOHANG)
