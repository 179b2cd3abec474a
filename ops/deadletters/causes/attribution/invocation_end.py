"""How an invocation ended, as the platform or the extension wrote it, in the words of a cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from handler.extension.records import rules
from ops import formatting, invocation_log

ENDED_WELL = ("success", "", None)
"""Values of ``status`` (Telemetry API schema 2025-01-29: success, failure, error, timeout)."""
_PROCESS_GONE = ("ExitError", "Crash", "Lambda.Error")


def failed(end: invocation_log.InvocationLogLine) -> bool:
    """Whether the invocation failed as a whole."""
    return end.source == invocation_log.TIMEOUT or end.values.get("status") not in ENDED_WELL


def timed_out(end: invocation_log.InvocationLogLine) -> bool:
    return end.source == invocation_log.TIMEOUT or end.values.get("status") == "timeout"


def killed(end: invocation_log.InvocationLogLine) -> bool:
    """Ended from outside, so that nothing logged before is the cause."""
    return timed_out(end) or "OutOfMemory" in str(end.values.get("error_type"))


def ended_at(end: invocation_log.InvocationLogLine) -> datetime:
    return end.started + timedelta(milliseconds=end.values.get("duration_ms") or 0.0)


def failure_of(end: invocation_log.InvocationLogLine) -> tuple[str, str]:
    """Error type and sentence of an invocation that failed as a whole."""
    values = end.values
    kind = str(values.get("error_type") or ("Sandbox.Timedout" if timed_out(end) else "Lambda.Error"))
    duration, used, size = (values.get(name) for name in ("duration_ms", "memory_used_mb", "memory_size_mb"))
    if "OutOfMemory" in kind and used and size:
        return kind, f"the environment was killed for memory: {used:,.0f} of {size:,.0f} MB used"
    if timed_out(end):
        after = f" after {formatting.duration(duration / 1000)}" if duration else ""
        return kind, f"the invocation was stopped at the function's timeout{after}"
    raised = values.get("status") == "error" and not values.get("error_type")
    if values.get("status") == "failure" or (kind.endswith(_PROCESS_GONE) and not raised):
        return kind, "the environment ended before the batch was done"
    return kind, "the function raised an error; no line of the invocation gives the reason"


def knows_more(end: invocation_log.InvocationLogLine, known: invocation_log.InvocationLogLine | None) -> bool:
    """Whether ``end`` tells more of the same end than ``known``: the record knows most, then REPORT, then "Task timed
    out", but of those that call it a success none more than one that tells of a failure."""
    if known is None or failed(end) != failed(known):
        return known is None or failed(end)
    return _KNOWS.index(end.source) >= _KNOWS.index(known.source)


def with_memory_limit(
    end: invocation_log.InvocationLogLine | None, kind: str
) -> invocation_log.InvocationLogLine | None:
    """``end`` as a kill for memory, where the process exited (``kind``) with all of the memory used."""
    if end is None or kind == rules.OUT_OF_MEMORY:
        return None
    used, size = end.values.get("memory_used_mb"), end.values.get("memory_size_mb")
    if rules.error_type("error", kind, used, size) != rules.OUT_OF_MEMORY:
        return None
    return replace(end, values={**end.values, "status": "error", "error_type": rules.OUT_OF_MEMORY})


_KNOWS = (invocation_log.EXIT, invocation_log.TIMEOUT, invocation_log.REPORT, invocation_log.RECORD)
