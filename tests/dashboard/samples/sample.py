"""A workload of made-up reports, log lines and dead letters."""

from __future__ import annotations

from datetime import timedelta

from dashboard.services.report_source import LogTopic
from dashboard.time_range import TimeRange
from ops.aws.sts import Identity
from ops.compare.measured import ComparisonRun
from ops.insight.reports.cold_starts import ColdStartReport
from ops.insight.reports.cost import CostReport
from ops.insight.reports.failures import FailuresReport
from ops.insight.rules.cost.cost_model import Assumptions
from ops.insight.sources.traces import TraceSpan, XrayTrace, console_url
from ops.logs import LogLine, LogPage
from ops.rightsize.model import Measured
from ops.workload import Gap
from tests.dashboard.samples.alarm_reports import AlarmReports
from tests.dashboard.samples.comparisons import comparison_run
from tests.dashboard.samples.forecast_reports import ForecastReports
from tests.dashboard.samples.invocation_reports import InvocationReports
from tests.dashboard.samples.queue_reports import QueueReports
from tests.dashboard.samples.series import NOW
from tests.dashboard.samples.sweeps import sweep
from tests.dashboard.samples.tenant_reports import TenantReports
from tests.dashboard.samples.trace_reports import TraceReports
from tests.fakes import runbook_service
from tests.fakes.dead_letter_service import SampleDeadLetterService
from tests.fakes.runbook_service import SampleRunbookService


class Sample(QueueReports, ForecastReports, InvocationReports, AlarmReports, TenantReports, TraceReports):
    """A ``Telemetry`` of made-up reports. ``foreign``: appended to what others may have named or written."""

    notes: tuple[str, ...] = ()
    dead_letter_queue: str | None = "scilearn-jobs-dead"
    dead_letter_gap: Gap | None = None
    template_stack = "orders"
    _dead_letter_service: SampleDeadLetterService | None = None

    def outline(
        self, name: str, span: TimeRange, assumptions: Assumptions | None = None
    ) -> ColdStartReport | FailuresReport | CostReport | None:
        return None

    def log_lines(self, topic: LogTopic, text: str, token: str) -> LogPage:
        self.calls.append(f"log_lines {topic.kind} {topic.value} {text} {token}")
        first = int(token or 0)
        lines = tuple(
            LogLine(
                NOW - timedelta(seconds=number),
                f"line {number} of {topic.value} {text}{self.foreign}",
                "scilearn-worker",
                "/aws/lambda/scilearn-worker",
                "stream",
            )
            for number in range(first, first + 3)
        )
        more = "3" if not token else ""
        groups = ("/aws/lambda/scilearn-worker",)
        query = f"fields @timestamp, @message | filter @message like /{topic.value}/"
        return LogPage(lines, more, query, groups, NOW, NOW, 2e6, 0.00001, notes=("One log group is missing.",))

    def trace(self, trace_id: str) -> XrayTrace:
        spans = (
            TraceSpan("scilearn-worker AWS::Lambda", 0.0, 4.375, 0),
            TraceSpan("## handler" + self.foreign, 0.012, None, 1, "ValueError: no" + self.foreign),
        )
        return XrayTrace(trace_id, console_url(trace_id, "eu-west-1"), spans)

    def sweep(self) -> Measured | None:
        return sweep(trouble=self.trouble)

    def comparison(self) -> ComparisonRun | None:
        return comparison_run(killed=self.trouble, worker=self.trouble)

    def command(self, words: str) -> str:
        return f"ops {words} --queue scilearn-jobs"

    def sweep_command(self) -> str:
        return self.command("rightsize --change-live")

    def test_message_command(self) -> str:
        return "aws sqs send-message --queue-url https://sqs/1/jobs --message-body MESSAGE --region eu-west-1"

    def start_sample_traffic(self) -> None:
        self.calls.append("start_sample_traffic")

    def sends_sample_traffic(self) -> bool:
        return "start_sample_traffic" in self.calls

    def identity(self) -> Identity:
        return Identity("123456789012", f"arn:aws:sts::123456789012:assumed-role/OnCall/alex{self.foreign}")

    def dead_letter_service(self, queue: str = "") -> SampleDeadLetterService:
        if self._dead_letter_service is None:
            self._dead_letter_service = self.make_dead_letter_service()
        return self._dead_letter_service

    def runbook_service(self) -> SampleRunbookService:
        told = (runbook_service.STARTED, *runbook_service.CHECKS, runbook_service.PREVIEW) if self.trouble else ()
        return SampleRunbookService(told, self.foreign, firing=self.trouble)

    def make_dead_letter_service(self) -> SampleDeadLetterService:
        return SampleDeadLetterService(54 if self.trouble else 0, self.foreign)
