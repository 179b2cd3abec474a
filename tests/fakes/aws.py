"""A small AWS on loopback for what the twin cannot be made to do: refuse, throttle, answer in parts, lose data.

It is a real HTTP server that boto3 talks to by ``AWS_ENDPOINT_URL``, so a test runs the same code as against AWS. What
it answers is a plain function of service, operation and parameters.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest

SERVICES = {
    "AmazonSQS": "sqs",
    "Logs_20140328": "logs",
    "GraniteServiceVersion20100801": "cloudwatch",
    "AWSEvents": "events",
    "TrentService": "kms",
    "AWSPriceListService": "pricing",
}

XRAY = {"/Traces": "BatchGetTraces", "/TraceSummaries": "GetTraceSummaries"}


@dataclass(frozen=True)
class Refusal(Exception):
    code: str
    message: str = "no"
    status: int = 400


@dataclass(frozen=True)
class WithHeaders:
    """An answer of Lambda's Invoke: what it says of the invocation is in headers."""

    body: Any
    headers: dict[str, str]


Respond = Callable[[str, str, dict[str, Any]], Any]
"""(service, operation, parameters) → the answer as JSON, or ``raise Refusal``. For query services: the XML inside. The
operation of Lambda is a path, after ``PUT`` or ``DELETE`` where it is one of these; parameters are the body."""


@dataclass
class FakeAws:
    answer: Respond
    endpoint: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)

    def count(self, operation: str) -> int:
        return sum(called == operation for _, called in self.calls)


@contextmanager
def serve(answer: Respond, patch: pytest.MonkeyPatch, region: str = "eu-west-1") -> Iterator[FakeAws]:
    """An AWS that gives ``answer``, where boto3's default chain finds keys and ``region``."""
    with start(answer) as fake:
        patch.setenv("AWS_ENDPOINT_URL", fake.endpoint)
        patch.setenv("AWS_REGION", region)
        patch.setenv("AWS_DEFAULT_REGION", region)
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "example")
        yield fake


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is nobody's error."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def start(answer: Respond) -> Iterator[FakeAws]:
    """An AWS at ``endpoint`` that gives ``answer``, which may be changed while it runs."""
    fake = FakeAws(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # head and body in one packet: in two, the second waits for a delayed acknowledgement

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            target = self.headers.get("X-Amz-Target", "")
            if target:
                prefix, operation = target.rsplit(".", 1)
                service, parameters = SERVICES[prefix], json.loads(body or b"{}")
            elif self.path in XRAY:
                service, operation, parameters = "xray", XRAY[self.path], json.loads(body)
            elif self.path != "/":
                changing = self.command in ("PUT", "DELETE")
                service, operation = "lambda", f"{self.command} {self.path}" if changing else self.path
                parameters = json.loads(body) if body else {}
            else:
                parameters = dict(parse_qsl(body.decode()))
                service, operation = "query", parameters["Action"]
            fake.calls.append((service, operation))
            try:
                self._respond(200, fake.answer(service, operation, parameters), operation, service)
            except Refusal as refusal:
                self._refuse(refusal, service)

        do_GET = do_PUT = do_DELETE = do_POST

        def _respond(self, status: int, found: Any, operation: str, service: str) -> None:
            if service == "query":
                xml = f"<{operation}Response><{operation}Result>{found}</{operation}Result></{operation}Response>"
                self._send(status, xml.encode(), "text/xml")
            elif isinstance(found, WithHeaders):
                self._send(status, json.dumps(found.body).encode(), "application/json", found.headers)
            else:
                self._send(status, json.dumps(found).encode(), "application/x-amz-json-1.1")

        def _refuse(self, refusal: Refusal, service: str) -> None:
            if service == "query":
                xml = (
                    f"<ErrorResponse><Error><Code>{refusal.code}</Code>"
                    f"<Message>{refusal.message}</Message></Error></ErrorResponse>"
                )
                self._send(refusal.status, xml.encode(), "text/xml")
            else:
                body = {"__type": refusal.code, "message": refusal.message}
                self._send(refusal.status, json.dumps(body).encode(), "application/x-amz-json-1.1")

        def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Silent: pytest shows what matters."""

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    fake.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
