"""A line that is a record of metrics, in a few words: between job lines on a terminal, its JSON hides them."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from ops import formatting, invocation_log
from ops.logs import LogLine

MAX_METRICS = 6


def summary(line: LogLine) -> str:
    """A summary of the extension's record of an invocation, or of another record in the embedded metric format; empty
    for any other line, and for one that was cut. The values are untrusted text."""
    if line.cut or not line.text.startswith("{"):
        return ""
    at = line.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    parsed = invocation_log.parse({"@timestamp": at, "@message": line.text, "@logStream": line.stream})
    if parsed is not None and parsed.source == invocation_log.RECORD:
        return _invocation(parsed.request_id, parsed.values)
    return _metrics(line.text)


def _invocation(request: str, values: Any) -> str:
    failed = values.get("error_type") or ""
    parts = [f"{values.get('status') or 'ended'}{f' ({failed})' if failed else ''}"]
    for key, name in (("duration_ms", "duration"), ("init_ms", "init duration"), ("billed_ms", "billed")):
        if values.get(key) is not None:
            parts.append(f"{name} {formatting.latency(values[key])}")
    used, size = values.get("memory_used_mb"), values.get("memory_size_mb")
    if used is not None:
        parts.append(f"memory {used:,.0f}{f' of {size:,.0f}' if size else ''} MB")
    return f"[invocation {request}] {', '.join(parts)}"


def _metrics(text: str) -> str:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    about = found.get("_aws")
    sets = about.get("CloudWatchMetrics") if isinstance(about, dict) else None
    if not isinstance(sets, list):
        return ""
    listed = [metric for each in sets if isinstance(each, dict) for metric in each.get("Metrics") or ()]
    names = [str(metric["Name"]) for metric in listed if isinstance(metric, dict) and "Name" in metric]
    values = [f"{name} {_value(found.get(name))}" for name in dict.fromkeys(names)]
    more = f" and {len(values) - MAX_METRICS} more" if len(values) > MAX_METRICS else ""
    return f"[metrics] {', '.join(values[:MAX_METRICS])}{more}" if values else ""


def _value(found: Any) -> str:
    several = found if isinstance(found, list) else [found]
    return ", ".join(f"{value:,.6g}" if isinstance(value, (int, float)) else "?" for value in several[:3])
