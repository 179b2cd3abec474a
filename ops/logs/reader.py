"""Reading log groups for one search: what that costs, and what could not be read, is kept beside the lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ops import access, formatting
from ops.aws import logs
from ops.errors import AccessDenied, AwsError, CredentialsError, NotFound, Unreachable
from ops.insight.sources import log_volume
from ops.logs import query_text
from ops.logs.model import MILLISECOND, LogSource, Row, row_of, time_of

if TYPE_CHECKING:
    from ops.aws import Aws

T = TypeVar("T")
SourceRow = tuple[LogSource, Row]


class LogReader:
    """Asks the log groups of ``sources`` within ``max_usd``. ``say`` gets a line before each search that costs money.

    ``notes``: what is missing, and what to do; ``unread``: groups that could not be read; ``estimated_bytes``: of the
    first query, None when it is not known; ``scanned_bytes``, ``usd``: so far.
    """

    def __init__(
        self, aws: Aws, sources: Sequence[LogSource], max_usd: float, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._aws = aws
        self._sources = sources
        self._max_usd = max_usd
        self._say = say
        self.notes: list[str] = []
        self.unread: list[str] = []
        self.estimated_bytes: float | None = None
        self.scanned_bytes = 0.0
        self.usd = 0.0

    def newest(self, start: datetime, end: datetime, most: int) -> tuple[list[SourceRow], datetime | None]:
        """The latest lines of every function, by FilterLogEvents: no query scans the rest. Of lines up to the time that
        comes with them not all were read; None: all were."""
        rows: list[SourceRow] = []
        complete_after: list[datetime] = []
        for source in self._sources:
            # Most lines of a shared log group may be those of other functions.
            size = logs.MAX_EVENTS if source.shared else most
            read = partial(logs.read_events, self._aws, source.group, start, end, newest_first=True, most=size)
            page = self._attempt(source, read)
            if page is None:
                continue
            rows += [(source, row) for event in page.events if source.owns(row := row_of(event))]
            if page.more:
                complete_after.append(self._oldest(source, page, start))
        return rows, max(complete_after, default=None)

    def matching(
        self, patterns: Sequence[str], start: datetime, end: datetime, most: int
    ) -> tuple[list[SourceRow], datetime | None]:
        """The latest lines that match all of ``patterns``, by Logs Insights; and as of ``newest`` what is complete.

        Raises ReadOnly where nothing may be done that costs money.
        """
        access.ensure_may("a search of the logs")
        rows: list[SourceRow] = []
        complete_after: list[datetime] = []
        for source in self._sources:
            left = self._max_usd - self.usd
            if left <= 0:
                self._note_limit(start, end)
                break
            query = query_text.query_text(source, patterns, start, end)
            most_bytes = left / log_volume.scan_price(1, self._aws.region)
            ask = partial(logs.run_query, self._aws, source.group, query, start, end, most, max_bytes=most_bytes)
            page = self._attempt(source, ask)
            if page is None:
                continue
            self.scanned_bytes += page.bytes_scanned
            self.usd += log_volume.scan_price(page.bytes_scanned, self._aws.region)
            inside = [row for row in page.rows if start <= time_of(row) < end]
            rows += [(source, row) for row in inside if source.owns(row)]
            if page.truncated and inside:
                complete_after.append(min(map(time_of, inside)))
            if not page.complete:
                self.notes.append(f"The query of {source.group} was stopped before its end: lines may be missing.")
        return rows, max(complete_after, default=None)

    def of_streams(
        self, source: LogSource, streams: Sequence[str], start: datetime, end: datetime
    ) -> tuple[list[SourceRow], datetime | None] | None:
        """The lines of these log streams, newest first, and as of ``newest`` what is complete; None when they cannot be
        read."""
        rows: list[SourceRow] = []
        complete_after: list[datetime] = []
        for at in range(0, len(streams), logs.MAX_STREAMS):
            named = streams[at : at + logs.MAX_STREAMS]
            read = partial(logs.read_events, self._aws, source.group, start, end, streams=named, newest_first=True)
            page = self._attempt(source, read)
            if page is None:
                return None
            rows += [(source, row_of(event)) for event in page.events]
            if page.more:
                complete_after.append(self._oldest(source, page, start))
        return rows, max(complete_after, default=None)

    def affordable_since(self, start: datetime, end: datetime) -> datetime:
        """Announces what a query from ``start`` would scan; the time from which that is within the limit."""
        groups = [source.group for source in self._sources]
        named = ", ".join(groups)
        volume = log_volume.known_volume(self._aws, groups, start, end)
        self.usd += volume.usd if volume else 0.0
        if volume is None or not volume.by_period:
            self._say(f"Searching {named}: size unknown; the limit is {self._limit}.")
            return start
        since = volume.affordable_since(start, end, self._max_usd - self.usd)
        self.estimated_bytes = sum(size for at, size in volume.by_period if at + volume.period > since)
        if since > start:
            self._note_limit(start, since)
        self._say(
            f"Searching {named}: about {formatting.byte_size(round(self.estimated_bytes))}, "
            f"{formatting.price(log_volume.scan_price(self.estimated_bytes, self._aws.region))}; the limit is {self._limit}."
        )
        return since

    def _oldest(self, source: LogSource, page: logs.LogEvents, start: datetime) -> datetime:
        """Up to when lines of ``source`` were not read: before ``start`` where nothing more can be."""
        if not page.events:  # pages may be empty although there are more
            self.notes.append(
                f"{source.group} gave no line in {logs.MAX_CALLS} requests, but may have some. Choose a later start."
            )
        return min((event.at for event in page.events), default=start - MILLISECOND)

    @property
    def _limit(self) -> str:
        return formatting.usd(self._max_usd)

    def _note_limit(self, start: datetime, end: datetime) -> None:
        self.notes.append(
            f"The logs from {formatting.clock_range(start, end, end)} were not searched: that would "
            f"cost more than {self._limit}. Choose a shorter time range, or a higher limit."
        )

    def _attempt(self, source: LogSource, ask: Callable[[], T]) -> T | None:
        """What ``ask`` answers; None when this log group cannot be read, with a note. Raises CredentialsError and
        Unreachable: no other log group would answer."""
        try:
            return ask()
        except (CredentialsError, Unreachable):
            raise
        except NotFound:
            note = (
                f"There is no log group {source.group}: {source.function} has not run yet, its log group was deleted, or "
                "its role may not write logs. Check that the role allows logs:CreateLogGroup, logs:CreateLogStream and "
                "logs:PutLogEvents."
            )
        except AccessDenied as denied:
            note = f"The log lines of {source.function} are missing: {denied} {denied.next_step}"
        except AwsError as error:
            note = f"The log lines of {source.function} are missing: {error} {error.next_step}".strip()
        if source.group not in self.unread:
            self.unread.append(source.group)
        if note not in self.notes:
            self.notes.append(note)
        return None
