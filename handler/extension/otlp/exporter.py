"""The export as the event loop sees it: it adds invocations, and does a little work while nothing else is waiting."""

from __future__ import annotations

import posix
import sys
import time

from handler.extension.otlp.attributes import resource
from handler.extension.otlp.deliveries import Deliveries
from handler.extension.otlp.sender import Sender
from handler.extension.otlp.settings import METRICS, TRACES, Settings
from handler.extension.otlp.spans import TraceHeader, init_spans, invocation_spans, new_id
from handler.extension.records.model import Init

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handler.extension.diagnostics import Notices
    from handler.extension.inbox import Inbox
    from handler.extension.otlp.metrics import Aggregates
    from handler.extension.records.emf import Function
    from handler.extension.records.model import Invocation

WAITING_LIMIT = 1_000
"""Invocations whose spans are not made yet. The oldest are given up for newer ones."""
REPORT_EVERY_S = 60.0
SWITCH_S = 0.0005
"""How long the sender's thread may go on while the event loop wants to: by default it is ten times as long."""


class Exporter:
    def __init__(self, function: Function, settings: Settings, inbox: Inbox, notices: Notices) -> None:
        self._function = function
        self._settings = settings
        self._notices = notices
        self._sampler = settings.sampler()
        self._deliveries = Deliveries(inbox)
        self._waiting: list[Invocation | Init] = []
        self._unmade = 0  # invocations given up before their spans were made
        self._reported = {TRACES: 0, METRICS: 0}
        self._report_at = 0.0
        sys.setswitchinterval(SWITCH_S)
        self._sender = Sender(settings, resource(function, settings))
        for problem in dict.fromkeys(settings.problems):
            notices.warn(f"OTLP export: {problem}")
        if inbox.refusal:
            text = "OTLP export: the handler cannot tell of its messages, there will be no queue waits"
            notices.warn(text, reason=inbox.refusal)

    @property
    def waiting(self) -> bool:
        """Whether ``work`` has something to do."""
        return bool(self._waiting) or any(channel.told for channel in self._sender.channels.values())

    def read(self) -> None:
        """Take in what the handler has told."""
        self._deliveries.read()

    def add(self, invocations: list[Invocation], inits: list[Init]) -> None:
        self._waiting += inits
        self._waiting += invocations
        excess = len(self._waiting) - WAITING_LIMIT
        if excess > 0:
            del self._waiting[:excess]
            self._unmade += excess

    def work(self) -> None:
        """One step: the spans and metrics of one invocation, and what there is to report."""
        self._deliveries.read()
        if self._waiting:
            item = self._waiting.pop(0)
            try:
                if isinstance(item, Init):
                    self._init(item)
                else:
                    self._invocation(item)
            except Exception as error:  # noqa: BLE001 (it costs this item only)
                self._unmade += 1
                self._notices.unexpected(error)
        self.report()

    def hurry(self) -> None:
        self._sender.hurry()

    def finish(self, until: float) -> None:
        """Make and send what is left, to that time (monotonic clock) at most, and report what could not be sent."""
        while self._waiting and time.monotonic() < until:
            self.work()
        self._unmade += len(self._waiting)
        self._waiting.clear()
        self._sender.finish(until)
        self._report_at = 0.0
        self.report()

    def report(self) -> None:
        for channel in self._sender.channels.values():
            while channel.told:
                self._notices.warn(channel.told.pop(0))
        dropped = dict(self._sender.dropped)
        dropped[TRACES] += self._unmade
        if dropped == self._reported or time.monotonic() < self._report_at:
            return
        self._report_at = time.monotonic() + REPORT_EVERY_S
        for signal, count in dropped.items():
            more = count - self._reported[signal]
            if more:
                self._notices.export_drops(signal, more)
        self._reported = dropped

    def _invocation(self, invocation: Invocation) -> None:
        if any(init.restore is not None for init in invocation.inits):
            self._sender.identify(resource(self._function, self._settings))
        delivery = self._deliveries.of(invocation.request_id)
        trace = TraceHeader(invocation.trace)
        trace_id = trace.trace_id or new_id(16)
        spans: list[str] = []
        if self._sampler.samples(trace_id, trace.sampled):
            spans = list(invocation_spans(invocation, self._function, delivery, trace, trace_id))

        def measure(aggregates: Aggregates) -> None:
            aggregates.invocation(invocation, self._function, delivery)

        self._sender.add(spans, measure)

    def _init(self, init: Init) -> None:
        """One that no invocation waited for: a trace of its own."""
        trace_id = new_id(16)
        spans = list(init_spans(init, trace_id)) if self._sampler.samples(trace_id, "") else []
        self._sender.add(spans, lambda aggregates: aggregates.init(init))


def start(function: Function, notices: Notices, inbox: Inbox) -> Exporter | None:
    """None where nothing can be exported; the log says why, unless the variables switch it off."""
    settings = Settings(posix.environ)
    if not settings.endpoints:
        for problem in settings.problems:
            notices.warn(f"OTLP export: {problem}")
        return None
    return Exporter(function, settings, inbox, notices)
