"""The slow checks of alarms: made once in ten minutes for all readers, and kept in the session so that a refresh draws
them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import streamlit as st

from dashboard import page_runtime
from dashboard.services.report_source import ReportSource
from ops.insight.reports.alarms_page.checks import AlarmChecks
from ops.insight.reports.alarms_page.coverage import Coverage
from ops.insight.reports.alarms_page.rows import AlarmRow
from ops.target import Target

TTL_S = 600
_KEPT = "_alarm_checks"


@dataclass(frozen=True)
class KeptChecks:
    """Results of the checks so far; None: not checked yet."""

    checks: AlarmChecks | None = None
    coverage: Coverage | None = None

    def clauses(self, rows: Sequence[AlarmRow]) -> tuple[str, ...]:
        """Clauses for the page's finding."""
        own = self.checks.clauses(rows) if self.checks else ()
        return (*own, *(self.coverage.clauses if self.coverage and rows else ()))


def kept() -> KeptChecks:
    """Checks of the selected workload that this session has loaded."""
    return _store().get(_target(), KeptChecks())


def check() -> AlarmChecks:
    """Raises OpsError."""
    with st.spinner("Checking notifications and settings…", show_time=False) if kept().checks is None else st.empty():
        found = _checked(_target(), page_runtime.report_source())
    _store()[_target()] = replace(kept(), checks=found)
    return found


def rehearse(checks: AlarmChecks) -> Coverage:
    with st.spinner("Rehearsing published incidents…") if kept().coverage is None else st.empty():
        found = _rehearsed(_target(), checks.at, checks, page_runtime.report_source())
    _store()[_target()] = replace(kept(), coverage=found)
    return found


@st.cache_resource(ttl=TTL_S, max_entries=16, show_spinner=False)
def _checked(target: Target, _source: ReportSource) -> AlarmChecks:
    return _source.alarm_checks()


@st.cache_resource(ttl=TTL_S, max_entries=16, show_spinner=False)
def _rehearsed(target: Target, at: datetime, _checks: AlarmChecks, _source: ReportSource) -> Coverage:
    return _source.alarm_coverage(_checks)


def _target() -> Target:
    return page_runtime.page_context().selection.target


def _store() -> dict[Any, KeptChecks]:
    kept: dict[Any, KeptChecks] = st.session_state.setdefault(_KEPT, {})
    return kept
