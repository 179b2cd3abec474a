"""What the pages ask, as an interface, and the one place where it is answered by ``ops``.

Pages know only ``Telemetry``; so the same pages are tested against hand-made reports, without a patch anywhere.
"""

from __future__ import annotations

from typing import Protocol

from dashboard.span import Span
from ops.insight.reports import (
    Assumptions,
    ColdStartReport,
    ConcurrencyReport,
    CostReport,
    DeadLetterLook,
    DeadLettersReport,
    OverviewReport,
    QueueReport,
    Window,
)
from ops.target import Target


class Telemetry(Protocol):
    """One workload, asked. Each report makes one GetMetricData call at most; everything raises OpsError."""

    notes: tuple[str, ...]
    """What the workload lacks, or what of it could not be read."""

    def overview(self, span: Span) -> OverviewReport: ...
    def queue(self, span: Span) -> QueueReport: ...
    def concurrency(self, span: Span) -> ConcurrencyReport: ...
    def cold_starts(self, span: Span) -> ColdStartReport: ...
    def cost(self, span: Span, assumptions: Assumptions) -> CostReport: ...
    def dead_letters(self, span: Span) -> DeadLettersReport: ...
    def look(self, limit: int) -> DeadLetterLook: ...


class Ops:
    """The real one. Finds the target's workload once; raises OpsError when it is not there or may not be read."""

    def __init__(self, target: Target) -> None:
        # Imported here, so that the page's frame is on the screen before boto3 is loaded.
        from ops import deadletters, insight, workload
        from ops.aws import Aws

        self._insight = insight
        self._deadletters = deadletters
        self._finest = target.finest_period
        self._aws = Aws(target)
        self._workload = workload.describe(self._aws, target)
        self.notes = self._workload.notes

    def _window(self, span: Span) -> Window:
        window = self._insight.window
        if span.minutes is not None:
            return window.last(span.minutes, self._finest)
        assert span.start is not None and span.end is not None  # noqa: S101 (a span is one or the other)
        return window.between(span.start, span.end, self._finest)

    def overview(self, span: Span) -> OverviewReport:
        return self._insight.overview.report(self._aws, self._workload, self._window(span))

    def queue(self, span: Span) -> QueueReport:
        return self._insight.queue.report(self._aws, self._workload, self._window(span))

    def concurrency(self, span: Span) -> ConcurrencyReport:
        return self._insight.concurrency.report(self._aws, self._workload, self._window(span))

    def cold_starts(self, span: Span) -> ColdStartReport:
        return self._insight.cold_starts.report(self._aws, self._workload, self._window(span))

    def cost(self, span: Span, assumptions: Assumptions) -> CostReport:
        return self._insight.cost.report(self._aws, self._workload, self._window(span), assumptions)

    def dead_letters(self, span: Span) -> DeadLettersReport:
        return self._insight.dead_letters.report(self._aws, self._workload, self._window(span))

    def look(self, limit: int) -> DeadLetterLook:
        return self._deadletters.look(self._aws, self._workload, limit)
