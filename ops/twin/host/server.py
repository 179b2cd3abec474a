"""The host's server: the protocol between the emulator and this process (see the package's documentation)."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from pathlib import Path
from urllib.parse import unquote
from uuid import uuid4

from ops.errors import OpsError
from ops.twin import callers
from ops.twin import image as images
from ops.twin.host.cpu.limits import CpuLimits
from ops.twin.host.environment import Environment
from ops.twin.host.exchange import InvocationRequest, InvocationResult, Log, Services
from ops.twin.host.http.http_messages import Request, Response, json_response
from ops.twin.host.http.http_server import ResponseOrFuture, listen, port_of
from ops.twin.host.pool import Pool
from ops.twin.host.process import local_names
from ops.twin.host.process.orphan_reaper import OrphanReaper
from ops.twin.host.process.process import end_strays
from ops.twin.host.settings import FunctionConfig, HostSettings
from ops.twin.host.telemetry import xray
from ops.twin.host.telemetry.log_sink import LogSink
from ops.twin.image import Image

WATCH_PERIOD = 0.02
"""Seconds between looks at the memory of working environments. At 4 GB/s that is 80 MB too much at worst."""
EVICT_PERIOD = 1.0
MAX_EVENT = 8 * 1024 * 1024
"""Bytes. A synchronous event is at most 6 MB on AWS; the emulator enforces that."""
IMAGE_VARIABLE = "OPS_TWIN_IMAGE"
_FUNCTION_PATH = re.compile(r"/functions/(?P<name>[A-Za-z0-9-_:$]+)(?P<rest>/invocations)?")


class NoLog:
    """Discards lines: without an emulator there are no log streams."""

    def write(self, moment: float, texts: list[str]) -> None:
        pass


class HostServer:
    def __init__(self, settings: HostSettings) -> None:
        self._settings = settings
        self._pools: dict[str, Pool] = {}
        self._staged: Image | None = None
        self._starts = asyncio.Semaphore(settings.parallel_starts)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Future[Response]] = set()
        self._watches: list[asyncio.Task[None]] = []
        self._logs: LogSink | None = None
        self._services: Services | None = None
        self._daemon: asyncio.DatagramTransport | None = None

    async def open(self) -> int:
        """Listen; the port. Raises OSError when it is taken."""
        self._server = await listen(self._route, self._settings.port, MAX_EVENT)
        loop = asyncio.get_running_loop()
        self._settings.data_mount.mkdir(parents=True, exist_ok=True)
        if self._settings.endpoint:
            self._logs = LogSink(self._settings)
        traces = xray.TraceFile(self._settings.directory)
        self._daemon, port = await xray.listen(traces)
        hosts = local_names.hosts_file(self._settings.directory)
        cpu = CpuLimits(self._settings.cpu_by_memory, self._settings.cpu_means)
        self._services = Services(self._open_log, OrphanReaper(), xray.Sampler(), traces, port, cpu, hosts)
        self._watches = [loop.create_task(self._watch_memory()), loop.create_task(self._evict()), cpu.start()]
        return port_of(self._server)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))
        if self._logs is not None:
            await self._logs.close()
        if self._daemon is not None:
            self._daemon.close()
        if self._services is not None:
            self._services.traces.close()
            self._services.reaper.close()

    def _route(self, request: Request) -> ResponseOrFuture:
        # A PUT names a folder whose code is run as this user: only the emulator and the command line may ask for that.
        if not callers.bears(self._settings.token, request.headers.get("authorization", "")):
            return json_response({"message": "The Lambda host takes requests with the twin's token only."}, 401)
        if request.path == "/health":
            return json_response(self._health())
        match = _FUNCTION_PATH.fullmatch(unquote(request.path))
        if match and match["rest"] and request.method == "POST":
            return self._invoke(match["name"], request)
        if match and not match["rest"] and request.method == "PUT":
            return self._put(match["name"], request)
        return json_response({"message": f"There is nothing at {request.method} {request.path}."}, 404)

    def _health(self) -> dict[str, object]:
        pools = {name: {"busy": len(pool.busy), "idle": pool.idle} for name, pool in self._pools.items()}
        logs = {"dropped": self._logs.dropped, "failed": self._logs.failed} if self._logs else {}
        return {"environments": pools, "logs": logs}

    def _put(self, name: str, request: Request) -> Response:
        try:
            function = FunctionConfig.from_put(name, json.loads(request.body))
            self._image(function)
        except OpsError as error:
            return json_response({"message": str(error), "nextStep": error.next_step}, 400)
        except ValueError:
            return json_response({"message": "The body is not JSON."}, 400)
        pool = self._pools.get(name)
        if pool is None:
            self._pools[name] = Pool(function, self._make, self._starts)
        else:
            pool.update(function)
        return json_response({"revision": function.revision})

    def _invoke(self, name: str, request: Request) -> ResponseOrFuture:
        pool = self._pools.get(name)
        if pool is None or pool.function.revision != request.headers.get("x-function-revision"):
            return json_response({"message": "This revision is not known here; PUT it first."}, 409)
        invocation = InvocationRequest(
            id=request.headers.get("x-amzn-lambda-request-id") or str(uuid4()),
            event=request.body,
            trace=request.headers.get("x-amzn-trace-id", ""),
            arn=request.headers.get("x-amzn-lambda-function-arn", ""),
        )
        task = asyncio.ensure_future(self._run(pool, invocation))
        # An invocation goes on when its caller has left, as on AWS, so the answer is not the task itself.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return asyncio.shield(task)

    async def _run(self, pool: Pool, invocation: InvocationRequest) -> Response:
        try:
            return _as_response(await pool.invoke(invocation))
        except (OSError, OpsError) as error:
            # The machine has no more processes, memory or files, or the image is gone: not the function's fault.
            return json_response({"message": f"An environment could not be started: {error}"}, 500)

    def _make(self, function: FunctionConfig) -> Environment:
        assert self._services is not None  # noqa: S101 - open() comes first
        return Environment(function, self._image(function), self._settings, self._services)

    def _open_log(self, group: str, stream: str) -> Log:
        return self._logs.open(group, stream) if self._logs else NoLog()

    def _image(self, function: FunctionConfig) -> Image:
        """The function's own folder, else the workload's image, staged when it is first asked for."""
        folder = function.variables.get(IMAGE_VARIABLE)
        if folder:
            return images.load(Path(folder))
        if self._staged is None:
            self._staged = images.stage(self._settings.directory / "image")
        return self._staged

    async def _watch_memory(self) -> None:
        while True:
            await asyncio.sleep(WATCH_PERIOD)
            for pool in self._pools.values():
                for environment in pool.busy:
                    if environment.working:
                        environment.check_memory()

    async def _evict(self) -> None:
        while True:
            await asyncio.sleep(EVICT_PERIOD)
            for pool in self._pools.values():
                pool.evict(self._settings.idle_limit)
            if self._services is not None:
                end_strays(self._services.reaper)


def _as_response(outcome: InvocationResult) -> Response:
    metrics = outcome.metrics
    headers = {
        "X-Duration-Ms": f"{metrics.duration_ms:.3f}",
        "X-Billed-Duration-Ms": str(metrics.billed_ms),
        "X-Max-Memory-Used-Mb": str(metrics.used_mb),
    }
    if metrics.init_ms is not None:
        headers["X-Init-Duration-Ms"] = f"{metrics.init_ms:.3f}"
    if outcome.log_tail:
        headers["X-Amz-Log-Result"] = base64.b64encode(outcome.log_tail).decode()
    if outcome.function_error:
        headers["X-Amz-Function-Error"] = outcome.function_error
    return Response(200, outcome.payload, headers)
