"""A keep-alive HTTP connection to one endpoint, for thousands of calls.

``http.client`` parses response headers with the parser for e-mails, which takes as long as the rest of a call. Here
llhttp, the parser of Node.js, does it (through httptools, as in uvicorn).
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from httptools import HttpParserError, HttpResponseParser

IDLE_S = 15.0
"""A connection that was idle for longer is not reused: the server may be about to close it."""
READ_BYTES = 1 << 16
"""Bytes per read."""


@dataclass
class HttpResponse:
    """``headers``: names in lower case. ``kept``: the connection stays open for another call. The parser calls the
    ``on_`` methods; interim responses (status 1xx) may come first."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    status: int = 0
    complete: bool = False
    kept: bool = False

    def on_message_begin(self) -> None:
        self.headers.clear()
        self.body.clear()
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.complete = True


class Connection:
    """Serves one caller at a time. The first call opens it."""

    def __init__(self, url: str, timeouts: tuple[float, float], tls: ssl.SSLContext | None) -> None:
        """``timeouts``: seconds to connect, and to wait for more of a response. ``tls``: for https."""
        parts = urlsplit(url)
        self._url = url
        self._address = parts.hostname or "", parts.port or (80 if tls is None else 443)
        self._connect_s, self._read_s = timeouts
        self._tls = tls
        self._socket: socket.socket | None = None
        self._used = time.monotonic()

    def usable(self) -> bool:
        """False when the server has closed it (then it is readable), or may be about to."""
        if self._socket is None or time.monotonic() - self._used > IDLE_S:
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def post(self, headers: dict[str, str], body: bytes) -> HttpResponse:
        """Raises botocore's errors: EndpointConnectionError, ConnectTimeoutError and SSLError when nothing was sent;
        ConnectionClosedError and ReadTimeoutError when the effect is unknown."""
        connection = self._socket or self._open()
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        head = f"POST / HTTP/1.1\r\n{lines}accept-encoding: identity\r\ncontent-length: {len(body)}\r\n\r\n"
        response = HttpResponse()
        parser = HttpResponseParser(response)
        try:
            connection.sendall(head.encode("latin-1") + body)
            while not response.complete or response.status < 200:
                part = connection.recv(READ_BYTES)
                if not part:
                    raise ConnectionResetError("the response was cut off")
                parser.feed_data(part)
                response.status = parser.get_status_code()
            response.kept = (
                parser.get_http_version() == "1.1" and response.headers.get("connection", "").lower() != "close"
            )
        except TimeoutError as error:
            raise ReadTimeoutError(endpoint_url=self._url, error=error) from error
        except (OSError, HttpParserError) as error:
            raise ConnectionClosedError(endpoint_url=self._url, error=error) from error
        self._used = time.monotonic()
        return response

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> socket.socket:
        plain: socket.socket | None = None
        try:
            plain = socket.create_connection(self._address, self._connect_s)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened = self._tls.wrap_socket(plain, server_hostname=self._address[0]) if self._tls else plain
        except OSError as error:
            if plain is not None:
                plain.close()
            if isinstance(error, TimeoutError):
                raise ConnectTimeoutError(endpoint_url=self._url, error=error) from error
            failed = SSLError if isinstance(error, ssl.SSLError) else EndpointConnectionError
            raise failed(endpoint_url=self._url, error=error) from error
        opened.settimeout(self._read_s)
        self._socket = opened
        return opened
