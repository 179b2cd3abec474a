"""HTTP/1.1 messages, as far as Lambda's APIs use it: bodies by length or chunked, one request after the other.

A general HTTP parser would do; this one is small because each invocation crosses it a dozen times.
"""

from __future__ import annotations

import json
import time
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
        extra = "".join(f"{name}: {clean(value)}\r\n" for name, value in self.headers.items())
        head = (
            f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Unknown')}\r\n"
            f"Content-Type: {self.content_type}\r\nContent-Length: {len(self.body)}\r\n{extra}\r\n"
        )
        return head.encode("utf-8", "replace") + self.body


_REASONS = {status.value: status.phrase for status in HTTPStatus}


def as_json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, json.dumps(value, separators=(",", ":")).encode(), headers or {})


def refusal(status: int, error_type: str, message: str) -> Response:
    """As all of Lambda's APIs word a refusal."""
    return as_json({"errorType": error_type, "errorMessage": message}, status)


def clean(value: str) -> str:
    """A header's value on one line, whatever it was."""
    return value.replace("\r", " ").replace("\n", " ")


class Parser:
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
