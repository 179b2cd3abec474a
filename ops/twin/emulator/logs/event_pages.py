"""FilterLogEvents in pages, oldest or newest first.

Stands for: FilterLogEvents' ``startFromHead`` and ``nextToken``, and pages of at most 10,000 events or 1 MB (botocore
1.44.5 model, 2026-11). MiniStack answers the oldest events only, and never that there are more. Leaves out: pages that
are empty or partly full although there are more.
"""

from __future__ import annotations

import re
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch_logs as service

MAX_EVENTS = 10_000
MAX_BYTES = 1_000_000
_TOKEN = re.compile(r"([fb])/(\d{1,12})")


def filter_in_pages(original: Any) -> Any:
    """Replaces MiniStack's ``_filter_log_events``. Raises PatternError."""

    def filtered(data: dict[str, Any]) -> Any:
        group = service._resolve_log_group_name(data)
        token = _TOKEN.fullmatch(data.get("nextToken") or ("b/0" if data.get("startFromHead") is False else "f/0"))
        if token is None or group not in service._log_groups:
            return original(data) if token else error_response_json("InvalidParameterException", "nextToken", 400)
        matches = service._compile_filter_pattern(data.get("filterPattern", ""))
        start, end = data.get("startTime", 0), data.get("endTime", 2**62)
        names = data.get("logStreamNames")
        with service._log_events_lock:
            streams = service._log_groups[group]["streams"]
            events = [
                {**event, "logStreamName": name}
                for name, stream in streams.items()
                if not names or name in names
                for event in stream["events"]
                if start <= event["timestamp"] <= end and matches(event.get("message", ""))
            ]
        events.sort(key=lambda event: (event["timestamp"], event.get("ingestionTime", 0)))
        if token[1] == "b":
            events.reverse()
        offset = int(token[2])
        page = _page(events[offset : offset + min(data.get("limit") or MAX_EVENTS, MAX_EVENTS)])
        following = offset + len(page)
        more = {"nextToken": f"{token[1]}/{following}"} if following < len(events) else {}
        return json_response({"events": page, "searchedLogStreams": [], **more})

    return filtered


def _page(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many events as fit, but at least one."""
    size = 0
    for number, event in enumerate(events):
        size += len(event.get("message", "").encode(errors="surrogatepass"))
        if number and size > MAX_BYTES:
            return events[:number]
    return events
