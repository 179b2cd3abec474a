"""Take the workload over from a run on another machine that is stuck or dead: who holds it, since when, and what that does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from dashboard import page_runtime
from dashboard.app_pages.runbooks import acting
from dashboard.components import widgets
from dashboard.components.queries import runbook_queries
from dashboard.formatting import moment, sendable
from dashboard.markup import error_box, html_blocks
from dashboard.markup.runbook_steps import MACROS
from ops.errors import UsageError
from ops.formatting import elapsed
from ops.runbooks.locking import SharedHolder

TITLE = "Held by a run on another machine"
EFFECT = (
    "That run changes nothing more: before each change it reads who holds the workload. What it has changed stays, and so "
    "does a change that it is making right now. Your run records from whom it was taken over."
)


def button(label: str, holder: SharedHolder, key: str, work: Callable[[str, SharedHolder], None]) -> None:
    """``work``: with the reason, and from whom it is taken over."""
    blocked = acting.why_not()
    st.html(html_blocks.notes(TITLE, (text(holder), "Ask them first. The hold expires at that time.")))
    if st.button(label, key=key, icon=":material/front_hand:", disabled=bool(blocked), help=blocked):
        ask(holder, label, work)


def text(holder: SharedHolder) -> str:
    return (
        f"{_name(holder)} runs {holder.run}: last heartbeat {_since(holder)} ago, held until "
        f"{moment(holder.until, page_runtime.ZONE)} unless it is renewed."
    )


@st.dialog("Take over?", icon=":material/front_hand:", width="large")
def ask(holder: SharedHolder, label: str, work: Callable[[str, SharedHolder], None]) -> None:
    st.html(
        html_blocks.facts(
            {
                "Held by": holder.who,
                "Run": holder.run,
                "Last heartbeat": f"{moment(holder.renewed, page_runtime.ZONE)} ({_since(holder)} ago)",
                "Held until": moment(holder.until, page_runtime.ZONE),
                "Machine": holder.machine,
            }
        )
    )
    st.html(html_blocks.notes("What this does", (EFFECT,)))
    wanted = f"take over from {_name(holder)}"
    st.html(MACROS.question(f"To confirm, type: {wanted}"))
    typed = st.text_input("Confirmation", key="take-over-typed", label_visibility="collapsed") or ""
    reason = acting.reason_input("take-over-reason")
    with st.container(horizontal=True, key="confirm-take-over"):
        pressed = widgets.danger_button(label.rstrip("…"), "take-over-confirmed", icon=":material/front_hand:")
        if st.button("Cancel", key="take-over-cancelled", type="tertiary"):
            st.rerun()
    if not pressed:
        return
    if typed.strip() != wanted:
        wrong = UsageError("The confirmation does not match.", f"Type: {wanted}")
        error_box.show(wrong, again=False, title="Nothing was taken over")
        return
    acting.act(lambda: _carry_out(holder, reason, work), "Nothing was taken over")


def _carry_out(holder: SharedHolder, reason: str, work: Callable[[str, SharedHolder], None]) -> None:
    work(reason, holder)
    runbook_queries.forget_other_machine()


def _name(holder: SharedHolder) -> str:
    return sendable(holder.who.rsplit("/", 1)[-1])


def _since(holder: SharedHolder) -> str:
    return elapsed(holder.renewed, datetime.now(UTC))
