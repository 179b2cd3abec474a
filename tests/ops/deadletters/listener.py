"""An HTTP server that records requests, and answers as told: EventBridge, SNS or Lambda for a test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

Reply = Callable[[str, bytes], tuple[int, str]]
"""From path and body to status and answer."""


@dataclass
class Listener:
    """``asked``: path, headers and body of each request so far."""

    reply: Reply
    url: str = ""
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def listening(reply: Reply = lambda path, body: (200, "{}")) -> Iterator[Listener]:
    heard = Listener(reply)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.asked.append((unquote(self.path), dict(self.headers.items()), body))
            status, text = heard.reply(self.path, body)
            self.send_response(status)
            self.send_header("x-amzn-RequestId", f"request-{len(heard.asked)}")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *arguments: Any) -> None:
            """Silent: pytest shows what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    heard.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
