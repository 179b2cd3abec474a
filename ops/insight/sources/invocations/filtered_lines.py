"""Lines about invocations by FilterLogEvents, where Logs Insights may not be used: it costs nothing, but returns every line of
the range, which are filtered here, and takes a request for each page of them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import invocation_log
from ops.aws import logs
from ops.aws.logs import LogRows

if TYPE_CHECKING:
    from ops.aws import Aws

MAX_EVENTS = 100_000
"""The newest events of one range, in ``logs.MAX_CALLS`` requests at best."""
_ABOUT_INVOCATIONS = re.compile(invocation_log.PATTERN)


def read_filtered(aws: Aws, group: str, _: str, start: datetime, end: datetime) -> LogRows:
    """Lines about invocations as ``logs.run_query`` returns them, up to the end of the second ``end``. Raises what
    ``ops.aws`` raises. Needs logs:FilterLogEvents."""
    until = end + timedelta(seconds=1)
    found = logs.read_events(aws, group, start, until, newest_first=True, most=MAX_EVENTS)
    rows = tuple(
        {
            "@timestamp": f"{event.at:%Y-%m-%d %H:%M:%S}.{event.at.microsecond // 1000:03d}",
            "@message": event.text,
            "@logStream": event.stream,
        }
        for event in found.events
        if _ABOUT_INVOCATIONS.search(event.text)
    )
    return LogRows(rows, len(rows), 0.0, complete=not found.more)
