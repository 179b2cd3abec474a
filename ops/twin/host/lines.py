"""Bytes that a process writes, cut into log lines.

Stands for Lambda's capture of stdout and stderr: a line ends at a newline, invalid UTF-8 becomes U+FFFD, and a line
over 256 KB is split (LDG monitoring-cloudwatchlogs; the limit of a log event was 256 KB until 2025, then 1 MB).
"""

from __future__ import annotations

from collections.abc import Callable

from ops.twin.host.clock import now

LONGEST = 256 * 1024
"""Bytes of one line."""


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
