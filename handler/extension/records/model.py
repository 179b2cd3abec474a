"""What the extension knows about an initialization and an invocation. Times in milliseconds, memory in MB."""

from __future__ import annotations

from handler.extension.records.rules import UNSPECIFIED_ERRORS, error_type


class Init:
    """The latest initialization of this environment, or its restoration from a snapshot."""

    __slots__ = (
        "duration",
        "error_type",
        "phase",
        "restore",
        "runtime",
        "started_ms",
        "status",
        "type",
        "used",
        "version",
    )

    def __init__(self, phase: str, kind: str, version: str, started_ms: int | None) -> None:
        self.phase = phase  # init | invoke (after a failed one, inside an invocation's duration) | snap-start
        self.type = kind  # on-demand | provisioned-concurrency | snap-start | …
        self.version = version
        self.started_ms = started_ms
        self.duration: float | None = None
        self.runtime: float | None = None
        self.restore: float | None = None
        self.status = ""
        self.error_type = ""
        self.used = False


class Invocation:
    """What is known of one attempt at an invocation: a retried one keeps its request id.

    Times in milliseconds, memory in MB; None or "" where unknown. ``seen``: event type → when it was (None: its
    time was unreadable).
    """

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.version = ""
        self.trace = ""
        self.arn = ""  # as invoked: it may name an alias
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
        self.billed_restore: float | None = None
        self.duration: float | None = None
        self.billed: float | None = None
        self.memory_used: float | None = None
        self.memory_size: float | None = None
        self.produced: float | None = None
        self.inits: list[Init] = []  # that it waited for
        self.spans: dict[str, float] = {}
        self.seen: dict[str, int | None] = {}
        self.announced = False  # by the Extensions API

    def failed_with(self, reported_type: str) -> None:
        """An event names an error type: the most specific one is kept, in whatever order they arrive."""
        if reported_type and self.error_type in UNSPECIFIED_ERRORS:
            self.error_type = reported_type

    def name_error(self) -> None:
        """Settle the error type, once all is known that will be."""
        self.error_type = error_type(self.status, self.error_type, self.memory_used, self.memory_size)
