"""Tracebacks that came line by line: what ``traceback.print_exc()`` writes becomes one log event a line on Lambda.

A stream is one environment, which works on one invocation at a time, so its lines belong together in order of time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from ops.deadletters.causes import loglines
from ops.deadletters.causes.loglines import Said

WITHIN = timedelta(seconds=1)
"""Between the first and the last line of one traceback."""
_HEAD = "Traceback (most recent call last):"
_FRAME = re.compile(r'^\s+File "[^"]+", line \d+')
_RAISED = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning)\b")


class Pieces:
    """Takes rows newest first or oldest first; of lines of the same moment the order in which they came counts."""

    def __init__(self) -> None:
        self._lines: dict[str, list[tuple[datetime, int, str]]] = {}
        self._count = 0

    def add(self, said: Said) -> bool:
        """Whether it was a piece of a traceback rather than a line of its own."""
        text = said.text.rstrip()
        if text.strip() != _HEAD and not _FRAME.match(text) and not (_RAISED.match(text) and "\n" not in text):
            return False
        self._count += 1
        self._lines.setdefault(said.stream, []).append((said.at, self._count, text))
        return True

    def whole(self) -> Iterator[Said]:
        """Every traceback that has an end, as one failure at the time of its last line."""
        for stream, lines in self._lines.items():
            newest_first = lines[0][0] > lines[-1][0]
            block: list[tuple[datetime, str]] = []
            for at, _, text in sorted(lines, key=lambda line: (line[0], -line[1] if newest_first else line[1])):
                if text.strip() == _HEAD or (block and at - block[0][0] > WITHIN):
                    block = []
                if block or text.strip() == _HEAD:
                    block.append((at, text))
                if block and _RAISED.match(text):
                    row: Mapping[str, str] = {
                        "@timestamp": at.isoformat(),
                        "@message": "\n".join(line for _, line in block),
                        "@logStream": stream,
                    }
                    if said := loglines.read(row):
                        yield said
                    block = []
