"""A collector's OTLP/HTTP receiver: a real server that keeps what it received, and misbehaves on demand.

Requests are checked against the published schema (``opentelemetry-proto``), strictly: an unknown member, a number where
64-bit integers are text, or an enum by name is refused with 400, as is what is not JSON.
"""

from __future__ import annotations

import base64
import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE_S = 60.0
HEX_MEMBERS = ("traceId", "spanId", "parentSpanId")
ENUM_MEMBERS = ("kind", "code", "aggregationTemporality")
INTEGERS_AS_TEXT = (
    "startTimeUnixNano",
    "endTimeUnixNano",
    "timeUnixNano",
    "intValue",
    "asInt",
    "count",
)


@dataclass(frozen=True)
class Answer:
    """``raw``: sent in place of an HTTP answer. ``after_s``: waited before it."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    raw: bytes | None = None


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    content: dict[str, Any]
    at: float


class Collector:
    """``answers``: those for the next requests in order; then every request is accepted.

    ``later``: requests are accepted unread, and checked by ``read``: where time counts, checking takes too much.
    """

    def __init__(self, certificate: Path | None = None, later: bool = False) -> None:
        self.later = later
        self.unread: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[Answer] = []
        self.requests: list[Request] = []
        self.accepted: list[Request] = []
        self.invalid: list[str] = []
        self.changed = threading.Condition()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def port(self) -> int:
        return int(self.server.server_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def spans(self) -> list[dict[str, Any]]:
        """Of all accepted requests."""
        return [
            span
            for request in list(self.accepted)
            for part in request.content.get("resourceSpans", [])
            for scope in part["scopeSpans"]
            for span in scope["spans"]
        ]

    def metrics(self) -> list[dict[str, Any]]:
        """Of all accepted requests, in order."""
        return [
            metric
            for request in list(self.accepted)
            for part in request.content.get("resourceMetrics", [])
            for scope in part["scopeMetrics"]
            for metric in scope["metrics"]
        ]

    def read(self) -> None:
        while self.unread:
            self.take(*self.unread.pop(0))

    def take(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Check a request, keep it, and give what is answered."""
        try:
            content = json.loads(gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
            problem = schema_errors(path, content)
        except ValueError as error:
            content, problem = {}, str(error)
        if not problem and headers.get("content-type") != "application/json":
            problem = "not application/json"
        request = Request(path, headers, content, time.monotonic())
        with self.changed:
            self.requests.append(request)
            answer = self.answers.pop(0) if self.answers else Answer()
            if problem:
                self.invalid.append(problem)
                answer = Answer(400, json.dumps({"message": problem}).encode())
            elif answer.raw is None and answer.status == 200:
                self.accepted.append(request)
            self.changed.notify_all()
        return answer

    def wait_until(self, condition: Callable[[], Any]) -> Any:
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE_S), f"got {self.requests}, invalid: {self.invalid}"
        return condition()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@contextmanager
def collecting(certificate: Path | None = None) -> Iterator[Collector]:
    collector = Collector(certificate)
    try:
        yield collector
    finally:
        collector.close()
    assert collector.invalid == []


def attributes(span_or_point: dict[str, Any]) -> dict[str, Any]:
    """Plain values by key."""
    return {each["key"]: _plain(each["value"]) for each in span_or_point["attributes"]}


def schema_errors(path: str, content: Any) -> str:
    """Why a request is not OTLP/JSON; empty where it is."""
    try:
        _check_spelling(content)
        message = ExportTraceServiceRequest() if path.endswith("traces") else ExportMetricsServiceRequest()
        json_format.ParseDict(_as_proto3_json(content), message)
    except (json_format.ParseError, ValueError, TypeError) as error:
        return str(error)
    return ""


def _check_spelling(value: Any, key: str = "") -> None:
    """What OTLP's JSON form is stricter in than Protobuf's parser."""
    if isinstance(value, dict):
        for member, inner in value.items():
            if "_" in member:
                raise ValueError(f"{member} is not in lowerCamelCase")
            _check_spelling(inner, member)
    elif isinstance(value, list):
        for inner in value:
            _check_spelling(inner, key)
    elif key in INTEGERS_AS_TEXT or key == "bucketCounts":
        if not isinstance(value, str) or not value.lstrip("-").isdecimal():
            raise ValueError(f"{key} is not an integer as text: {value!r}")
    elif key in ENUM_MEMBERS:
        if type(value) is not int:
            raise ValueError(f"{key} is not an enum's number: {value!r}")
    elif key in HEX_MEMBERS and (len(bytes.fromhex(value)) not in (8, 16) or not int(value, 16)):
        raise ValueError(f"{key} is not an ID: {value!r}")


def _as_proto3_json(value: Any, key: str = "") -> Any:
    """IDs from hexadecimal, as OTLP has them, to the base64 that Protobuf's own parser wants."""
    if isinstance(value, dict):
        return {member: _as_proto3_json(inner, member) for member, inner in value.items()}
    if isinstance(value, list):
        return [_as_proto3_json(inner, key) for inner in value]
    return base64.b64encode(bytes.fromhex(value)).decode() if key in HEX_MEMBERS else value


def _plain(value: dict[str, Any]) -> Any:
    [(kind, inner)] = value.items()
    if kind == "arrayValue":
        return [_plain(each) for each in inner.get("values", [])]
    return int(inner) if kind == "intValue" else inner


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if collector.later:
                answer = collector.answers.pop(0) if collector.answers else Answer()
                if answer.status == 200:
                    collector.unread.append((self.path, headers, body))
            else:
                answer = collector.take(self.path, headers, body)
            time.sleep(answer.after_s)
            try:
                self._send(answer)
            except OSError:
                self.close_connection = True  # the sender did not wait

        def _send(self, answer: Answer) -> None:
            if answer.raw is not None:
                self.wfile.write(answer.raw)
                self.connection.shutdown(socket.SHUT_WR)
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test output for failures."""

    return Handler
