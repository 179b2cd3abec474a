"""What the page reads from the desk, kept until the shelf changes: a click asks for what it changes, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import page_runtime
from dashboard.services.dead_letter_service import DeadLetterService
from ops.target import Target

if TYPE_CHECKING:
    from ops.deadletters.causes import CausesReport, Timeline
    from ops.deadletters.messages.model import SnapshotMessage
    from ops.deadletters.plan_model import Plan, Selection
    from ops.deadletters.snapshot import SnapshotInfo

QUEUE_INPUT = "from-queue"


@st.cache_resource(ttl=page_runtime.WORKLOAD_TTL_S, max_entries=16, show_spinner=False)
def _opened(target: Target, queue: str, _telemetry: Any) -> DeadLetterService:
    desk: DeadLetterService = _telemetry.dead_letter_service(queue)
    return desk


def dead_letter_service() -> DeadLetterService:
    """The desk of the chosen workload's dead letters, or of the queue named on the page. Raises OpsError."""
    queue = str(st.session_state.get(QUEUE_INPUT) or "").strip()
    return _opened(page_runtime.page_context().selection.target, queue, page_runtime.report_source())


def _key(here: DeadLetterService) -> tuple[Any, ...]:
    return (page_runtime.page_context().selection.target, here.queue, *here.version())


@st.cache_data(max_entries=16, show_spinner=False)
def _info(key: tuple[Any, ...], _desk: DeadLetterService) -> SnapshotInfo | None:
    return _desk.info()


def info(here: DeadLetterService) -> SnapshotInfo | None:
    return _info(_key(here), here)


@st.cache_data(max_entries=16, show_spinner=False)
def _causes(key: tuple[Any, ...], imported: bool, _desk: DeadLetterService) -> CausesReport:
    return _desk.causes(imported)


def causes(here: DeadLetterService, imported: bool = False) -> CausesReport:
    return _causes(_key(here), imported, here)


@st.cache_data(max_entries=64, show_spinner=False)
def _count(key: tuple[Any, ...], selection: Selection, _desk: DeadLetterService) -> int:
    return _desk.count(selection)


def count(here: DeadLetterService, selection: Selection) -> int:
    """How many letters are chosen. Raises UsageError for a filter that cannot be read."""
    return _count(_key(here), selection, here)


@st.cache_data(max_entries=32, show_spinner=False)
def _page(
    key: tuple[Any, ...],
    selection: Selection,
    order: str,
    descending: bool,
    limit: int,
    offset: int,
    _desk: DeadLetterService,
) -> tuple[SnapshotMessage, ...]:
    return _desk.find(selection, order, descending, limit, offset)


def page(
    here: DeadLetterService, selection: Selection, order: str, descending: bool, limit: int, offset: int
) -> tuple[SnapshotMessage, ...]:
    return _page(_key(here), selection, order, descending, limit, offset, here)


@st.cache_data(ttl=600, max_entries=64, show_spinner=False)
def _timeline(key: tuple[Any, ...], message_id: str, _desk: DeadLetterService) -> Timeline:
    return _desk.timeline(message_id)


def timeline(here: DeadLetterService, message_id: str) -> Timeline:
    """Asks the logs, once in ten minutes for a letter."""
    return _timeline((page_runtime.page_context().selection.target, here.queue), message_id, here)


@st.cache_data(max_entries=16, show_spinner=False)
def _saved(key: tuple[Any, ...], plan: str, _desk: DeadLetterService) -> Plan:
    return _desk.saved(plan)


def saved(here: DeadLetterService, plan: str) -> Plan:
    """A plan never changes once it is saved."""
    return _saved((page_runtime.page_context().selection.target, here.queue), plan, here)
