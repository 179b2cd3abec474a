"""The thread that sends to the collector. The event loop's thread only adds and never waits for it.

What is held is bounded whatever the collector does: spans by their size, metrics because they are added up.
"""

from __future__ import annotations

import time
from _thread import allocate_lock, start_new_thread

from handler.extension.fast_json import dumps
from handler.extension.otlp.attributes import SCOPE
from handler.extension.otlp.channel import Channel
from handler.extension.otlp.metrics import Aggregates, rendered
from handler.extension.otlp.settings import METRICS, TRACES
from handler.extension.otlp.span_buffer import SpanBuffer
from handler.extension.records.timestamps import now_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from handler.extension.otlp.metrics import Points
    from handler.extension.otlp.settings import Settings

MIN_PAUSE_S = 0.01


class Sender:
    """``dropped``: items given up so far, by signal: spans, and data points of metrics."""

    def __init__(self, settings: Settings, resource: dict[str, Any]) -> None:
        self.dropped = {TRACES: 0, METRICS: 0}
        self._cumulative = settings.cumulative()
        intervals = {TRACES: settings.span_delay_s(), METRICS: settings.metric_interval_s()}
        self.channels = {
            signal: Channel(signal, endpoint, intervals[signal]) for signal, endpoint in settings.endpoints.items()
        }
        self._lock = allocate_lock()  # held for additions and copies only, never for a request
        self._spans = SpanBuffer()
        self._points_sent = 0  # on their way
        self._closing = False
        self._ended = False
        self._busy = False
        self._wake = allocate_lock()
        self._wake.acquire()
        self.identify(resource)
        start_new_thread(self._run, ())

    def identify(self, resource: dict[str, Any]) -> None:
        """Send as this resource from now on, with metrics from zero."""
        with self._lock:
            self._head = f'"resource":{dumps(resource)}'
            self._aggregates = Aggregates(now_ms())
            self._changed = False

    def add(self, spans: list[str], measure: Callable[[Aggregates], None]) -> None:
        """``measure`` changes the metrics."""
        with self._lock:
            if TRACES in self.channels and spans:
                self.dropped[TRACES] += self._spans.add(spans)
            if METRICS in self.channels:
                measure(self._aggregates)
                self._changed = True
        self._nudge()

    def hurry(self) -> None:
        """The environment is ending: send at once, and try what fails only once more."""
        self._closing = True
        self._nudge()

    def finish(self, until: float) -> None:
        """Wait until all is sent, to that time (monotonic clock) at most. What is left then counts as dropped."""
        self.hurry()
        while time.monotonic() < until and (self._busy or self._next()[0] is not None):
            time.sleep(0.002)
        with self._lock:
            self.dropped[TRACES] += self._spans.clear()
            self.dropped[METRICS] += len(self._aggregates.points) if self._changed else self._points_sent
            self._changed = False
        self._ended = True
        self._nudge()

    def _nudge(self) -> None:
        if self._wake.locked():
            self._wake.release()

    def _run(self) -> None:
        while not self._ended:
            channel, pause_s = self._next()
            if channel is None or pause_s > 0:
                self._wake.acquire(True, pause_s)
                continue
            self._busy = True
            try:
                self._export(channel)
            except Exception as error:  # noqa: BLE001 (the thread must go on)
                channel.tell(f"unexpected {type(error).__name__}: {error}"[:300])
                time.sleep(MIN_PAUSE_S)
            self._busy = False
        for each in self.channels.values():
            each.collector.close()

    def _next(self) -> tuple[Channel | None, float]:
        """The channel to serve next, and the seconds until then; None and -1, which waits for ever, without work."""
        best: tuple[Channel | None, float] = (None, -1)
        for signal, channel in self.channels.items():
            waiting = len(self._spans) > 0 if signal == TRACES else self._changed
            if not waiting or channel.gave_up:
                continue
            due_at = 0.0 if self._closing else channel.due_at(signal == TRACES and self._spans.pressing)
            pause_s = due_at - time.monotonic()
            pause_s = max(pause_s, MIN_PAUSE_S) if pause_s > 0 else 0.0
            if best[0] is None or pause_s < best[1]:
                best = (channel, pause_s)
        return best

    def _export(self, channel: Channel) -> None:
        last_attempt = self._closing
        done = self._export_spans(channel) if channel.signal == TRACES else self._export_metrics(channel)
        channel.gave_up = last_attempt and not done

    def _export_spans(self, channel: Channel) -> bool:
        with self._lock:
            spans, head = self._spans.take(), self._head
        outcome = channel.post(
            f'{{"resourceSpans":[{{{head},"scopeSpans":[{{"scope":{dumps(SCOPE)},"spans":[{",".join(spans)}]}}]}}]}}'
        )
        with self._lock:
            if outcome.done:
                self._spans.confirm()
                self.dropped[TRACES] += len(spans) if outcome.refused else min(outcome.rejected, len(spans))
            else:
                self._spans.put_back()
        return outcome.done

    def _export_metrics(self, channel: Channel) -> bool:
        at_ms = now_ms()
        with self._lock:
            aggregates, head = self._aggregates, self._head
            points = aggregates.copy() if self._cumulative else aggregates.take(at_ms)
            self._points_sent = len(points)
            self._changed = False
        outcome = channel.post(
            f'{{"resourceMetrics":[{{{head},"scopeMetrics":[{{"scope":{dumps(SCOPE)},'
            f'"metrics":[{rendered(points, at_ms, self._cumulative)}]}}]}}]}}'
        )
        with self._lock:
            self._points_sent = 0
            if outcome.done:
                self.dropped[METRICS] += len(points) if outcome.refused else min(outcome.rejected, len(points))
            else:
                self._keep(aggregates, points)
        return outcome.done

    def _keep(self, aggregates: Aggregates, points: Points) -> None:
        """Keeps the points of a failed export: cumulative points are in the next one anyway, others are added to it."""
        if not self._cumulative:
            aggregates.put_back(points)
        self._changed = self._changed or aggregates is self._aggregates
