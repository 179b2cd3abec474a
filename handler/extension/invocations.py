"""Joins telemetry events into invocations, by request id.

Shapes: Lambda developer guide, telemetry-schema-reference, schema 2025-01-29. They are read leniently: the guide's own
samples leave out required members, events come twice, late, out of order, or not at all, and new kinds appear.
"""

from __future__ import annotations

from handler.extension.lenient import items, mapping, number, text
from handler.extension.model import Init, Invocation, name_error
from handler.extension.times import epoch_ms, iso

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OPEN_LIMIT = 1_000
"""Invocations kept while they wait for their report. The oldest is given up for a newer one."""
REMEMBERED = 1_000
"""Request ids already given out, so that a repeated delivery does not become a second record."""
ENDED_BY = {"TIMEOUT": "timeout", "FAILURE": "error"}


class Invocations:
    """Feed it events; take the invocations whose report has come."""

    def __init__(self, version: str = "", init_type: str = "") -> None:
        self._version = version
        self._init_type = init_type
        self._open: dict[str, Invocation] = {}
        self._given: dict[str, None] = {}
        self._ready: list[Invocation] = []
        self._init: Init | None = None
        self._handlers = {
            "platform.initStart": self._init_start,
            "platform.initRuntimeDone": self._init_runtime_done,
            "platform.initReport": self._init_report,
            "platform.restoreStart": self._restore_start,
            "platform.restoreReport": self._restore_report,
            "platform.start": self._start,
            "platform.runtimeDone": self._runtime_done,
            "platform.report": self._report,
        }

    @property
    def waiting(self) -> bool:
        return bool(self._open or self._ready)

    def event(self, event: Any) -> bool:
        """Take in one telemetry event. False if it is not readable; an unknown type is fine and changes nothing."""
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            return False
        handler = self._handlers.get(event["type"])
        if handler is None:
            return True
        record = event.get("record")
        if not isinstance(record, dict):
            return False
        return handler(record, text(event, "time"))

    def invoked(self, request_id: str, trace: str, at_ms: int) -> Invocation | None:
        """The Extensions API announced an invocation. ``at_ms`` stands in until telemetry tells when it began."""
        invocation = self._of(request_id)
        if invocation is not None:
            invocation.trace = invocation.trace or trace
            if not invocation.started:
                invocation.started, invocation.started_ms = iso(at_ms), at_ms
        return invocation

    def take(self) -> list[Invocation]:
        """Those that are complete or given up. For the end of a batch: inside one, order is not relied on."""
        ready, self._ready = self._ready, []
        for invocation in [each for each in self._open.values() if "platform.report" in each.seen]:
            ready.append(self._close(invocation))
        return ready

    def take_all(self, shutdown_reason: str = "") -> list[Invocation]:
        """Everything, when no more telemetry will come. The reason for the shutdown tells how an open one ended."""
        ready = self.take()
        for invocation in list(self._open.values()):
            invocation.status = invocation.status or ENDED_BY.get(shutdown_reason, "")
            ready.append(self._close(invocation))
        return ready

    def take_now(self, invocation: Invocation) -> Invocation:
        """This one as it is, where there is no telemetry to wait for. The environment's first one is cold."""
        invocation.cold = not self._given and self._init_type != "provisioned-concurrency"
        return self._close(invocation)

    def _of(self, request_id: str) -> Invocation | None:
        if not request_id or request_id in self._given:
            return None
        invocation = self._open.get(request_id)
        if invocation is None:
            if len(self._open) >= OPEN_LIMIT:
                self._ready.append(self._close(next(iter(self._open.values()))))
            invocation = self._open[request_id] = Invocation(request_id)
            invocation.version = self._version
        return invocation

    def _close(self, invocation: Invocation) -> Invocation:
        del self._open[invocation.request_id]
        self._given[invocation.request_id] = None
        if len(self._given) > REMEMBERED:
            del self._given[next(iter(self._given))]
        invocation.init_type = self._init.type if self._init and self._init.type else self._init_type
        name_error(invocation)
        return invocation

    def _init_start(self, record: dict[str, Any], time: str) -> bool:
        self._init = Init(
            text(record, "phase"),
            text(record, "initializationType"),
            text(record, "functionVersion"),
            epoch_ms(time),
        )
        return True

    def _restore_start(self, record: dict[str, Any], time: str) -> bool:
        self._init = Init("snap-start", "snap-start", text(record, "functionVersion"), epoch_ms(time))
        return True

    def _known_init(self, record: dict[str, Any]) -> Init:
        if self._init is None:  # its start was dropped
            self._init = Init(text(record, "phase"), text(record, "initializationType"), "", None)
        return self._init

    def _init_runtime_done(self, record: dict[str, Any], time: str) -> bool:
        init, done = self._known_init(record), epoch_ms(time)
        if init.started_ms is not None and done is not None and done >= init.started_ms:
            init.runtime = done - init.started_ms
        return True

    def _init_report(self, record: dict[str, Any], _time: str) -> bool:
        self._known_init(record).duration = number(mapping(record, "metrics"), "durationMs")
        return True

    def _restore_report(self, record: dict[str, Any], _time: str) -> bool:
        self._known_init({"phase": "snap-start", "initializationType": "snap-start"}).restore = number(
            mapping(record, "metrics"), "durationMs"
        )
        return True

    def _start(self, record: dict[str, Any], time: str) -> bool:
        invocation = self._see(record, "platform.start")
        if invocation is None:
            return bool(text(record, "requestId"))
        started_ms = epoch_ms(time)
        if started_ms is not None:
            invocation.started, invocation.started_ms = time, started_ms
        invocation.version = text(record, "version") or invocation.version
        return True

    def _runtime_done(self, record: dict[str, Any], _time: str) -> bool:
        invocation = self._see(record, "platform.runtimeDone")
        if invocation is None:
            return bool(text(record, "requestId"))
        metrics = mapping(record, "metrics")
        if invocation.duration is None:
            invocation.duration = number(metrics, "durationMs")
        invocation.produced = number(metrics, "producedBytes")
        invocation.status = invocation.status or text(record, "status")
        return True

    def _report(self, record: dict[str, Any], time: str) -> bool:
        invocation = self._see(record, "platform.report")
        if invocation is None:
            return bool(text(record, "requestId"))
        metrics = mapping(record, "metrics")
        reported = number(metrics, "durationMs")
        invocation.duration = invocation.duration if reported is None else reported
        invocation.billed = number(metrics, "billedDurationMs")
        invocation.memory_used = number(metrics, "maxMemoryUsedMB")
        invocation.memory_size = number(metrics, "memorySizeMB")
        invocation.init = number(metrics, "initDurationMs")
        invocation.restore = number(metrics, "restoreDurationMs")
        invocation.status = text(record, "status") or invocation.status
        self._attach_init(invocation, epoch_ms(time))
        return True

    def _see(self, record: dict[str, Any], kind: str) -> Invocation | None:
        """What the three events of an invocation have in common."""
        invocation = self._of(text(record, "requestId"))
        if invocation is not None:
            invocation.seen.add(kind)
            invocation.trace = text(mapping(record, "tracing"), "value") or invocation.trace
            invocation.error_type = text(record, "errorType") or invocation.error_type
            for span in items(record, "spans"):
                if isinstance(span, dict) and len(invocation.spans) < 16:
                    length = number(span, "durationMs")
                    if length is not None:
                        invocation.spans[text(span, "name")] = length
        return invocation

    def _attach_init(self, invocation: Invocation, reported_ms: int | None) -> None:
        """An initialisation belongs to the first invocation reported after it began: that one waited for it.

        With provisioned concurrency nobody waited, so it is not a cold start unless the report itself names an INIT.
        A report older than the initialisation is of the invocation that died before it.
        """
        init = self._init
        invocation.cold = invocation.init is not None or invocation.restore is not None
        if init is None or init.used:
            return
        if None not in (reported_ms, init.started_ms) and reported_ms < init.started_ms:  # type: ignore[operator]
            return
        init.used = True
        if init.type == "provisioned-concurrency" and not invocation.cold:
            return
        invocation.cold = True
        invocation.phase = init.phase
        invocation.runtime_init = init.runtime
        invocation.init = init.duration if invocation.init is None else invocation.init
        invocation.restore = init.restore if invocation.restore is None else invocation.restore
        invocation.version = invocation.version or init.version
