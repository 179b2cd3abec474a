"""Alarms: what fires, who is notified, and would it page?

The report is drawn first, and of it the chart, for which the browser loads most. The checks take seconds and are kept for ten
minutes: they follow below, and are filled into what is on the screen already.
"""

from __future__ import annotations

import streamlit as st

from dashboard import page_runtime
from dashboard.app_pages.alarms import alarm_detail, alarm_list, coverage, settings, stats
from dashboard.components.queries import alarm_checks
from dashboard.markup import error_box
from ops.errors import OpsError
from ops.insight.report_types import Finding
from ops.insight.reports.alarms_page.report import AlarmsReport, with_clauses


def finding(report: AlarmsReport) -> Finding:
    kept = alarm_checks.kept()
    return report.finding if report.past else with_clauses(report.finding, kept.clauses(report.counted))


def draw(report: AlarmsReport) -> Finding | None:
    before = alarm_checks.kept()
    numbers = stats.show(report, before)
    listed = st.container()
    selected = alarm_detail.show_chart(report, before.checks)
    with listed:
        rows = alarm_list.show(report, before.checks)
    detail = alarm_detail.show_facts(selected, before.checks) if selected else None
    try:
        checks = alarm_checks.check()
        if checks is not before.checks:
            stats.update(numbers, report, alarm_checks.kept())
            alarm_list.update(report, rows, checks)
            if detail is not None:
                alarm_detail.update(report, detail, checks)
        if report.rows:
            coverage.show_rehearsal(checks)
    except OpsError as error:
        stats.update(numbers, report, alarm_checks.kept(), ended=True)
        error_box.show(error, again=False, title="Delivery and settings could not be checked")
        return None
    coverage.show_missing(checks)
    settings.show(checks)
    stats.update(numbers, report, alarm_checks.kept(), ended=True)
    return finding(report)


page_runtime.page("alarms", draw, skeleton_heights=(56, 70, 330, 260), extra=alarm_list.chosen, finding=finding)
