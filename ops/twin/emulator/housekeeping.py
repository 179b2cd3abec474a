"""Keeps a long-running twin's memory bounded: log events beyond their retention or a cap, and a list that is never read.

Stands for: the retention of log groups (CloudWatch Logs user guide, log group retention, read 2026-11), which MiniStack
stores but does not apply. On top of it, each log group keeps at most ``cap`` events, the newest; AWS has no such cap.

Still grows with use: objects in S3, items in DynamoDB, messages that are never received (for their retention), the alarm
history, and one line a log stream.
"""

from __future__ import annotations

import time
from typing import Any

from ministack.services import cloudwatch_logs, eventbridge

LOG_EVENTS = 100_000
"""Events a log group keeps; about 100 MB."""

EVENT_LOG = 1_000
"""MiniStack appends every event of every bus to a list and never reads it."""

STREAM_IDLE = 3600.0
"""Seconds after its last event until an emptied log stream goes."""


class Housekeeping:
    def __init__(self, cap: int = LOG_EVENTS) -> None:
        self._cap = cap

    def work(self, moment: float) -> None:
        for _, group in cloudwatch_logs._log_groups.all_items():
            with cloudwatch_logs._log_events_lock:
                trim(group, self._cap, moment)
        for _, entries in eventbridge._events_log.all_items():
            del entries[:-EVENT_LOG]


def trim(group: dict[str, Any], cap: int, now: float | None = None) -> int:
    """Drop a log group's oldest events in place; returns how many. Streams left empty for an hour go too."""
    now = time.time() if now is None else now
    days = group.get("retentionInDays")
    cutoff = (now - days * 86_400) * 1000 if days else 0.0
    streams: dict[str, dict[str, Any]] = group["streams"]
    gone = 0
    for stream in streams.values():
        gone += _drop(stream, sum(1 for event in stream["events"] if event["timestamp"] < cutoff) if days else 0)
    surplus = sum(len(stream["events"]) for stream in streams.values()) - cap
    for stream in sorted(streams.values(), key=_last_event):
        if surplus <= 0:
            break
        dropped = _drop(stream, min(surplus, len(stream["events"])))
        gone += dropped
        surplus -= dropped
    for name, stream in list(streams.items()):
        if not stream["events"] and stream["lastEventTimestamp"] and now - _last_event(stream) > STREAM_IDLE:
            del streams[name]
    return gone


def _last_event(stream: dict[str, Any]) -> float:
    """Epoch seconds."""
    return float(stream.get("lastEventTimestamp") or stream.get("creationTime") or 0) / 1000


def _drop(stream: dict[str, Any], count: int) -> int:
    # The events are in order of time.
    del stream["events"][:count]
    return count
