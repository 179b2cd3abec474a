"""A row of a log group, and an invocation: its lines in order, the messages that it names, and its end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ops import invocation_log
from ops.deadletters.causes.attribution import invocation_end
from ops.deadletters.causes.logs.log_parser import LogEntry

CLOCK_SKEW = timedelta(seconds=2)
"""Clocks of SQS and of the function's environment, and the way between them."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row. ``entry``: what a line reports; ``end``: what the platform reports about an invocation. ``names``: ids of
    messages that the line names. ``start``: it is the platform's START."""

    at: datetime
    stream: str
    order: int
    entry: LogEntry | None = None
    end: invocation_log.InvocationLogLine | None = None
    names: frozenset[str] = frozenset()
    start: bool = False

    @property
    def loose(self) -> bool:
        """Whether its request ID may be another's that it speaks of."""
        return self.entry is not None and self.entry.loose and bool(self.entry.request_id)

    def without_request(self) -> LogRow:
        """The same row without its request ID."""
        return replace(self, entry=replace(self.entry, request_id="", loose=False)) if self.entry else self

    @property
    def request_id(self) -> str:
        return self.entry.request_id if self.entry else self.end.request_id if self.end else ""

    @property
    def failed(self) -> bool:
        return self.entry is not None and self.entry.failed

    @property
    def unhandled(self) -> bool:
        """Whether it reports an error that left the handler, after which no line of the invocation follows."""
        return self.entry is not None and self.entry.failed and self.entry.unhandled


@dataclass
class InvocationLines:
    """``request_id``: empty where no line has it. ``began``: None where that is not known. ``lines``: in order, with
    whether a line was joined by stream and time. ``end``: the line that knows most of how it ended."""

    request_id: str
    stream: str
    first: datetime
    began: datetime | None = None
    last: datetime | None = None
    lines: list[tuple[LogRow, bool]] = field(default_factory=list)
    end: invocation_log.InvocationLogLine | None = None
    over: bool = False  # nothing but its end may follow

    @property
    def since(self) -> datetime:
        return self.began or self.first

    @property
    def until(self) -> datetime:
        return self.last or self.first

    @property
    def failed(self) -> bool:
        """Whether a line reports a failure in it, or that it failed as a whole."""
        ended_badly = self.end is not None and invocation_end.failed(self.end)
        return ended_badly or any(line.failed for line, _ in self.lines)

    def names(self) -> frozenset[str]:
        return frozenset().union(*(line.names for line, _ in self.lines))

    def take(self, row: LogRow, joined: bool) -> None:
        self.last = max(self.until, row.at)
        if row.end is not None:
            if invocation_end.knows_more(row.end, self.end):
                self.end = row.end
            self.over = True
            if row.end.source != invocation_log.EXIT:
                self.began = min(row.end.started, self.first)
            return
        self.lines.append((row, joined))
        self.over = self.over or row.unhandled
        if row.start:
            self.began = row.at
