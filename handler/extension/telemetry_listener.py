"""The HTTP server that Lambda delivers telemetry to. It never blocks and never holds more than a few bodies."""

from __future__ import annotations

import _socket

from handler.extension.http_parser import MessageReader, WireError

CONNECTION_LIMIT = 8
PORT = 9_477
"""Where it listens. When an init has failed, Lambda starts the extension again and goes on delivering to the address of
the first subscription (seen in telemetry: "Already subscribed"), so the address must not change. Below the ports that
systems pick themselves, and not 9001, which Lambda keeps to itself (Telemetry API guide)."""
BODY_LIMIT = 2 << 20
"""Bytes. Lambda sends up to twice ``maxBytes`` (262,144) and some metadata."""
NAME = "sandbox.localdomain"
"""The host name by which Lambda reaches a listener in the environment (Telemetry API guide)."""
PHRASES = {200: "OK", 400: "Bad Request", 405: "Method Not Allowed", 413: "Content Too Large", 431: "Headers Too Large"}


class Listener:
    """Listens on ``address``; connections are polled by the caller, by descriptor.

    On ``PORT``, or on one that the system picks where that is taken. Raises OSError.
    """

    def __init__(self, address: str) -> None:
        self._socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        # Connections of a process that ended just now still hold the port otherwise. A live listener holds it anyway.
        self._socket.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((address, PORT))
            self._socket.listen(128)
        except OSError:
            self._socket.close()
            self._socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            self._socket.bind((address, 0))
            self._socket.listen(128)
        self._socket.setblocking(False)
        self._open: dict[int, tuple[_socket.socket, MessageReader]] = {}

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def uri(self) -> str:
        return f"http://{NAME}:{self._socket.getsockname()[1]}/"

    def __contains__(self, descriptor: int) -> bool:
        return descriptor in self._open

    def accept(self) -> tuple[int, int | None]:
        """Take a waiting connection: its descriptor (-1 for none), and that of an old one closed to make room."""
        try:
            descriptor, _ = self._socket._accept()  # type: ignore[attr-defined]  # the C module's accept, which the stubs leave out
        except OSError:
            return -1, None
        dropped = next(iter(self._open)) if len(self._open) >= CONNECTION_LIMIT else None
        connection = _socket.socket(fileno=descriptor)
        connection.setblocking(False)
        if dropped is not None:
            self.close(dropped)
        self._open[descriptor] = (connection, MessageReader(BODY_LIMIT))
        return descriptor, dropped

    def read(self, descriptor: int) -> tuple[list[bytes], bool]:
        """Bodies that are complete, each answered already, and whether the connection is still open."""
        connection, reader = self._open[descriptor]
        bodies: list[bytes] = []
        try:
            data = connection.recv(262_144)
            if not data:
                self.close(descriptor)
                return bodies, False
            while (message := reader.feed(data)) is not None:
                if not message.first.startswith("POST "):
                    raise WireError(405, "not a POST")
                bodies.append(message.body)
                _answer(connection, 200)
                data = b""
        except BlockingIOError:
            return bodies, True
        except WireError as error:
            _answer(connection, error.status)
            self.close(descriptor)
            return bodies, False
        except OSError:
            self.close(descriptor)
            return bodies, False
        return bodies, True

    def close(self, descriptor: int) -> None:
        self._open.pop(descriptor)[0].close()


def _answer(connection: _socket.socket, status: int) -> None:
    try:
        connection.send(f"HTTP/1.1 {status} {PHRASES[status]}\r\nContent-Length: 0\r\n\r\n".encode())
    except OSError:
        return  # the sender is gone; the next read tells
