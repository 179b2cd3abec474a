"""The lines of an invocation, including those without its request ID.

A stack trace or a ``print`` has no request ID. An execution environment writes to one log stream and works on one
invocation at a time, so its lines lie between the first and the last that do have the ID.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ops import invocation_log
from ops.logs.model import LogSource, Row, request_of, time_of
from ops.logs.reader import SourceRow

INIT_MARGIN = timedelta(seconds=2)
"""Beyond an init's duration: Lambda starts to count after INIT_START, and starts the invocation after the end."""
_NEVER = datetime.fromtimestamp(0, UTC)
_START = re.compile(r"START RequestId: |\{.*\"type\": ?\"platform\.start\"")


@dataclass(frozen=True)
class InvocationWindow:
    """The place of an invocation's lines: its log stream, from the first line with its request ID to the last."""

    source: LogSource
    stream: str
    request_id: str
    first: datetime
    last: datetime
    init: timedelta = timedelta(0)
    """How long before ``first`` the initialization of a new execution environment may have written lines."""

    @property
    def begin(self) -> datetime:
        return self.first - self.init

    def has(self, source: LogSource, row: Row) -> bool:
        """Whether a line is this invocation's: in its stream, another one's says so. (A Managed Instance works on
        several at a time.)"""
        here = source == self.source and row.get("@logStream", "") == self.stream
        return here and self.begin <= time_of(row) <= self.last and request_of(row) in ("", self.request_id)


@dataclass(frozen=True)
class InvocationCluster:
    """Invocations that overlap in time, and whose lines are read together. Clusters do not overlap."""

    windows: tuple[InvocationWindow, ...]

    @property
    def first(self) -> datetime:
        return min(window.begin for window in self.windows)

    @property
    def last(self) -> datetime:
        return max(window.last for window in self.windows)

    def streams(self) -> dict[LogSource, list[str]]:
        found: dict[LogSource, list[str]] = defaultdict(list)
        for window in self.windows:
            if window.stream not in found[window.source]:
                found[window.source].append(window.stream)
        return found

    def has(self, source: LogSource, row: Row) -> bool:
        return any(window.has(source, row) for window in self.windows)

    def lines(self, source: LogSource, rows: Sequence[SourceRow]) -> list[SourceRow]:
        """The rows of ``rows``, read from ``source``, that belong to these invocations."""
        earlier = {window: _end_of_earlier(window, rows) for window in self.windows if window.init}
        return [
            (source, row)
            for _, row in rows
            if any(window.has(source, row) and time_of(row) > earlier.get(window, _NEVER) for window in self.windows)
        ]


def _end_of_earlier(window: InvocationWindow, rows: Sequence[SourceRow]) -> datetime:
    """When the invocation before ``window`` ended in its log stream, where that was after ``window.begin``."""
    ends = (
        time_of(row)
        for source, row in rows
        if source == window.source and row.get("@logStream", "") == window.stream and ends_invocation(row)
    )
    return max((end for end in ends if end < window.first), default=_NEVER)


def find_clusters(rows: Iterable[SourceRow], request_ids: Collection[str]) -> list[InvocationCluster]:
    """Clusters of these invocations, the latest first."""
    clusters: list[list[InvocationWindow]] = []
    last: datetime | None = None
    for window in sorted(find_windows(rows, request_ids), key=lambda window: window.begin):
        if last is None or window.begin > last:
            clusters.append([])
        clusters[-1].append(window)
        last = max(last or window.last, window.last)
    return [InvocationCluster(tuple(windows)) for windows in reversed(clusters)]


def find_windows(rows: Iterable[SourceRow], request_ids: Collection[str]) -> list[InvocationWindow]:
    """One for each attempt of these invocations. A retry of an asynchronous invocation keeps the request ID."""
    by_stream: dict[tuple[LogSource, str, str], list[Row]] = defaultdict(list)
    for source, row in rows:
        request_id = request_of(row)
        if request_id in request_ids:
            by_stream[source, row.get("@logStream", ""), request_id].append(row)
    return [
        InvocationWindow(*key, time_of(attempt[0]), time_of(attempt[-1]), _init_before(attempt))
        for key, found in by_stream.items()
        for attempt in _attempts(sorted([row for row in found if _in_time(row)] or found, key=time_of))
    ]


def _init_before(attempt: Sequence[Row]) -> timedelta:
    """The time before an attempt's first line in which its environment may have been initialized: zero when it was
    not new."""
    parsed = [line for row in attempt if (line := invocation_log.parse(row)) is not None]
    init_ms = max((line.values.get("init_ms") or 0.0 for line in parsed), default=0.0)
    return timedelta(milliseconds=init_ms) + INIT_MARGIN if init_ms else timedelta(0)


def _in_time(row: Row) -> bool:
    """The extension may write its record of an invocation when the next one has started."""
    line = invocation_log.parse(row)
    return line is None or line.source != invocation_log.RECORD


def _attempts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    attempt: list[Row] = []
    for row in rows:
        if attempt and starts_invocation(row.get("@message", "")):
            yield attempt
            attempt = []
        attempt.append(row)
    if attempt:
        yield attempt


def starts_invocation(text: str) -> bool:
    """Whether it is the platform's first line about an attempt."""
    return _START.match(text) is not None


def ends_invocation(row: Row) -> bool:
    """Whether it is the platform's last line about an invocation."""
    return bool(re.match(r"REPORT RequestId: |\{.*\"type\": ?\"platform\.report\"", row.get("@message", "")))
