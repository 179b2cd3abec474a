"""An execution environment's life: init, invocations with a freeze between them, reset after a failure, shutdown.

Stands for LDG lambda-runtime-environment: the init phase with its own limit; when it fails, init runs again inside the
first invocation under the function's timeout (a suppressed init: its time is part of Duration and there is no Init
Duration); after a timeout, a crash or running out of memory the environment is reset (SHUTDOWN to the extensions, with
the reason) and used again, so the next invocation there begins with a suppressed init.

Not modeled: the response reaches the caller when the extensions are done too, and not at all when something fails
after it (AWS hands it over when the runtime has answered); snapshots; provisioned concurrency; ``/tmp``
size and isolation.
"""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from uuid import uuid4

from ops.twin.host.apis.runtime_api import Call
from ops.twin.host.apis.telemetry_api import TelemetryApi
from ops.twin.host.clock import now, wall
from ops.twin.host.exchange import InvocationRequest, InvocationResult, Services
from ops.twin.host.lifecycle_phase import PhaseFailure
from ops.twin.host.process.launch import launch_spec_for
from ops.twin.host.reply import Reply
from ops.twin.host.sandbox import Sandbox
from ops.twin.host.settings import FunctionConfig, HostSettings
from ops.twin.host.telemetry import platform_log_lines, telemetry_events
from ops.twin.host.telemetry.invocation_metrics import InvocationEnd, InvocationMetrics, Timing, judge
from ops.twin.host.telemetry.log_tail import ResultLogTail
from ops.twin.host.telemetry.xray import Trace
from ops.twin.image import Image


