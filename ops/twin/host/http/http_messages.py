"""HTTP/1.1 messages, read by llhttp (httptools) and bounded in every part: bodies by length or chunked, one message
after the other."""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Generic, TypeVar

from httptools import HttpParserError, HttpRequestParser, HttpResponseParser

MAX_HEAD = 2 * 1024 * 1024
"""Bytes. The runtime client sends an X-Ray cause of up to 1 MB in a header."""
MAX_HEADERS = 200
MAX_CHUNKS = 100_000
MAX_CHUNK_FRAMING = 32
"""Bytes of a chunk's size and line ends, on average over the body."""
MAX_TRAILERS = 16 * 1024
"""Bytes of trailers and chunk extensions. They are read and left out."""
PART = 16 * 1024
"""Bytes handed to the parser at once: what the bounds may be exceeded by before it is noticed."""
MESSAGE_OVERHEAD = 1024
"""Bytes that count for a complete message beside its own: small messages take more memory than that."""
_ONCE = ("host", "authorization")

Message = TypeVar("Message")


class BadMessage(Exception):
    """What was received is not HTTP, or is larger than allowed. ``status`` is the one to answer with."""

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
class ReceivedResponse:
    """A response as a client gets it. Header names are lower case. ``reusable``: the connection takes another request."""

    status: int
    headers: dict[str, str]
    body: bytes
    reusable: bool


@dataclass(slots=True)
class Response:
    """A response to send."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def encode(self) -> bytes:
        extra = "".join(f"{name}: {single_line(value)}\r\n" for name, value in self.headers.items())
        head = (
            f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Unknown')}\r\n"
            f"Content-Type: {self.content_type}\r\nContent-Length: {len(self.body)}\r\n{extra}\r\n"
        )
        return head.encode("utf-8", "replace") + self.body


_REASONS = {status.value: status.phrase for status in HTTPStatus}


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, json.dumps(value, separators=(",", ":")).encode(), headers or {})


def error_response(status: int, error_type: str, message: str) -> Response:
    """An error in the form that all of Lambda's APIs share."""
    return json_response({"errorType": error_type, "errorMessage": message}, status)


def single_line(value: str) -> str:
    """A header's value without line ends."""
    return value.replace("\r", " ").replace("\n", " ")


