"""The reports that the pages show, made by ``ops`` from metrics and logs."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dashboard.services import alarm_tests
from dashboard.services.dead_letter_service import DeadLetterService
from dashboard.services.local_records import LocalRecords
from dashboard.services.outline_metrics import OutlineMetrics
from dashboard.services.runbook_service import RunbookService
from dashboard.time_range import TimeRange
from ops import twin_state
from ops.aws.sts import Identity
from ops.compare.measured import ComparisonRun
from ops.errors import UsageError
from ops.insight import time_window
from ops.insight.forecast.assumptions import Assumed
from ops.insight.report_types import Window
from ops.insight.reports.cold_starts import ColdStartReport
from ops.insight.reports.concurrency import ConcurrencyReport
from ops.insight.reports.cost import CostReport
from ops.insight.reports.dead_letters import DeadLettersReport
from ops.insight.reports.failures import FailuresReport
from ops.insight.reports.forecast import ForecastReport
from ops.insight.reports.overview import OverviewReport
from ops.insight.reports.queue import QueueReport
from ops.insight.rules.cost.cost_model import Assumptions
from ops.insight.sources import traces
from ops.insight.sources.traces import XrayTrace
from ops.rightsize.model import Measured
from ops.target import Target

if TYPE_CHECKING:
    from dashboard.services.alarm_tests import AlarmTestRun
    from dashboard.services.report_source import LogTopic
    from ops.alarms.live_test import AlarmTestPlan
    from ops.insight.reports.alarms_page.checks import AlarmChecks
    from ops.insight.reports.alarms_page.coverage import Coverage
    from ops.insight.reports.alarms_page.report import AlarmsReport
    from ops.logs import LogPage
    from ops.logs.log_subjects import LogSubject
    from ops.tenants import TenantReport
    from ops.traces import JobTrace


class AwsReportSource:
    """Reports from metrics and logs. Finds the target's workload once; raises OpsError when it does not exist or cannot be read.

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
        self._records = LocalRecords(self._aws, target, self._workload, self.dead_letter_queue)
        self._measured = OutlineMetrics()
        self.dead_letter_gap = self._workload.gap(workload.Part.DLQ)
        stack = self._workload.stack or ""
        self.template_stack = stack if self._workload.queue.name == f"{stack}-jobs" else ""

    def identity(self) -> Identity:
        from ops.aws import sts

        return sts.caller_identity(self._aws)

    def command(self, words: str) -> str:
        from ops.workload import pairs

        return pairs.command(words, self._workload.queue, self._target)

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

    def sweep_command(self) -> str:
        jobs = "" if self._target.is_twin else " --jobs FILE"
        return self.command(f"rightsize{jobs}{' --change-live' if self._workload.runs_latest else ''}")

    def sweep(self) -> Measured | None:
        from ops.rightsize import journal, results

        function = self._workload.function
        if function is None:
            return None
        home = journal.folder(self._target)
        return results.latest(home, self._workload.account, self._workload.region, function.name)

    def comparison(self) -> ComparisonRun | None:
        from ops.compare import saved

        return saved.load()

    def _window(self, span: TimeRange) -> Window:
        if span.minutes is not None:
            return time_window.last(span.minutes, self._finest)
        assert span.start is not None and span.end is not None  # noqa: S101 (a span is one or the other)
        return time_window.between(span.start, span.end, self._finest)

    def overview(self, span: TimeRange) -> OverviewReport:
        from ops.insight.reports import overview

        window = self._window(span)
        report = overview.report(self._aws, self._workload, window, over_time=True)
        return self._records.added_to_overview(report, window)

    def queue(self, span: TimeRange) -> QueueReport:
        from ops.insight.reports import queue

        return queue.report(self._aws, self._workload, self._window(span))

    def concurrency(self, span: TimeRange) -> ConcurrencyReport:
        from ops.insight.reports import concurrency

        return concurrency.report(self._aws, self._workload, self._window(span))

    def forecast(self, span: TimeRange, assumed: Assumed) -> ForecastReport:
        from ops.insight.reports import forecast

        return forecast.report(self._aws, self._workload, self._window(span), assumed)

    def cold_starts(self, span: TimeRange) -> ColdStartReport:
        from ops.insight.reports import cold_starts
        from ops.rightsize import results

        sweep = results.latest_by_memory(self._target, self._workload)
        measured = self._measured.take("cold_starts", span)
        return cold_starts.report(self._aws, self._workload, self._window(span), measured, sweep)

    def failures(self, span: TimeRange) -> FailuresReport:
        from ops.insight.reports import failures

        return failures.report(self._aws, self._workload, self._window(span), self._measured.take("failures", span))

    def outline(
        self, name: str, span: TimeRange, assumptions: Assumptions | None = None
    ) -> ColdStartReport | FailuresReport | CostReport | None:
        from ops.insight.reports import cold_starts, cost, failures

        made = {"cold_starts": cold_starts, "failures": failures, "cost": cost}[name]
        readings = made.read_metrics(self._aws, self._workload, self._window(span))
        self._measured.keep(name, span, readings)
        more = () if assumptions is None else (assumptions,)
        found: ColdStartReport | FailuresReport | CostReport | None = made.outline(
            self._aws, self._workload, readings, *more
        )
        return found

    def cost(self, span: TimeRange, assumptions: Assumptions) -> CostReport:
        from ops.insight.reports import cost

        return cost.report(
            self._aws, self._workload, self._window(span), assumptions, self._measured.take("cost", span)
        )

    def dead_letters(self, span: TimeRange) -> DeadLettersReport:
        from ops.insight.reports import dead_letters

        return dead_letters.report(self._aws, self._workload, self._window(span))

    def alarms(self, span: TimeRange, chosen: str) -> AlarmsReport:
        from ops.insight.reports.alarms_page import report

        made = report.report(self._aws, self._workload, self._window(span), chosen)
        return self._records.added_to_alarms(made)

    def alarm_checks(self) -> AlarmChecks:
        from ops.insight.reports.alarms_page import checks

        return checks.check(self._aws, self._workload)

    def alarm_coverage(self, checks: AlarmChecks) -> Coverage:
        from ops.insight.reports.alarms_page import coverage

        return coverage.cover(checks, checks.missing)

    def plan_alarm_test(self, name: str) -> AlarmTestPlan:
        from ops.alarms import live_test

        return live_test.plan_test(self._aws, name)

    def start_alarm_test(self, plan: AlarmTestPlan) -> AlarmTestRun:
        from ops import access
        from ops.alarms import live_test

        access.ensure_may("testing an alarm")
        return alarm_tests.start(
            plan.arn, plan, lambda progress: live_test.run_test(self._aws, plan, progress=progress)
        )

    def alarm_test(self, arn: str) -> AlarmTestRun | None:
        return alarm_tests.find(arn)

    def job_trace(self, identifier: str, days: int | None = None) -> JobTrace:
        from ops.traces import TraceRange, find_trace
        from ops.traces.model import ON_THE_PAGE

        within = TraceRange(datetime.now(UTC) - timedelta(days=days)) if days else TraceRange()
        return find_trace(self._aws, self._workload, identifier, within, steps=ON_THE_PAGE)

    def tenants(self, span: TimeRange, by: str) -> TenantReport:
        from ops.tenants import Grouping, tenants_report
        from ops.tenants.report import TenantQuestion

        window = self._window(span)
        question = TenantQuestion(window.start, window.end, Grouping(by) if by else None)
        return tenants_report(self._aws, self._workload, question)

    def trace(self, trace_id: str) -> XrayTrace:
        if self._target.is_twin:
            return XrayTrace(trace_id, spans=traces.twin_spans(twin_state.folder(), trace_id))
        return XrayTrace(trace_id, traces.console_url(trace_id, self._workload.region))

    def dead_letter_service(self, queue: str = "") -> DeadLetterService:
        from dashboard.services.dead_letter_service import LocalDeadLetterService
        from ops.deadletters.queue import open_queue

        return LocalDeadLetterService(open_queue(self._aws, self._workload, queue or None))

    def runbook_service(self) -> RunbookService:
        from dashboard.services.runbook_service import LocalRunbookService

        return LocalRunbookService(self._aws, self._workload)

    def log_lines(self, topic: LogTopic, text: str, token: str) -> LogPage:
        from ops.logs import log_subjects

        return log_subjects.find_subject_lines(self._aws, self._log_subject(topic), text, token)

    def _log_subject(self, topic: LogTopic) -> LogSubject:
        from ops.deadletters.queue import open_queue
        from ops.logs import log_subjects

        now = datetime.now(UTC)
        if topic.kind == "request":
            return log_subjects.invocation_subject(self._workload, topic.value, now, topic.at)
        source = open_queue(self._aws, self._workload, topic.queue or None)
        if topic.kind == "message":
            return log_subjects.message_subject(source, topic.value, now)
        if topic.kind == "cause":
            return log_subjects.cause_subject(source, topic.value, now)
        return log_subjects.redrive_subject(source, topic.value, now)
