"""One Telemetry API subscription: buffers events and delivers them to the extension's listener.

Stands for buffering by maxItems, maxBytes and timeoutMs, delivery as an HTTP POST of a JSON array or as NDJSON over
TCP, retry with back-off, and ``platform.logsDropped`` when the listener is slower than what is produced (LDG
telemetry-api, 2022). Not documented by AWS and so ours: how much is kept before dropping (4 MiB), and the pauses
between tries (0.1 to 2 s).

While the environment is frozen nothing is delivered, as its listener could not read it: what the last invocation left
arrives with the next one, or before SHUTDOWN.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from dataclasses import dataclass
from urllib.parse import urlsplit

from ops.twin.host.clock import now, wall
from ops.twin.host.http.http_client import Client
from ops.twin.host.http.http_messages import BadMessage
from ops.twin.host.telemetry import telemetry_events

MAX_BUFFERED_BYTES = 4 * 1024 * 1024
FIRST_PAUSE = 0.1
MAX_PAUSE_S = 2.0
ANSWER_WITHIN = 3.0
"""Seconds of running (not frozen) time that a listener may take to answer a POST before it is tried again."""


@dataclass(frozen=True)
class Buffering:
    max_items: int = 1000
    max_bytes: int = 262_144
    timeout: float = 1.0  # seconds


class TelemetrySubscription:
    def __init__(self, name: str, types: list[str], buffering: Buffering, protocol: str, destination: str) -> None:
        self.name = name
        self.types = types
        self._buffering = buffering
        self._protocol = protocol
        parts = urlsplit(destination)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._authority = parts.netloc
        self._port = parts.port or 80
        self._client = Client("127.0.0.1", self._port)
        self._tcp: asyncio.StreamWriter | None = None
        self._queue: deque[tuple[float, bytes]] = deque()
        self._bytes = 0
        self._dropped_records = 0
        self._dropped_bytes = 0
        self._flush_now = False
        self._changed = asyncio.Event()
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def wants(self, kind: str) -> bool:
        return (kind.partition(".")[0]) in self.types

    def add(self, event: telemetry_events.Event) -> None:
        data = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
        if self._bytes + len(data) > MAX_BUFFERED_BYTES:
            self._dropped_records += 1
            self._dropped_bytes += len(data)
            return
        self._queue.append((now(), data))
        self._bytes += len(data)
        if len(self._queue) == 1 or self._full():
            self._changed.set()

    def freeze(self) -> None:
        self._thawed.clear()

    def thaw(self) -> None:
        self._thawed.set()

    async def flush(self, within: float) -> None:
        """Deliver what is there at once; give up after ``within`` seconds."""
        self._flush_now = True
        self._changed.set()
        deadline = now() + within
        while (self._queue or self._dropped_records) and now() < deadline and not self._task.done():
            await asyncio.sleep(0.005)

    def close(self) -> None:
        self._task.cancel()
        self._client.close()
        if self._tcp is not None:
            self._tcp.close()

    def _full(self) -> bool:
        return len(self._queue) >= self._buffering.max_items or self._bytes >= self._buffering.max_bytes

    async def _run(self) -> None:
        while True:
            await self._until_due()
            await self._thawed.wait()
            batch = self._take()
            pause = FIRST_PAUSE
            while not await self._send(batch):
                await asyncio.sleep(pause)
                await self._thawed.wait()
                pause = min(2 * pause, MAX_PAUSE_S)
            for data in batch:
                self._queue.popleft()
                self._bytes -= len(data)
            if self._dropped_records:
                lost = telemetry_events.logs_dropped(wall(now()), self._dropped_records, self._dropped_bytes)
                self._dropped_records = self._dropped_bytes = 0
                self.add(lost)

    async def _until_due(self) -> None:
        while True:
            self._changed.clear()
            if self._queue:
                age = now() - self._queue[0][0]
                if self._flush_now or self._full() or age >= self._buffering.timeout:
                    return
                with contextlib.suppress(TimeoutError):  # then it is due
                    await asyncio.wait_for(self._changed.wait(), self._buffering.timeout - age)
            else:
                await self._changed.wait()

    def _take(self) -> list[bytes]:
        """The next batch, left in the queue until it has arrived."""
        batch: list[bytes] = []
        size = 0
        for _, data in self._queue:
            if batch and (len(batch) >= self._buffering.max_items or size + len(data) > self._buffering.max_bytes):
                break
            batch.append(data)
            size += len(data)
        return batch

    async def _send(self, batch: list[bytes]) -> bool:
        """Whether the listener took it. Time in which the environment is frozen does not count against it."""
        task = asyncio.ensure_future(self._post(batch) if self._protocol == "HTTP" else self._write(batch))
        waited = 0.0
        try:
            while waited < ANSWER_WITHIN:
                frozen = not self._thawed.is_set()
                done, _ = await asyncio.wait({task}, timeout=0.25)
                if done:
                    return task.result()
                waited += 0.0 if frozen else 0.25
        finally:
            task.cancel()
        return False

    async def _post(self, batch: list[bytes]) -> bool:
        headers = {"Host": self._authority, "Content-Type": "application/json"}
        try:
            status, _ = await self._client.request("POST", self._path, headers, b"[" + b",".join(batch) + b"]")
        except (OSError, BadMessage, ValueError):
            return False
        return 200 <= status < 300

    async def _write(self, batch: list[bytes]) -> bool:
        try:
            if self._tcp is None:
                _, self._tcp = await asyncio.open_connection("127.0.0.1", self._port)
            self._tcp.write(b"\n".join(batch) + b"\n")
            await self._tcp.drain()
        except OSError:
            self._tcp = None
            return False
        return True
