"""Log streams, written to CloudWatch Logs in the background.

Stands for Lambda's own log delivery: every environment has a stream, lines arrive in batches a moment later and never
hold an invocation up. Limits of PutLogEvents (botocore 1.44.5 model, 2026-11): 10,000 events and 1,048,576 bytes a
call with 26 bytes an event added. Bounded: past 64 MB waiting, lines are dropped and counted. This talks to the
emulator directly rather than through boto3: it is on the event loop of every invocation.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any
from urllib.parse import urlsplit

from handler.aws.sigv4 import Credentials, Signer
from ops.twin.host.clock import epoch_ms, now
from ops.twin.host.http.http_client import Client
from ops.twin.host.http.http_messages import BadMessage
from ops.twin.host.settings import HostSettings

MAX_EVENTS = 10_000
MAX_BYTES = 1_000_000
EVENT_OVERHEAD = 26
MAX_WAITING_BYTES = 64 * 1024 * 1024
FLUSH_AFTER = 0.4
"""Seconds that lines wait for company."""
PAUSES = (0.2, 0.5, 1.0, 2.0)
"""Seconds between tries while the emulator cannot be reached."""


@dataclass
class Stream:
    """One log stream's waiting lines. ``write`` never blocks. Times never go back, as PutLogEvents wants them."""

    group: str
    name: str
    sink: LogSink
    waiting: deque[tuple[int, str, int]] = field(default_factory=deque)
    created: bool = False
    latest: int = 0

    def write(self, moment: float, texts: list[str]) -> None:
        """Lines of the same moment (``clock.now()``)."""
        self.latest = max(self.latest, epoch_ms(moment))
        sizes = [
            (len(text) if text.isascii() else len(text.encode("utf-8", "replace"))) + EVENT_OVERHEAD for text in texts
        ]
        if self.sink.admit(self, sizes):
            self.waiting.extend(zip(repeat(self.latest, len(texts)), texts, sizes, strict=True))


class LogSink:
    """Sends what the streams have, a call at a time, oldest stream first."""

    def __init__(self, settings: HostSettings) -> None:
        parts = urlsplit(settings.endpoint)
        self._client = Client(parts.hostname or "127.0.0.1", parts.port or 80)
        self._authority = parts.netloc
        self._credentials = Credentials(settings.access_key_id, settings.secret_access_key)
        self._signer = Signer("logs", settings.region)
        self._dirty: dict[int, Stream] = {}
        self._bytes = 0
        self.dropped = 0
        self.failed = ""
        """The last error, for ``GET /health``; empty when all is well."""
        self._wake = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def open(self, group: str, name: str) -> Stream:
        return Stream(group, name, self)

    def admit(self, stream: Stream, sizes: list[int]) -> bool:
        """Whether there is room for lines of these sizes (bytes); else they are counted as dropped."""
        total = sum(sizes)
        if self._bytes + total > MAX_WAITING_BYTES:
            self.dropped += len(sizes)
            return False
        self._bytes += total
        self._dirty[id(stream)] = stream
        self._wake.set()
        return True

    async def close(self, within: float = 5.0) -> None:
        """Send what is left, for at most ``within`` seconds."""
        deadline = now() + within
        while self._dirty and now() < deadline and not self.failed:
            await asyncio.sleep(0.02)
        self._task.cancel()
        self._client.close()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(FLUSH_AFTER)
            self._wake.clear()
            while self._dirty:
                key, stream = next(iter(self._dirty.items()))
                await self._send(stream)
                if not stream.waiting:
                    self._dirty.pop(key, None)

    async def _send(self, stream: Stream) -> None:
        batch: list[dict[str, Any]] = []
        size = 0
        while stream.waiting and len(batch) < MAX_EVENTS and (not batch or size + stream.waiting[0][2] <= MAX_BYTES):
            moment, text, length = stream.waiting.popleft()
            batch.append({"timestamp": moment, "message": text})
            size += length
        self._bytes -= size
        if not stream.created:
            # The group may be there already (from the template), and so may nothing at all.
            await self._call("CreateLogGroup", {"logGroupName": stream.group})
            await self._call("CreateLogStream", {"logGroupName": stream.group, "logStreamName": stream.name})
            stream.created = True
        message = {"logGroupName": stream.group, "logStreamName": stream.name, "logEvents": batch}
        answer = await self._call("PutLogEvents", message)
        self.failed = answer
        if answer:
            self.dropped += len(batch)

    async def _call(self, action: str, message: object) -> str:
        """Empty when it worked, else the error."""
        body = json.dumps(message, separators=(",", ":")).encode()
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"Logs_20140328.{action}"}
        signed = self._signer.sign("POST", self._authority, "/", headers, body, self._credentials)
        for pause in (*PAUSES, None):
            try:
                status, answer = await self._client.request("POST", "/", signed, body)
            except (OSError, BadMessage, ValueError) as error:
                if pause is None:
                    return f"{action}: {error}"
                await asyncio.sleep(pause)
            else:
                return "" if status == 200 else f"{action}: {status} {answer[:200].decode('utf-8', 'replace')}"
        return ""
