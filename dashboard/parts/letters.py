"""Looking at dead letters: asked for and agreed to, then causes, the letters, and one letter's text.

Everything in a letter is foreign: its body, its attributes and the error that it quotes. It is shown as text, in code
elements and table cells, and never as Markdown or HTML.
"""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from dashboard import live
from dashboard.access import access
from dashboard.charts import dead_letters as charts
from dashboard.parts import blocks, show, trouble
from dashboard.text import escape, moment, number, usd, utc
from ops.errors import OpsError
from ops.insight.reports import DeadLetterLook, DeadLettersReport, Finding, Letter
from ops.target import Target

LIMIT = 100
"""Letters read in one look."""
CUT = 2_000
"""Characters of a body shown before "show all"."""


def looked() -> DeadLetterLook | None:
    """What the last look at the chosen workload found, in this session."""
    found: dict[Target, DeadLetterLook] = st.session_state.setdefault("_looks", {})
    return found.get(live.stage().choice.target)


def finding(report: DeadLettersReport) -> Finding:
    """The look's sentence, which knows the causes, for as long as the queue holds what was read; else the report's."""
    look = looked()
    return look.finding if look and look.complete and len(look.letters) == report.count else report.finding


def section() -> None:
    """The button, and what the last look found."""
    try:
        queue = live.telemetry().dead_letter_queue
    except OpsError:  # the page above has said so
        return
    if queue is None:
        why = "A message that keeps failing is lost in the end. Give the queue a redrive policy, so that it is kept."
        st.html(blocks.empty("No dead-letter queue", why))
        return
    st.subheader("What lies there, and why?", anchor=False)
    allowed = access()
    look = looked()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Look at the letters…",
            icon=":material/visibility:",
            key="look",
            type="primary",
            disabled=not allowed.may_receive,
        ):
            _ask_first()
        if not allowed.may_receive:
            st.text(allowed.why)
        elif look:
            when = moment(look.looked_at, live.viewer())
            read = (
                f"Looked at {when}: {number(len(look.letters))} letters read, for {usd(look.look.usd)} of log queries."
            )
            st.html(f'<span class="so-quiet" title="{utc(look.looked_at)}">{read}</span>')
    if look:
        _show(look)
    elif allowed.may_receive:
        st.html(
            blocks.empty(
                "Not looked yet",
                "CloudWatch knows how many letters there are, not what they say. "
                "Looking receives them from the queue and gives them back.",
            )
        )


@st.dialog("Look at the dead letters?", icon=":material/visibility:")
def _ask_first() -> None:
    st.text(
        f"A queue has no peek. Up to {LIMIT} letters are received and given back:\n\n"
        "• nothing is deleted or moved;\n"
        "• each letter's receive count rises by one;\n"
        "• letters are hidden from other receivers until they are given back;\n"
        "• the age that CloudWatch shows for this queue may change."
    )
    if st.button("Look", type="primary", key="look-confirmed", icon=":material/visibility:"):
        bar = st.progress(0.0, "Receiving…")

        def progress(read: int, expected: int) -> None:
            bar.progress(min(1.0, read / max(1, expected)), f"{number(read)} of {number(expected)} letters read")

        try:
            st.session_state["_looks"][live.stage().choice.target] = live.telemetry().look(LIMIT, progress)
        except OpsError as error:
            trouble.show(error, again=False)
            return
        st.rerun()


def _show(look: DeadLetterLook) -> None:
    if look.notes:
        st.html("".join(f'<div class="so-quiet">{escape(note)}</div>' for note in look.notes))
    if not look.letters:
        st.html(
            blocks.empty("No letters", "The dead-letter queue gave none: it is empty, or another receiver holds them.")
        )
        return
    show.chart(charts.causes(look.causes), "causes")
    show.table(_causes(look.causes), "causes", _CAUSES)
    st.subheader("Which letters are they?", anchor=False)
    picked = show.table(
        _letters(look), "letters", _LETTERS, on_select="rerun", selection_mode="single-row-required", height=320
    )
    rows = picked.selection.rows if picked.selection.rows else [0]
    _one(look.letters[min(rows[0], len(look.letters) - 1)])


_CAUSES = {
    "error_type": st.column_config.TextColumn("Cause", width=170),
    "error_message": st.column_config.TextColumn("In its own words", width=320),
    "letters": st.column_config.NumberColumn("Letters", format="localized"),
    "share": st.column_config.ProgressColumn(
        "Share", format="percent", min_value=0, max_value=1, color="gray", width=110
    ),
    "first_seen": st.column_config.DatetimeColumn("First", format="D MMM HH:mm:ss"),
    "last_seen": st.column_config.DatetimeColumn("Last", format="D MMM HH:mm:ss"),
    "source": st.column_config.TextColumn("Known from"),
}
_LETTERS = {
    "sent": st.column_config.DatetimeColumn("Sent", format="D MMM HH:mm:ss"),
    "cause": st.column_config.TextColumn("Cause", width=170),
    "message": st.column_config.TextColumn("In its own words", width=320),
    "receives": st.column_config.NumberColumn("Receives", format="localized"),
    "bytes": st.column_config.NumberColumn("Bytes", format="localized"),
    "message_id": st.column_config.TextColumn("Message id", width=280),
}


def _causes(table: pd.DataFrame) -> pd.DataFrame:
    viewer = live.viewer()
    seen = {name: pd.to_datetime(table[name], utc=True).dt.tz_convert(viewer) for name in ("first_seen", "last_seen")}
    return table.assign(**seen)


def _letters(look: DeadLetterLook) -> pd.DataFrame:
    rows = [
        {
            "sent": letter.sent,
            "cause": letter.error_type,
            "message": letter.error_message,
            "receives": letter.receives,
            "bytes": len(letter.body.encode(errors="surrogatepass")),
            "message_id": letter.message_id,
        }
        for letter in look.letters
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(sent=pd.to_datetime(frame["sent"], utc=True).dt.tz_convert(live.viewer()))


def _one(letter: Letter) -> None:
    """One letter: where it has been, its attributes, its text."""
    st.subheader("What does this letter say?", anchor=False)
    facts = {
        "Message": letter.message_id,
        "Original message": letter.original_message_id,
        "Invocation": letter.request_id,
        "Sent": f"{moment(letter.sent, live.viewer())} ({utc(letter.sent)})" if letter.sent else "",
        "Cause": letter.error_type,
        "In its own words": letter.error_message,
        "Cause known from": letter.cause_from,
        "Receives": str(letter.receives),
    }
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.html(blocks.facts({name: value for name, value in facts.items() if value}))
        if letter.attributes:
            st.caption("Message attributes")
            st.code(json.dumps(dict(letter.attributes), indent=2, ensure_ascii=False), language=None, wrap_lines=True)
    with right:
        whole = len(letter.body) <= CUT or st.toggle(
            f"Show all {number(len(letter.body))} characters", key=f"all-{letter.message_id}"
        )
        shown = letter.body if whole else letter.body[:CUT]
        st.code(shown or "(empty body)", language=None, wrap_lines=True, height=360 if len(shown) > 600 else "content")
        if not whole:
            st.html(f'<span class="so-quiet">The first {number(CUT)} characters.</span>')
