"""The reports that the pages show, as an interface, and its implementation by ``ops``.

Pages know only ``ReportSource``, so the same pages are tested with made-up reports, without patches.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from dashboard.services.dead_letter_service import DeadLetterService
from dashboard.time_range import TimeRange
from ops import twin_state
from ops.aws.sts import Identity
from ops.errors import UsageError
from ops.insight import time_window
from ops.insight.report_types import Window
from ops.insight.reports.cold_starts import ColdStartReport
from ops.insight.reports.concurrency import ConcurrencyReport
from ops.insight.reports.cost import CostReport
from ops.insight.reports.dead_letters import DeadLettersReport
from ops.insight.reports.failures import FailuresReport
from ops.insight.reports.overview import OverviewReport
from ops.insight.reports.queue import QueueReport
from ops.insight.rules.cost_model import Assumptions
from ops.insight.sources import traces
from ops.insight.sources.traces import XrayTrace
from ops.target import Target

if TYPE_CHECKING:
    from ops.logs import LogPage
    from ops.logs.subjects import LogSubject
    from ops.workload import Gap


@dataclass(frozen=True)
class LogTopic:
    """What log lines are wanted of: ``kind`` is request | message | cause | redrive, ``value`` its ID. ``queue``: the
    dead-letter queue of a message, cause or redrive, if it is not the workload's own. ``at``: when the invocation of a
    request started, if it is known."""

    kind: str
    value: str
    queue: str = ""
    at: datetime | None = None


class ReportSource(Protocol):
    """The reports of one workload. Each makes at most one GetMetricData call; everything raises OpsError."""

    notes: tuple[str, ...]
    """What is missing from the workload, or could not be read."""
    dead_letter_queue: str | None
    """Its name; None when there is none, when it is gone or when it cannot be read."""
    dead_letter_gap: Gap | None
    """Why there is no ``dead_letter_queue``, though the queue names one."""

    def identity(self) -> Identity:
        """Whose credentials are in use. One call to AWS."""

    def test_message_command(self) -> str:
        """The AWS CLI command that sends a test message to the queue."""

    def start_sample_traffic(self) -> None:
        """Send a minute of sample traffic to the twin. Raises UsageError on AWS, and while it is being sent."""

    def sends_sample_traffic(self) -> bool: ...
    def overview(self, span: TimeRange) -> OverviewReport: ...
    def queue(self, span: TimeRange) -> QueueReport: ...
    def concurrency(self, span: TimeRange) -> ConcurrencyReport: ...
    def cold_starts(self, span: TimeRange) -> ColdStartReport: ...
    def failures(self, span: TimeRange) -> FailuresReport: ...
    def cost(self, span: TimeRange, assumptions: Assumptions) -> CostReport: ...
    def dead_letters(self, span: TimeRange) -> DeadLettersReport: ...
    def log_lines(self, topic: LogTopic, text: str, token: str) -> LogPage:
        """The newest lines with ``text``, or those before the page whose ``next_token`` is given."""

    def trace(self, trace_id: str) -> XrayTrace:
        """Where an X-Ray trace is to be seen. Calls no AWS service."""

    def dead_letter_service(self, queue: str = "") -> DeadLetterService:
        """The workload's dead-letter queue, or another one (name, URL or ARN)."""


