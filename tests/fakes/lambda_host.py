"""A Lambda host in a few lines: real HTTP, functions that are Python callables, and a record of the functions reported to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    payload: Any = None
    error: str = ""  # X-Amz-Function-Error
    duration_ms: float = 12.5


Function = Callable[[Any], Reply | None]
"""None: the connection closes without an answer."""


@dataclass
class FakeHost:
    functions: dict[str, Function] = field(default_factory=dict)
    reported: dict[str, dict[str, Any]] = field(default_factory=dict)  # name → the last PUT's body
    calls: list[tuple[str, Any, dict[str, str]]] = field(default_factory=list)
    refused: int = 0  # 409 answers

    def start(self) -> str:
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self) -> None:
                name = self.path.removeprefix("/functions/")
                host.reported[name] = json.loads(self._body())
                self._answer(200, b"{}", {})

            def do_POST(self) -> None:
                name = self.path.removeprefix("/functions/").removesuffix("/invocations")
                event = json.loads(self._body())
                revision = self.headers["X-Function-Revision"]
                if host.reported.get(name, {}).get("revision") != revision:
                    host.refused += 1
                    self._answer(409, b"unknown revision", {})
                    return
                host.calls.append((name, event, dict(self.headers)))
                reply = host.functions[name](event)
                if reply is None:
                    self.close_connection = True
                    return
                headers = {"X-Duration-Ms": str(reply.duration_ms), "X-Billed-Duration-Ms": "13"}
                if reply.error:
                    headers["X-Amz-Function-Error"] = reply.error
                payload = reply.payload if isinstance(reply.payload, bytes) else json.dumps(reply.payload).encode()
                self._answer(200, payload, headers)

            def _body(self) -> bytes:
                return self.rfile.read(int(self.headers["Content-Length"]))

            def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
