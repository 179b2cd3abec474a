"""What Lambda's telemetry means: whether an invocation was cold, and what ended it. One rule each, for every reader.

The extension applies them to telemetry events, ``ops.insight`` to log lines: both must come to the same answer.
"""

from __future__ import annotations

TIMED_OUT = "Sandbox.Timedout"
OUT_OF_MEMORY = "Runtime.OutOfMemory"
EXITED = "Runtime.ExitError"
UNSPECIFIED_ERRORS = ("", EXITED)
"""Error types of an exit whose cause is not reported: a kill may be behind it."""

ON_DEMAND = "on-demand"
PROVISIONED = "provisioned-concurrency"
SNAP_START = "snap-start"
SUPPRESSED = "invoke"
"""Phase of an initialization that runs inside an invocation, after a failed one (telemetry-schema-reference)."""


def managed(init_type: str) -> bool:
    """Managed Instances: billed by the instance; ``platform.runtimeDone`` is never sent, and reports hold a duration
    only (telemetry-schema-reference, schema 2025-01-29)."""
    return "managed" in init_type


def ahead(init_type: str) -> bool:
    """Whether environments of this type initialize before there is anything to do."""
    return init_type == PROVISIONED or managed(init_type)


def is_cold(init_type: str, init: float | None, restore: float | None, phase: str = "") -> bool:
    """Whether the invocation waited for an initialization (``init``, ms) or for a restore (``restore``, ms).

    ``phase``: of the initialization that it was the first to use, where that is known. Provisioned concurrency and
    Managed Instances initialize ahead, whatever their reports name; a suppressed initialization is always waited for.
    """
    if ahead(init_type):
        return phase == SUPPRESSED
    return init is not None or restore is not None or bool(phase)


def kind_of(init_type: str, restore: float | None) -> str:
    """The initialization type, where a restore may show that it is SnapStart."""
    return SNAP_START if restore is not None and init_type in ("", ON_DEMAND) else init_type


def expected(init_type: str) -> tuple[str, ...]:
    """The events that tell of an invocation in an environment of this type."""
    every = ("platform.start", "platform.runtimeDone", "platform.report")
    return tuple(event for event in every if event != "platform.runtimeDone") if managed(init_type) else every


def error_type(status: str, reported: str, used_mb: float | None = None, size_mb: float | None = None) -> str:
    """What ended an invocation of this status. ``reported``: the error type that the platform reported, or empty.

    Lambda reports timeouts, and some out-of-memory kills, without the type that they have elsewhere.
    """
    if status == "timeout" and reported in UNSPECIFIED_ERRORS:
        return TIMED_OUT
    full = used_mb is not None and size_mb is not None and used_mb >= size_mb > 0
    if status in ("error", "failure") and reported in UNSPECIFIED_ERRORS and full:
        return OUT_OF_MEMORY
    return reported


def exit_type(text: str) -> str:
    """What ended a process, from the platform's words about it, in which a type of its own may follow the reason.

    A kill by signal 9 is what Lambda does when the memory is used up.
    """
    if "signal: killed" in text or OUT_OF_MEMORY in text:
        return OUT_OF_MEMORY
    words = text.split()
    named = words[-1] if words else ""
    return named if named.startswith(("Runtime.", "Extension.", "Sandbox.")) else EXITED
