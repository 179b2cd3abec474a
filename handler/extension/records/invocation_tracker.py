"""Joins telemetry events into invocations, one per attempt.

Shapes: Lambda developer guide, telemetry-schema-reference, schema 2025-01-29. They are read leniently: the guide's own
samples leave out required members, events come twice, late, out of order, or not at all, and new kinds appear.
"""

from __future__ import annotations

from handler.extension.records import rules
from handler.extension.records.attempts import RANKS, Attempts
from handler.extension.records.model import Init
from handler.extension.records.timestamps import epoch_ms, iso
from handler.extension.records.tolerant_fields import items, mapping, number, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from handler.extension.records.model import Invocation

APART_LIMIT = 100
"""Initializations that are kept for the export; without one no one takes them."""
ENDED_BY = {"TIMEOUT": "timeout", "FAILURE": "error"}


class InvocationTracker:
    """Feed it events; take the invocations whose report has come."""

    def __init__(self, version: str = "", init_type: str = "") -> None:
        self._version = version
        self._init_type = init_type
        self._attempts = Attempts()
        self._ready: list[Invocation] = []
        self._init: Init | None = None
        self._apart: list[Init] = []
        self._unsorted: list[
            tuple[str, dict[str, Any], str]
        ] = []  # type, record and time of what this delivery brought
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
        return bool(self._attempts or self._ready or self._unsorted)

    def event(self, event: Any) -> bool:
        """Take in one telemetry event. False if it is not readable; an unknown type is fine and changes nothing."""
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            return False
        if event["type"] not in self._handlers:
            return True
        record = event.get("record")
        if not isinstance(record, dict) or (event["type"] in RANKS and not text(record, "requestId")):
            return False
        self._unsorted.append((event["type"], record, text(event, "time")))
        return True

    def invoked(self, request_id: str, trace: str, at_ms: int, arn: str = "") -> Invocation | None:
        """The Extensions API announced an attempt. ``at_ms`` stands in until telemetry tells when it began."""
        if not request_id:
            return None
        self._make_room()
        invocation = self._attempts.announced(request_id)
        invocation.version = invocation.version or self._version
        invocation.trace = invocation.trace or trace
        invocation.arn = arn
        if not invocation.started:
            invocation.started, invocation.started_ms = iso(at_ms), at_ms
        return invocation

    def completed(self) -> list[Invocation]:
        """Invocations that are complete or given up. Call it at the end of a batch: within one, order is not reliable."""
        self._sort_out()
        ready, self._ready = self._ready, []
        for invocation in [each for each in self._attempts.open() if "platform.report" in each.seen]:
            ready.append(self._close(invocation))
        return ready

    def flush(self, shutdown_reason: str = "") -> list[Invocation]:
        """Everything, when no more telemetry will come. The reason for the shutdown tells how an open one ended."""
        ready = self.completed()
        for invocation in self._attempts.open():
            invocation.status = invocation.status or ENDED_BY.get(shutdown_reason, "")
            ready.append(self._close(invocation))
        self._set_apart()
        return ready

    def inits_apart(self) -> list[Init]:
        """Initializations since the last call that no invocation waited for: ahead of time, or failed."""
        apart, self._apart = self._apart, []
        return apart

    def flush_one(self, invocation: Invocation) -> Invocation:
        """This one as it is, where there is no telemetry to wait for. The environment's first one is cold."""
        invocation.cold = self._attempts.first and not rules.ahead(self._init_type)
        return self._close(invocation)

    def _sort_out(self) -> None:
        """Reads a delivery in order of time, starts before ends of the same moment. Events without a time keep their
        place."""
        events, self._unsorted = self._unsorted, []
        keyed: list[tuple[int, int, int, str, dict[str, Any], str]] = []
        latest = 0
        for kind, record, time in events:
            moment = epoch_ms(time)
            latest = latest if moment is None else moment
            keyed.append((latest, RANKS.get(kind, -1), len(keyed), kind, record, time))
        keyed.sort(key=lambda each: each[:3])
        for _, _, _, kind, record, time in keyed:
            self._handlers[kind](record, time)

    def _make_room(self) -> None:
        if (overdue := self._attempts.overdue()) is not None:
            self._ready.append(self._close(overdue))

    def _close(self, invocation: Invocation) -> Invocation:
        self._attempts.close(invocation)
        invocation.init_type = self._type_of(invocation)
        invocation.name_error()
        return invocation

    def _type_of(self, invocation: Invocation) -> str:
        """The initialization type by the report, otherwise by the INIT before it, otherwise by the environment."""
        init_type = invocation.init_type or (self._init.type if self._init else "") or self._init_type
        return rules.kind_of(init_type, invocation.restore)

    def _init_start(self, record: dict[str, Any], time: str) -> None:
        self._set_apart()
        self._init = Init(
            text(record, "phase"),
            text(record, "initializationType"),
            text(record, "functionVersion"),
            epoch_ms(time),
        )

    def _set_apart(self) -> None:
        """The latest initialization, if it is over and no invocation has used it. One before a snapshot ran elsewhere."""
        init = self._init
        if init is not None and not init.used and init.duration is not None and init.type != rules.SNAP_START:
            init.used = True
            self._apart = [*self._apart, init][-APART_LIMIT:]

    def _restore_start(self, record: dict[str, Any], time: str) -> None:
        self._init = Init(rules.SNAP_START, rules.SNAP_START, text(record, "functionVersion"), epoch_ms(time))

    def _known_init(self, record: dict[str, Any]) -> Init:
        if self._init is None:  # its start was dropped
            self._init = Init(text(record, "phase"), text(record, "initializationType"), "", None)
        return self._init

    def _init_runtime_done(self, record: dict[str, Any], time: str) -> None:
        init, done = self._known_init(record), epoch_ms(time)
        if init.started_ms is not None and done is not None and done >= init.started_ms:
            init.runtime = done - init.started_ms

    def _init_report(self, record: dict[str, Any], _time: str) -> None:
        init = self._known_init(record)
        init.duration = number(mapping(record, "metrics"), "durationMs")
        init.status, init.error_type = text(record, "status"), text(record, "errorType")

    def _restore_report(self, record: dict[str, Any], _time: str) -> None:
        known = self._known_init({"phase": rules.SNAP_START, "initializationType": rules.SNAP_START})
        known.restore = number(mapping(record, "metrics"), "durationMs")
        known.status, known.error_type = text(record, "status"), text(record, "errorType")

    def _start(self, record: dict[str, Any], time: str) -> None:
        invocation = self._see(record, "platform.start", time)
        if invocation is None:
            return
        started_ms = epoch_ms(time)
        if started_ms is not None:
            invocation.started, invocation.started_ms = time, started_ms
        invocation.version = text(record, "version") or invocation.version

    def _runtime_done(self, record: dict[str, Any], time: str) -> None:
        invocation = self._see(record, "platform.runtimeDone", time)
        if invocation is None:
            return
        metrics = mapping(record, "metrics")
        if invocation.duration is None:
            invocation.duration = number(metrics, "durationMs")
        invocation.produced = number(metrics, "producedBytes")
        invocation.status = invocation.status or text(record, "status")

    def _report(self, record: dict[str, Any], time: str) -> None:
        invocation = self._see(record, "platform.report", time)
        if invocation is None:
            return
        metrics = mapping(record, "metrics")
        reported = number(metrics, "durationMs")
        invocation.duration = invocation.duration if reported is None else reported
        invocation.billed = number(metrics, "billedDurationMs")
        invocation.memory_used = number(metrics, "maxMemoryUsedMB")
        invocation.memory_size = number(metrics, "memorySizeMB")
        invocation.init = number(metrics, "initDurationMs")
        invocation.restore = number(metrics, "restoreDurationMs")
        invocation.billed_restore = number(metrics, "billedRestoreDurationMs")
        invocation.init_type = text(record, "initializationType")
        invocation.status = text(record, "status") or invocation.status
        self._attach_init(invocation, epoch_ms(time))

    def _see(self, record: dict[str, Any], kind: str, time: str) -> Invocation | None:
        """What the three events of an attempt have in common. None: it repeats another event, or comes too late."""
        self._make_room()
        invocation = self._attempts.of(text(record, "requestId"), kind, epoch_ms(time))
        if invocation is not None:
            invocation.version = invocation.version or self._version
            invocation.trace = text(mapping(record, "tracing"), "value") or invocation.trace
            invocation.failed_with(text(record, "errorType"))
            for span in items(record, "spans"):
                if isinstance(span, dict) and len(invocation.spans) < 16:
                    length = number(span, "durationMs")
                    if length is not None:
                        invocation.spans[text(span, "name")] = length
        return invocation

    def _attach_init(self, invocation: Invocation, reported_ms: int | None) -> None:
        """An initialization belongs to the first invocation reported after it began: that one waited for it.

        A report older than the initialization is of the invocation that failed before it. One that ran ahead, waited for
        by no one, leaves no trace in the invocation: its time is not in what the report bills.
        """
        phase = self._claim_init(invocation, reported_ms)
        kind = self._type_of(invocation)
        invocation.cold = rules.is_cold(kind, invocation.init, invocation.restore, phase)
        invocation.phase = phase if invocation.cold else ""
        if rules.ahead(kind) and phase != rules.SUPPRESSED:
            invocation.init = invocation.runtime_init = None
            self._apart = [*self._apart, *invocation.inits][-APART_LIMIT:]
            invocation.inits = []

    def _claim_init(self, invocation: Invocation, reported_ms: int | None) -> str:
        """Take over the initialization that no other invocation has used: its phase, or empty."""
        init = self._init
        if init is None or init.used:
            return ""
        if reported_ms is not None and init.started_ms is not None and reported_ms < init.started_ms:
            return ""
        init.used = True
        invocation.version = invocation.version or init.version
        invocation.restore = init.restore if invocation.restore is None else invocation.restore
        if init.type != rules.SNAP_START:  # the init before a snapshot ran when the version was published
            invocation.runtime_init = init.runtime
            invocation.init = init.duration if invocation.init is None else invocation.init
        if init.type != rules.SNAP_START or init.restore is not None:
            invocation.inits.append(init)
        return init.phase or "init"
