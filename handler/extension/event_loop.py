"""The life of the extension after its start: one loop over the next event, telemetry deliveries and the clock.

One thread and ``poll``, so that an INVOKE is answered between two telemetry events and nothing needs a lock. Freezing
the environment anywhere in it is harmless: no step depends on how long another took.
"""

from __future__ import annotations

import select
import time

from handler.extension.diagnostics import Notices
from handler.extension.export_switch import bind_inbox, exporter
from handler.extension.fast_json import elements, parse
from handler.extension.lambda_api import ApiError, LambdaApi
from handler.extension.records.emf import Function, record
from handler.extension.records.invocation_tracker import InvocationTracker
from handler.extension.records.timestamps import now_ms
from handler.extension.stdout_writer import StdoutWriter
from handler.extension.telemetry_listener import Listener

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from handler.extension.otlp.exporter import Exporter
    from handler.extension.records.model import Invocation

SLICE = 8
"""Telemetry events read, or records written, before checking for an INVOKE: about 0.2 ms of work."""
OUTGOING_LIMIT = 1_000
"""Invocations waiting while stdout is stuck: about 2 MB. The oldest are dropped for newer ones, and counted."""
STUCK_MS = 50
"""How often to check whether a full stdout has room again."""
API_TRIES = 5
SHUTDOWN_MARGIN_MS = 400
"""Lambda gives external extensions 2,000 ms at SHUTDOWN, then kills them; this much of it is kept in reserve."""
SHUTDOWN_LIMIT_S = 1.5
FINISH_S = 0.2
"""What the export, and then stdout, get at least to finish with, however late it is."""
SETTLE_S = 0.05
"""Twice the telemetry buffering time: after so long without a delivery at SHUTDOWN, none is on its way."""


