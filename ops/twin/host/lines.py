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

LONGEST = 256 * 1024
"""Bytes of one line."""
_FRAME = struct.Struct(">IIQ")
_FRAME_MARK = 0xA55A0000


class Lines:
    def __init__(self, on_line: Callable[[str, float], None]) -> None:
        self._on_line = on_line
        self._rest = b""

    def feed(self, data: bytes) -> None:
        moment = now()
        *whole, rest = (self._rest + data).split(b"\n") if self._rest else data.split(b"\n")
        for line in whole:
            self._put(line, moment)
        while len(rest) >= LONGEST:
            self._put(rest[:LONGEST], moment)
            rest = rest[LONGEST:]
        self._rest = rest

    def end(self) -> None:
        """What was written last, without a newline."""
        if self._rest:
            self._put(self._rest, now())
            self._rest = b""

    def _put(self, line: bytes, moment: float) -> None:
        while len(line) > LONGEST:
            self._on_line(line[:LONGEST].decode("utf-8", "replace"), moment)
            line = line[LONGEST:]
        if line:
            self._on_line(line.decode("utf-8", "replace"), moment)


class Frames:
    """The framed log stream. What does not begin like a frame is dropped: the stream cannot be read any more."""

    def __init__(self, on_line: Callable[[str, float], None]) -> None:
        self._on_line = on_line
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
            for start in range(0, len(text), LONGEST):
                self._on_line(text[start : start + LONGEST].decode("utf-8", "replace"), moment_of(microseconds / 1e6))
