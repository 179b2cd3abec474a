"""A small real Lambda: Extensions and Telemetry APIs over HTTP, an extension as its subprocess as in the image.

``FakeLambda`` answers as documented and remembers what it was asked; a test drives it with ``invoke``, ``deliver`` and
``shutdown`` and reads the extension's stdout.
"""

from __future__ import annotations

import json
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
NAME = "scilearn-telemetry"
IDENTIFIER = "5b1d4a52-0c1e-4f0e-9d8e-1f7a3c2b9e10"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:jobs"
TRACE = "Root=1-65f0c0de-0123456789abcdef01234567;Parent=89abcdef01234567;Sampled=1"
PATIENCE_S = 60.0
"""Until something is given up for hanging."""


def lay_out(root: Path) -> Path:
    """Copy the extension into ``root`` as the image has it under /opt; gives the file that Lambda would start."""
    package = root / "opt/scilearn-extension/handler"
    (package / "extension").mkdir(parents=True)
    (root / "opt/extensions").mkdir()
    source = REPOSITORY / "handler"
    for name in ("__init__.py", "contract.py"):
        shutil.copy(source / name, package / name)
    for module in (source / "extension").rglob("*.py"):
        target = package / module.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(module, target)
    return Path(shutil.copy(source / "extension" / NAME, root / "opt/extensions" / NAME))


