"""State of the pages of this session: the time of each report, or its error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import streamlit as st

from dashboard.markup import html_blocks
from dashboard.page_runtime.context import page_context
from ops.errors import OpsError

AGE_CHECK_S, AGE_SHOWN_FROM_S = 15, 60
"""If automatic refresh is off: how often the data's age is checked, and from what age it is shown."""


def drawn_times() -> dict[Any, datetime]:
    """Times at which the displayed reports were loaded, by report and target."""
    drawn: dict[Any, datetime] = st.session_state.setdefault("_drawn", {})
    return drawn


def failures() -> dict[Any, str]:
    """The errors that pages show now, by report and target."""
    shown: dict[Any, str] = st.session_state.setdefault("_failures", {})
    return shown


def already_shown(name: str, error: OpsError) -> bool:
    """Whether the page of this report shows this error already."""
    return failures().get((name, page_context().selection.target)) == str(error)


def loaded_at(name: str) -> datetime | None:
    """Time at which the displayed report was loaded."""
    return drawn_times().get((name, page_context().selection.target))


@st.fragment(run_every=AGE_CHECK_S)
def show_age(key: Any) -> None:
    """The age of the data on a page without automatic refresh."""
    at = drawn_times().get(key)
    age = (datetime.now(UTC) - at).total_seconds() if at else 0.0
    place = st.empty()  # without it the page's next part would stand where the age does later
    if age > AGE_SHOWN_FROM_S:
        place.html(html_blocks.age(age))
