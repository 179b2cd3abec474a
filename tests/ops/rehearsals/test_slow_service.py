"""The proxy that makes S3 slow passes on what it gets, and answers late."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ops.rehearsals.staging.slow_service import SlowService


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("ETag", '"1"')
        answer = f"{self.path} {self.headers['Host']} {self.headers['Authorization']} {body.decode()}".encode()
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def _put(url: str) -> tuple[int, str | None, str]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    connection.request("PUT", "/b/results/1.json?x=%20", b"{}", {"Host": "signed.example", "Authorization": "AWS4 x"})
    response = connection.getresponse()
    found = response.status, response.getheader("ETag"), response.read().decode()
    connection.close()
    return found


def test_what_is_signed_stays_as_it_is_and_the_answer_comes_late(upstream: str) -> None:
    slow = SlowService(upstream, 0.2)
    try:
        began = time.monotonic()
        assert _put(slow.url) == (201, '"1"', "/b/results/1.json?x=%20 signed.example AWS4 x {}")
        assert time.monotonic() - began >= 0.2
    finally:
        slow.close()


def test_a_service_that_is_gone_is_a_502() -> None:
    slow = SlowService("http://127.0.0.1:9", 0)
    try:
        assert _put(slow.url)[0] == 502
    finally:
        slow.close()
