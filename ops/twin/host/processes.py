"""One process of an execution environment: started, watched, frozen, thawed, measured and killed.

Stands for the sandbox around runtime and extensions. Linux only. Each process leads a process group of its own, so
that what it forks is frozen and killed with it; a child that opens a session of its own gets away from both, which
AWS's cgroup would not let it. CPU is not shared out by memory size, and the file system is the machine's own.

No orphans: the kernel kills each process when the host dies (PR_SET_PDEATHSIG), and the guardian kills what these
have forked (see ``guardian``).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ops.twin.host.guardian import Guardian

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PAGE = os.sysconf("SC_PAGE_SIZE")
MAX_OPEN_FILES = 1024
"""AWS: file descriptors of an environment (LDG gettingstarted-limits, 2026)."""


class Process:
    """A started process. ``on_output`` gets what it writes to stdout and stderr, ``on_exit`` its wait status, once."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        memory_limit: int,
        guardian: Guardian,
        on_output: Callable[[bytes], None],
        on_exit: Callable[[int], None],
    ) -> None:
        """Raises OSError when the command cannot be started. ``memory_limit`` (bytes) is the safety net only."""
        self._loop = asyncio.get_running_loop()
        self._on_output = on_output
        self._on_exit = on_exit
        self._guardian = guardian
        host = os.getpid()

        def prepare() -> None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != host:
                os._exit(1)
            resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, MAX_OPEN_FILES))
            resource.setrlimit(resource.RLIMIT_DATA, (memory_limit, memory_limit))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        self._pipe, theirs = os.pipe()
        os.set_blocking(self._pipe, False)
        try:
            # The host has one thread only, so running Python between fork and exec is safe.
            self._process = subprocess.Popen(
                list(command),
                env=dict(environment),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                process_group=0,
                preexec_fn=prepare,
            )
        except BaseException:
            os.close(self._pipe)
            raise
        finally:
            os.close(theirs)
        self.pid = self._process.pid
        guardian.add(self.pid)
        self._handle = os.pidfd_open(self.pid)
        self._statm = os.open(f"/proc/{self.pid}/statm", os.O_RDONLY)
        self._children: list[int] = []
        self.running = True
        self._loop.add_reader(self._pipe, self.drain)
        self._loop.add_reader(self._handle, self._exited)

    def drain(self, limit: int = 1 << 20) -> None:
        """Hand over what is in the pipe, at most ``limit`` bytes at once so that one writer cannot hold up the rest."""
        while limit > 0 and self._pipe >= 0:
            try:
                data = os.read(self._pipe, 65536)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._close_pipe()
                return
            limit -= len(data)
            self._on_output(data)

    def signal(self, number: int) -> None:
        """To the whole group; nothing when it is gone."""
        if self.running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def resident(self, look_for_children: bool) -> int:
        """Bytes of memory in use now by the process and those it started; 0 when it has ended.

        Finding children costs several reads, so that is not done at each look.
        """
        if not self.running:
            return 0
        try:
            pages = int(os.pread(self._statm, 128, 0).split(b" ", 2)[1])
        except (OSError, IndexError):
            return 0
        if look_for_children:
            self._children = _descendants(self.pid)
        return pages * _PAGE + sum(_resident(child) for child in self._children)

    def peak(self) -> int:
        """Bytes at the highest point of the process, as the kernel keeps it: no burst between two looks is missed."""
        if not self.running:
            return 0
        with contextlib.suppress(OSError, ValueError):
            for line in Path(f"/proc/{self.pid}/status").read_bytes().splitlines():
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
        return 0

    def _exited(self) -> None:
        self._loop.remove_reader(self._handle)
        os.close(self._handle)
        os.close(self._statm)
        self.drain(1 << 30)
        # What it has forked dies with it, as it does when AWS takes the sandbox down.
        self.kill()
        self.running = False
        status = self._process.wait()
        self._guardian.remove(self.pid)
        self._close_pipe()
        self._on_exit(status)

    def _close_pipe(self) -> None:
        if self._pipe >= 0:
            self._loop.remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = -1


def describe_exit(status: int) -> str:
    """How AWS words the end of a process: ``exit status 1``, ``signal: killed``; empty for a clean exit."""
    if status == 0:
        return ""
    if status > 0:
        return f"exit status {status}"
    words = {signal.SIGKILL: "killed", signal.SIGSEGV: "segmentation fault", signal.SIGABRT: "aborted"}
    words[signal.SIGTERM] = "terminated"
    return f"signal: {words.get(signal.Signals(-status), signal.Signals(-status).name)}"


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return found
    for thread in threads:
        try:
            children = (thread / "children").read_bytes().split()
        except OSError:
            continue
        for child in children:
            found.append(int(child))
            found += _descendants(int(child))
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split(b" ", 2)[1]) * _PAGE
    except (OSError, IndexError):
        return 0
