"""Stack traces that came line by line: what Python's ``traceback.print_exc()``, Java's ``printStackTrace()`` and custom
runtimes write becomes one log event a line on Lambda.

A stream is one environment, which works on one invocation at a time, so its lines belong together in order of time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from ops.deadletters.causes.logs import log_parser
from ops.deadletters.causes.logs.log_parser import LogEntry

MAX_LINE_GAP = timedelta(seconds=1)
"""Between the first and the last line of one stack trace."""
MAX_TRACE_LINES = 400
"""Lines of one stack trace that are put together."""
_HEAD = "Traceback (most recent call last):"
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning)\b")
_THROWN = re.compile(
    r"(?:Exception in thread \"[^\"]*\" |Unhandled exception\. )?[A-Za-z_$][\w.$]*(?:Error|Exception|Throwable|Failure)"
    r"(?: \[\w+\])?(?::|$)"
)
_PANIC = re.compile(r"(?:panic|fatal error): |thread '")
_GOES_ON = re.compile(
    r" +File \"[^\"]+\", line \d+|[ \t]+at \S|\s*Caused by: |[ \t]+(?:Suppressed: |\.\.\. \d+ )|\s*-+> "
    r"|\s+--- End of |\[cause\]: |goroutine \d+ \[|\t\S+\.go:\d+|[\w./*()-]+\([^()]*\)$"
)


class TraceAssembler:
    """Takes rows newest first or oldest first; of lines of the same moment the order in which they came counts."""

    def __init__(self) -> None:
        self._lines: dict[str, list[tuple[datetime, int, LogEntry]]] = {}
        self._count = 0

    def add(self, entry: LogEntry) -> bool:
        """Whether it was a piece of a stack trace rather than a line of its own."""
        text = entry.text.rstrip()
        if entry.level or (entry.failed and not _PANIC.match(text)):
            return False
        if "\n" in text or not (_begins(text) or _RAISED.match(text) or _GOES_ON.match(text)):
            return False
        self._count += 1
        self._lines.setdefault(entry.stream, []).append((entry.at, self._count, entry))
        return True

    def whole(self) -> Iterator[LogEntry]:
        """Every stack trace that has its beginning and its frames, as one failure at the time of its last line."""
        for lines in self._lines.values():
            newest_first = lines[0][0] > lines[-1][0]
            ordered = sorted(lines, key=lambda line: (line[0], -line[1] if newest_first else line[1]))
            for block in _blocks([entry for _, _, entry in ordered]):
                yield from _read(block)


def _begins(text: str) -> bool:
    return text.strip() == _HEAD or bool(_THROWN.match(text) or _PANIC.match(text))


def _blocks(lines: list[LogEntry]) -> Iterator[list[LogEntry]]:
    """Python's last line looks like the first one of others."""
    block: list[LogEntry] = []
    for entry in lines:
        text = entry.text.rstrip()
        late = bool(block) and (entry.at - block[0].at > MAX_LINE_GAP or len(block) == MAX_TRACE_LINES)
        ends = bool(block) and block[0].text.strip() == _HEAD and not late and bool(_RAISED.match(text))
        if ends:
            yield [*block, entry]
            block = []
        elif late or _begins(text):
            yield block
            block = [entry] if _begins(text) else []
        elif block:
            block.append(entry)
    yield block


def _read(block: list[LogEntry]) -> Iterator[LogEntry]:
    if not block or (len(block) == 1 and not block[0].failed):
        return
    last = block[-1]
    python = block[0].text.strip() == _HEAD
    if python and not _RAISED.match(last.text):
        return
    entry = log_parser.parse_row(
        {
            "@timestamp": last.at.isoformat(),
            "@message": "\n".join(entry.text.rstrip() for entry in block),
            "@logStream": last.stream,
        }
    )
    if entry is not None and entry.failed:
        yield entry
