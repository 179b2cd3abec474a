"""Bytes that a process writes, cut into log events.

Stands for Lambda's capture of stdout and stderr: a line ends at a newline, invalid UTF-8 becomes U+FFFD, and a line
over 256 KB is split (LDG monitoring-cloudwatchlogs; the limit of a log event was 256 KB until 2025, then 1 MB).

What a runtime logs through ``_LAMBDA_TELEMETRY_LOG_FD`` (awslambdaric: Python's logging and the report of an
exception) comes in frames instead, so that a traceback is one event: four bytes of type, four of length, eight of time
in microseconds since 1970, all big-endian, then the text.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from ops.twin.host.clock import moment_of, now

MAX_LINE_BYTES = 256 * 1024
"""Bytes of one line."""
_FRAME = struct.Struct(">IIQ")
_FRAME_MARK = 0xA55A0000


OnLines = Callable[[list[str], float], None]
"""Lines that came at once, and the ``now()`` moment they came."""


class LineSplitter:
    def __init__(self, on_lines: OnLines) -> None:
        self._on_lines = on_lines
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Lines are handed over together: a program may print a hundred thousand of them per second."""
        whole, newline, rest = (self._rest + data).rpartition(b"\n")
        lines = [line for line in whole.split(b"\n") if line] if newline else []
        if any(len(line) > MAX_LINE_BYTES for line in lines):
            lines = [piece for line in lines for piece in _pieces(line)]
        if len(rest) >= MAX_LINE_BYTES:
            *full, rest = _pieces(rest)
            lines += full
        self._rest = rest
        self._hand_over(lines)

    def end(self) -> None:
        """What was written last, without a newline."""
        self._hand_over([self._rest] if self._rest else [])
        self._rest = b""

    def _hand_over(self, lines: list[bytes]) -> None:
        if lines:
            self._on_lines([line.decode("utf-8", "replace") for line in lines], now())


class FrameReader:
    """The framed log stream. What does not begin like a frame is dropped: the stream cannot be read any more."""

    def __init__(self, on_lines: OnLines) -> None:
        self._on_lines = on_lines
        self._data = bytearray()

    def feed(self, data: bytes) -> None:
        self._data += data
        while len(self._data) >= _FRAME.size:
            kind, length, microseconds = _FRAME.unpack_from(self._data)
            if kind & 0xFFFF0000 != _FRAME_MARK:
                self._data.clear()
                return
            end = _FRAME.size + length
            if len(self._data) < end:
                return
            text = bytes(self._data[_FRAME.size : end]).rstrip(b"\n")
            del self._data[:end]
            texts = [piece.decode("utf-8", "replace") for piece in _pieces(text)]
            self._on_lines(texts, moment_of(microseconds / 1e6))


def _pieces(line: bytes) -> list[bytes]:
    return [line[start : start + MAX_LINE_BYTES] for start in range(0, len(line), MAX_LINE_BYTES)]