class Environment:
    def __init__(
        self,
        function: FunctionConfig,
        image: Image,
        settings: HostSettings,
        services: Services,
    ) -> None:
        self.function = function
        self.instance = str(uuid4())
        self.log_stream = f"{datetime.now(UTC):%Y/%m/%d}/{function.log_stream_prefix}{uuid4().hex}"
        self._settings = settings
        self._services = services
        self._log = services.open_log(function.log_group, self.log_stream)
        self._telemetry = TelemetryApi(self._subscribed)
        self._scratch = settings.directory / "tmp" / self.instance
        spec = launch_spec_for(
            function, image, settings, self.log_stream, self._scratch, services.xray_port, services.hosts
        )
        cpu = services.cpu.for_environment(function.memory, function.description, self.instance)
        self._sandbox = Sandbox(spec, self._telemetry, services.reaper, self._lines, cpu)
        self._tail = ResultLogTail()
        self._api = ""
        self._turn = asyncio.Lock()  # one thing at a time: start, invoke, recover, shut_down
        self._closing = False
        self._initialized = False
        self._initialize_seconds = 0.0  # of the last time
        self._init_seconds: float | None = None  # reported once, with the first invocation
        self.idle_since = now()
        self.reset_reason = ""
        """Not empty after a failed invocation: why, and that ``recover`` has to come first."""

    @property
    def working(self) -> bool:
        return not self._sandbox.frozen

    def check_memory(self) -> None:
        self._sandbox.check_memory()

    # --- init --------------------------------------------------------------------------------------------------------
    async def start(self) -> None:
        """The init phase. A failure is not the end: the first invocation tries once more."""
        async with self._turn:
            await self._start()

    async def _start(self) -> None:
        self._scratch.mkdir(parents=True, exist_ok=True)
        self._api = await self._sandbox.open()
        failure = await self._initialize("init", now() + self._settings.init_limit)
        if failure is None:
            self._init_seconds = self._initialize_seconds
        else:
            await self._sandbox.shut_down(failure.reason)

    async def _initialize(self, phase: str, deadline: float) -> PhaseFailure | None:
        if self._closing:
            return PhaseFailure("error", "Sandbox.Failure", "The host is shutting down")
        function = self.function
        began = now()
        self._emit(
            telemetry_events.init_start(
                wall(began), phase, function.name, function.version, self.instance, function.memory
            )
        )
        failure = await self._sandbox.initialize(self._api, deadline)
        ended = now()
        status, error_type = (failure.status, failure.reported_type) if failure else ("success", "")
        runtime_done = self._sandbox.runtime_moment or ended
        self._emit(telemetry_events.init_runtime_done(wall(runtime_done), phase, status, error_type))
        for extension in self._sandbox.extensions.extensions.values():
            state = "Ready" if extension.ready else "Registered"
            self._platform(
                platform_log_lines.extension(extension.name, state, extension.events),
                telemetry_events.extension(wall(ended), extension.name, state, extension.events),
            )
        self._initialize_seconds = ended - began
        report = telemetry_events.init_report(wall(ended), phase, status, ended - began, error_type)
        if failure:
            line = platform_log_lines.init_report(
                telemetry_events.milliseconds(ended - began), phase, status, error_type
            )
            self._platform(line, report)
        else:
            self._emit(report)
        self._telemetry.init_over()
        self._initialized = failure is None
        return failure

    # --- invocations -------------------------------------------------------------------------------------------------
    async def invoke(self, request: InvocationRequest) -> InvocationResult:
        """Run one invocation. Afterwards the environment is frozen, or waits for ``recover`` (see ``reset_reason``)."""
        async with self._turn:
            return await self._invoke(request)

    async def _invoke(self, request: InvocationRequest) -> InvocationResult:
        function = self.function
        began = now()
        self._sandbox.thaw()
        deadline = began + function.timeout
        failure = None
        if not self._initialized:
            failure = await self._initialize("invoke", deadline)
        started = now()
        trace = self._services.sampler.trace(request.trace, function.tracing)
        tracing = telemetry_events.tracing(trace.header, trace.function_id)
        self._platform(
            platform_log_lines.start(request.id, function.version),
            telemetry_events.start(
                wall(started), request.id, function.version, request.arn or function.arn, _traced(trace)
            ),
        )
        if failure is None:
            call = Call(request.id, request.event, request.arn or function.arn, deadline, trace.header)
            failure = await self._sandbox.run(call, tracing)
        return self._finish(request.id, began, failure, trace)

    def _finish(self, request_id: str, began: float, failure: PhaseFailure | None, trace: Trace) -> InvocationResult:
        function, sandbox = self.function, self._sandbox
        # A timeout is billed and reported as the timeout, however late the clock was looked at.
        end = began + function.timeout if failure and failure.status == "timeout" else now()
        timing = Timing(began, sandbox.runtime_moment or end, end)
        used = sandbox.processes.settle_memory()
        if failure is None:
            sandbox.processes.drain()
            sandbox.freeze()
        else:
            # Its output up to here belongs to this invocation. Extensions that are registered bring it a SIGTERM (see
            # ``recover``); without them nothing of it may go on.
            if sandbox.extensions.extensions:
                sandbox.processes.drain()
            else:
                sandbox.processes.stop_runtime()
            self._initialized = False
            self.reset_reason = failure.reason
        reply = sandbox.runtime.reply
        result = judge(request_id, reply, failure, function.timeout, end)
        metrics = InvocationMetrics.of(end - began, self._init_seconds, function.memory, used)
        self._init_seconds = None
        self._report(request_id, timing, reply, result, metrics, trace)
        self.idle_since = end
        return InvocationResult(result.payload, result.function_error, metrics, self._tail.take())

    def _report(
        self,
        request_id: str,
        timing: Timing,
        reply: Reply | None,
        result: InvocationEnd,
        metrics: InvocationMetrics,
        trace: Trace,
    ) -> None:
        function = self.function
        tracing = _traced(trace)
        for line in result.lines if function.log_format != "JSON" else ():
            self._write(line)
        done = telemetry_events.runtime_done(
            wall(timing.runtime_done),
            request_id,
            result.status,
            timing.runtime_done - timing.start,
            len(reply.payload) if reply else 0,
            timing.spans(reply),
            tracing,
            result.error_type,
        )
        self._platform(platform_log_lines.end(request_id), done)
        report = telemetry_events.report(
            wall(timing.end),
            request_id,
            result.status,
            metrics.as_record(),
            timing.overhead(),
            tracing,
            result.error_type,
        )
        self._platform(platform_log_lines.report(request_id, metrics, result, trace.report_line), report)
        for segment in trace.segments(function.name, function.arn, request_id, timing.start, timing.end, result.status):
            self._services.traces.append(segment)

    async def recover(self) -> None:
        """Reset after a failed invocation: no process is left, the next invocation starts them again."""
        async with self._turn:
            await self._sandbox.shut_down(self.reset_reason)
            self.reset_reason = ""

    async def shut_down(self, reason: str) -> None:
        """The end, for good; a running invocation fails."""
        self._closing = True
        self._sandbox.abort()
        async with self._turn:
            await self._sandbox.shut_down(reason)
            await self._sandbox.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    # --- lines and events --------------------------------------------------------------------------------------------
    def _emit(self, event: telemetry_events.Event) -> None:
        """An event that has no line in a log of plain text."""
        self._telemetry.emit(event)
        if self.function.log_format == "JSON":
            self._write_json(event)

    def _platform(self, line: str, event: telemetry_events.Event) -> None:
        """An event that has a line in the log, too."""
        self._telemetry.emit(event)
        if self.function.log_format != "JSON":
            self._write(line)
        else:
            self._write_json(event)

    def _subscribed(self, name: str, types: list[str]) -> None:
        if self.function.log_format != "JSON":
            self._write(platform_log_lines.telemetry(name, types))
        else:
            self._write_json(telemetry_events.subscription(wall(now()), name, types))

    def _lines(self, kind: str, texts: list[str], moment: float) -> None:
        if self._telemetry.wanted(kind):
            for text in texts:
                self._telemetry.emit(telemetry_events.log(wall(moment), kind, text, self.function.log_format == "JSON"))
        self._tail.add(texts)
        self._log.write(moment, texts)

    def _write_json(self, event: telemetry_events.Event) -> None:
        if platform_log_lines.logged(event, self.function.system_log_level):
            self._write(platform_log_lines.as_json(event))

    def _write(self, text: str) -> None:
        self._tail.add([text])
        self._log.write(now(), [text])


def _traced(trace: Trace) -> dict[str, str] | None:
    """The ``tracing`` member of events: only sampled invocations have one."""
    return telemetry_events.tracing(trace.header, trace.function_id) if trace.sampled else None
