"""Lambda's Runtime API on loopback, enough to drive one real ``awslambdaric`` process, and to time it.

Shapes: "Using the Lambda runtime API" (Lambda developer guide): ``GET …/invocation/next`` with its ``Lambda-Runtime-*``
headers, ``POST …/invocation/{id}/response|error`` and ``POST …/init/error``.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import IO, Any

from tests.fakes.quiet_server import QuietServer

REPOSITORY = Path(__file__).resolve().parents[2]
TIMEOUT = 60.0  # seconds for anything that a test waits for
TRACE = "Root=1-6a02f3c1-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1"


class RuntimeApi:
    """One execution environment. A context manager: the process is killed at the end.

    ``started`` and ``answered`` (the last answer) are ``perf_counter`` seconds.
    """

    def __init__(self, handler: str, variables: dict[str, str], output: IO[str] | None = None) -> None:
        self.invocations: queue.Queue[tuple[str, bytes, float] | None] = queue.Queue()
        self.answers: queue.Queue[tuple[str, Any, float]] = queue.Queue()
        self.ready_at: queue.Queue[Any] = queue.Queue()
        self._server = _Server(("127.0.0.1", 0), _Requests)
        self._server.api = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._handler, self._variables, self._output = handler, variables, output

    def __enter__(self) -> RuntimeApi:
        self._thread.start()
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "scilearn-worker",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.14",
            "LAMBDA_TASK_ROOT": str(REPOSITORY),
            "_HANDLER": self._handler,
            "TZ": ":UTC",
            **self._variables,
        }
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", self._handler],
            env=environment,
            cwd=REPOSITORY,
            stdout=self._output or subprocess.DEVNULL,
            stderr=subprocess.STDOUT if self._output else subprocess.DEVNULL,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.invocations.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_ready(self) -> float:
        """``perf_counter`` of the first ``next``; RuntimeError if the handler could not be imported."""
        found = self.ready_at.get(timeout=TIMEOUT)
        if not isinstance(found, float):
            raise RuntimeError(found)
        return found

    def invoke(self, event: Any, seconds: float = 30.0) -> Any:
        """The function's answer; RuntimeError with its error document if it failed."""
        self.invocations.put((str(uuid.uuid4()), json.dumps(event).encode(), time.time() + seconds))
        kind, document, self.answered = self.answers.get(timeout=TIMEOUT)
        if kind != "response":
            raise RuntimeError(document)
        return document


class _Server(QuietServer):
    api: RuntimeApi


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        api = self.server.api
        api.ready_at.put(time.perf_counter())
        invocation = api.invocations.get()
        if invocation is None:
            self.close_connection = True
            return
        request_id, body, deadline = invocation
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:scilearn-worker",
            "Lambda-Runtime-Trace-Id": TRACE,
            "Content-Type": "application/json",
        }
        self._answer(200, headers, body)

    def do_POST(self) -> None:
        arrived = time.perf_counter()
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
        self._answer(202, {}, b'{"status":"OK"}')
        if self.path.endswith("/init/error"):
            self.server.api.ready_at.put(document)
        else:
            self.server.api.answers.put((self.path.rpartition("/")[2], document, arrived))

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""
