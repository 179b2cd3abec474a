"""Answers as servers may write them, read over one connection."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from ops.aws.fast_sqs.http_connection import Connection

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def answering(*answers: Sequence[bytes], patience_s: float = 0.0) -> Iterator[tuple[Connection, list[bytes]]]:
    """A connection to a server that writes each of ``answers`` in pieces and closes; what it was sent. ``patience_s``:
    of a connection to one that leaves its end open."""
    sent: list[bytes] = []
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            opened, _ = listening.accept()
            with opened:
                for pieces in answers:
                    sent.append(opened.recv(1 << 20))
                    for piece in pieces:
                        opened.sendall(piece)
                        time.sleep(0.01)  # so that they arrive one by one
                if patience_s:
                    over.wait()

        thread = threading.Thread(target=serve)
        thread.start()
        connection = Connection(f"http://127.0.0.1:{listening.getsockname()[1]}/", (60.0, patience_s or 60.0), None)
        try:
            yield connection, sent
        finally:
            connection.close()
            over.set()
            thread.join()


def test_a_call_and_its_answer() -> None:
    with answering([PLAIN], [PLAIN]) as (connection, sent):
        answer = connection.post({"host": "h", "x-amz-target": "T"}, b'{"a": 1}')
        assert (answer.status, bytes(answer.body), answer.kept) == (200, b"{}", True)
        assert answer.headers == {"content-type": "application/json", "content-length": "2"}
        connection.post({"host": "h"}, b"")
    assert sent[0] == (
        b"POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: T\r\naccept-encoding: identity\r\ncontent-length: 8\r\n\r\n"
        b'{"a": 1}'
    )


@pytest.mark.parametrize(
    ("pieces", "body", "kept"),
    [
        ([PLAIN[:20], PLAIN[20:-1], PLAIN[-1:]], b"{}", True),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", b"1\r\n}\r\n0\r\n\r\n"], b"{}", True),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", PLAIN], b"{}", True),
        ([b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN], b"{}", True),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], b"", True),
        ([b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"], b"{}", False),
        ([b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"], b"{}", False),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000], b"x" * 300_000, True),
    ],
    ids=["in pieces", "chunked", "continue first", "continue with it", "empty", "last one", "HTTP/1.0", "large"],
)
def test_forms_of_an_answer(pieces: list[bytes], body: bytes, kept: bool) -> None:
    with answering(pieces) as (connection, _):
        answer = connection.post({"host": "h"}, b"")
    assert (answer.status, bytes(answer.body), answer.kept) == (200, body, kept)


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [b"HTTP/1.1 200 OK\r\nContent-Le"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{"],
        [b"HTTP/1.1 200 OK\r\n\r\nuntil the end"],
        [b"SSH-2.0-OpenSSH_9.2\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}"],
    ],
    ids=["none", "half a header", "half a body", "no length", "another protocol", "no number"],
)
def test_what_is_no_whole_answer_leaves_it_open_what_became_of_the_call(pieces: list[bytes]) -> None:
    with answering(pieces) as (connection, _), pytest.raises(ConnectionClosedError):
        connection.post({"host": "h"}, b"")


def test_no_answer_in_time() -> None:
    with answering([b"HTTP/1.1 200 OK\r\n"], patience_s=0.3) as (connection, _), pytest.raises(ReadTimeoutError):
        connection.post({"host": "h"}, b"")


def test_no_one_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    with pytest.raises(EndpointConnectionError):
        Connection(url, (60.0, 60.0), None).post({"host": "h"}, b"")


def test_a_server_that_takes_no_more_connections() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, ExitStack() as waiting:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with pytest.raises(TimeoutError):
            while True:  # until the kernel's queue is full
                waiting.enter_context(socket.create_connection(listening.getsockname(), 0.1))
        with pytest.raises(ConnectTimeoutError):
            Connection(url, (0.1, 1.0), None).post({"host": "h"}, b"")
