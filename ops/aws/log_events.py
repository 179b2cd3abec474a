"""FilterLogEvents: the lines of a log group one after the other, oldest or newest first, without a Logs Insights query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws

MAX_EVENTS = 10_000
"""Lines that one answer page holds; it may hold fewer, or none, and still have a next one (botocore 1.44.5, 2026-11)."""
MAX_CALLS = 10
"""Pages read by one call of ``read``."""
MAX_STREAMS = 100
"""Streams that one request may name (botocore 1.44.5 model, 2026-11)."""


@dataclass(frozen=True)
class LogEvent:
    """One line as it was collected. ``text`` is whatever some code printed: untrusted."""

    id: str
    at: datetime
    stream: str
    text: str


@dataclass(frozen=True)
class LogEvents:
    """``more``: the range holds lines that were not read."""

    events: tuple[LogEvent, ...]
    more: bool


def read(
    aws: Aws,
    group: str,
    start: datetime,
    end: datetime,
    *,
    streams: Sequence[str] = (),
    newest_first: bool = False,
    most: int = MAX_EVENTS,
    calls: int = MAX_CALLS,
) -> LogEvents:
    """The lines from ``start`` to before ``end``, of all streams or of ``streams``, in at most ``calls`` requests.

    Raises NotFound when there is no such log group, and what ``ops.aws`` raises. Needs logs:FilterLogEvents.
    """
    request: dict[str, Any] = {
        "logGroupName": group,
        "startTime": milliseconds(start),
        "endTime": milliseconds(end) - 1,  # inclusive on AWS
    }
    if request["startTime"] > request["endTime"]:
        return LogEvents((), more=False)
    if streams:
        request["logStreamNames"] = list(streams[:MAX_STREAMS])
    if newest_first:
        request["startFromHead"] = False
    events: list[LogEvent] = []
    with aws.translate_errors("logs", f"log group {group}"):
        for _ in range(calls):
            answer: Any = aws.logs.filter_log_events(**request, limit=min(MAX_EVENTS, most - len(events)))
            events += [_event(found) for found in answer["events"]]
            token = answer.get("nextToken")
            if not token or len(events) >= most:
                break
            request["nextToken"] = token
    return LogEvents(tuple(events), more=bool(token))


def milliseconds(at: datetime) -> int:
    """Since 1970, as CloudWatch Logs counts."""
    return round(at.timestamp() * 1000)


def _event(found: Any) -> LogEvent:
    at = datetime.fromtimestamp(found["timestamp"] / 1000, UTC)
    return LogEvent(found.get("eventId", ""), at, found.get("logStreamName", ""), found.get("message", ""))
