"""Pages of log lines, newest first.

All lines of a time range are read by FilterLogEvents, newest first. A text, or a message or request ID, is searched
for by Logs Insights, which scans the time range and bills what it scans; the lines around those that it finds are then
read from their log streams.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting, invocation_log
from ops.aws import logs
from ops.deadletters.causes.logs.log_query import MAX_IDS_PER_QUERY, ids_pattern
from ops.errors import UsageError
from ops.logs import query_text
from ops.logs.invocations import find_clusters
from ops.logs.model import (
    MAX_TEXT_CHARACTERS,
    MILLISECOND,
    LogLine,
    LogPage,
    LogSearch,
    LogSource,
    Row,
    holds,
    line_of,
    request_of,
    slice_page,
    time_of,
)
from ops.logs.reader import LogReader, SourceRow

if TYPE_CHECKING:
    from ops.aws import Aws

MAX_USD = 0.50
"""The most that the queries for one page may cost, unless another limit is given."""
MAX_PAGE = 1_000
"""Lines on a page."""
SAME_MILLISECOND = 100
"""Lines read beyond a page, so that it can end between two milliseconds."""
MAX_CLUSTERS = 10
"""Clusters of overlapping invocations that are read for one page. Each takes a request, of which a region allows a few
per second."""


def find_log_lines(
    aws: Aws,
    sources: Sequence[LogSource],
    search: LogSearch,
    *,
    limit: int = 100,
    token: str = "",
    max_usd: float = MAX_USD,
    say: Callable[[str], None] = lambda _: None,
) -> LogPage:
    """The newest ``limit`` lines that ``search`` selects, or with the ``next_token`` of a page those before it.

    ``max_usd``: the most that Logs Insights may bill for it; ``say`` gets the estimate first. A log group that is gone
    or may not be read is a note of the page. Raises UsageError, ReadOnly (a search in a read-only process),
    CredentialsError and Unreachable. Needs logs:FilterLogEvents, logs:StartQuery, logs:GetQueryResults,
    logs:StopQuery and cloudwatch:GetMetricData.
    """
    end = _check(search, limit, token)
    reader = LogReader(aws, sources, max_usd, say)
    if not sources:
        reader.notes.append("No function of this workload is known, so there is no log group to read.")
        rows, complete_after = list[SourceRow](), None
    elif search.ids:
        rows, complete_after = _of_invocations(reader, search, end, limit)
    elif search.text:
        since = reader.affordable_since(search.start, end)
        rows, complete_after = reader.matching(query_text.patterns(search), since, end, limit + SAME_MILLISECOND)
    else:
        rows, complete_after = reader.newest(search.start, end, limit + SAME_MILLISECOND)
    lines = [line_of(source, row) for source, row in rows if holds(row, search.text)]
    lines.sort(key=lambda line: line.at, reverse=True)
    page, next_token = slice_page(lines, limit, complete_after, end)
    if not page and next_token:
        reader.notes.append("None of the lines read so far is one of these: the next page has older ones.")
    elif not page and sources and len(reader.unread) < len({source.group for source in sources}):
        reader.notes.append(_none(search, end))
    return LogPage(
        lines=page,
        next_token=next_token,
        query=query_text.query_to_copy(sources, search, limit),
        groups=tuple(dict.fromkeys(source.group for source in sources)),
        start=search.start,
        end=end,
        scanned_bytes=reader.scanned_bytes,
        usd=reader.usd,
        estimated_bytes=reader.estimated_bytes,
        notes=(*_cut(page), *reader.notes),
        unread=tuple(reader.unread),
    )


def _check(search: LogSearch, limit: int, token: str) -> datetime:
    """The end of the page's time range."""
    if search.start.tzinfo is None or search.end.tzinfo is None:
        raise UsageError("A time without a zone is ambiguous.", "Write it with one, e.g. 2026-11-23T19:00:00Z.")
    end = invocation_log.moment(token) if token else search.end
    if end is None:
        raise UsageError(f"{token!r} is not the token of a page of log lines.", "Start with the first page.")
    if search.start >= search.end:
        raise UsageError("The time range ends before it starts.", "Choose an earlier start, or a later end.")
    if not 1 <= limit <= MAX_PAGE:
        raise UsageError(f"A page has 1 to {MAX_PAGE:,} lines.", "Choose a limit within that.")
    if len(search.text) > MAX_TEXT_CHARACTERS:
        raise UsageError(
            f"The text to search for has {len(search.text):,} characters; Logs Insights takes {MAX_TEXT_CHARACTERS:,}.",
            "Search for a part of it.",
        )
    return end


