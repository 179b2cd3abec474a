"""One process of an execution environment: started, watched, frozen, thawed, measured and killed.

Stands for the sandbox around runtime and extensions. Linux only. Each process leads a process group of its own; what
it starts is frozen, counted and killed with it by descent, also in a session of its own (see ``descendants``), as AWS's
cgroup does. Not modeled: a file system of its own, and the limit of 1,024 processes and threads.

No orphans: the kernel kills each process when the host dies (PR_SET_PDEATHSIG), and the reaper kills what these
have started (see ``orphan_reaper``).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ops.twin.host.process import descendants, local_names
from ops.twin.host.process.orphan_reaper import OrphanReaper
from ops.twin.host.process.pipe_reader import Pipe

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PAGE = os.sysconf("SC_PAGE_SIZE")
FRAMES_VARIABLE = "_LAMBDA_TELEMETRY_LOG_FD"
MAX_OPEN_FILES = 1024
"""AWS: file descriptors of an environment (LDG gettingstarted-limits, 2026)."""

_started: set[int] = set()
"""Processes that run: what else is a child of the host has been left behind by one that does not."""


def adopt() -> None:
    """Make the host the parent of the processes that its dead children leave behind."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_strays(reaper: OrphanReaper) -> None:
    """Kill and collect what dead processes left behind. Called at each end of one, and now and then."""
    descendants.end_strays(_started | {reaper.pid})


class Process:
    """A started process and those it starts.

    ``on_output`` gets what it writes to stdout and stderr, ``on_frames`` (where given) what it writes to the descriptor
    that ``_LAMBDA_TELEMETRY_LOG_FD`` names, ``on_exit`` its wait status, once.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        memory_limit: int,
        reaper: OrphanReaper,
        on_output: Callable[[bytes], None],
        on_exit: Callable[[int], None],
        on_frames: Callable[[bytes], None] | None = None,
        hosts: Path | None = None,
        admit: Callable[[], None] | None = None,
    ) -> None:
        """Raises OSError when the command cannot be started. ``memory_limit`` (bytes) is the safety net only.
        ``hosts``: its /etc/hosts (see ``local_names``). ``admit`` puts it under its CPU limit (see ``cpu``)."""
        self._on_exit = on_exit
        self._reaper = reaper
        host = os.getpid()

        def prepare() -> None:
            if admit is not None:
                admit()
            if hosts is not None:
                local_names.enter(hosts)
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored in a background job, and inherited
            _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != host:
                os._exit(1)
            resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, MAX_OPEN_FILES))
            resource.setrlimit(resource.RLIMIT_DATA, (memory_limit, memory_limit))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        self._output = Pipe(on_output)
        self._pipes = [self._output]
        variables = dict(environment)
        if on_frames is not None:
            self._pipes.append(Pipe(on_frames))
            variables[FRAMES_VARIABLE] = str(self._pipes[1].writer)
        try:
            # The host has one thread only, so running Python between fork and exec is safe.
            self._process = subprocess.Popen(
                list(command),
                env=variables,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=self._output.writer,
                stderr=self._output.writer,
                pass_fds=[pipe.writer for pipe in self._pipes[1:]],
                process_group=0,
                preexec_fn=prepare,
            )
        except BaseException:  # no descriptor may stay open, however the start ended
            self._close_pipes()
            raise
        finally:
            for pipe in self._pipes:
                pipe.close_writer()
        self.pid = self._process.pid
        _started.add(self.pid)
        reaper.add(self.pid)
        self._stopped: list[int] = []  # below it, while it is frozen
        self._groups: set[int] = set()  # of children that opened their own
        self._handle = os.pidfd_open(self.pid)
        self._statm = os.open(f"/proc/{self.pid}/statm", os.O_RDONLY)
        self._status = os.open(f"/proc/{self.pid}/status", os.O_RDONLY)
        self._children: list[int] = []
        self.running = True
        asyncio.get_running_loop().add_reader(self._handle, self._exited)

    def drain(self) -> None:
        """Hand over all that has been written by now."""
        for pipe in self._pipes:
            pipe.drain()

    def freeze(self) -> None:
        if self.running:
            self._send(signal.SIGSTOP)
            self._stopped = descendants.stop(self.pid)
            self._note_groups(self._stopped)

    def thaw(self) -> None:
        if self.running:
            descendants.send(self._stopped, signal.SIGCONT)
            self._send(signal.SIGCONT)

    def terminate(self) -> None:
        if self.running:
            self._send(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it with everything that it has started; does nothing when it has ended."""
        if self.running:
            self._send(signal.SIGSTOP)
            below = descendants.stop(self.pid)  # what stands still starts nothing, and gets no new parent
            self._send(signal.SIGKILL)
            descendants.send(below, signal.SIGKILL)

    def _send(self, number: int) -> None:
        """Signal the whole process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended, or runs as another user
            os.killpg(self.pid, number)

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
            self._children = descendants.below(self.pid)
            self._note_groups(self._children)
        return pages * _PAGE + sum(_resident(child) for child in self._children)

    def cpu_seconds(self) -> float:
        """CPU time used by the process and by those of its children that the last search found."""
        return sum(map(_cpu_seconds, [self.pid, *self._children])) if self.running else 0.0

    def peak(self) -> int:
        """Bytes at the highest point of the process, as the kernel keeps it: no burst between two looks is missed."""
        if not self.running:
            return 0
        try:
            text = os.pread(self._status, 4096, 0)
        except OSError:
            return 0
        return int(text.partition(b"VmHWM:")[2].split(None, 1)[0]) * 1024 if b"VmHWM:" in text else 0

    def _exited(self) -> None:
        asyncio.get_running_loop().remove_reader(self._handle)
        for descriptor in (self._handle, self._statm, self._status):
            os.close(descriptor)
        # What it has started dies with it, as it does when AWS takes the sandbox down.
        self._send(signal.SIGKILL)
        end_strays(self._reaper)
        self.running = False
        self.drain()
        status = self._process.wait()
        _started.discard(self.pid)
        for group in (self.pid, *self._groups):
            self._reaper.remove(group)
        self._close_pipes()
        self._on_exit(status)

    def _note_groups(self, pids: Iterable[int]) -> None:
        """Register groups with the reaper that are not ours: it could not find them once the host is gone."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # it has ended since
                group = os.getpgid(pid)
                if group != self.pid and group not in self._groups:
                    self._groups.add(group)
                    self._reaper.add(group)

    def _close_pipes(self) -> None:
        for pipe in self._pipes:
            pipe.close()


def describe_exit(status: int) -> str:
    """How AWS words the end of a process: ``exit status 1``, ``signal: killed``; empty for a clean exit."""
    if status == 0:
        return ""
    if status > 0:
        return f"exit status {status}"
    words = {signal.SIGKILL: "killed", signal.SIGSEGV: "segmentation fault", signal.SIGABRT: "aborted"}
    words[signal.SIGTERM] = "terminated"
    return f"signal: {words.get(signal.Signals(-status), signal.Signals(-status).name)}"


def _cpu_seconds(pid: int) -> float:
    try:
        return time.clock_gettime((~pid << 3) | 2)  # its process clock, as clock_getcpuclockid(3) makes it
    except OSError:
        return 0.0


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split(b" ", 2)[1]) * _PAGE
    except (OSError, IndexError):
        return 0
