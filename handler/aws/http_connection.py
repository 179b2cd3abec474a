"""HTTP/1.1 over a kept-alive connection, and nothing else: no redirects, no proxies, no cookies.

``http.client`` would bring the e-mail parser and ``ssl`` along (about 45 ms of a cold start); ``ssl`` is imported here
only when an address is https.
"""

from __future__ import annotations

import math
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedReader
    from ssl import SSLContext

CONNECT_TIMEOUT = 2.0  # seconds; an endpoint in the same region answers in milliseconds
READ_TIMEOUT = 20.0  # seconds without a byte
IDLE = 20.0
"""Seconds after which a kept connection is not used again: the other side may have closed it unnoticed."""
MAX_LINE = 65_536


class WireError(OSError):
    """The connection failed, or what came back is not HTTP. ``sent``: the request may have been acted on."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class Response:
    """A whole answer. Header names are lower case."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class Connection:
    """One connection to one host, opened when first needed, when it was idle long, or when the other side closed it.

    ``clock`` gives the time of day: a monotonic clock may stand still while the environment is frozen.
    """

    def __init__(self, scheme: str, host: str, port: int, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._used = 0.0
        self._scheme, self._host, self._port = scheme, host, port
        self._socket: socket.socket | None = None
        self._reader: BufferedReader | None = None
        self._timeout = math.inf

    def request(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
        limit: int = 0,
        timeout: float = math.inf,
    ) -> Response:
        """Send one request, read the whole answer. A ``limit`` above 0 refuses a longer body (OverflowError).
        ``timeout``: seconds without progress after which the call fails, if less than the usual ones.

        A kept connection may have been closed meanwhile, above all while the environment was frozen: one that ends
        before the first byte of an answer is reopened once.
        """
        if not 0 <= self._clock() - self._used <= IDLE:
            self.close()
        kept = self._socket is not None
        self._timeout = timeout
        try:
            return self._exchange(method, target, headers, body, limit)
        except WireError as error:
            self.close()
            if not kept or error.sent:
                raise
        except OverflowError:
            self.close()
            raise
        try:
            return self._exchange(method, target, headers, body, limit)
        except (WireError, OverflowError):
            self.close()
            raise

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        if self._socket is not None:
            self._socket.close()
        self._reader = self._socket = None

    def _exchange(self, method: str, target: str, headers: dict[str, str], body: bytes, limit: int) -> Response:
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        lines.append(f"content-length: {len(body)}")
        reader = self._open()
        try:
            # One send, so that a small request is one packet.
            connected = self._connected()
            connected.settimeout(min(READ_TIMEOUT, self._timeout))
            connected.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
            first = reader.readline(MAX_LINE)
        except OSError as error:
            # A timeout may mean that the work is under way; a reset means that this connection was stale.
            raise WireError(f"{self._host}: {error}", sent=isinstance(error, TimeoutError)) from error
        if not first:
            raise WireError(f"{self._host} closed the connection", sent=False)
        try:
            answer = self._read(method, first, reader, limit)
        except (OSError, ValueError) as error:
            raise WireError(f"{self._host} broke off its answer: {error}", sent=True) from error
        self._used = self._clock()
        return answer

    def _open(self) -> BufferedReader:
        if self._reader is None:
            try:
                self._socket = socket.create_connection((self._host, self._port), min(CONNECT_TIMEOUT, self._timeout))
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._scheme == "https":
                    self._socket = _tls().wrap_socket(self._socket, server_hostname=self._host)
            except OSError as error:
                raise WireError(f"{self._host} cannot be reached: {error}", sent=False) from error
            self._reader = self._socket.makefile("rb")
        return self._reader

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise WireError(f"{self._host} is not connected", sent=False)
        return self._socket

    def _read(self, method: str, first: bytes, reader: BufferedReader, limit: int) -> Response:
        version, _, rest = first.partition(b" ")
        if not version.startswith(b"HTTP/1."):
            raise ValueError("not HTTP")
        status = int(rest[:3])
        headers = _headers(reader)
        if status == 100:  # an interim answer, to be followed by the real one
            return self._read(method, reader.readline(MAX_LINE), reader, limit)
        if method == "HEAD" or status in (204, 304):
            body = b""
        elif headers.get("transfer-encoding", "").lower() == "chunked":
            body = _chunks(reader, limit)
        elif "content-length" in headers:
            body = _exactly(reader, _within(int(headers["content-length"]), limit))
        else:
            body = reader.read()
            headers["connection"] = "close"
        if headers.get("connection", "").lower() == "close" or version == b"HTTP/1.0":
            self.close()
        return Response(status, headers, body)


_tls_context: SSLContext | None = None


def _tls() -> SSLContext:
    """The system's authorities; one context for all connections, because loading them takes some 20 ms."""
    global _tls_context
    if _tls_context is None:
        import ssl

        _tls_context = ssl.create_default_context()
    return _tls_context


def _headers(reader: BufferedReader) -> dict[str, str]:
    found: dict[str, str] = {}
    while (line := reader.readline(MAX_LINE)) not in (b"\r\n", b"\n"):
        if not line:
            raise ValueError("the headers end too early")
        name, _, value = line.decode("latin-1").partition(":")
        found[name.strip().lower()] = value.strip()
    return found


def _within(length: int, limit: int) -> int:
    if limit and length > limit:
        raise OverflowError(f"{length} bytes, and {limit} is the most")
    return length


def _exactly(reader: BufferedReader, length: int) -> bytes:
    body = reader.read(length)
    if len(body) != length:
        raise ValueError("the body ends too early")
    return body


def _chunks(reader: BufferedReader, limit: int) -> bytes:
    parts: list[bytes] = []
    total = 0
    while True:
        size = int(reader.readline(MAX_LINE).partition(b";")[0], 16)
        total = _within(total + size, limit)
        if size == 0:
            _headers(reader)  # trailers
            return b"".join(parts)
        parts.append(_exactly(reader, size))
        reader.readline(MAX_LINE)
