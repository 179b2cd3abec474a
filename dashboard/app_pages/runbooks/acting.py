"""Handling of a button's result: an error is shown, and the page is drawn again after success."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.access import access
from dashboard.markup import error_box
from ops.errors import OpsError


def act(work: Callable[[], object], title: str) -> None:
    """``title``: what failed, where it failed; never untrusted text."""
    try:
        work()
    except OpsError as error:
        error_box.show(error, again=False, title=title)
        return
    st.rerun()


def why_not() -> str | None:
    """Why nothing can be changed here, for a disabled button."""
    return access().why or None


def reason_input(key: str, usual: str = "") -> str:
    typed = st.text_input(
        "Reason (recorded with your AWS identity)", usual, key=key, placeholder="what happened, ticket OPS-123"
    )
    return (typed or "").strip()