class _MessageParser(Generic[Message]):
    """Bytes in, complete messages out. httptools calls the ``on_…`` methods, and each byte is parsed once, however
    small the pieces are that it comes in."""

    _parser: HttpRequestParser | HttpResponseParser

    def __init__(self, max_body: int) -> None:
        self._max_body = max_body
        self._complete: deque[tuple[Message, int]] = deque()  # with its size in bytes
        self._complete_bytes = 0
        self._held = bytearray()  # received, and not parsed yet
        self._error: BadMessage | None = None
        self._started = 0.0
        self._head_bytes = 0
        self.on_message_begin()
        self._in_message = False

    @property
    def pending_bytes(self) -> int:
        """Bytes of messages that are incomplete, or were not taken yet."""
        return len(self._held) + self._head_bytes + len(self._body) + self._complete_bytes

    @property
    def receiving(self) -> bool:
        """The beginning of a message was received, and not its end."""
        return self._in_message or bool(self._held)

    def feed(self, data: bytes) -> None:
        """Parse what was received, unless something before it was bad already."""
        if not self.receiving:
            self._started = time.monotonic()
        self._held += data
        # httptools copies a header whenever a piece of it comes, so small pieces of a line are handed over together.
        if self._in_head and b"\n" not in data and len(self._held) < PART and self._head_bytes + PART <= MAX_HEAD:
            return
        received, self._held = bytes(self._held), bytearray()
        for start in range(0, len(received), PART):
            if self._error is None:
                self._parse(received[start : start + PART])

    def next_message(self) -> Message | None:
        """The next complete message, or None. Raises BadMessage when what follows the complete ones is bad."""
        if self._complete:
            message, size = self._complete.popleft()
            self._complete_bytes -= size
            return message
        if self._error is not None:
            raise self._error
        return None

    def _parse(self, part: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(part)
        else:
            self._framing += len(part)
        try:
            self._parser.feed_data(part)
        except HttpParserError as error:
            raised = error.__context__  # by a method below
            bad = raised if isinstance(raised, BadMessage) else BadMessage(400, f"This is not valid HTTP/1.1: {error}")
            self._error = bad
        else:
            if self._in_head and self._head_bytes > MAX_HEAD:
                self._error = BadMessage(431, "The headers are too long.")
            elif self._framing > MAX_TRAILERS + self._chunks * MAX_CHUNK_FRAMING:
                self._error = BadMessage(400, "The chunks' sizes or the trailers are too long.")

    # --- called by httptools -----------------------------------------------------------------------------------------
    def on_message_begin(self) -> None:
        self._path = bytearray()
        self._headers: dict[str, str] = {}
        self._header_count = 0
        self._body = bytearray()
        self._chunks = 0
        self._framing = 0  # bytes after the head that are not the body's
        self._in_head = self._in_message = True

    def on_url(self, part: bytes) -> None:
        self._path += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return  # a trailer
        self._header_count += 1
        if self._header_count > MAX_HEADERS:
            raise BadMessage(431, "There are too many headers.")
        key = name.decode("latin-1").lower()
        if key in self._headers and key in _ONCE:
            raise BadMessage(400, f"The header {key} comes twice.")
        self._headers[key] = value.decode("latin-1").strip()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = len(self._path) + sum(len(name) + len(value) for name, value in self._headers.items())
        if self._head_bytes > MAX_HEAD:
            raise BadMessage(431, "The headers are too long.")
        if self._parser.get_http_version() not in ("1.0", "1.1"):
            raise BadMessage(400, "This is not HTTP/1.1.")
        if self._parser.should_upgrade():
            raise BadMessage(501, "The connection cannot be upgraded to another protocol.")
        if self._headers.get("transfer-encoding", "").lower() not in ("", "chunked"):
            raise BadMessage(501, "The body is in a transfer coding other than chunked.")
        if int(self._headers.get("content-length", "0")) > self._max_body:
            raise self._too_large()

    def on_chunk_header(self) -> None:
        self._chunks += 1
        if self._chunks > MAX_CHUNKS:
            raise self._too_large()

    def on_body(self, part: bytes) -> None:
        self._framing -= len(part)
        self._body += part
        if len(self._body) > self._max_body:
            raise self._too_large()

    def on_message_complete(self) -> None:
        size = self._head_bytes + len(self._body) + MESSAGE_OVERHEAD
        self._complete.append((self._message(bytes(self._body)), size))
        self._complete_bytes += size
        self._head_bytes = self._framing = 0
        self._body = bytearray()
        self._in_head, self._in_message = True, False
        self._started = time.monotonic()  # of the message that may follow in the same piece

    def _too_large(self) -> BadMessage:
        return BadMessage(413, f"The body is over {self._max_body} bytes, or in more than {MAX_CHUNKS} chunks.")

    def _message(self, body: bytes) -> Message:
        raise NotImplementedError


class RequestParser(_MessageParser[Request]):
    """A server's."""

    def __init__(self, max_body: int) -> None:
        super().__init__(max_body)
        self._parser: HttpRequestParser = HttpRequestParser(self)

    def _message(self, body: bytes) -> Request:
        method, path = self._parser.get_method().decode(), self._path.decode("latin-1")
        return Request(method, path, self._headers, body, self._started, time.monotonic())


class ResponseParser(_MessageParser[ReceivedResponse]):
    """A client's, for one request. Responses that only announce another (status 1xx) are left out."""

    def __init__(self, max_body: int) -> None:
        super().__init__(max_body)
        self._parser: HttpResponseParser = HttpResponseParser(self)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if not {"content-length", "transfer-encoding"} & self._headers.keys():
            self.on_message_complete()  # nothing here waits for a body that ends only with the connection

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() >= 200 and not self._complete:
            super().on_message_complete()

    def _message(self, body: bytes) -> ReceivedResponse:
        reusable = self._parser.should_keep_alive()
        return ReceivedResponse(self._parser.get_status_code(), self._headers, body, reusable)
