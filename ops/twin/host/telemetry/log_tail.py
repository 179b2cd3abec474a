"""The last lines that an invocation logged, which a caller may ask for (``LogType=Tail``)."""

from __future__ import annotations

from collections import deque

MAX_BYTES = 4096
"""Lambda API reference, Invoke (2026): the last 4 KB of the execution log."""


class ResultLogTail:
    """What was logged between two invocations, by an extension or at init, is part of the later one's."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque()
        self._bytes = 0

    def add(self, texts: list[str]) -> None:
        for text in texts:
            line = text.encode("utf-8", "replace")[-MAX_BYTES:]
            if not line.endswith(b"\n"):
                line += b"\n"
            self._lines.append(line)
            self._bytes += len(line)
        while len(self._lines) > 1 and self._bytes - len(self._lines[0]) >= MAX_BYTES:
            self._bytes -= len(self._lines.popleft())

    def take(self) -> bytes:
        """All of it; the next one starts empty."""
        tail = b"".join(self._lines)[-MAX_BYTES:]
        self._lines.clear()
        self._bytes = 0
        return tail
