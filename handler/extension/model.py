"""What the extension knows of an initialisation and of an invocation. Times in milliseconds, memory in MB."""

from __future__ import annotations

TIMED_OUT = "Sandbox.Timedout"
OUT_OF_MEMORY = "Runtime.OutOfMemory"
KILLED = ("", "Runtime.ExitError")
"""What an out-of-memory kill is called where it is not told apart from any other exit."""


class Init:
    """The latest initialisation of this environment, or its restoration from a snapshot."""

    __slots__ = ("duration", "phase", "restore", "runtime", "started_ms", "type", "used", "version")

    def __init__(self, phase: str, kind: str, version: str, started_ms: int | None) -> None:
        self.phase = phase  # init | invoke (after a failed one, inside an invocation's duration) | snap-start
        self.type = kind  # on-demand | provisioned-concurrency | snap-start | …
        self.version = version
        self.started_ms = started_ms
        self.duration: float | None = None
        self.runtime: float | None = None
        self.restore: float | None = None
        self.used = False


class Invocation:
    """What is known of one invocation. Times in milliseconds, memory in MB; None or "" where nothing told."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.version = ""
        self.trace = ""
        self.started = ""
        self.started_ms: int | None = None
        self.status = ""
        self.error_type = ""
        self.cold = False
        self.phase = ""
        self.init_type = ""
        self.init: float | None = None
        self.runtime_init: float | None = None
        self.restore: float | None = None
        self.duration: float | None = None
        self.billed: float | None = None
        self.memory_used: float | None = None
        self.memory_size: float | None = None
        self.produced: float | None = None
        self.spans: dict[str, float] = {}
        self.seen: set[str] = set()


def name_error(invocation: Invocation) -> None:
    """Lambda reports a timeout, and some out-of-memory kills, without the error type they have elsewhere."""
    if invocation.status == "timeout":
        invocation.error_type = invocation.error_type or TIMED_OUT
    elif invocation.status in ("error", "failure") and invocation.error_type in KILLED:
        used, size = invocation.memory_used, invocation.memory_size
        if used is not None and size is not None and used >= size > 0:
            invocation.error_type = OUT_OF_MEMORY
