"""Loads a report once per refresh interval for all readers.

The cache's key holds the target, the report, the time range and the *tick*: the number of the current refresh interval.
Within a tick all readers of a page share one call. After Refresh is pressed, and on a page without automatic refresh,
the key also holds the reader's own visit, so that a reader is not shown what another one loaded long ago.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from dashboard.charts.drawing.comparison import COMPARISONS, EarlierReport, earlier_range
from dashboard.markup import error_box
from dashboard.page_runtime.context import PageSelection, page_context
from dashboard.services.report_source import ReportSource
from dashboard.time_range import TimeRange
from ops import target as targets
from ops.aws.sts import Identity
from ops.errors import OpsError
from ops.target import Target

DEFAULT_REFRESH_S = 60
"""How long an earlier report is kept on a page without automatic refresh."""
WORKLOAD_TTL_S, DESCRIBED_LATELY_S = 300, 10
"""How long a workload's description (queues, event source mapping, limits) is cached, and how old it may be when Refresh is
pressed: it takes several calls."""


@st.cache_resource(ttl=WORKLOAD_TTL_S, max_entries=16, show_spinner=False)
def _connected(target: Target, _connect: Callable[[Target], ReportSource]) -> tuple[ReportSource, float]:
    """The report source, and when the workload was described (``time.time()``)."""
    return _connect(target), time.time()


def report_source() -> ReportSource:
    """The selected workload; described again for all where Refresh was pressed since. Raises OpsError."""
    context = page_context()
    target, pressed = context.selection.target, context.selection.pressed
    source, described = _connected(target, context.connect)
    if pressed is not None and described < pressed - DESCRIBED_LATELY_S:
        _connected.clear(target, context.connect)
        source, _ = _connected(target, context.connect)
    return source


@st.cache_data(ttl=WORKLOAD_TTL_S, max_entries=16, show_spinner=False)
def _identity(target: Target, _source: ReportSource) -> Identity:
    return _source.identity()


def identity() -> tuple[Identity | None, str]:
    """The credentials in use; or None, and why they are not known."""
    try:
        return _identity(page_context().selection.target, report_source()), ""
    except OpsError as error:
        return None, "see the error below" if error_box.is_shown(error) else str(error)


@dataclass(frozen=True)
class LoadedReport:
    report: Any
    at: datetime


@st.cache_data(ttl=900, max_entries=128, show_spinner=False)
def _load_report(
    target: Target, name: str, span: TimeRange, extra: Any, tick: int, visit: str, _source: ReportSource
) -> LoadedReport:
    arguments = (span,) if extra is None else (span, extra)
    return LoadedReport(getattr(_source, name)(*arguments), datetime.now(UTC))


def load_report(name: str, extra: Any = None) -> LoadedReport:
    """The report of this name (a method of ``ReportSource``) for the sidebar's selection. Raises OpsError."""
    selection = page_context().selection
    targets.ensure_whole(selection.target)
    tick = _tick(selection, time.time())
    return _load_report(selection.target, name, selection.span, extra, *tick, report_source())


def load_earlier_report(name: str) -> EarlierReport | None:
    """The report of the earlier range that the sidebar selects; None where none is selected. Raises OpsError."""
    selection = page_context().selection
    if selection.compare is None:
        return None
    shift = COMPARISONS[selection.compare]
    span = earlier_range(selection.span, shift, selection.refresh or DEFAULT_REFRESH_S, datetime.now(UTC))
    loaded = _load_report(selection.target, name, span, None, *_tick(selection, time.time()), report_source())
    return EarlierReport(loaded.report, selection.compare, shift)


def _tick(selection: PageSelection, now: float) -> tuple[int, str]:
    """The tick, and the visit that it belongs to: shared by all visits, except when Refresh was pressed in this tick."""
    if selection.refresh is None:
        return -1, selection.visit
    tick = int(now // selection.refresh)
    pressed = selection.pressed is not None and int(selection.pressed // selection.refresh) == tick
    return tick, selection.visit if pressed else ""
