"""X-Ray on the twin: trace headers, the platform's own segments, and the daemon's UDP port.

Stands for Active tracing (LDG services-xray, 2026): without a header, the first request of a second and 5% of the
others are sampled; a sampled invocation has two segments of the platform (``AWS::Lambda`` and, below it,
``AWS::Lambda::Function``), and the function's own segments name the second as their parent. The daemon (X-Ray
developer guide, xray-daemon) gets UDP datagrams of a JSON header line and a segment. All of it is appended to
``traces.jsonl``, a segment a line. Not modeled: the X-Ray API, sampling rules of one's own, and segments of the SQS
poller.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.twin.host.clock import wall

MAX_FILE_BYTES = 16 * 1024 * 1024
"""Bytes of a trace file; then it becomes ``traces.1.jsonl`` and a new one begins, so twice that is kept."""
RESERVOIR_PER_SECOND = 1
FIXED_RATE = 0.05


class TraceFile:
    """Appends segments. Also the protocol of the UDP port that functions send theirs to."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "traces.jsonl"
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("ab", buffering=0)

    def append(self, segment: bytes) -> None:
        """A segment that cannot be written (a full disk) is lost: tracing never fails an invocation."""
        with contextlib.suppress(OSError):
            self._append(segment)

    def _append(self, segment: bytes) -> None:
        if self._file.tell() + len(segment) > MAX_FILE_BYTES:
            self._file.close()
            self._path.replace(self._path.with_name("traces.1.jsonl"))
            self._file = self._path.open("ab", buffering=0)
        self._file.write(segment + b"\n")

    def close(self) -> None:
        self._file.close()


class XrayDaemon(asyncio.DatagramProtocol):
    """The X-Ray daemon's port. What is not a segment is ignored, as the daemon does."""

    def __init__(self, file: TraceFile) -> None:
        self._file = file

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        header, _, segment = data.partition(b"\n")
        try:
            if json.loads(header).get("format") != "json" or not isinstance(json.loads(segment), dict):
                return
        except (ValueError, AttributeError):
            return
        self._file.append(segment.replace(b"\n", b" "))


async def listen(file: TraceFile) -> tuple[asyncio.DatagramTransport, int]:
    """The daemon's transport, to close, and its port on 127.0.0.1."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: XrayDaemon(file), local_addr=("127.0.0.1", 0))
    return transport, int(transport.get_extra_info("sockname")[1])


@dataclass(frozen=True)
class Trace:
    """An invocation's place in a trace. ``header`` is what the function gets as X-Amzn-Trace-Id."""

    header: str = ""
    root: str = ""
    parent: str = ""
    service_id: str = ""
    function_id: str = ""

    @property
    def sampled(self) -> bool:
        return bool(self.function_id)

    @property
    def report_line(self) -> str:
        """What follows a REPORT line of a sampled invocation."""
        return f"XRAY TraceId: {self.root}\tSegmentId: {self.service_id}\tSampled: true" if self.sampled else ""

    def segments(self, name: str, arn: str, request_id: str, start: float, end: float, status: str) -> list[bytes]:
        """The platform's two segments; ``start`` and ``end`` are ``clock.now()`` moments. Empty when not sampled."""
        if not self.sampled:
            return []
        common: dict[str, Any] = {
            "name": name,
            "trace_id": self.root,
            "start_time": wall(start),
            "end_time": wall(end),
            "resource_arn": arn,
            "aws": {"request_id": request_id, "resource_arn": arn},
        }
        if status != "success":
            common["fault"] = True
        service = {**common, "id": self.service_id, "origin": "AWS::Lambda"}
        if self.parent:
            service["parent_id"] = self.parent
        function = {**common, "id": self.function_id, "parent_id": self.service_id, "origin": "AWS::Lambda::Function"}
        return [json.dumps(segment, separators=(",", ":")).encode() for segment in (service, function)]


class Sampler:
    """Decides which invocations without a header are traced."""

    def __init__(self) -> None:
        self._second = 0
        self._taken = 0

    def trace(self, header: str, mode: str) -> Trace:
        """The trace that the function sees, from the caller's header (or empty) and TracingConfig's mode."""
        given = dict(part.strip().partition("=")[::2] for part in header.split(";") if "=" in part)
        root = given.get("Root") or f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
        decided = given.get("Sampled", "")
        sampled = decided == "1" or (decided not in ("0", "1") and mode == "Active" and self._sample())
        if not sampled:
            return Trace(header or f"Root={root};Sampled=0", root)
        service_id, function_id = secrets.token_hex(8), secrets.token_hex(8)
        ours = f"Root={root};Parent={function_id};Sampled=1"
        return Trace(ours, root, given.get("Parent", ""), service_id, function_id)

    def _sample(self) -> bool:
        second = int(time.time())
        if second != self._second:
            self._second, self._taken = second, 0
        self._taken += 1
        return self._taken <= RESERVOIR_PER_SECOND or secrets.randbelow(1000) < FIXED_RATE * 1000
