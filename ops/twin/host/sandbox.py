"""The sandbox of one environment: its three APIs on one loopback port, its processes, and the phases they go through.

A phase (extensions register, runtime and extensions get ready, an invocation, shutdown) is over when its condition
holds or when something fails first: a process ends, memory runs out, the time is up. Every API call and every event of
a process looks whether that is so, so nothing here polls but memory.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ops.twin.host import extensions_api, runtime_api, telemetry_api
from ops.twin.host.clock import epoch_ms, now
from ops.twin.host.extensions_api import Extension, ExtensionsApi
from ops.twin.host.guardian import Guardian
from ops.twin.host.launch import extension_command
from ops.twin.host.lines import Frames, Lines
from ops.twin.host.processes import Process, describe_exit
from ops.twin.host.runtime_api import RuntimeApi
from ops.twin.host.telemetry_api import TelemetryApi
from ops.twin.host.wire import Answer, Request, Response, listen, port_of

SHUTDOWN_LIMIT = 2.0
"""Seconds for runtime and external extensions together; none without external extensions (LDG
lambda-runtime-environment)."""
RUNTIME_SHUTDOWN_LIMIT = 0.3
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Failure:
    """Why a phase ended badly. ``payload`` is what the runtime itself reported, where it did.

    A time-out has an error type for its caller only: telemetry and log lines say ``Status: timeout`` and no type.
    """

    status: str  # error | timeout
    error_type: str
    message: str = ""
    payload: bytes = b""

    @property
    def told_type(self) -> str:
        return "" if self.status == "timeout" else self.error_type

    @property
    def reason(self) -> str:
        """What extensions are told at SHUTDOWN."""
        return "TIMEOUT" if self.status == "timeout" else "FAILURE"


@dataclass(frozen=True)
class Plan:
    """What runs in a sandbox. Memory in MB."""

    command: tuple[str, ...]
    task_root: Path
    extensions: tuple[Path, ...]
    variables: Mapping[str, str]
    extension_variables: Mapping[str, str]
    memory: int
    registration: dict[str, str]
    arn: str


class Sandbox:
    def __init__(
        self, plan: Plan, telemetry: TelemetryApi, guardian: Guardian, on_line: Callable[[str, str, float], None]
    ) -> None:
        """``on_line`` gets kind (function or extension), text and the ``now()`` moment of each line written."""
        self.plan = plan
        self.runtime = RuntimeApi(self)
        self.extensions = ExtensionsApi(self)
        self.telemetry = telemetry
        self._guardian = guardian
        self._on_line = on_line
        self._server: asyncio.Server | None = None
        self._processes: dict[str, Process] = {}  # by extension name; the runtime is ""
        self._lines: list[Lines] = []
        self._phase: asyncio.Future[Failure | None] | None = None
        self._complete: Callable[[], bool] = lambda: True
        self._limit_failure = Failure("timeout", "Sandbox.Timedout")
        self._runtime_moment = 0.0
        self.replied_at = 0.0
        self.initializing = False
        self.frozen = False
        self._stopping = False
        self.memory_peak = 0
        self._looks = 0

    # --- phases ------------------------------------------------------------------------------------------------------
    async def open(self) -> str:
        """Start listening; the address is AWS_LAMBDA_RUNTIME_API."""
        # Larger bodies are read too, so that an over-long response gets the documented refusal.
        self._server = await listen(self._route, max_body=64 * MEGABYTE)
        return f"127.0.0.1:{port_of(self._server)}"

    async def initialize(self, api: str, deadline: float) -> Failure | None:
        """Extensions first, then the runtime, then everybody ready. None when that worked before ``deadline``."""
        self.initializing = True
        try:
            if self.plan.extensions:
                failure = self._start_extensions(api)
                failure = failure or await self._until(self._all_registered, deadline)
                if failure:
                    return failure
            failure = self._start_runtime(api)
            return failure or await self._until(self._all_ready, deadline)
        finally:
            self.initializing = False

    async def run(self, call: runtime_api.Call, events_trace: dict[str, str] | None) -> Failure | None:
        """One invocation, until the runtime and every extension that got it have asked for the next."""
        message = {
            "eventType": "INVOKE",
            "deadlineMs": epoch_ms(call.deadline),
            "requestId": call.request_id,
            "invokedFunctionArn": call.arn,
            "tracing": events_trace or {},
        }
        self._runtime_moment = 0.0
        for extension in self.extensions.extensions.values():
            if "INVOKE" in extension.events:
                extension.deliver(message)
        self.runtime.deliver(call)
        return await self._until(self._invocation_over, call.deadline)

    async def shut_down(self, reason: str) -> None:
        """SHUTDOWN to those who asked for it, then SIGKILL: no process is left. The sandbox can start again."""
        self.thaw()
        self._stopping = True
        deadline = now() + SHUTDOWN_LIMIT
        runtime = self._processes.get("")
        external = any(extension.external for extension in self.extensions.extensions.values())
        if runtime is not None and runtime.running:
            if external and reason == "SPINDOWN":
                runtime.signal(signal.SIGTERM)
                await self._until(lambda: not runtime.running, now() + RUNTIME_SHUTDOWN_LIMIT)
            runtime.kill()
        if external:
            await self.telemetry.flush(max(0.0, min(0.5, deadline - now())))
            told = self._tell_shutdown(reason, deadline)
            await self._until(lambda: not any(self._runs(name) for name in told), deadline)
        for process in self._processes.values():
            process.kill()
        await self._until(lambda: not any(process.running for process in self._processes.values()), now() + 5)
        self._forget()
        self._stopping = False

    def abort(self) -> None:
        """The running phase, if there is one, ends as a failure."""
        self._fail(Failure("error", "Sandbox.Failure", "The host is shutting down"))

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def stop_runtime(self) -> None:
        """Kill it at once; what it has written by now is taken in."""
        if runtime := self._processes.get(""):
            runtime.kill()
            runtime.drain()

    @property
    def runtime_moment(self) -> float:
        """When the runtime was done with the running phase; 0.0 when it wasn't."""
        return self._runtime_moment

    # --- freeze and thaw ---------------------------------------------------------------------------------------------
    def freeze(self) -> None:
        self.frozen = True
        self.telemetry.freeze()
        for process in self._processes.values():
            process.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self.frozen:
            self.frozen = False
            for process in self._processes.values():
                process.signal(signal.SIGCONT)
            self.telemetry.thaw()

    # --- memory ------------------------------------------------------------------------------------------------------
    def check_memory(self) -> None:
        """Called by the host many times a second while the sandbox works. Over the limit, everything is killed."""
        with_children = self._looks % 8 == 0
        self._looks += 1
        used = sum(process.resident(with_children) for process in self._processes.values())
        self._note_memory(used)
        if used > self.plan.memory * MEGABYTE:
            self._out_of_memory()

    def settle_memory(self) -> int:
        """Bytes at the highest point so far. A burst between two looks counts as well: the kernel noted it."""
        self._note_memory(sum(process.peak() for process in self._processes.values()))
        return self.memory_peak

    def _note_memory(self, used: int) -> None:
        self.memory_peak = min(max(self.memory_peak, used), self.plan.memory * MEGABYTE)

    def _out_of_memory(self) -> None:
        self.memory_peak = self.plan.memory * MEGABYTE
        failure = Failure("error", "Runtime.OutOfMemory", "Runtime exited with error: signal: killed")
        self._fail(failure)
        self.stop_runtime()

    # --- what the APIs and processes report --------------------------------------------------------------------------
    def runtime_ready(self) -> None:
        self._runtime_moment = now()
        self._progress()

    def runtime_replied(self) -> None:
        self.replied_at = now()

    def runtime_init_failed(self, error_type: str, payload: bytes) -> None:
        self._fail(Failure("error", error_type, payload=payload))

    def extension_progress(self) -> None:
        self._progress()

    def extension_failed(self, extension: Extension, phase: str, error_type: str) -> None:
        kind = "Extension.InitError" if phase == "init" else "Extension.ExitError"
        self._fail(Failure("error", kind, f"{extension.name} reported {error_type}"))

    @property
    def registration(self) -> dict[str, str]:
        return self.plan.registration

    @property
    def external_names(self) -> list[str]:
        return [path.name for path in self.plan.extensions]

    def _route(self, request: Request) -> Answer:
        path = request.path
        if path.startswith(runtime_api.PREFIX):
            return self.runtime.handle(request)
        if path.startswith(extensions_api.PREFIX):
            return self.extensions.handle(request)
        if path.startswith(telemetry_api.PREFIX + "/telemetry"):
            return self._subscribe(request)
        return runtime_api.refusal(404, "NotFound", "There is nothing at this path.")

    def _subscribe(self, request: Request) -> Response:
        if request.method != "PUT":
            return runtime_api.refusal(405, "MethodNotAllowed", "Subscribe with PUT.")
        extension = self.extensions.known(request)
        if isinstance(extension, Response):
            return extension
        return self.telemetry.subscribe(extension, request)

    # --- starting ----------------------------------------------------------------------------------------------------
    def _start_extensions(self, api: str) -> Failure | None:
        variables = {**self.plan.extension_variables, "AWS_LAMBDA_RUNTIME_API": api}
        for path in self.plan.extensions:
            try:
                self._start(path.name, extension_command(path), variables, "extension")
            except OSError as error:
                return Failure("error", "Extension.LaunchError", f"{path.name} did not start: {error.strerror}")
        return None

    def _start_runtime(self, api: str) -> Failure | None:
        variables = {**self.plan.variables, "AWS_LAMBDA_RUNTIME_API": api}
        try:
            self._start("", self.plan.command, variables, "function")
        except OSError as error:
            return Failure("error", "Runtime.InvalidEntrypoint", f"The runtime did not start: {error.strerror}")
        return None

    def _start(self, name: str, command: tuple[str, ...], variables: Mapping[str, str], kind: str) -> None:
        def on_line(text: str, moment: float) -> None:
            self._on_line(kind, text, moment)

        lines = Lines(on_line)
        self._lines.append(lines)
        # Twice the memory and a gigabyte of address space: only to hold what grows faster than the watch can look.
        net = 2 * self.plan.memory * MEGABYTE + 1024 * MEGABYTE
        self._processes[name] = Process(
            command,
            variables,
            self.plan.task_root,
            net,
            self._guardian,
            lines.feed,
            lambda status: self._ended(name, status),
            on_frames=Frames(on_line).feed if kind == "function" else None,
        )

    def _ended(self, name: str, status: int) -> None:
        how = describe_exit(status)
        if name == "":
            message = f"Runtime exited with error: {how}" if how else "Runtime exited without providing a reason"
            self._fail(Failure("error", "Runtime.ExitError", message))
        else:
            code = status if status >= 0 else 128 - status
            self._fail(Failure("error", "Extension.Crash", f"exit code {code}"))
        self._progress()

    # --- phases, inside ----------------------------------------------------------------------------------------------
    async def _until(self, complete: Callable[[], bool], deadline: float) -> Failure | None:
        loop = asyncio.get_running_loop()
        self._complete = complete
        self._phase = loop.create_future()
        timer = loop.call_at(deadline, self._fail, self._limit_failure)
        self._progress()
        try:
            return await self._phase
        finally:
            timer.cancel()
            self._phase = None

    def _progress(self) -> None:
        if self._phase is not None and not self._phase.done() and self._complete():
            self._phase.set_result(None)

    def _fail(self, failure: Failure) -> None:
        if self._stopping and failure is not self._limit_failure:
            return  # that processes end is what shutdown is for
        if self._phase is not None and not self._phase.done():
            self._phase.set_result(failure)

    def _all_registered(self) -> bool:
        return all(self.extensions.named(name) is not None for name in self.external_names)

    def _all_ready(self) -> bool:
        return self.runtime.idle and all(extension.poll.waiting for extension in self.extensions.extensions.values())

    def _invocation_over(self) -> bool:
        return self.runtime.reply is not None and self._all_ready()

    def _runs(self, name: str) -> bool:
        process = self._processes.get(name)
        return process is not None and process.running

    def _tell_shutdown(self, reason: str, deadline: float) -> list[str]:
        message = {"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": epoch_ms(deadline)}
        told = []
        for extension in self.extensions.extensions.values():
            if extension.external and "SHUTDOWN" in extension.events:
                extension.deliver(message)
                told.append(extension.name)
        return told

    def drain_output(self) -> None:
        """Everything the processes have written by now has become lines."""
        for process in self._processes.values():
            process.drain()

    def _forget(self) -> None:
        for lines in self._lines:
            lines.end()
        self._lines.clear()
        self._processes.clear()
        self.memory_peak = 0
        self.runtime.reset()
        self.extensions.reset()
        self.telemetry.reset()
