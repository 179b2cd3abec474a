"""Queries of the dead-letter service, cached until the snapshot changes, so that a click loads only what it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import page_runtime
from dashboard.markup import arrivals
from dashboard.services.dead_letter_service import DeadLetterService
from dashboard.services.report_source import ReportSource
from ops.target import Target

if TYPE_CHECKING:
    from ops.deadletters.causes import CausesReport, Timeline
    from ops.deadletters.messages.model import SnapshotMessage
    from ops.deadletters.plan_model import Plan, Selection
    from ops.deadletters.snapshot import CauseArrivals, SnapshotInfo

QUEUE_INPUT = "from-queue"


@st.cache_resource(ttl=page_runtime.WORKLOAD_TTL_S, max_entries=16, show_spinner=False)
def _opened(target: Target, queue: str, _source: ReportSource) -> DeadLetterService:
    return _source.dead_letter_service(queue)


def dead_letter_service() -> DeadLetterService:
    """The service of the workload's dead-letter queue, or of the queue entered on the page. Raises OpsError."""
    queue = str(st.session_state.get(QUEUE_INPUT) or "").strip()
    return _opened(page_runtime.page_context().selection.target, queue, page_runtime.report_source())


def _cache_key(service: DeadLetterService) -> tuple[Any, ...]:
    return (page_runtime.page_context().selection.target, service.queue, *service.version())


@st.cache_data(max_entries=16, show_spinner=False)
def _info(key: tuple[Any, ...], _service: DeadLetterService) -> SnapshotInfo | None:
    return _service.info()


def snapshot_info(service: DeadLetterService) -> SnapshotInfo | None:
    return _info(_cache_key(service), service)


@st.cache_data(max_entries=16, show_spinner=False)
def _causes(key: tuple[Any, ...], imported: bool, _service: DeadLetterService) -> CausesReport:
    return _service.causes(imported)


def causes_report(service: DeadLetterService, imported: bool = False) -> CausesReport:
    return _causes(_cache_key(service), imported, service)


@st.cache_resource(max_entries=16, show_spinner=False)  # not copied per rerun: it may hold thousands of causes
def _arrivals(key: tuple[Any, ...], imported: bool, _service: DeadLetterService) -> CauseArrivals:
    return _service.arrivals(imported)


def cause_arrivals(service: DeadLetterService, imported: bool = False) -> CauseArrivals:
    return _arrivals(_cache_key(service), imported, service)


@st.cache_resource(max_entries=16, show_spinner=False)
def _arrivals_html(
    key: tuple[Any, ...], imported: bool, causes: tuple[tuple[str, str], ...], _service: DeadLetterService
) -> str:
    return arrivals.arrivals_chart(_arrivals(key, imported, _service), causes, page_runtime.ZONE)


def arrivals_html(service: DeadLetterService, imported: bool, causes: tuple[tuple[str, str], ...]) -> str:
    """The chart of ``cause_arrivals``. ``causes``: fingerprint and name, most messages first."""
    return _arrivals_html(_cache_key(service), imported, causes, service)


@st.cache_data(max_entries=64, show_spinner=False)
def _count(key: tuple[Any, ...], selection: Selection, _service: DeadLetterService) -> int:
    return _service.count(selection)


def count_messages(service: DeadLetterService, selection: Selection) -> int:
    """Number of selected messages. Raises UsageError for a filter that is not valid."""
    return _count(_cache_key(service), selection, service)


@st.cache_data(max_entries=32, show_spinner=False)
def _page(
    key: tuple[Any, ...],
    selection: Selection,
    order: str,
    descending: bool,
    limit: int,
    offset: int,
    _service: DeadLetterService,
) -> tuple[SnapshotMessage, ...]:
    return _service.find(selection, order, descending, limit, offset)


def find_messages(
    service: DeadLetterService, selection: Selection, order: str, descending: bool, limit: int, offset: int
) -> tuple[SnapshotMessage, ...]:
    return _page(_cache_key(service), selection, order, descending, limit, offset, service)


@st.cache_data(ttl=600, max_entries=64, show_spinner=False)
def _timeline(key: tuple[Any, ...], message_id: str, _service: DeadLetterService) -> Timeline:
    return _service.timeline(message_id)


def message_timeline(service: DeadLetterService, message_id: str) -> Timeline:
    """Searches the logs, at most once in ten minutes per message."""
    return _timeline((page_runtime.page_context().selection.target, service.queue), message_id, service)


@st.cache_data(max_entries=16, show_spinner=False)
def _saved(key: tuple[Any, ...], plan: str, _service: DeadLetterService) -> Plan:
    return _service.load_plan(plan)


def load_plan(service: DeadLetterService, plan: str) -> Plan:
    """A saved plan never changes."""
    return _saved((page_runtime.page_context().selection.target, service.queue), plan, service)
