"""What the extension costs a function: start (beside a bare interpreter), memory, and time an invocation waits.

``.venv/bin/python -m tests.bench.extension`` prints one JSON object on its last line:

- ``ready_ms``: process start to its first ``event/next`` with the telemetry listener up, started as Lambda does;
- ``bare_python_ms``: ``python -I -S -c pass`` start to end, in turns with the above; medians; ``ratio`` of them;
- ``rss_mb``: its peak memory after all invocations;
- ``invoke_overhead_p99_ms``: from the INVOKE answer to the next ``event/next``, which is what an invocation waits for,
  with a telemetry delivery on its way at the same moment. Of eight rounds the calmest: what other programs on the
  machine add comes and goes, what the extension adds is in each;
- ``registered_ms``: process start to registration, after which Lambda starts the runtime beside it.
"""

from __future__ import annotations

import compileall
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.handler.extension.fake import environment, lay_out
from tests.handler.extension.shapes import invocation, iso

ROUNDS = 41
ROUNDS_OF_INVOCATIONS = 8
INVOCATIONS = 200


class RawLambda:
    """The bare minimum of the two APIs on plain sockets, so that the bench times the extension and not a web server."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.server.getsockname()[1]}"

    def start(
        self, entry: Path, **variables: str
    ) -> tuple[subprocess.Popen[bytes], socket.socket, socket.socket, float, float]:
        """Process, its API connection, a telemetry connection to it, and when it had registered and was ready (ms)."""
        began = time.perf_counter()
        process = subprocess.Popen(
            [entry], env=environment(self.address) | variables, stdout=subprocess.DEVNULL, cwd="/"
        )
        api, _ = self.server.accept()
        api.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request(api)
        registered_ms = (time.perf_counter() - began) * 1000
        answer(api, b"{}", "Lambda-Extension-Identifier: bench\r\n")
        subscription = json.loads(request(api).partition(b"\r\n\r\n")[2])
        answer(api, b'"OK"')
        request(api)
        ready_ms = (time.perf_counter() - began) * 1000
        port = int(subscription["destination"]["URI"].rpartition(":")[2].strip("/"))
        return process, api, socket.create_connection(("127.0.0.1", port)), registered_ms, ready_ms


def request(connection: socket.socket) -> bytes:
    """One whole request. The extension's are short: they come with a Content-Length or without a body."""
    data = b""
    while True:
        data += connection.recv(65_536)
        head, end, body = data.partition(b"\r\n\r\n")
        lengths = [
            line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        ]
        if end and len(body) >= int(lengths[0] if lengths else 0):
            return data


def answer(connection: socket.socket, body: bytes, headers: str = "") -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)


def bare_ms() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-S", "-c", "pass"], check=True)
    return (time.perf_counter() - began) * 1000


def overheads_ms(
    api: socket.socket,
    telemetry: socket.socket,
    prefix: str = "",
    handle: Callable[[str, int], object] = lambda _request_id, _now: None,
) -> list[float]:
    """How long each invocation waits for the extension. ``handle``: what the handler does with a request ID at a time
    (epoch milliseconds)."""
    taken = []
    for number in range(INVOCATIONS):
        now = int(time.time() * 1000)
        request_id = f"{prefix or now}-{number}"
        batch = json.dumps(invocation(request_id, iso(now))).encode()
        event = {
            "eventType": "INVOKE",
            "deadlineMs": now + 60_000,
            "requestId": request_id,
            "invokedFunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:jobs",
            "tracing": {"type": "X-Amzn-Trace-Id", "value": "Root=1-65f0c0de-0123456789abcdef01234567"},
        }
        body = json.dumps(event).encode()
        handle(request_id, now)
        telemetry.sendall(b"POST / HTTP/1.1\r\nHost: sandbox\r\nContent-Length: %d\r\n\r\n" % len(batch) + batch)
        began = time.perf_counter()
        answer(api, body)
        request(api)
        taken.append((time.perf_counter() - began) * 1000)
        telemetry.recv(4096)
        time.sleep(0.001)
    return taken


def p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def peak_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no peak memory in /proc")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        entry = lay_out(Path(folder))
        compileall.compile_dir(Path(folder) / "opt/scilearn-extension", quiet=1)  # as the Dockerfile does
        fake = RawLambda()
        registered, ready, bare = [], [], []
        for _ in range(ROUNDS):
            bare.append(bare_ms())
            process, *connections, registered_ms, ready_ms = fake.start(entry)
            registered.append(registered_ms)
            ready.append(ready_ms)
            process.kill()
            process.wait()
            for connection in connections:
                connection.close()
        process, api, telemetry, _, _ = fake.start(entry)
        try:
            overhead_ms = min(p99(overheads_ms(api, telemetry)) for _ in range(ROUNDS_OF_INVOCATIONS))
            rss = peak_mb(process.pid)
        finally:
            process.kill()
            process.wait()
            for each in (api, telemetry, fake.server):
                each.close()
    ready_ms, bare_python_ms = statistics.median(ready), statistics.median(bare)
    figures = {
        "ready_ms": round(ready_ms, 1),
        "bare_python_ms": round(bare_python_ms, 1),
        "ratio": round(ready_ms / bare_python_ms, 2),
        "rss_mb": round(rss, 1),
        "invoke_overhead_p99_ms": round(overhead_ms, 3),
        "registered_ms": round(statistics.median(registered), 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
