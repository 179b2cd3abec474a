"""The doctor's findings, grouped by severity, each with its change to copy."""

from __future__ import annotations

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.formatting import moment
from dashboard.markup import alarms as markup
from dashboard.markup import html_blocks
from ops.doctor.rule import RuleSeverity
from ops.formatting import count
from ops.insight.reports.alarms_page.checks import AlarmChecks

COLOURS = {
    RuleSeverity.CRITICAL: theme.DEAD,
    RuleSeverity.WARNING: theme.WARNING,
    RuleSeverity.ADVICE: theme.NEUTRAL,
}


def show(checks: AlarmChecks) -> None:
    st.subheader("Settings", anchor="settings")
    examination = checks.examination
    if examination is None:
        st.html(html_blocks.empty("Not checked", " ".join(checks.notes)))
        return
    passed = f"{count(len(examination.fine), 'rule')} passed, checked at {moment(checks.at, page_runtime.ZONE)}."
    if not examination.findings:
        st.html(html_blocks.empty("No findings", passed))
    for severity in RuleSeverity:
        for place, found in enumerate(finding for finding in examination.findings if finding.severity is severity):
            with st.container(key=f"setting-{severity.value}-{place}", gap="xxsmall"):
                st.html(markup.setting(found, COLOURS[severity]))
                if found.change.cli:
                    st.code(found.change.cli, language=None, wrap_lines=True)
                if found.change.cloudformation:
                    st.code(found.change.cloudformation, language=None, wrap_lines=True)
    if examination.not_checked:
        lines = [f"{', '.join(rules)}: {why}." for why, rules in examination.not_checked_by_reason.items()]
        st.html(html_blocks.notes("Not checked", lines))
    st.html(html_blocks.quiet(f"{passed} In a terminal:" if examination.findings else "In a terminal:"))
    st.code(checks.doctor_command, language=None, wrap_lines=True)