class AwsReportSource:
    """By metrics and logs. Finds the target's workload once; raises OpsError when it does not exist or cannot be read.

    Each report's module is imported on first use, so that the page's frame is on the screen before boto3 is loaded.
    """

    def __init__(self, target: Target) -> None:
        from ops import workload
        from ops.aws import Aws
        from ops.deadletters import queue

        self._target = target
        self._finest = target.finest_period
        self._aws = Aws(target)
        self._workload = workload.describe(self._aws, target)
        self.notes = self._workload.notes
        own = queue.own_dead_letter_queue(target, self._workload)
        self.dead_letter_queue = own.name if own else None
        self.dead_letter_gap = self._workload.gap(workload.Part.DLQ)

    def identity(self) -> Identity:
        from ops.aws import sts

        return sts.caller_identity(self._aws)

    def test_message_command(self) -> str:
        target = self._target
        words = ["aws", "sqs", "send-message", "--queue-url", self._workload.queue.url, "--message-body", "MESSAGE"]
        for option, value in (("--region", target.region), ("--profile", target.profile)):
            words += [option, value] if value else []
        return shlex.join(words)

    def start_sample_traffic(self) -> None:
        from ops.twin import sample_traffic

        if not self._target.is_twin:
            raise UsageError("Sample traffic is for the twin only.")
        sample_traffic.start_sample()

    def sends_sample_traffic(self) -> bool:
        from ops.twin import sample_traffic

        return self._target.is_twin and sample_traffic.is_sending()

    def _window(self, span: TimeRange) -> Window:
        if span.minutes is not None:
            return time_window.last(span.minutes, self._finest)
        assert span.start is not None and span.end is not None  # noqa: S101 (a span is one or the other)
        return time_window.between(span.start, span.end, self._finest)

    def overview(self, span: TimeRange) -> OverviewReport:
        from ops.insight.reports import overview

        window = self._window(span)
        return self._with_operations(overview.report(self._aws, self._workload, window, over_time=True), window)

    def _with_operations(self, report: OverviewReport, window: Window) -> OverviewReport:
        """With the redrives and purges that this machine recorded on the timeline."""
        from ops.deadletters.archive import audit_events
        from ops.deadletters.queue import state_folder

        if report.timeline is None or self.dead_letter_queue is None:
            return report
        home = state_folder(self._target)
        found, notes = audit_events.read_operation_events(home, self._workload, {self.dead_letter_queue}, window)
        look = replace(report.look, partial=(*report.look.partial, *notes))
        timeline = replace(report.timeline, events=(*report.timeline.events, *found))
        return replace(report, timeline=timeline, look=look)

    def queue(self, span: TimeRange) -> QueueReport:
        from ops.insight.reports import queue

        return queue.report(self._aws, self._workload, self._window(span))

    def concurrency(self, span: TimeRange) -> ConcurrencyReport:
        from ops.insight.reports import concurrency

        return concurrency.report(self._aws, self._workload, self._window(span))

    def cold_starts(self, span: TimeRange) -> ColdStartReport:
        from ops.insight.reports import cold_starts

        return cold_starts.report(self._aws, self._workload, self._window(span))

    def failures(self, span: TimeRange) -> FailuresReport:
        from ops.insight.reports import failures

        return failures.report(self._aws, self._workload, self._window(span))

    def cost(self, span: TimeRange, assumptions: Assumptions) -> CostReport:
        from ops.insight.reports import cost

        return cost.report(self._aws, self._workload, self._window(span), assumptions)

    def dead_letters(self, span: TimeRange) -> DeadLettersReport:
        from ops.insight.reports import dead_letters

        return dead_letters.report(self._aws, self._workload, self._window(span))

    def trace(self, trace_id: str) -> XrayTrace:
        if self._target.is_twin:
            return XrayTrace(trace_id, spans=traces.twin_spans(twin_state.folder(), trace_id))
        return XrayTrace(trace_id, traces.console_url(trace_id, self._workload.region))

    def dead_letter_service(self, queue: str = "") -> DeadLetterService:
        from dashboard.services.dead_letter_service import LocalDeadLetterService
        from ops.deadletters.queue import open_queue

        return LocalDeadLetterService(open_queue(self._aws, self._workload, queue or None))

    def log_lines(self, topic: LogTopic, text: str, token: str) -> LogPage:
        from ops.logs import subjects

        return subjects.find_subject_lines(self._aws, self._log_subject(topic), text, token)

    def _log_subject(self, topic: LogTopic) -> LogSubject:
        from ops.deadletters.queue import open_queue
        from ops.logs import subjects

        now = datetime.now(UTC)
        if topic.kind == "request":
            return subjects.invocation_subject(self._workload, topic.value, now, topic.at)
        source = open_queue(self._aws, self._workload, topic.queue or None)
        if topic.kind == "message":
            return subjects.message_subject(source, topic.value, now)
        if topic.kind == "cause":
            return subjects.cause_subject(source, topic.value, now)
        return subjects.redrive_subject(source, topic.value, now)
