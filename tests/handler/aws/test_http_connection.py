"""The HTTP client beside servers that misbehave. Each server is a plain socket with what it shall say."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handler.aws.http_connection import Connection, Response, WireError
from tests.fakes.runtime_api import REPOSITORY

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def server(
    *connections: list[bytes], clock: Callable[[], float] = time.time
) -> Iterator[tuple[Connection, list[bytes]]]:
    """A server that says one list of answers a connection, then closes it; and what it was asked."""
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answers in connections:
            peer, _ = listener.accept()
            with peer:
                for answer in answers:
                    asked.append(peer.recv(65_536))
                    peer.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    connection = Connection("http", "127.0.0.1", listener.getsockname()[1], clock)
    try:
        yield connection, asked
    finally:
        connection.close()
        listener.close()
        thread.join(5)


def ask(connection: Connection, limit: int = 0, method: str = "GET") -> Response:
    return connection.request(method, "/x", {"host": "h"}, b"body", limit)


def test_a_connection_is_kept() -> None:
    with server([OK, OK]) as (connection, asked):
        assert [ask(connection).body, ask(connection).body] == [b"ok", b"ok"]
        assert asked[0] == b"GET /x HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\nbody"


def test_a_kept_connection_that_was_closed_is_opened_again() -> None:
    with server([OK], [OK]) as (connection, asked):
        assert [ask(connection).status, ask(connection).status] == [200, 200]
        assert len(asked) == 2


@pytest.mark.parametrize("later", [21, -1])
def test_a_connection_that_was_idle_long_is_not_trusted(later: float) -> None:
    now = [1_000_000.0]
    with server([OK, b""], [OK], clock=lambda: now[0]) as (connection, asked):
        ask(connection)
        now[0] += later
        assert ask(connection).status == 200
        assert [bool(request) for request in asked] == [True, False, True], "the first was to be closed, not used"


def test_chunks_are_joined_and_trailers_skipped() -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n"
    with server([answer, OK]) as (connection, _):
        assert [ask(connection).body, ask(connection).body] == [b"abcde", b"ok"]


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    with server([b"HTTP/1.1 200 OK\r\n\r\nall of it"], [OK]) as (connection, _):
        assert [ask(connection).body, ask(connection).body] == [b"all of it", b"ok"]


def test_an_interim_answer_is_passed_over() -> None:
    with server([b"HTTP/1.1 100 Continue\r\n\r\n" + OK]) as (connection, _):
        assert ask(connection).status == 200


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_not_http_or_ends_early_is_an_error_of_a_request_that_was_sent(answer: bytes) -> None:
    with server([answer]) as (connection, _), pytest.raises(WireError, match="broke off") as caught:
        ask(connection)
    assert caught.value.sent


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n",
    ],
)
def test_a_body_over_the_limit_is_refused_before_it_is_read(answer: bytes) -> None:
    with server([answer], [OK]) as (connection, _):
        with pytest.raises(OverflowError):
            ask(connection, limit=8)
        assert ask(connection).body == b"ok"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_https_is_spoken_and_a_strange_certificate_refused(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(2):
            peer, _ = listener.accept()
            try:
                with context.wrap_socket(peer, server_side=True) as secure:
                    secure.recv(65_536)
                    secure.sendall(OK)
            except OSError:
                peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    program = """
import sys
from handler.aws.http_connection import Connection, WireError
connection = Connection("https", "localhost", int(sys.argv[1]))
try:
    print(connection.request("GET", "/", {"host": "localhost"}, b"").body)
except WireError as error:
    print(error)
"""
    said = [
        subprocess.run(
            [sys.executable, "-c", program, str(listener.getsockname()[1])],
            cwd=REPOSITORY, env=trust, capture_output=True, text=True, check=True,
        ).stdout
        for trust in ({}, {"SSL_CERT_FILE": str(certificate)})
    ]  # fmt: skip
    listener.close()
    thread.join(5)
    assert "CERTIFICATE_VERIFY_FAILED" in said[0] and said[1] == "b'ok'\n"
