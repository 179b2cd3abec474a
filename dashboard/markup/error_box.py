"""An error on a page: one sentence, the next step, and a button to try again. Never a traceback."""

from __future__ import annotations

import streamlit as st

from dashboard.formatting import sendable, with_principals
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
    (AccessDenied, "Missing permission", "lock"),
    (NotFound, "Not found", "search_off"),
    (Throttled, "AWS is throttling requests", "hourglass_top"),
    (TwinUnreachable, "The twin does not respond", "dns"),
    (Unreachable, "Cannot reach AWS", "cloud_off"),
    (AwsError, "AWS returned an error", "cloud_off"),
    (TwinError, "The twin is not healthy", "dns"),
    (OpsError, "Cannot complete the request", "error"),
)

_PROFILE_HINT = (
    "The dashboard uses the profile that it was started with; to use another: AWS_PROFILE=NAME streamlit run dashboard."
)


_SHOWN_KEY = "_errors_shown"


def forget_shown() -> None:
    """Forgets the errors shown so far, at the start of a page."""
    st.session_state[_SHOWN_KEY] = set()


def is_shown(error: OpsError) -> bool:
    """Whether the page shows this error already, so that another place can refer to it."""
    return str(error) in st.session_state.get(_SHOWN_KEY, ())


def _on_a_page(next_step: str) -> str:
    """The next step without command-line options: a page has none, and no input for a profile."""
    return next_step.replace("--profile or AWS_PROFILE", "AWS_PROFILE").replace("another --profile", "another profile")


def show(error: OpsError, *, again: bool = True, title: str = "") -> None:
    """The error's own sentence as text (it may quote untrusted text), and what to do about it.

    ``title``: what failed, where that is only a part of the page; never untrusted text, since it is Markdown.
    """
    st.session_state.setdefault(_SHOWN_KEY, set()).add(str(error))
    kind, icon = next((title, icon) for kind, title, icon in _TITLES if isinstance(error, kind))
    if title:
        title = (
            title
            if kind == _TITLES[-1][1]
            else f"{title}: {kind[:1].lower() + kind[1:] if kind[1].islower() else kind}"
        )
    else:
        title = kind
    with st.container(border=True, key="trouble" if again else None):  # one per page
        st.markdown(f"**:material/{icon}: {title}**")
        st.text(sendable(with_principals(str(error))))
        if error.next_step:
            st.html('<span class="so-quiet">Next step</span>')
            st.text(sendable(_on_a_page(error.next_step)))
            if "profile" in error.next_step:
                st.html(f'<span class="so-quiet">{_PROFILE_HINT}</span>')
        if again and st.button("Try again", icon=":material/refresh:", key="trouble-again"):
            st.rerun()
