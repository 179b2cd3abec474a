"""Queries of Logs Insights for log lines."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from ops.aws.logs import milliseconds
from ops.deadletters.causes.logs.log_query import MAX_IDS_PER_QUERY, ids_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.logs.model import LogSearch, LogSource

FIELDS = "fields @timestamp, @message, @logStream"
NEWEST_FIRST = "| sort @timestamp desc"
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")


def like(pattern: str) -> str:
    return f"| filter @message like /{pattern}/ "


def text_pattern(text: str) -> str:
    """Finds ``text`` in upper and lower case. A slash would end the pattern: any character may stand in its place."""
    return "(?i)" + _SPECIAL.sub(lambda found: f"\\{found[0]}", text).replace("/", ".")


def patterns(search: LogSearch) -> list[str]:
    """Patterns of the lines that name what ``search`` is about."""
    if search.ids:
        return [ids_pattern(search.ids[:MAX_IDS_PER_QUERY])]
    return [text_pattern(search.text)] if search.text else []


def query_text(source: LogSource, found_by: Sequence[str], start: datetime, end: datetime) -> str:
    """A query for the lines of one function, to the millisecond: a query's own time range is in seconds."""
    within = (
        f"| filter toMillis(@timestamp) >= {milliseconds(start)} | filter toMillis(@timestamp) < {milliseconds(end)} "
    )
    return f"{FIELDS} {''.join(map(like, found_by))}{_of_function(source)}{within}{NEWEST_FIRST}"


def query_to_copy(sources: Sequence[LogSource], search: LogSearch, limit: int) -> str:
    """The query for the console, which takes log groups and the time range separately."""
    found_by = patterns(search)
    if search.ids and search.text:
        found_by.append(text_pattern(search.text))
    only = _of_function(sources[0]) if len(sources) == 1 else ""
    return f"{FIELDS} {''.join(map(like, found_by))}{only}{NEWEST_FIRST} | limit {limit}"


def _of_function(source: LogSource) -> str:
    """A condition for one function: in a shared log group, the names of Lambda's log streams include the function."""
    if not source.shared:
        return ""
    return rf"| filter @logStream like /^\d\d\d\d.\d\d.\d\d.({re.escape(source.function)})?\[/ "