def _of_invocations(
    reader: LogReader, search: LogSearch, end: datetime, limit: int
) -> tuple[list[SourceRow], datetime | None]:
    """Lines of the invocations that the search is about. The whole range is searched for each page, because only an
    invocation's last line shows how far its lines extend."""
    since = reader.affordable_since(search.start, search.end)
    rows, truncated = reader.matching(query_text.patterns(search), since, search.end, logs.MAX_ROWS)
    requests = set(search.request_ids) | {
        request_of(row) for _, row in rows if any(message_id in row["@message"] for message_id in search.message_ids)
    }
    requests.discard("")
    if others := sorted(requests - set(search.ids))[:MAX_IDS_PER_QUERY]:
        start, stop = _around(rows, since, search.end)
        more_rows, more = reader.matching([ids_pattern(others)], start, stop, logs.MAX_ROWS)
        rows, truncated = rows + more_rows, truncated or more
    if truncated:
        reader.notes.append(f"Only the newest {formatting.count(logs.MAX_ROWS)} lines with these IDs were read.")
    clusters = [cluster for cluster in find_clusters(rows, requests) if cluster.first < end]
    found = {_key(source, row): (source, row) for source, row in rows if time_of(row) < end}
    complete_after = [cluster.last for cluster in clusters[MAX_CLUSTERS:]]
    for cluster in clusters[:MAX_CLUSTERS]:
        stop = min(end, cluster.last + MILLISECOND)
        for source, streams in cluster.streams().items():
            read = reader.of_streams(source, streams, cluster.first, stop)
            if read is None:  # then the lines that the query found are all there is
                continue
            found = {key: place for key, place in found.items() if place[0] != source or not cluster.has(*place)}
            found |= {_key(source, row): (source, row) for _, row in cluster.lines(source, read[0])}
            complete_after += [read[1]] if read[1] else []
    return list(found.values()), max(complete_after, default=None)


def _key(source: LogSource, row: Row) -> tuple[LogSource, str]:
    return source, row.get("@ptr") or f"{row['@timestamp']} {row['@logStream']} {row['@message']}"


def _around(rows: Sequence[SourceRow], start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The time in which the invocations that wrote ``rows`` ran."""
    timeout = timedelta(seconds=max(source.timeout_s for source, _ in rows) + 60)
    times = [time_of(row) for _, row in rows]
    return max(start, min(times) - timeout), min(end, max(times) + timeout)


def _cut(lines: Sequence[LogLine]) -> list[str]:
    cut = [line for line in lines if line.cut]
    if not cut:
        return []
    longest = formatting.count(max(len(line.text) + line.cut for line in cut))
    return [
        f"{formatting.count(len(cut), 'line is', 'lines are')} cut; the longest has {longest} characters. The query shows all."
    ]


def _none(search: LogSearch, end: datetime) -> str:
    span = f"from {formatting.clock_range(search.start, end, end)}"
    if search.ids:
        return (
            f"No log line {span} names {search.ids[0]}{' or another of these IDs' if len(search.ids) > 1 else ''}: it has "
            "not run in that time, its lines have expired (the log group's retention), or the function does not log IDs."
        )
    return f"No log lines {span}{' with this text' if search.text else ''}. Choose an earlier start."
