"""One line about an invocation, in the fields that all formats share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handler.extension.records import rules
from ops import log_streams
from ops.invocation_log.values import text

RECORD, REPORT, TIMEOUT = "record", "report", "timeout"
EXIT = "exit"
INIT = "init"
ENDINGS = frozenset({RECORD, REPORT, TIMEOUT})
"""Sources that tell how an invocation ended. ``EXIT`` lines do too, but are failures in their own words; ``INIT`` lines
are of an environment."""


@dataclass(frozen=True)
class InvocationLogLine:
    """One line understood. ``source``: record, report, timeout, exit or init. ``values``: fields of
    ``invocations.Invocation``. ``at``: when it was written. ``as_json``: in the form that JSON logging gives it."""

    source: str
    request_id: str
    started: datetime
    values: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    stream: str = ""
    as_json: bool = False
    function: str = ""  # whose it is, where it says so


def function_of(stream: str) -> str:
    """The function that a log stream's name includes, as in a custom log group; empty where it includes none."""
    named = log_streams.parse(stream)
    return named.function if named else ""


def ended(
    source: str, request_id: str, at: datetime, stream: str, values: dict[str, Any], as_json: bool
) -> InvocationLogLine:
    """A line written when the invocation was over: when it began, and its version by the log stream's name."""
    init, restore = values.get("init_ms"), values.get("restore_ms")
    if source == REPORT:
        values["cold"] = rules.is_cold(values.get("init_type", ""), init, restore)
    error_type = rules.error_type(
        values["status"], values.get("error_type", ""), values.get("memory_used_mb"), values.get("memory_size_mb")
    )
    if error_type or "error_type" in values:
        values["error_type"] = error_type
    named = log_streams.parse(stream)
    values["version"] = named.version if named else ""
    lasted = (values.get("duration_ms") or 0.0) + (init or restore or 0.0)
    started = at - timedelta(milliseconds=lasted)
    return InvocationLogLine(source, text(request_id), started, values, at, stream, as_json, function_of(stream))
