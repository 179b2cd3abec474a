"""What the tests of the host stand on: a real host process, a small real Logs endpoint, and images made on the spot."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = "the token of this test"
EXTENSION = Path(__file__).with_name("recorder.py")


class Logs:
    """An endpoint for CreateLogGroup, CreateLogStream and PutLogEvents. Keeps the messages by group and stream."""

    def __init__(self) -> None:
        streams: dict[tuple[str, str], list[str]] = {}
        calls: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                action = self.headers["X-Amz-Target"].rpartition(".")[2]
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                calls.append(action)
                if action == "PutLogEvents":
                    kept = streams.setdefault((body["logGroupName"], body["logStreamName"]), [])
                    kept += [event["message"] for event in body["logEvents"]]
                answer = b"{}"
                self.send_response(200 if "AWS4-HMAC-SHA256" in self.headers["Authorization"] else 403)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                pass

        self.streams = streams
        self.calls = calls
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def lines(self, group: str) -> list[str]:
        return [line for (name, _), lines in self.streams.items() if name == group for line in lines]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def payload(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return self.headers.get("x-amz-function-error", "")

    def number(self, name: str) -> float:
        return float(self.headers[name.lower()])

    @property
    def cold(self) -> bool:
        return "x-init-duration-ms" in self.headers


@dataclass
class Function:
    """A function put on the host. ``record`` is where its recorder extension writes what it is told."""

    host: Host
    name: str
    folder: Path
    configuration: dict[str, Any]
    revision: str = "1"
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def log_group(self) -> str:
        return f"/aws/lambda/{self.name}"

    def put(self, **changes: Any) -> Answer:
        self.configuration.update(changes)
        message = {"revision": self.revision, "configuration": self.configuration}
        return self.host.request("PUT", f"/functions/{self.name}", json.dumps(message).encode())

    def invoke(self, event: Any = None, request_id: str = "", **headers: str) -> Answer:
        given = {"X-Function-Revision": self.revision, **headers}
        if request_id:
            given["X-Amzn-Lambda-Request-Id"] = request_id
        return self.host.request("POST", f"/functions/{self.name}/invocations", json.dumps(event).encode(), given)

    def retire(self) -> None:
        """A new revision: the environments of the old one get SHUTDOWN."""
        self.revision += "x"
        self.put()

    def records(self, what: str = "") -> list[dict[str, Any]]:
        """What the extension wrote down, all or of one kind (``event``, ``telemetry``, ``answer``)."""
        path = self.folder / "record.jsonl"
        # The last line may be half written.
        whole = path.read_text().rpartition("\n")[0] if path.exists() else ""
        written = [json.loads(line) for line in whole.splitlines()]
        return [record for record in written if record["what"] == what] if what else written

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """Telemetry events that arrived, all or of one type."""
        arrived = [event for batch in self.records("telemetry") for event in batch["events"]]
        return [event for event in arrived if event["type"] == kind] if kind else arrived

    def settled(self) -> None:
        """Wait until no environment is busy: one that failed has been reset and can be used again."""
        wait_until(lambda: self.host.request("GET", "/health").payload["environments"][self.name]["busy"] == 0)

    def lines(self) -> list[str]:
        return self.host.logs.lines(self.log_group)

    def pids(self) -> list[int]:
        """Processes of this function's environments that run now."""
        marker = f"OPS_TWIN_IMAGE={self.folder}\0".encode()
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and marker in (entry / "environ").read_bytes() + b"\0":
                    found.append(int(entry.name))
            except OSError:
                continue
        return found


class Host:
    """A host process, and the protocol that the emulator speaks to it."""

    def __init__(self, folder: Path, logs: Logs, **settings: str) -> None:
        self.logs = logs
        self.folder = folder
        self._count = 0
        environment = {
            **os.environ,
            "OPS_TWIN_DIR": str(folder / "twin"),
            "OPS_TWIN_ENDPOINT": logs.url,
            "OPS_TWIN_PORT": "0",
            "OPS_TWIN_TOKEN": TOKEN,
            "AWS_ACCESS_KEY_ID": "TWINADMIN",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "eu-west-1",
            **settings,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ops.twin.host"], env=environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.port = int(self.process.stdout.readline().strip().rpartition(":")[2])

    def request(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {TOKEN}", **(headers or {})})
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, answer.read(), named)
        finally:
            connection.close()

    def function(self, code: str, extensions: tuple[str, ...] = (), timeout: float = 5, **environment: str) -> Function:
        """Put a function whose module is ``code``. Each extension is a recorder, told by EXT_… variables what to do."""
        self._count += 1
        name = f"fn{self._count}"
        folder = self.folder / name
        (folder / "var" / "task").mkdir(parents=True)
        (folder / "var" / "task" / "fn.py").write_text(code)
        (folder / "image.json").write_text(json.dumps({"cmd": ["fn.handler"]}))
        for extension in extensions:
            path = folder / "opt" / "extensions" / extension
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"#!/var/lang/bin/python3.99 -IS\n{EXTENSION.read_text()}")
            path.chmod(0o755)
        variables = {"OPS_TWIN_IMAGE": str(folder), "RECORD": str(folder / "record.jsonl"), **environment}
        function = Function(
            self,
            name,
            folder,
            {
                "FunctionName": name,
                "FunctionArn": f"arn:aws:lambda:eu-west-1:123456789012:function:{name}",
                "Timeout": timeout,
                "MemorySize": 256,
                "Environment": {"Variables": variables},
            },
        )
        answer = function.put()
        assert answer.status == 200, answer.body
        return function

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            assert self.process.stdout
            self.process.stdout.close()


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Host]:
    logs = Logs()
    try:
        host = Host(folder, logs, **settings)
        try:
            yield host
        finally:
            if host.process.returncode is None:
                host.stop()
    finally:
        logs.close()


def wait_until(condition: Callable[[], Any], within: float = 60) -> Any:
    """The condition's value once it is true; fails with the last value otherwise."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, f"still {value!r} after {within} s"
        time.sleep(0.02)
    return value


ECHO = "def handler(event, context):\n    return event\n"
