"""The row of numbers on top of the page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import theme
from dashboard.components.queries.alarm_checks import KeptChecks
from dashboard.formatting import NONE, number, usd
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from ops.doctor.rule import RuleSeverity
from ops.formatting import count
from ops.insight.reports.alarms_page.report import AlarmsReport


def show(report: AlarmsReport, kept: KeptChecks) -> Any:
    """Returns the element for ``update``."""
    return st.html(html_blocks.stats(_stats(report, kept)))


def update(element: Any, report: AlarmsReport, kept: KeptChecks, *, ended: bool = False) -> None:
    """``ended``: what is not known now could not be checked."""
    element.html(html_blocks.stats(_stats(report, kept, ended=ended)))


def _stats(report: AlarmsReport, kept: KeptChecks, *, ended: bool = False) -> list[Stat]:
    total, checks, covered = len(report.counted), kept.checks, kept.coverage
    nobody = sum(map(checks.nobody, report.counted)) if checks else 0
    examination = checks.examination if checks else None
    critical = examination.count(RuleSeverity.CRITICAL) if examination else 0
    warnings = examination.count(RuleSeverity.WARNING) if examination else 0
    worst = theme.DEAD if critical else theme.WARNING if warnings else ""
    missed = len(covered.missed) if covered else 0
    waiting = "not checked" if ended else "being checked"
    return [
        Stat(
            "In ALARM",
            number(report.firing) if total else NONE,
            f"of {number(total)}",
            "now" if report.past else _composites(report),
            theme.DEAD if report.firing else "",
        ),
        Stat(
            "Reach no one",
            number(nobody) if total and checks else NONE,
            f"of {number(total)}",
            "" if checks else waiting,
            theme.WARNING if nobody else "",
        ),
        Stat(
            "Incidents missed",
            number(missed) if covered and total else NONE,
            f"of {number(covered.required)}" if covered else "",
            "in a rehearsal" if covered else waiting if report.rows else "",
            theme.WARNING if missed else "",
        ),
        Stat(
            "Settings",
            number(critical + warnings) if examination else NONE,
            "to change",
            f"{number(critical)} critical, {count(warnings, 'warning')}" if examination else waiting,
            worst,
        ),
        Stat("Cost per month", usd(report.monthly_usd), note=f"at {report.price_region} prices"),
    ]


def _composites(report: AlarmsReport) -> str:
    """The rows in ALARM that the number leaves out."""
    composites = report.firing_composites
    return f"and {count(composites, 'composite alarm')}" if composites else ""
