"""A search of a workload's logs, and its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops import invocation_log, log_streams
from ops.deadletters.causes.logs import log_parser

if TYPE_CHECKING:
    from ops.aws import lambda_
    from ops.aws.logs import LogEvent
    from ops.workload import Workload

MAX_LINE_CHARACTERS = 8_000
"""The length of a line's text on a page: CloudWatch Logs takes lines of up to 1 MB."""
MAX_TEXT_CHARACTERS = 1_000
"""The length of the text to search for: a Logs Insights query may have 10,000 characters (botocore 1.44.5, 2026-11)."""

MILLISECOND = timedelta(milliseconds=1)
"""The precision of CloudWatch Logs."""

Row = Mapping[str, str]
"""A line as Logs Insights gives it: ``@timestamp``, ``@message``, ``@logStream``."""


@dataclass(frozen=True)
class LogSource:
    """A function and the log group that it writes to. ``timeout_s``: how long an invocation of it may take."""

    function: str
    group: str
    timeout_s: int = 900

    @property
    def shared(self) -> bool:
        """Whether other functions may write to the log group, too."""
        return log_streams.is_shared(self.group, self.function)

    def owns(self, row: Row) -> bool:
        return not log_streams.is_other_functions(row, self.function, self.shared)


def log_sources(workload: Workload) -> tuple[LogSource, ...]:
    """Every function that reads the workload's queue, each once, the workload's own first."""
    functions = [workload.function, *(reader.function for reader in workload.readers)]
    return tuple(dict.fromkeys(source_of(function) for function in functions if function is not None))


def source_of(function: lambda_.Function) -> LogSource:
    return LogSource(function.name, function.log_group, function.timeout_s)


@dataclass(frozen=True)
class LogSearch:
    """Which lines, from ``start`` to before ``end`` (aware); without more, all of them.

    ``message_ids``: all lines of the invocations whose logs name one of these messages, and the lines that name one.
    ``request_ids``: all lines of these invocations. ``text``: only lines that hold it, upper and lower case alike.
    """

    start: datetime
    end: datetime
    message_ids: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()
    text: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.request_ids, *self.message_ids)))


@dataclass(frozen=True)
class LogLine:
    """``text`` is whatever some code printed: untrusted. ``cut``: how many more characters the line has.

    ``request_id``: the invocation that wrote it, as far as the line itself says; else empty.
    """

    at: datetime
    text: str
    function: str
    group: str
    stream: str
    request_id: str = ""
    cut: int = 0


@dataclass(frozen=True)
class LogPage:
    """Lines, newest first. ``next_token``: for the page of older lines; empty when there are none.

    ``query``: Logs Insights' query for the same lines, to copy; it is asked of ``groups`` from ``start`` to ``end``.
    ``scanned_bytes``, ``usd``: what this page took; ``estimated_bytes``: what its queries were expected to scan (None:
    no query was needed, or CloudWatch has no figures). ``notes``: what is missing, and what to do. ``unread``: log
    groups that could not be read.
    """

    lines: tuple[LogLine, ...]
    next_token: str
    query: str
    groups: tuple[str, ...]
    start: datetime
    end: datetime
    scanned_bytes: float = 0.0
    usd: float = 0.0
    estimated_bytes: float | None = None
    notes: tuple[str, ...] = field(default=())
    unread: tuple[str, ...] = field(default=())


def row_of(event: LogEvent) -> Row:
    """An event of FilterLogEvents in the form of Logs Insights' rows."""
    at = event.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return {"@timestamp": at, "@message": event.text, "@logStream": event.stream, "@ptr": event.id}


def line_of(source: LogSource, row: Row) -> LogLine:
    text = row.get("@message", "").rstrip("\r\n")
    cut = max(0, len(text) - MAX_LINE_CHARACTERS)
    return LogLine(
        at=time_of(row),
        text=text[:MAX_LINE_CHARACTERS],
        function=source.function,
        group=source.group,
        stream=row.get("@logStream", ""),
        request_id=request_of(row),
        cut=cut,
    )


def holds(row: Row, text: str) -> bool:
    """Whether the whole line has ``text``: a query's pattern has any character in the place of a slash."""
    return not text or text.casefold() in row.get("@message", "").casefold()


def time_of(row: Row) -> datetime:
    """When the line was written; 1970 for a time that is not one."""
    return invocation_log.moment(row.get("@timestamp", "")) or datetime.fromtimestamp(0, UTC)


def request_of(row: Row) -> str:
    """The invocation that wrote the line, by its request ID; empty where the line does not say."""
    if line := invocation_log.parse(row):
        return line.request_id
    entry = log_parser.parse_row(row)
    return entry.request_id if entry is not None and not entry.loose else ""


def slice_page(
    lines: Sequence[LogLine], limit: int, complete_after: datetime | None, end: datetime
) -> tuple[tuple[LogLine, ...], str]:
    """The first ``limit`` of ``lines`` (newest first), and the token for the rest: the end of the next page's time
    range. ``complete_after``: of lines up to this time not all were read; None: all were. ``end``: of this page's range.

    A page ends between two milliseconds, the precision of CloudWatch Logs, so that no line is on two pages or on none.
    It has more than ``limit`` lines when all of them are of one millisecond, and none when no line is complete yet.
    """
    if len(lines) <= limit and complete_after is None:
        return tuple(lines), ""
    boundaries = [complete_after] if complete_after else []
    if len(lines) > limit:
        boundaries.append(lines[limit].at)
    boundary = max(boundaries)
    page = [line for line in lines if line.at > boundary] or [
        line for line in lines if line.at == boundary == lines[0].at
    ]
    if page:
        return tuple(page), page[-1].at.isoformat()
    after = boundary + MILLISECOND  # the next page reads the boundary's lines again
    return (), (after if after < end else boundary).isoformat()