def environment(address: str) -> dict[str, str]:
    """What Lambda gives an extension of a 1,024 MB function."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_LAMBDA_FUNCTION_NAME": "jobs",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TELEMETRY_LISTEN_ADDRESS": "127.0.0.1",
    }


@dataclass
class Behavior:
    """How the fake answers. ``register`` is a list of statuses, the last of which stays."""

    register: list[int] = field(default_factory=lambda: [200])
    subscribe: int = 200
    next_failures: int = 0
    chunked: bool = False
    close_each: bool = False


class FakeLambda:
    def __init__(self, behavior: Behavior) -> None:
        self.behavior = behavior
        self.registrations: list[dict[str, Any]] = []
        self.subscriptions: list[dict[str, Any]] = []
        self.identifiers: list[str] = []
        self.next_asked = threading.Semaphore(0)
        self.events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    def wait_for_next(self) -> None:
        assert self.next_asked.acquire(timeout=PATIENCE_S), "the extension did not ask for the next event"

    def invoke(self, request_id: str, trace: str = TRACE) -> None:
        deadline = int(time.time() * 1000) + 60_000
        tracing = {"type": "X-Amzn-Trace-Id", "value": trace}
        self.events.put(
            {
                "eventType": "INVOKE",
                "deadlineMs": deadline,
                "requestId": request_id,
                "invokedFunctionArn": ARN,
                "tracing": tracing,
            }
        )

    def shutdown(self, reason: str = "SPINDOWN", within_ms: int = 2_000) -> None:
        deadline = int(time.time() * 1000) + within_ms
        self.events.put({"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline})

    @property
    def listener(self) -> tuple[str, int]:
        """Where telemetry goes: ``sandbox.localdomain`` is this machine."""
        uri = self.subscriptions[-1]["destination"]["URI"]
        assert uri.startswith("http://sandbox.localdomain:")
        return "127.0.0.1", int(uri.rpartition(":")[2].strip("/"))

    def deliver(self, *events: Any) -> str:
        """POST a batch of telemetry; gives the status line."""
        return self.deliver_raw(json.dumps(events).encode())

    def deliver_raw(self, body: bytes, head: str = "", wait: bool = True) -> str:
        head = head or f"POST / HTTP/1.1\r\nHost: sandbox\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(self.listener, timeout=PATIENCE_S) as connection:
            try:
                connection.sendall(head.encode() + body)
                return connection.recv(4096).partition(b"\r\n")[0].decode() if wait else ""
            except (BrokenPipeError, ConnectionResetError):
                return "closed"

    def close(self) -> None:
        self.events.put(None)
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@dataclass
class Extension:
    """The running extension and what it said so far."""

    process: subprocess.Popen[bytes]
    fake: FakeLambda
    lines: list[str] = field(default_factory=list)
    parsed: list[dict[str, Any]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def read_stdout(self) -> None:
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            with self.changed:
                self.lines.append(raw.decode())
                self.parsed.append(json.loads(raw))
                self.changed.notify_all()

    def records(self, kind: str = "invocation") -> list[dict[str, Any]]:
        return [record for record in list(self.parsed) if record["record"] == kind]

    def wait_for(self, count: int, kind: str = "invocation") -> list[dict[str, Any]]:
        with self.changed:
            arrived = self.changed.wait_for(lambda: len(self.records(kind)) >= count, PATIENCE_S)
        assert arrived, f"{count} {kind} records wanted, got {len(self.lines)} lines: {self.lines[:5]}"
        return self.records(kind)

    def end(self, reason: str = "SPINDOWN") -> int:
        """SHUTDOWN, then the exit code."""
        self.fake.shutdown(reason)
        code = self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        return code

    reader: threading.Thread = field(init=False)


@contextmanager
def running(
    entry: Path, behavior: Behavior | None = None, stdout: int = subprocess.PIPE, **variables: str
) -> Iterator[Extension]:
    """The extension, registered and waiting for its first event; killed at the end if it is still there."""
    fake = FakeLambda(behavior or Behavior())
    process = subprocess.Popen(
        [entry], env=environment(fake.address) | variables, stdout=stdout, stderr=subprocess.PIPE, cwd="/"
    )
    extension = Extension(process, fake)
    extension.reader = threading.Thread(target=extension.read_stdout if stdout == subprocess.PIPE else lambda: None)
    extension.reader.start()
    try:
        fake.wait_for_next()
        yield extension
    finally:
        process.kill()
        errors = process.communicate()[1] if stdout != subprocess.PIPE else _rest(extension)
        fake.close()
        assert b"Traceback" not in errors, errors.decode()


def _rest(extension: Extension) -> bytes:
    process = extension.process
    assert process.stderr is not None and process.stdout is not None
    errors = process.stderr.read()
    process.wait()
    extension.reader.join()
    process.stderr.close()
    process.stdout.close()
    return errors


def _handler(fake: FakeLambda) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self._body()
            assert self.path == "/2020-01-01/extension/register", self.path
            fake.registrations.append({"name": self.headers["Lambda-Extension-Name"]} | body)
            statuses = fake.behavior.register
            status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
            answer = {"functionName": "jobs", "functionVersion": "$LATEST", "handler": "handler.app.lambda_handler"}
            self._answer(status, answer if status == 200 else {"errorType": "Extension.Refused", "errorMessage": "no"})

        def do_PUT(self) -> None:
            body = self._body()
            assert self.path.rstrip("/") == "/2022-07-01/telemetry", self.path
            fake.identifiers.append(self.headers["Lambda-Extension-Identifier"])
            fake.subscriptions.append(body)
            status = fake.behavior.subscribe
            answer: Any = "OK"
            if status != 200:
                answer = {"errorType": "Telemetry.NotSupported", "errorMessage": "Telemetry API is not supported"}
            self._answer(status, answer)

        def do_GET(self) -> None:
            assert self.path == "/2020-01-01/extension/event/next", self.path
            fake.identifiers.append(self.headers["Lambda-Extension-Identifier"])
            if fake.behavior.next_failures:
                fake.behavior.next_failures -= 1
                self._answer(500, {"errorType": "Container.Error", "errorMessage": "non-recoverable"})
                return
            fake.next_asked.release()
            event = fake.events.get()
            if event is None:
                fake.events.put(None)
                self.close_connection = True
            else:
                self._answer(200, event)

        def _body(self) -> Any:
            return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, status: int, answer: Any) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Lambda-Extension-Identifier", IDENTIFIER)
            if fake.behavior.close_each:
                self.send_header("Connection", "close")
            if fake.behavior.chunked:
                self.send_header("Transfer-Encoding", "chunked")
                body = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (3, body[:3], len(body) - 3, body[3:])
            else:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test output for failures."""

    return Handler
