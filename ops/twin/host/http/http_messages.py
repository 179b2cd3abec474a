"""HTTP/1.1 messages, as far as Lambda's APIs use it: bodies by length or chunked, one request after the other.

A general HTTP parser would do; this one is small because each invocation crosses it a dozen times.
"""

from __future__ import annotations

import json
import string
import time
from dataclasses import dataclass, field
from http import HTTPStatus

MAX_HEAD = 2 * 1024 * 1024
"""Bytes. The runtime client sends an X-Ray cause of up to 1 MB in a header."""
MAX_HEADERS = 200
MAX_CHUNKS = 100_000
MAX_CHUNK_LINE = 1024
"""Bytes of a chunk's size and its extensions."""
MAX_TRAILERS = 16 * 1024
"""Bytes. They are read and left out."""
MAX_DIGITS = 16
_DIGITS = {10: frozenset(string.digits), 16: frozenset(string.hexdigits)}
_ONCE = ("host", "content-length", "transfer-encoding", "authorization")


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
    """Bytes in, whole messages out. Shared by the server and the client: only the first line differs.

    Bounded in every part, and each byte is looked at once however small the pieces are that it comes in.
    """

    def __init__(self, max_body: int) -> None:
        self._data = bytearray()
        self._searched = 0  # bytes of _data in which the end that is waited for is not
        self._max_body = max_body
        self._head: tuple[str, dict[str, str]] | None = None
        self._length = 0
        self._chunks: Chunks | None = None
        self.started = 0.0

    @property
    def waiting(self) -> int:
        """Bytes that are no whole message yet, or not taken."""
        return len(self._data) + (len(self._chunks.body) if self._chunks else 0)

    @property
    def begun(self) -> bool:
        """A message has begun to arrive."""
        return bool(self._data) or self._head is not None

    def feed(self, data: bytes) -> None:
        if not self.begun:
            self.started = time.monotonic()
        self._data += data

    def message(self) -> tuple[str, dict[str, str], bytes] | None:
        """First line, headers and body, or None until all of it is there. Raises BadMessage."""
        if self._head is None and not self._read_head():
            return None
        assert self._head is not None  # noqa: S101 - for the type checker
        if self._chunks is not None:
            if not self._chunks.read(self._data):
                return None
            body = bytes(self._chunks.body)
            self._chunks = None
        else:
            if len(self._data) < self._length:
                return None
            body = bytes(self._data[: self._length])
            del self._data[: self._length]
        line, headers = self._head
        self._head = None
        return line, headers, body

    def _read_head(self) -> bool:
        end = self._data.find(b"\r\n\r\n", max(0, self._searched - 3))
        if max(end, len(self._data) if end < 0 else 0) > MAX_HEAD:
            raise BadMessage(431, "The headers are too long.")
        if end < 0:
            self._searched = len(self._data)
            return False
        line, _, rest = self._data[:end].decode("latin-1").partition("\r\n")
        del self._data[: end + 4]
        self._searched = 0
        headers = _headers(rest)
        coding = headers.get("transfer-encoding", "").lower()
        if coding not in ("", "chunked"):
            raise BadMessage(501, "The body is in a transfer coding other than chunked.")
        self._length = _number(headers.get("content-length", "0"), 10, "Content-Length is not a number.")
        if self._length > self._max_body:
            raise too_large(self._max_body)
        self._chunks = Chunks(self._max_body) if coding else None
        self._head = (line, headers)
        return True


class Chunks:
    """A chunked body that is being read. What it has read is gone from the data."""

    def __init__(self, max_body: int) -> None:
        self.body = bytearray()
        self._max_body = max_body
        self._count = 0
        self._missing = 0  # bytes of the present chunk, its line end included; 0: a size comes next
        self._trailers = -1  # bytes of them so far; -1: the last chunk has not come

    def read(self, data: bytearray) -> bool:
        """Whether the body is whole. Raises BadMessage for what is no chunk, or too much."""
        while self._trailers < 0:
            if self._missing:
                if not self._content(data):
                    return False
            elif not self._size(data):
                return False
        while (line := _line(data, MAX_TRAILERS - self._trailers)) is not None:
            if not line:
                return True
            self._trailers += len(line) + 2
        return False

    def _size(self, data: bytearray) -> bool:
        if (line := _line(data, MAX_CHUNK_LINE)) is None:
            return False
        size = _number(line.split(b";")[0].strip().decode("latin-1"), 16, "A chunk has no size.")
        self._count += 1
        if len(self.body) + size > self._max_body or self._count > MAX_CHUNKS:
            raise too_large(self._max_body)
        if size:
            self._missing = size + 2
        else:
            self._trailers = 0
        return True

    def _content(self, data: bytearray) -> bool:
        if len(data) < self._missing:
            return False
        if data[self._missing - 2 : self._missing] != b"\r\n":
            raise BadMessage(400, "A chunk is longer than its size.")
        self.body += data[: self._missing - 2]
        del data[: self._missing]
        self._missing = 0
        return True


def too_large(limit: int) -> BadMessage:
    return BadMessage(413, f"The body is over {limit} bytes, or in more than {MAX_CHUNKS} chunks.")


def _headers(text: str) -> dict[str, str]:
    rows = text.split("\r\n", MAX_HEADERS) if text else []
    if len(rows) > MAX_HEADERS:
        raise BadMessage(431, "There are too many headers.")
    headers: dict[str, str] = {}
    for row in rows:
        name, colon, value = row.partition(":")
        if not colon:
            raise BadMessage(400, "A header has no colon.")
        name = name.strip().lower()
        if name in headers and name in _ONCE:
            raise BadMessage(400, f"The header {name} comes twice.")
        headers[name] = value.strip()
    return headers


def _line(data: bytearray, limit: int) -> bytes | None:
    """The next line, taken from the data; None until it is whole. Raises BadMessage when it is over ``limit`` bytes."""
    end = data.find(b"\r\n", 0, limit + 2)
    if end < 0:
        if len(data) > limit + 1:
            raise BadMessage(400, "A chunk's size or a trailer is too long.")
        return None
    line = bytes(data[:end])
    del data[: end + 2]
    return line


def _number(text: str, base: int, otherwise: str) -> int:
    digits = _DIGITS[base]
    if not 0 < len(text) <= MAX_DIGITS or not digits.issuperset(text):
        raise BadMessage(400, otherwise)
    return int(text, base)
