"""The sandbox of one environment: its three APIs on one loopback port, its processes, and the phases they go through.

Stands for the life cycle of LDG lambda-runtime-environment: extensions register before the runtime starts; an
invocation is over when the runtime and every extension ask for the next one; between invocations all processes are
stopped; at shutdown, and when a failure resets it, the runtime gets SIGTERM and 300 ms if there are extensions, and
external ones are notified of the reason and have two seconds in all. Every API call and every end of a process looks whether the
running phase is over, so nothing here polls but memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from ops.twin.host.apis import extensions_api, runtime_api, telemetry_api
from ops.twin.host.apis.extensions_api import Extension, ExtensionsApi
from ops.twin.host.apis.runtime_api import RuntimeApi
from ops.twin.host.apis.telemetry_api import TelemetryApi
from ops.twin.host.clock import epoch_ms, now
from ops.twin.host.cpu.limits import CpuLimit
from ops.twin.host.http.http_messages import Request, Response, error_response
from ops.twin.host.http.http_server import ResponseOrFuture, listen, port_of
from ops.twin.host.lifecycle_phase import Phase, PhaseFailure
from ops.twin.host.process.launch_spec import MEGABYTE, LaunchSpec
from ops.twin.host.process.orphan_reaper import OrphanReaper
from ops.twin.host.process.process import describe_exit
from ops.twin.host.process.process_group import RUNTIME, ProcessGroup

SHUTDOWN_LIMIT = 2.0
"""Seconds for runtime and external extensions together."""
RUNTIME_SHUTDOWN_LIMIT = 0.3
INTERNAL_SHUTDOWN_LIMIT = 0.5
"""Seconds from SIGTERM to SIGKILL when all extensions are internal ones (LDG lambda-runtime-environment, shutdown)."""
FLUSH_LIMIT = 0.5
"""Seconds of those two for telemetry that is still to be delivered. The split is ours."""
KILL_LIMIT = 5.0


class Sandbox:
    def __init__(
        self,
        spec: LaunchSpec,
        telemetry: TelemetryApi,
        reaper: OrphanReaper,
        on_lines: Callable[[str, list[str], float], None],
        cpu: CpuLimit,
    ) -> None:
        """``on_lines`` gets kind (function or extension), the lines written and their ``now()`` moment."""
        self.spec = spec
        self.runtime = RuntimeApi(self)
        self.extensions = ExtensionsApi(self)
        self.telemetry = telemetry
        self.processes = ProcessGroup(spec, reaper, on_lines, self._ended, cpu)
        self._cpu = cpu
        self._phase = Phase()
        self._server: asyncio.Server | None = None
        self.initializing = False
        self.frozen = False
        self.runtime_moment = 0.0
        """When the runtime was done with the running phase; 0.0 when it wasn't."""

    # --- phases ------------------------------------------------------------------------------------------------------
    async def open(self) -> str:
        """Start listening; the address is AWS_LAMBDA_RUNTIME_API."""
        # Larger bodies are read too, so that an over-long response gets the documented error.
        self._server = await listen(self._route, max_body=64 * MEGABYTE)
        return f"127.0.0.1:{port_of(self._server)}"

    async def initialize(self, api: str, deadline: float) -> PhaseFailure | None:
        """Extensions first, then the runtime, then everybody ready. None when that worked before ``deadline``."""
        self.initializing = True
        self.runtime_moment = 0.0
        try:
            failure = self.processes.start_extensions(api) or await self._phase.until(self._all_registered, deadline)
            failure = failure or self.processes.start_runtime(api)
            return failure or await self._phase.until(self._all_ready, deadline)
        finally:
            self.initializing = False

    async def run(self, call: runtime_api.Call, tracing: dict[str, str] | None) -> PhaseFailure | None:
        """One invocation, until the runtime and every extension that got it have asked for the next."""
        message = {
            "eventType": "INVOKE",
            "deadlineMs": epoch_ms(call.deadline),
            "requestId": call.request_id,
            "invokedFunctionArn": call.arn,
            "tracing": tracing or {},
        }
        self.runtime_moment = 0.0
        for extension in self.extensions.extensions.values():
            if "INVOKE" in extension.events:
                extension.deliver(message)
        self.runtime.deliver(call)
        return await self._phase.until(self._invocation_over, call.deadline)

    async def shut_down(self, reason: str) -> None:
        """SHUTDOWN to those who asked for it, then SIGKILL: no process is left. The sandbox can start again."""
        self.thaw()
        deadline = now() + SHUTDOWN_LIMIT
        registered = self.extensions.extensions.values()
        external = any(extension.external for extension in registered)
        if registered:
            self.processes.terminate_runtime()
            limit = RUNTIME_SHUTDOWN_LIMIT if external else INTERNAL_SHUTDOWN_LIMIT
            await self._gone(lambda: not self.processes.runs(RUNTIME), now() + limit)
        self.processes.stop_runtime()
        if external:
            await self.telemetry.flush(FLUSH_LIMIT)
            notified = self._notify_shutdown(reason, deadline)
            await self._gone(lambda: not any(self.processes.runs(name) for name in notified), deadline)
        self.processes.kill()
        await self._gone(lambda: not self.processes.anybody_runs, now() + KILL_LIMIT)
        self.processes.forget()
        self.runtime.reset()
        self.extensions.reset()
        self.telemetry.reset()

    def abort(self) -> None:
        """The running phase, if there is one, ends as a failure."""
        self._phase.fail(PhaseFailure("error", "Sandbox.Failure", "The host is shutting down"))

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._cpu.close()

    # --- freeze, thaw and memory -------------------------------------------------------------------------------------
    def freeze(self) -> None:
        self.frozen = True
        self.telemetry.freeze()
        self.processes.freeze()

    def thaw(self) -> None:
        if self.frozen:
            self.frozen = False
            self.processes.thaw()
            self.telemetry.thaw()

    def check_memory(self) -> None:
        """Over the limit, the runtime is killed and the phase fails."""
        if self.processes.over_limit():
            self._phase.fail(PhaseFailure("error", "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"))
            self.processes.stop_runtime()

    # --- what the APIs and processes report --------------------------------------------------------------------------
    def runtime_ready(self) -> None:
        self.runtime_moment = now()
        self._phase.progress()

    def runtime_init_failed(self, error_type: str, payload: bytes) -> None:
        self._phase.fail(PhaseFailure("error", error_type, payload=payload))

    def extension_progress(self) -> None:
        self._phase.progress()

    def extension_failed(self, extension: Extension, phase: str, error_type: str) -> None:
        kind = "Extension.InitError" if phase == "init" else "Extension.ExitError"
        self._phase.fail(PhaseFailure("error", kind, f"{extension.name} reported {error_type}"))

    @property
    def registration(self) -> Mapping[str, str]:
        return self.spec.registration

    @property
    def external_names(self) -> list[str]:
        return [path.name for path in self.spec.extensions]

    def _ended(self, name: str, status: int) -> None:
        if name == RUNTIME:
            how = describe_exit(status)
            message = f"Runtime exited with error: {how}" if how else "Runtime exited without providing a reason"
            self._phase.fail(PhaseFailure("error", "Runtime.ExitError", message))
        else:
            code = status if status >= 0 else 128 - status
            self._phase.fail(PhaseFailure("error", "Extension.Crash", f"exit code {code}"))
        self._phase.progress()

    def _route(self, request: Request) -> ResponseOrFuture:
        path = request.path
        if path.startswith(runtime_api.PREFIX):
            return self.runtime.handle(request)
        if path.startswith(extensions_api.PREFIX):
            return self.extensions.handle(request)
        if path.startswith(telemetry_api.PREFIX + "/telemetry"):
            return self._subscribe(request)
        if path.startswith(telemetry_api.LOGS_PATH):
            return telemetry_api.logs_not_supported()
        return error_response(404, "NotFound", "There is nothing at this path.")

    def _subscribe(self, request: Request) -> Response:
        if request.method != "PUT":
            return error_response(405, "MethodNotAllowed", "Subscribe with PUT.")
        extension = self.extensions.known(request)
        if isinstance(extension, Response):
            return extension
        return self.telemetry.subscribe(extension, request)

    # --- when a phase is over ----------------------------------------------------------------------------------------
    def _all_registered(self) -> bool:
        return all(self.extensions.named(name) is not None for name in self.external_names)

    def _all_ready(self) -> bool:
        return self.runtime.idle and all(extension.poll.waiting for extension in self.extensions.extensions.values())

    def _invocation_over(self) -> bool:
        return self.runtime.reply is not None and self._all_ready()

    async def _gone(self, condition: Callable[[], bool], deadline: float) -> None:
        """Wait for processes to end; their end is not a failure here."""
        await self._phase.until(condition, deadline, failures_count=False)

    def _notify_shutdown(self, reason: str, deadline: float) -> list[str]:
        message = {"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": epoch_ms(deadline)}
        notified = [
            extension
            for extension in self.extensions.extensions.values()
            if extension.external and "SHUTDOWN" in extension.events
        ]
        for extension in notified:
            extension.deliver(message)
        return [extension.name for extension in notified]
