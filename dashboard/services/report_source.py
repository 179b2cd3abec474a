"""The reports that the pages show, as an interface.

Pages know only ``ReportSource``, so the same pages are tested with made-up reports, without patches.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from dashboard.services.dead_letter_service import DeadLetterService
from dashboard.services.runbook_service import RunbookService
from dashboard.time_range import TimeRange
from ops.aws.sts import Identity
from ops.compare.measured import ComparisonRun
from ops.insight.forecast.assumptions import Assumed
from ops.insight.reports.cold_starts import ColdStartReport
from ops.insight.reports.concurrency import ConcurrencyReport
from ops.insight.reports.cost import CostReport
from ops.insight.reports.dead_letters import DeadLettersReport
from ops.insight.reports.failures import FailuresReport
from ops.insight.reports.forecast import ForecastReport
from ops.insight.reports.overview import OverviewReport
from ops.insight.reports.queue import QueueReport
from ops.insight.rules.cost.cost_model import Assumptions
from ops.insight.sources.traces import XrayTrace
from ops.rightsize.model import Measured

if TYPE_CHECKING:
    from dashboard.services.alarm_tests import AlarmTestRun
    from ops.alarms.live_test import AlarmTestPlan
    from ops.insight.reports.alarms_page.checks import AlarmChecks
    from ops.insight.reports.alarms_page.coverage import Coverage
    from ops.insight.reports.alarms_page.report import AlarmsReport
    from ops.logs import LogPage
    from ops.tenants import TenantReport
    from ops.traces import JobTrace
    from ops.workload import Gap


@dataclass(frozen=True)
class LogTopic:
    """The subject of a log search: ``kind`` is request | message | cause | redrive, ``value`` its ID. ``queue``: the
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
    """The dead-letter queue's name; None when there is none, or it is missing or cannot be read."""
    template_stack: str
    """The workload's stack, if it was deployed from this project's template; otherwise empty. Runbooks name its
    resources."""
    dead_letter_gap: Gap | None
    """Why there is no ``dead_letter_queue``, though the queue names one."""

    def identity(self) -> Identity:
        """The identity of the credentials in use. One AWS call."""

    def command(self, words: str) -> str:
        """``ops WORDS`` about the workload, to be copied."""

    def test_message_command(self) -> str:
        """The AWS CLI command that sends a test message to the queue."""

    def start_sample_traffic(self) -> None:
        """Send a minute of sample traffic to the twin. Raises UsageError on AWS, and while it is being sent."""

    def sends_sample_traffic(self) -> bool: ...

    def outline(
        self, name: str, span: TimeRange, assumptions: Assumptions | None = None
    ) -> ColdStartReport | FailuresReport | CostReport | None:
        """What of the report ``name`` (cold_starts, failures or cost) needs no log lines, where the report takes long because it
        reads a sample of them; else None. The report that follows reads its metrics no second time."""

    def overview(self, span: TimeRange) -> OverviewReport: ...
    def queue(self, span: TimeRange) -> QueueReport: ...
    def concurrency(self, span: TimeRange) -> ConcurrencyReport: ...
    def forecast(self, span: TimeRange, assumed: Assumed) -> ForecastReport:
        """The forecast from the end of the range on. Raises UsageError for impossible assumptions."""

    def cold_starts(self, span: TimeRange) -> ColdStartReport: ...
    def failures(self, span: TimeRange) -> FailuresReport: ...
    def cost(self, span: TimeRange, assumptions: Assumptions) -> CostReport: ...
    def sweep_command(self) -> str:
        """The command that starts a sweep of the workload's function, with its required options."""

    def sweep(self) -> Measured | None:
        """The last sweep of ``ops rightsize`` of the workload's function on this machine; None without one. Calls no AWS
        service."""

    def comparison(self) -> ComparisonRun | None:
        """The last run of ``ops compare`` on this machine; None without one. Calls no AWS service."""

    def dead_letters(self, span: TimeRange) -> DeadLettersReport: ...
    def alarms(self, span: TimeRange, chosen: str) -> AlarmsReport:
        """``chosen``: the name of the alarm whose chart is wanted; empty: the first one's."""

    def alarm_checks(self) -> AlarmChecks:
        """The checks of the Alarms page that take seconds. One GetMetricData call for two weeks."""

    def alarm_coverage(self, checks: AlarmChecks) -> Coverage:
        """Published incidents that would page. Takes seconds; makes no AWS call."""

    def plan_alarm_test(self, name: str) -> AlarmTestPlan:
        """Whom a test of the alarm would notify."""

    def start_alarm_test(self, plan: AlarmTestPlan) -> AlarmTestRun:
        """Start the test in the background. Raises ReadOnly."""

    def alarm_test(self, arn: str) -> AlarmTestRun | None:
        """The latest test of the alarm; None without one."""

    def log_lines(self, topic: LogTopic, text: str, token: str) -> LogPage:
        """The newest lines with ``text``, or those before the page whose ``next_token`` is given."""

    def job_trace(self, identifier: str, days: int | None = None) -> JobTrace:
        """The path of the job, message, invocation or trace with this ID. Searches the logs of the last ``days``, which costs
        money; None: of the last day, or of what the ID tells."""

    def tenants(self, span: TimeRange, by: str) -> TenantReport:
        """Whose messages the functions received in the range, ``by`` a ``Grouping`` or, empty, the first that messages have.
        Searches the logs, which costs money; the queue is not touched."""

    def trace(self, trace_id: str) -> XrayTrace:
        """The address of an X-Ray trace in the console. Makes no AWS call."""

    def dead_letter_service(self, queue: str = "") -> DeadLetterService:
        """The workload's dead-letter queue, or another one (name, URL or ARN)."""

    def runbook_service(self) -> RunbookService: ...