class EventLoop:
    """Works from INVOKE events if it has no listener, and as long as nothing comes to one that was not ``subscribed``."""

    def __init__(
        self,
        api: LambdaApi,
        listener: Listener | None,
        output: StdoutWriter,
        function: Function,
        init_type: str,
        *,
        subscribed: bool = True,
    ) -> None:
        self._api = api
        self._listener = listener
        self._expecting = listener is not None and subscribed
        self._output = output
        self._function = function
        self._notices = Notices(output, function)
        self._invocations = InvocationTracker(function.version, init_type)
        self._batches: list[Iterator[Any]] = []
        self._outgoing: list[Invocation] = []
        self._exporter: Exporter | None = None
        self._poll = select.poll()
        self._api_poll = select.poll()
        self._watched = -1
        self._failures = 0
        self._stop_at: float | None = None
        self._settled_at = 0.0
        self._reason = ""

    def run(self) -> int:
        """Serve until SHUTDOWN. Gives the exit code."""
        if self._listener is not None:
            self._poll.register(self._listener.fileno(), select.POLLIN)
        inbox = bind_inbox(self._notices)  # the runtime starts once the next event was asked for
        self._ask_next()
        self._exporter = exporter(self._function, self._notices, inbox)  # after that, as its modules take time to load
        while not self._finished():
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001 (whatever it is, the function must not notice)
                self._notices.unexpected(error)
        self._queue(self._invocations.flush(self._reason))
        while self._outgoing:
            self._write()
        if self._exporter is not None:
            self._exporter.finish(max(self._stop_at or 0.0, time.monotonic() + FINISH_S))
        self._notices.summarize()
        self._output.drain(max(FINISH_S, (self._stop_at or 0.0) - time.monotonic()))
        return 0 if self._reason else 1

    def _turn(self) -> None:
        # With work to do only the API is watched: deliveries wait in their sockets, and memory is bounded.
        to_read = bool(self._batches)
        to_write = bool(self._outgoing) and self._output.has_room
        to_export = self._exporter is not None and self._exporter.waiting
        busy = to_read or to_write or to_export
        for descriptor, _ in (self._api_poll if busy else self._poll).poll(0 if busy else self._poll_timeout()):
            if descriptor == self._api.fileno():
                self._event()
            elif self._listener is not None and descriptor == self._listener.fileno():
                self._accept(self._listener)
            elif self._listener is not None and descriptor in self._listener:
                self._deliver(self._listener, descriptor)
        if to_write:
            self._write()
        elif to_export and self._exporter is not None:
            self._exporter.work()
        elif to_read:
            self._read()

    def _poll_timeout(self) -> int | None:
        """Milliseconds to wait for something to happen; None waits without a limit."""
        if self._outgoing:
            return STUCK_MS
        return None if self._stop_at is None else 10

    def _finished(self) -> bool:
        if self._stop_at is None:
            return self._failures >= API_TRIES
        now = time.monotonic()
        exporting = self._exporter is not None and self._exporter.waiting
        unfinished = exporting or self._batches or self._outgoing or self._invocations.waiting or now < self._settled_at
        return now >= self._stop_at or not unfinished

    def _event(self) -> None:
        try:
            text = self._api.read_next()
        except ApiError as error:
            self._failed(error)
            return
        if text is not None:
            self._take(text)

    def _take(self, text: str) -> None:
        try:
            event = parse(text)
        except ValueError:
            event = None
        event = event if isinstance(event, dict) else {}
        kind = event.get("eventType")
        if kind == "SHUTDOWN":
            self._shut_down(event)
            return
        self._failures = 0
        self._ask_next()  # first of all: until then the invocation counts as unfinished
        if kind == "INVOKE":
            self._invoked(event)

    def _invoked(self, event: dict[str, Any]) -> None:
        if self._exporter is not None:
            self._exporter.read()
        request_id, tracing, arn = event.get("requestId"), event.get("tracing"), event.get("invokedFunctionArn")
        trace = tracing.get("value") if isinstance(tracing, dict) else ""
        if not isinstance(request_id, str) or not isinstance(trace, str):
            return
        arn = arn[:256] if isinstance(arn, str) else ""
        invocation = self._invocations.invoked(request_id[:128], trace[:256], now_ms(), arn)
        if invocation is not None and not self._expecting:
            self._queue([self._invocations.flush_one(invocation)])

    def _shut_down(self, event: dict[str, Any]) -> None:
        reason, deadline = event.get("shutdownReason"), event.get("deadlineMs")
        self._reason = reason if isinstance(reason, str) and reason else "unknown"
        left = SHUTDOWN_LIMIT_S
        if isinstance(deadline, int | float):
            left = min(left, (deadline - now_ms() - SHUTDOWN_MARGIN_MS) / 1000)
        now = time.monotonic()
        self._stop_at = now + max(left, SETTLE_S)
        self._settled_at = now + SETTLE_S
        self._watch_api(-1)
        if self._exporter is not None:
            self._exporter.hurry()

    def _ask_next(self) -> None:
        try:
            self._api.ask_next()
        except ApiError as error:
            self._failed(error)
        else:
            self._watch_api(self._api.fileno())

    def _failed(self, error: ApiError) -> None:
        """Ask again after a pause, a few times. When the API stays away the environment is gone: the end."""
        self._failures += 1
        if self._failures == 1:
            self._notices.warn("the Extensions API failed; trying again", reason=str(error))
        if self._failures < API_TRIES:
            time.sleep(0.02 * 2**self._failures)
            self._ask_next()

    def _watch_api(self, descriptor: int) -> None:
        if descriptor == self._watched:
            return
        for poll in (self._poll, self._api_poll):
            if self._watched >= 0:
                poll.unregister(self._watched)
            if descriptor >= 0:
                poll.register(descriptor, select.POLLIN)
        self._watched = descriptor

    def _accept(self, listener: Listener) -> None:
        descriptor, dropped = listener.accept()
        if dropped is not None:
            self._poll.unregister(dropped)
        if descriptor >= 0:
            self._poll.register(descriptor, select.POLLIN)

    def _deliver(self, listener: Listener, descriptor: int) -> None:
        bodies, still_open = listener.read(descriptor)
        if not still_open:
            self._poll.unregister(descriptor)
        self._expecting = self._expecting or bool(bodies)
        self._batches += [elements(body.decode("utf-8", "replace")) for body in bodies]
        self._settled_at = time.monotonic() + SETTLE_S

    def _read(self) -> None:
        """A slice of the oldest batch. Invocations go out when it ends: within one delivery, order is not relied on."""
        batch = self._batches[0]
        for _ in range(SLICE):
            try:
                event = next(batch)
            except StopIteration:
                break
            except ValueError:
                self._notices.unreadable("telemetry that is not JSON")
                break
            if isinstance(event, dict) and event.get("type") == "platform.logsDropped":
                self._notices.dropped(event.get("record"))
            elif not self._invocations.event(event):
                self._notices.unreadable("a telemetry event of an unknown shape")
        else:
            return
        del self._batches[0]
        self._queue(self._invocations.completed())

    def _queue(self, invocations: list[Invocation]) -> None:
        if self._exporter is not None:
            self._exporter.add(invocations, self._invocations.inits_apart())
        self._outgoing += invocations
        excess = len(self._outgoing) - OUTGOING_LIMIT
        if excess > 0:
            del self._outgoing[:excess]
            self._output.lost += excess

    def _write(self) -> None:
        """A slice of what is to be written."""
        invocations, self._outgoing = self._outgoing[:SLICE], self._outgoing[SLICE:]
        for invocation in invocations:
            self._output.line(record(invocation, self._function))
        self._notices.losses()
