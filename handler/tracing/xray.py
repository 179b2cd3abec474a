"""X-Ray subsegments for Powertools' Tracer, without the X-Ray SDK, whose import costs a cold start about 400 ms.

``Provider`` is a Powertools tracing provider (``Tracer(provider=…)``). Lambda itself writes the function's segment;
what happens inside are subsegments, each sent to the X-Ray daemon when it ends, as a UDP packet (X-Ray developer
guide, "Sending trace data", "Segment documents": a header line, then at most 64 kB of JSON).
"""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.tracing.base import BaseProvider, BaseSegment

if TYPE_CHECKING:
    import numbers
    from collections.abc import AsyncGenerator, Generator, Sequence

HEADER = b'{"format":"json","version":1}\n'
MAX_DOCUMENT = 64_000
DEFAULT_DAEMON = "127.0.0.1:2000"
NAME_CHARACTERS = frozenset(" _.:/%&#=+\\-@")


class Subsegment(BaseSegment):
    """A span of work below the function's segment. Times are seconds since the epoch."""

    def __init__(self, name: str, trace: dict[str, str], parent: str, namespace: str | None) -> None:
        self.id = os.urandom(8).hex()
        self._document: dict[str, Any] = {
            "type": "subsegment",
            "id": self.id,
            "trace_id": trace["Root"],
            "parent_id": parent,
            "name": "".join(sign if sign.isalnum() or sign in NAME_CHARACTERS else "_" for sign in name)[:200],
            "start_time": time.time(),
        }
        if namespace:
            self._document["namespace"] = namespace

    def close(self, end_time: float | None = None) -> None:
        self._document["end_time"] = end_time or time.time()

    def add_subsegment(self, subsegment: BaseSegment) -> None:
        """Inside this one; otherwise a subsegment is a document of its own, which names its parent."""
        if isinstance(subsegment, Subsegment):
            self._document.setdefault("subsegments", []).append(subsegment._document)

    def remove_subsegment(self, subsegment: BaseSegment) -> None:
        if isinstance(subsegment, Subsegment):
            self._document.get("subsegments", []).remove(subsegment._document)

    def put_annotation(self, key: str, value: str | numbers.Number | bool) -> None:
        self._document.setdefault("annotations", {})[key] = value

    def put_metadata(self, key: str, value: Any, namespace: str = "default") -> None:
        self._document.setdefault("metadata", {}).setdefault(namespace, {})[key] = value

    def put_aws(self, operation: str) -> None:
        """What an ``aws`` subsegment calls."""
        self._document["aws"] = {"operation": operation}

    def add_exception(self, exception: BaseException, stack: Sequence[Any], remote: bool = False) -> None:
        """``stack`` is of ``traceback.FrameSummary``, the innermost call last."""
        self._document["fault"] = True
        self._document["cause"] = {
            "exceptions": [
                {
                    "id": os.urandom(8).hex(),
                    "type": type(exception).__name__,
                    "message": str(exception)[:1000],
                    "remote": remote,
                    "stack": [{"path": frame.filename, "line": frame.lineno, "label": frame.name} for frame in stack],
                }
            ]
        }

    def packet(self) -> bytes:
        body = json.dumps(self._document, default=str).encode()
        if len(body) > MAX_DOCUMENT:
            body = json.dumps({**self._document, "metadata": {}}, default=str).encode()
        return HEADER + body


class _Unsampled(Subsegment):
    """Takes what is recorded about work that is not sampled, and is never sent."""

    def __init__(self) -> None:
        super().__init__("ignored", {"Root": ""}, "", None)


class Provider(BaseProvider):
    """Sends subsegments of sampled invocations; without a trace header (outside Lambda) it does nothing."""

    def __init__(self) -> None:
        self._current: ContextVar[Subsegment | None] = ContextVar("subsegment", default=None)
        host, _, port = os.environ.get("AWS_XRAY_DAEMON_ADDRESS", DEFAULT_DAEMON).rpartition(":")
        self._daemon = (host.rpartition(":")[2] or "127.0.0.1", int(port))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # a trace is never worth waiting for
        self._off = os.environ.get("POWERTOOLS_TRACE_DISABLED", "").lower() in ("1", "true")

    @contextmanager
    def in_subsegment(
        self, name: str = "subsegment", namespace: str | None = None, **_: Any
    ) -> Generator[Subsegment, None, None]:
        header = os.environ.get("_X_AMZN_TRACE_ID", "")
        trace = dict(part.split("=", 1) for part in header.split(";") if "=" in part)
        if self._off or trace.get("Sampled") != "1" or "Root" not in trace:
            yield _Unsampled()
            return
        above = self._current.get()
        subsegment = Subsegment(name, trace, above.id if above else trace.get("Parent", ""), namespace)
        token = self._current.set(subsegment)
        try:
            yield subsegment
        except BaseException as error:  # raised again: the trace shows what ended the work, SystemExit too
            import traceback

            subsegment.add_exception(error, traceback.extract_tb(error.__traceback__)[-10:])
            raise
        finally:
            self._current.reset(token)
            subsegment.close()
            self._send(subsegment.packet())

    @asynccontextmanager
    async def in_subsegment_async(self, name: str = "subsegment", **kwargs: Any) -> AsyncGenerator[Subsegment, None]:
        with self.in_subsegment(name, **kwargs) as subsegment:
            yield subsegment

    @contextmanager
    def aws_call(self, service: str, operation: str) -> Generator[None, None, None]:
        """The span of one AWS call: ``handler.aws.Client(observe=…)``."""
        with self.in_subsegment(service, namespace="aws") as subsegment:
            subsegment.put_aws(operation)
            yield

    def put_annotation(self, key: str, value: str | numbers.Number | bool) -> None:
        if current := self._current.get():
            current.put_annotation(key, value)

    def put_metadata(self, key: str, value: Any, namespace: str = "default") -> None:
        if current := self._current.get():
            current.put_metadata(key, value, namespace)

    def patch(self, modules: Sequence[str]) -> None:
        """Nothing to patch: the one library that calls out here, ``handler.aws``, reports its calls itself."""

    def patch_all(self) -> None:
        """See ``patch``."""

    def _send(self, packet: bytes) -> None:
        try:
            self._socket.sendto(packet, self._daemon)
        except OSError:
            return  # no daemon, or its buffer is full: the trace loses a span, the job loses nothing
