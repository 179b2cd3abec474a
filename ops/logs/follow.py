"""New log lines as they come, oldest first, by FilterLogEvents."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops.aws import logs
from ops.errors import NotFound
from ops.logs.invocations import ends_invocation
from ops.logs.model import LogLine, LogSource, Row, holds, line_of, row_of

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.logs import LogEvent

PAUSE_S = 2.0
"""Between two requests to a log group, of which a region allows a few a second."""
LATE = timedelta(seconds=30)
"""How much later than they were written lines may become readable: read again each time."""


def follow_log_lines(
    aws: Aws,
    sources: Sequence[LogSource],
    since: datetime,
    *,
    text: str = "",
    ids: Callable[[], Sequence[str]] | None = None,
    stop: Callable[[], bool] = lambda: False,
    pause_s: float = PAUSE_S,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[LogLine]:
    """Lines written from ``since`` (aware) on, until ``stop()``. ``say`` gets a line for a log group that is missing.

    ``ids``: only the invocations that name one of these message or request IDs, from the line that does; asked before
    each read, since a running redrive sends more. Raises what ``ops.aws`` raises, NotFound excepted.
    """
    groups = [_GroupTail(aws, source, since) for source in sources]
    missing: set[str] = set()
    while True:
        wanted = None if ids is None else tuple(ids())
        rows: list[tuple[LogSource, Row]] = []
        for group in groups:
            try:
                rows += [(group.source, row) for row in group.read(wanted)]
            except NotFound:
                if group.source.group not in missing:
                    missing.add(group.source.group)
                    say(f"There is no log group {group.source.group} yet: waiting for {group.source.function} to run.")
        found = [line_of(source, row) for source, row in rows if holds(row, text)]
        yield from sorted(found, key=lambda line: line.at)
        if stop():
            return
        _sleep(pause_s, stop)


class _GroupTail:
    def __init__(self, aws: Aws, source: LogSource, since: datetime) -> None:
        self.source = source
        self._aws = aws
        self._since = since
        self._start = since
        self._read: dict[str, datetime] = {}
        self._followed: set[str] = set()  # log streams whose invocation in progress is wanted

    def read(self, wanted: Sequence[str] | None) -> Iterator[Row]:
        now = datetime.now(UTC)
        found = logs.read_events(self._aws, self.source.group, self._start, now + timedelta(minutes=1))
        fresh = [event for event in found.events if event.id not in self._read]
        self._read |= {event.id: event.at for event in fresh}
        newest = max(self._read.values(), default=self._since)
        late = max(self._since, min(newest, now) - LATE)
        self._start = newest if found.more else late
        self._read = {id_: at for id_, at in self._read.items() if at >= late}
        pattern = None if wanted is None else re.compile("|".join(map(re.escape, wanted)) or r"(?!)")
        for event in fresh:
            row = row_of(event)
            if self.source.owns(row) and (pattern is None or self._is_wanted(event, row, pattern)):
                yield row

    def _is_wanted(self, event: LogEvent, row: Row, pattern: re.Pattern[str]) -> bool:
        if pattern.search(event.text):
            self._followed.add(event.stream)
        followed = event.stream in self._followed
        if ends_invocation(row):
            self._followed.discard(event.stream)
        return followed


def _sleep(seconds: float, stop: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not stop():
        time.sleep(min(0.2, left))
