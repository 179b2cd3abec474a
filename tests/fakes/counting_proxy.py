"""A proxy on loopback before the twin's endpoint that counts GetMetricData requests, and may answer some itself."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tests.twins import Twin

Respond = Callable[[str, bytes], tuple[int, bytes] | None]
"""Operation (of a JSON protocol) and body → status and body as JSON; None: the twin answers."""


class CountingProxy:
    def __init__(self, endpoint: str, respond: Respond | None = None) -> None:
        self.calls = 0
        proxy, target = self, urlsplit(endpoint)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65_536  # head and body in one packet: in two, the second waits for a delayed acknowledgement

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = f"{self.path} {self.headers.get('X-Amz-Target', '')}".encode() + body[:200]
                proxy.calls += b"GetMetricData" in asked
                operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
                if respond is not None and (own := respond(operation, body)) is not None:
                    self._send(own[0], [("Content-Type", "application/x-amz-json-1.1")], own[1])
                    return
                upstream = HTTPConnection(target.hostname or "", target.port, timeout=60)
                upstream.request(self.command, self.path, body, dict(self.headers))  # Host stays: it is signed
                answer = upstream.getresponse()
                # A queue's URL leads to the proxy, too: no other host is taken for this twin's.
                payload = answer.read().replace(endpoint.encode(), proxy.endpoint.encode())
                self._send(answer.status, answer.getheaders(), payload)
                upstream.close()

            def _send(self, status: int, headers: list[tuple[str, str]], payload: bytes) -> None:
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_PUT = do_DELETE = do_HEAD = do_POST

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def counted(twin: Twin, respond: Respond | None = None) -> Iterator[tuple[CountingProxy, Path]]:
    """A folder for OPS_TWIN_DIR whose recorded endpoint is the proxy."""
    proxy = CountingProxy(twin.state.endpoint, respond)
    with tempfile.TemporaryDirectory() as scratch:
        recorded = Path(scratch) / "state.json"
        recorded.write_text(json.dumps(vars(replace(twin.state, endpoint=proxy.endpoint))))
        yield proxy, Path(scratch)
    proxy.close()
