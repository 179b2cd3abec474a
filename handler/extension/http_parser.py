"""As much HTTP/1.1 as the two Lambda APIs need: a reader of messages from a stream of bytes, both directions."""

from __future__ import annotations

HEAD_LIMIT = 16 * 1024


class WireError(Exception):
    """What came is not the HTTP/1.1 that we take. ``status`` is the answer that a listener gives."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Message:
    """A request or a response. ``first`` is its request or status line; header names are in lower case."""

    __slots__ = ("body", "first", "headers")

    def __init__(self, first: str, headers: dict[str, str], body: bytes) -> None:
        self.first = first
        self.headers = headers
        self.body = body

    @property
    def status(self) -> int:
        """Status of a response. Raises WireError if its status line has none."""
        words = self.first.split(" ", 2)
        if len(words) < 2 or not words[1].isdecimal():
            raise WireError(502, "no status in the answer")
        return int(words[1])


class MessageReader:
    """Cuts a stream into messages. ``limit`` bounds a body, in bytes, and with it what one sender can make us hold."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._head: tuple[str, dict[str, str]] | None = None
        self._need = 0
        self._chunks: list[bytes] | None = None

    @property
    def empty(self) -> bool:
        """Nothing of a next message has come yet."""
        return self._head is None and not self._buffer

    def feed(self, data: bytes) -> Message | None:
        """Take in bytes; give the next complete message. Raises WireError. Call again with ``b""`` for more."""
        self._buffer += data
        if self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > HEAD_LIMIT:
                    raise WireError(431, "headers too long")
                return None
            self._head = _head(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
            self._expect(self._head[1])
        body = self._fixed() if self._chunks is None else self._chunked(self._chunks)
        if body is None:
            return None
        first, headers = self._head
        self._head = None
        self._chunks = None
        return Message(first, headers, body)

    def _expect(self, headers: dict[str, str]) -> None:
        if "chunked" in headers.get("transfer-encoding", ""):
            self._chunks = []
            self._need = 0
            return
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 12:
            raise WireError(400, "bad content-length")
        self._need = int(length)
        if self._need > self._limit:
            raise WireError(413, "body too long")

    def _fixed(self) -> bytes | None:
        if len(self._buffer) < self._need:
            return None
        body = bytes(self._buffer[: self._need])
        del self._buffer[: self._need]
        return body

    def _chunked(self, chunks: list[bytes]) -> bytes | None:
        while True:
            end = self._buffer.find(b"\r\n")
            if end < 0:
                if len(self._buffer) > HEAD_LIMIT:
                    raise WireError(400, "chunk size too long")
                return None
            try:
                size = int(bytes(self._buffer[:end]).partition(b";")[0], 16)
            except ValueError:
                raise WireError(400, "bad chunk size") from None
            if size < 0 or self._need + size > self._limit:
                raise WireError(413, "body too long")
            if len(self._buffer) < end + 2 + size + 2:
                return None
            chunks.append(bytes(self._buffer[end + 2 : end + 2 + size]))
            self._need += size
            del self._buffer[: end + 2 + size + 2]
            if size == 0:
                return b"".join(chunks)


def _head(raw: bytes) -> tuple[str, dict[str, str]]:
    first, *rest = raw.decode("latin-1").split("\r\n")
    headers = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon:
            raise WireError(400, "bad header")
        headers[name.strip().lower()] = value.strip()
    return first, headers
