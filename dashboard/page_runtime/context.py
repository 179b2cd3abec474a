"""The context of a page: the sidebar's selection, and the connection to the selected workload."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import streamlit as st

from dashboard.services.report_source import ReportSource
from dashboard.time_range import TimeRange
from ops.target import Target

ZONE = UTC
"""The time zone on every page: the same as in logs, findings, commands and for readers elsewhere."""


@dataclass(frozen=True)
class PageSelection:
    """The sidebar's selection: workload, time range and refresh."""

    target: Target
    span: TimeRange
    refresh: int | None
    """Seconds between refreshes; None when automatic refresh is off or the range does not end now."""
    visit: str = ""
    """Changes with each session and each press of Refresh."""
    pressed: float | None = None
    """When Refresh was last pressed (``time.time()``)."""
    compare: str | None = None
    """One of ``comparison.COMPARISONS``, where the page can draw it."""
    note: str = ""
    """Why the time range is not the one in the address."""


@dataclass(frozen=True)
class PageContext:
    """The context that the entry point passes to every page."""

    connect: Callable[[Target], ReportSource]
    selection: PageSelection
    cost: Any
    """The container in the sidebar for what a refresh of the page costs."""
    page: str


def set_page_context(context: PageContext) -> None:
    st.session_state["_page_context"] = context


def page_context() -> PageContext:
    context: PageContext = st.session_state["_page_context"]
    return context


def read_again() -> None:
    """Read reports again for this visitor from the next run on: for Refresh, and when something has ended that changes
    the figures."""
    st.session_state["_visit"], st.session_state["_pressed"] = uuid4().hex, time.time()


def fixed_range() -> tuple[datetime, datetime] | None:
    """Start and end of a custom range; None for a range that ends now."""
    span = page_context().selection.span
    return (span.start, span.end) if span.start is not None and span.end is not None else None


def selected_range() -> tuple[datetime, datetime]:
    """Start and end of the selected range."""
    if fixed := fixed_range():
        return fixed
    span = page_context().selection.span
    now = datetime.now(UTC)
    return now - timedelta(minutes=span.minutes or 0), now
