"""A small HTTP/1.1 server and client on asyncio, for loopback only.

Every execution environment has a server of its own and each invocation crosses it four times, so this parses just what
Lambda's APIs use: one request at a time on a kept-alive connection, bodies by length or chunked. On the machine it was
written on it answers about five times as fast as a general ASGI server. A handler that can answer at once returns a
Response; one that has to wait (a long poll) returns a future.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

MAX_HEAD = 2 * 1024 * 1024
"""Bytes. The runtime client sends an X-Ray cause of up to 1 MB in a header."""


class BadMessage(Exception):
    """What came is not HTTP, or is larger than allowed. ``status`` is what to answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True)
class Request:
    """One request. Header names are lower case. Times are ``time.monotonic()`` seconds."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    started: float
    ended: float


@dataclass(slots=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def encode(self) -> bytes:
        extra = "".join(f"{name}: {_clean(value)}\r\n" for name, value in self.headers.items())
        head = (
            f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Unknown')}\r\n"
            f"Content-Type: {self.content_type}\r\nContent-Length: {len(self.body)}\r\n{extra}\r\n"
        )
        return head.encode("utf-8", "replace") + self.body


_REASONS = {status.value: status.phrase for status in HTTPStatus}

Answer = Response | asyncio.Future[Response]
Handler = Callable[[Request], Answer]


def as_json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, json.dumps(value, separators=(",", ":")).encode(), headers or {})


def _clean(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")


async def listen(handler: Handler, port: int = 0, max_body: int = 8 * 1024 * 1024) -> asyncio.Server:
    """Serve on 127.0.0.1. Port 0 lets the system choose: ``port_of(server)`` tells."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Connection(handler, max_body), "127.0.0.1", port)


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


class _Parser:
    """Bytes in, whole messages out. Shared by the server and the client: only the first line differs."""

    def __init__(self, max_body: int) -> None:
        self._data = bytearray()
        self._max_body = max_body
        self._head: tuple[str, dict[str, str]] | None = None
        self._length = 0
        self._chunked = False
        self._chunks = bytearray()
        self.started = 0.0

    def feed(self, data: bytes) -> None:
        if not self._data and self._head is None:
            self.started = time.monotonic()
        self._data += data

    def message(self) -> tuple[str, dict[str, str], bytes] | None:
        """First line, headers and body, or None until all of it is there."""
        if self._head is None and not self._read_head():
            return None
        assert self._head is not None  # noqa: S101 - for the type checker
        if self._chunked:
            if not self._read_chunks():
                return None
            body = bytes(self._chunks)
            self._chunks = bytearray()
        else:
            if len(self._data) < self._length:
                return None
            body = bytes(self._data[: self._length])
            del self._data[: self._length]
        line, headers = self._head
        self._head = None
        return line, headers, body

    def _read_head(self) -> bool:
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            if len(self._data) > MAX_HEAD:
                raise BadMessage(431, "The headers are too long.")
            return False
        line, _, rest = self._data[:end].decode("latin-1").partition("\r\n")
        del self._data[: end + 4]
        headers = {}
        for row in rest.split("\r\n") if rest else ():
            name, colon, value = row.partition(":")
            if not colon:
                raise BadMessage(400, "A header has no colon.")
            headers[name.strip().lower()] = value.strip()
        length = headers.get("content-length", "0")
        if not length.isdigit():
            raise BadMessage(400, "Content-Length is not a number.")
        self._length = int(length)
        self._chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        self._check_size(self._length)
        self._head = (line, headers)
        return True

    def _read_chunks(self) -> bool:
        while True:
            end = self._data.find(b"\r\n")
            if end < 0:
                return False
            try:
                size = int(bytes(self._data[:end]).split(b";")[0], 16)
            except ValueError:
                raise BadMessage(400, "A chunk has no size.") from None
            if size == 0:
                # Trailers, if any, end with an empty line.
                close = self._data.find(b"\r\n\r\n", end)
                if close < 0:
                    return False
                del self._data[: close + 4]
                return True
            self._check_size(len(self._chunks) + size)
            if len(self._data) < end + 2 + size + 2:
                return False
            self._chunks += self._data[end + 2 : end + 2 + size]
            del self._data[: end + 2 + size + 2]

    def _check_size(self, size: int) -> None:
        if size > self._max_body:
            raise BadMessage(413, f"The body is over {self._max_body} bytes.")


class _Connection(asyncio.Protocol):
    def __init__(self, handler: Handler, max_body: int) -> None:
        self._handler = handler
        self._parser = _Parser(max_body)
        self._transport: asyncio.Transport | None = None
        self._pending: asyncio.Future[Response] | None = None
        self._refusing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._pending is not None:
            self._pending.cancel()

    def data_received(self, data: bytes) -> None:
        if self._refusing:
            return
        self._parser.feed(data)
        if self._pending is None:
            self._serve()

    def _serve(self) -> None:
        while self._pending is None and self._transport is not None:
            try:
                message = self._parser.message()
                if message is None:
                    return
                line, headers, body = message
                method, _, rest = line.partition(" ")
                path, _, version = rest.partition(" ")
                if not version.startswith("HTTP/1."):
                    raise BadMessage(400, "This is not HTTP/1.1.")
            except BadMessage as error:
                self._refuse(error)
                return
            now = time.monotonic()
            answer = self._handler(Request(method, path, headers, body, self._parser.started or now, now))
            self._parser.started = now
            if isinstance(answer, Response):
                self._transport.write(answer.encode())
            else:
                self._pending = answer
                answer.add_done_callback(self._answered)

    def _answered(self, answer: asyncio.Future[Response]) -> None:
        self._pending = None
        if self._transport is None:
            return
        if answer.cancelled():
            self._transport.close()
            return
        self._transport.write(answer.result().encode())
        self._serve()

    def _refuse(self, error: BadMessage) -> None:
        """Answer, then let the other side finish sending: closing at once would reset it before it reads the answer."""
        assert self._transport is not None  # noqa: S101 - for the type checker
        self._refusing = True
        refusal = as_json({"errorType": "RequestEntityTooLarge", "errorMessage": str(error)}, error.status)
        refusal.headers["Connection"] = "close"
        self._transport.write(refusal.encode())
        transport = self._transport
        asyncio.get_running_loop().call_later(1.0, transport.close)


class Client:
    """One kept-alive connection to one address; a request at a time, in turn."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._turn = asyncio.Lock()

    async def request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body. Raises OSError or BadMessage when there is no answer; the caller decides on trying again."""
        async with self._turn:
            reused = self._reader is not None
            try:
                return await self._exchange(method, path, headers, body)
            except (OSError, BadMessage):
                self.close()
                if not reused:
                    raise
                # The other side closed an idle connection: that is no failure, once.
                return await self._exchange(method, path, headers, body)
            except BaseException:
                self.close()
                raise

    async def _exchange(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        rows = "".join(f"{name}: {_clean(value)}\r\n" for name, value in headers.items())
        if "Host" not in headers:
            rows += f"Host: {self._host}:{self._port}\r\n"
        head = f"{method} {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n{rows}\r\n"
        self._writer.write(head.encode() + body)
        await self._writer.drain()
        parser = _Parser(64 * 1024 * 1024)
        while (message := parser.message()) is None:
            data = await self._reader.read(65536)
            if not data:
                raise ConnectionResetError("The connection was closed before the answer.")
            parser.feed(data)
        line, answered, content = message
        if answered.get("connection", "").lower() == "close":
            self.close()
        return int(line.split(" ", 2)[1]), content

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
