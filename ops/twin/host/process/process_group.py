"""The processes of one sandbox: its extensions and its runtime."""

from __future__ import annotations

import resource
from collections.abc import Callable, Mapping

from ops.twin.host.cpu.limits import CpuLimit
from ops.twin.host.lifecycle_phase import PhaseFailure
from ops.twin.host.process.launch import extension_command
from ops.twin.host.process.launch_spec import MEGABYTE, LaunchSpec
from ops.twin.host.process.log_framing import FrameReader, LineSplitter
from ops.twin.host.process.orphan_reaper import OrphanReaper
from ops.twin.host.process.process import Process

RUNTIME = ""
"""The runtime's name among the processes; extensions have their file's."""
MAX_THREADS = 1024
"""AWS: processes and threads of an environment, whatever its memory (LDG gettingstarted-limits, 2026)."""
_LOOKS_PER_SEARCH = 8
"""Looks at the memory between two searches for child processes."""


class ProcessGroup:
    def __init__(
        self,
        spec: LaunchSpec,
        reaper: OrphanReaper,
        on_lines: Callable[[str, list[str], float], None],
        on_exit: Callable[[str, int], None],
        cpu: CpuLimit,
    ) -> None:
        """``on_lines`` gets kind (function or extension), texts, moment; ``on_exit`` a process's name and status."""
        self._spec = spec
        self._reaper = reaper
        self._on_lines = on_lines
        self._on_exit = on_exit
        self._cpu = cpu
        self._processes: dict[str, Process] = {}
        self._lines: list[LineSplitter] = []
        self._looks = 0
        self.memory_peak = 0
        """Bytes at the highest point so far, at most the memory size, where AWS's cgroup stops it."""

    def start_extensions(self, api: str) -> PhaseFailure | None:
        variables = {**self._spec.extension_variables, "AWS_LAMBDA_RUNTIME_API": api}
        for path in self._spec.extensions:
            try:
                self._start(path.name, extension_command(path), variables, "extension")
            except OSError as error:
                return PhaseFailure("error", "Extension.LaunchError", f"{path.name} did not start: {error.strerror}")
        return None

    def start_runtime(self, api: str) -> PhaseFailure | None:
        variables = {**self._spec.variables, "AWS_LAMBDA_RUNTIME_API": api}
        try:
            self._start(RUNTIME, self._spec.command, variables, "function")
        except OSError as error:
            return PhaseFailure("error", "Runtime.InvalidEntrypoint", f"The runtime did not start: {error.strerror}")
        return None

    def runs(self, name: str) -> bool:
        process = self._processes.get(name)
        return process is not None and process.running

    @property
    def anybody_runs(self) -> bool:
        return any(process.running for process in self._processes.values())

    def freeze(self) -> None:
        self._cpu.leave(self)
        self.pause()

    def thaw(self) -> None:
        self.resume()
        self._cpu.enter(self)

    def pause(self) -> None:
        for process in self._processes.values():
            process.freeze()

    def resume(self) -> None:
        for process in self._processes.values():
            process.thaw()

    def cpu_seconds(self) -> float:
        return sum(process.cpu_seconds() for process in self._processes.values())

    def kill(self) -> None:
        self._cpu.leave(self)
        for process in self._processes.values():
            process.kill()

    def terminate_runtime(self) -> None:
        self._cpu.leave(self)  # a shutdown has its own limits, and what is stopped cannot act on a signal
        if process := self._processes.get(RUNTIME):
            process.terminate()

    def stop_runtime(self) -> None:
        """Kill it at once; what it has written by now is taken in."""
        self._cpu.leave(self)
        if process := self._processes.get(RUNTIME):
            process.kill()
            process.drain()

    def drain(self) -> None:
        """Everything that was written by now has become lines."""
        for process in self._processes.values():
            process.drain()

    def over_limit(self) -> bool:
        """Look at the memory now in use. Called many times a second while the sandbox works."""
        search = self._looks % _LOOKS_PER_SEARCH == 0
        self._looks += 1
        used = sum(process.resident(search) for process in self._processes.values())
        self._note(used)
        return used > self._spec.memory * MEGABYTE

    def settle_memory(self) -> int:
        """The highest point with bursts between two looks, which the kernel noted."""
        self._note(sum(process.peak() for process in self._processes.values()))
        return self.memory_peak

    def forget(self) -> None:
        """All have ended. Last lines without a newline are handed over, and memory counts from zero."""
        for lines in self._lines:
            lines.end()
        self._lines.clear()
        self._processes.clear()
        self.memory_peak = 0

    def _note(self, used: int) -> None:
        self.memory_peak = min(max(self.memory_peak, used), self._spec.memory * MEGABYTE)

    def _start(self, name: str, command: tuple[str, ...], variables: Mapping[str, str], kind: str) -> None:
        def on_lines(texts: list[str], moment: float) -> None:
            self._on_lines(kind, texts, moment)

        lines = LineSplitter(on_lines)
        self._lines.append(lines)
        # Address space beyond twice the memory and all stacks: to hold what grows faster than the watch can look.
        net = 2 * self._spec.memory * MEGABYTE + 1024 * MEGABYTE + MAX_THREADS * _stack()
        self._processes[name] = Process(
            command,
            variables,
            self._spec.task_root,
            net,
            self._reaper,
            lines.feed,
            lambda status: self._on_exit(name, status),
            on_frames=FrameReader(on_lines).feed if kind == "function" else None,
            hosts=self._spec.hosts,
            admit=self._cpu.admit,
        )
        self._cpu.enter(self)


def _stack() -> int:
    """Bytes that a thread's stack reserves."""
    limit = resource.getrlimit(resource.RLIMIT_STACK)[0]
    return 8 * MEGABYTE if limit == resource.RLIM_INFINITY else limit
