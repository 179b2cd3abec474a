"""Patches: log events are searched for embedded metrics when they arrive, and filtered by what a pattern means.

See ``emf_parser`` and ``filter_pattern`` for the AWS behavior they stand for. MiniStack extracts no metrics, takes every JSON
pattern for "everything", and matches terms word by word whatever their case.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import error_response_json

from ops.twin.emulator.cloudwatch.metric_store import publish
from ops.twin.emulator.logs.emf_parser import extract
from ops.twin.emulator.logs.event_pages import filter_in_pages
from ops.twin.emulator.logs.filter_pattern import PatternError, compile_pattern
from ops.twin.emulator.patch import Patch

LOGS = "services.cloudwatch_logs"


def patches() -> list[Patch]:
    return [
        Patch(LOGS, "_append_log_events", _extracting, "metrics in log events are extracted"),
        Patch(LOGS, "_compile_filter_pattern", lambda _: lambda raw: compile_pattern(raw or ""), "filter patterns"),
        Patch(LOGS, "_subscription_pattern_matches", lambda _: _matches, "filter patterns of subscriptions"),
        Patch(LOGS, "_filter_log_events", filter_in_pages, "events in pages, oldest or newest first"),
        Patch(LOGS, "_filter_log_events", _refusing, "a pattern that means nothing is refused"),
    ]


def _extracting(original: Any) -> Any:
    def append(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
        original(stream, events)
        for event in events:
            for found in extract(str(event.get("message", ""))):
                publish(found.namespace, found.name, found.dimensions, found.when, found.unit, found.values)

    return append


def _matches(pattern: str, message: str) -> bool:
    try:
        return compile_pattern(pattern or "")(message)
    except PatternError:
        return False


def _refusing(original: Any) -> Any:
    def filtered(data: dict[str, Any]) -> Any:
        try:
            return original(data)
        except PatternError as error:
            return error_response_json("InvalidParameterException", f"Invalid filter pattern: {error}", 400)

    return filtered
