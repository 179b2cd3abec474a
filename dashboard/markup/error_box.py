"""An error as a person reads it: one sentence, the next step, and a button to try again. Never a traceback."""

from __future__ import annotations

import streamlit as st

from dashboard.formatting import sendable
from ops.errors import (
    AccessDenied,
    AwsError,
    CredentialsError,
    NotFound,
    OpsError,
    Throttled,
    TwinError,
    TwinUnreachable,
    Unreachable,
)

_TITLES: tuple[tuple[type[OpsError], str, str], ...] = (
    (CredentialsError, "No valid AWS credentials", "key_off"),
    (AccessDenied, "A permission is missing", "lock"),
    (NotFound, "It is not there", "search_off"),
    (Throttled, "AWS is refusing for now", "hourglass_top"),
    (TwinUnreachable, "The local twin does not answer", "dns"),
    (Unreachable, "AWS cannot be reached", "cloud_off"),
    (AwsError, "AWS said no", "cloud_off"),
    (TwinError, "The local twin is in trouble", "dns"),
    (OpsError, "This cannot be shown", "help"),
)


_STARTED_WITH = (
    "The dashboard asks with the profile that it was started with: AWS_PROFILE=NAME streamlit run dashboard."
)


def _here(next_step: str) -> str:
    """The next step on a page, which has no options and no box for a profile."""
    if "profile" not in next_step:
        return next_step
    words = next_step.replace("--profile or AWS_PROFILE", "AWS_PROFILE").replace("another --profile", "another profile")
    return f"{words} {_STARTED_WITH}"


def show(error: OpsError, *, again: bool = True, title: str = "") -> None:
    """The error's own sentence as text (it may quote foreign words), and what to do about it.

    ``title`` says what failed where the error itself is no more than that: of our own words, since it is Markdown.
    """
    kind, icon = next((title, icon) for kind, title, icon in _TITLES if isinstance(error, kind))
    title = title if title and kind == _TITLES[-1][1] else kind
    with st.container(border=True, key="trouble" if again else None):  # a page has one of that name
        st.markdown(f"**:material/{icon}: {title}**")
        st.text(sendable(str(error)))
        if error.next_step:
            st.html('<span class="so-quiet">Next step</span>')
            st.text(sendable(_here(error.next_step)))
        if again and st.button("Try again", icon=":material/refresh:", key="trouble-again"):
            st.rerun()
