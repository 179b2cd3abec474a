"""A workload of which logs, alarms and the function's settings may not be read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dashboard.time_range import TimeRange
from ops.errors import AccessDenied
from ops.insight.report_types import Finding, Level
from ops.insight.reports.alarms_page.checks import AlarmChecks
from ops.insight.reports.alarms_page.report import AlarmsReport
from ops.insight.reports.cold_starts import ColdStartReport
from ops.insight.reports.dead_letters import DeadLettersReport
from ops.insight.reports.failures import FailuresReport
from ops.insight.reports.overview import OverviewReport
from tests.dashboard.samples import Sample


class PartlyRefused(Sample):
    """Logs, alarms and the function's settings may not be read; all else may."""

    _REFUSED = "user/oncall is not authorized to perform {}. Allow it, or use another profile."

    def overview(self, span: TimeRange) -> OverviewReport:
        reason = self._REFUSED.format("cloudwatch:DescribeAlarms")
        return replace(super().overview(span), alarms=(), alarms_unread=reason)

    def cold_starts(self, span: TimeRange) -> ColdStartReport:
        full = super().cold_starts(span)
        none = dict.fromkeys(
            ("share", "init_p50_ms", "init_p95_ms", "init_p99_ms", "init_cost_usd", "cold", "recorded")
        )
        frames = {name: getattr(full, name).iloc[0:0] for name in ("invocations", "by_version", "reasons", "phases")}
        nothing: dict[str, Any] = none | frames
        return replace(full, unread=self._REFUSED.format("logs:StartQuery"), **nothing)

    def failures(self, span: TimeRange) -> FailuresReport:
        full = Sample().failures(span)
        frames = {
            name: getattr(full, name).iloc[0:0] for name in ("invocations", "duration_counts", "by_version", "by_type")
        }
        return replace(full, unread=self._REFUSED.format("logs:StartQuery"), **frames)

    def dead_letters(self, span: TimeRange) -> DeadLettersReport:
        reason = self._REFUSED.format("cloudwatch:DescribeAlarms")
        return replace(super().dead_letters(span), alarms=(), alarms_unread=reason)

    def alarms(self, span: TimeRange, chosen: str) -> AlarmsReport:
        reason = self._REFUSED.format("cloudwatch:DescribeAlarms")
        finding = Finding(Level.NO_DATA, "No data: the alarms cannot be read.")
        return replace(super().alarms(span, chosen), finding=finding, rows=(), chosen="", chart=None, unread=reason)

    def alarm_checks(self) -> AlarmChecks:
        raise AccessDenied(self._REFUSED.format("lambda:GetFunctionConfiguration"), "Allow it.")
