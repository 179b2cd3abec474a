"""The outline of a page: the part that needs no log lines, drawn at once while the report loads.

Logs Insights takes seconds for each of the sample's queries. The outline is drawn in a run of the script of its own, because
a run cannot draw the same chart twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.markup import html_blocks
from dashboard.services.report_source import ReportSource
from dashboard.time_range import TimeRange

READING = "reading a sample of log lines …"
_DRAWN = "_outlines_drawn"
_SENT_AFTER_S = 0.1
"""Streamlit sends what a run has drawn in the background, and drops what was not sent when the next run begins."""


def find(name: str, key: Any, span: TimeRange, extra: Any, source: Callable[[], ReportSource]) -> Any:
    """The outline of the report ``name``; None where it was drawn already, or nothing is waited for. ``extra``: as for the
    report, or None. Raises OpsError."""
    return None if is_drawn(key) else source().outline(name, span, *(() if extra is None else (extra,)))


def is_drawn(key: Any) -> bool:
    """Whether the outline is on the screen, and the report is not."""
    return key in st.session_state.get(_DRAWN, ())


def follow(key: Any) -> None:
    """Starts the run that loads the report."""
    st.session_state.setdefault(_DRAWN, set()).add(key)
    time.sleep(_SENT_AFTER_S)
    st.rerun()


def forget(key: Any) -> None:
    """The report is there, or cannot be loaded."""
    st.session_state.get(_DRAWN, set()).discard(key)


def show_reading(title: str) -> None:
    """Replaces a chart titled ``title`` while it is read."""
    st.html(html_blocks.instead_of_chart(title, READING))
