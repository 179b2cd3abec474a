"""One letter: where it has been, its text, its attributes. All of it is foreign, and shown as it was written."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.components import cached_queries
from dashboard.formatting import duration, escape, moment, number, sendable, utc
from dashboard.markup import error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.edits import json_roundtrip
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.causes import TimelineEvent
    from ops.deadletters.messages.model import SnapshotMessage

PREVIEW_CHARACTERS = 2_000
"""Characters of a body shown before "show all"."""
_LONGEST_FACT = 600
_NUMBER_LIST = re.compile(r"\[\s+([-+.\deE,\s]+?)\s+\]")
"""A list of numbers, a line each: it is read more easily on one line."""
_EVENT_COLOUR = {
    "sent": theme.VISIBLE,
    "received": theme.IN_FLIGHT,
    "died": theme.DEAD,
    "error": theme.DEAD,
    "timeout": theme.DEAD,
    "out of memory": theme.DEAD,
    "crash": theme.DEAD,
    "redriven": theme.SUCCESS,
}


def show_message(service: DeadLetterService, shelved: SnapshotMessage) -> None:
    """Facts and timeline on the left, body and attributes on the right."""
    letter = shelved.letter
    st.subheader("What does this letter say?", anchor=False)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.html(html_blocks.facts(_facts(shelved)))
        _show_timeline(service, shelved)
    with right:
        _show_body(letter.message_id, letter.body)
        if letter.attributes:
            st.caption("Message attributes")
            attributes = {
                name: f"{one.value}  ({one.data_type})" if one.data_type != "String" else one.value
                for name, one in letter.attributes.items()
            }
            _show_code(_to_json(attributes))
        with st.expander("System attributes", key="system"):
            _show_code(_to_json(dict(letter.system)))


def _facts(shelved: SnapshotMessage) -> dict[str, str]:
    letter, cause = shelved.letter, shelved.cause
    facts = {
        "Message": letter.message_id,
        "Original message": letter.original_message_id if letter.original_message_id != letter.message_id else "",
        "Kind": letter.kind.value,
        "From": letter.source_arn,
        "Group": letter.group_id or "",
        "Cause": cause.error_type,
        "In its own words": cause.error_message,
        "Where": cause.location,
        "Cause known from": f"{'likely, ' if cause.likely else ''}{cause.source}" if cause.source != "none" else "",
        "Invocation": cause.request_id or letter.request_id,
        "Function version": cause.function_version,
        "Receives": str(letter.receives),
        "Place": shelved.place.value,
    }
    return {name: _shorten(value) for name, value in facts.items() if value}


def _show_timeline(service: DeadLetterService, shelved: SnapshotMessage) -> None:
    """What the letter itself tells; the logs are asked when the reader wants them, since that costs."""
    asked: set[str] = st.session_state.setdefault("_timelines", set())
    message_id = shelved.letter.message_id
    if message_id not in asked:
        known = {"sent": shelved.letter.sent, "died": shelved.cause.died}
        st.html(timeline_html([(at, what, "") for what, at in known.items() if at]))
        label = "Ask the logs for its history"
        st.button(label, icon=":material/timeline:", key="ask-timeline", on_click=asked.add, args=(message_id,))
        return
    try:
        with st.spinner("Asking the logs…"):
            found = cached_queries.message_timeline(service, message_id)
    except OpsError as error:
        asked.discard(message_id)
        error_box.show(error, again=False)
        return
    st.html(timeline_html([_told(one) for one in found.moments]))
    for note in found.look.partial:
        st.html(f'<div class="so-quiet">{escape(note)}</div>')


def _told(one: TimelineEvent) -> tuple[Any, str, str]:
    return one.at, one.what, one.text


def timeline_html(moments: list[tuple[Any, str, str]]) -> str:
    """Moments from top to bottom, with the time that passed between them."""
    viewer = page_runtime.ZONE
    rows, before = [], None
    for at, what, text in moments:
        gap = f"+{_elapsed(at - before)}" if before is not None and at is not None else ""
        when = f'<time title="{escape(utc(at))}">{escape(moment(at, viewer))}</time>'
        said = f"<code>{escape(_shorten(text))}</code>" if text else ""
        rows.append(
            f'<li style="--c:{_EVENT_COLOUR.get(what, theme.NEUTRAL)}">{when}<div><b>{escape(what)}</b>'
            f"<small>{gap}</small>{said}</div></li>"
        )
        before = at or before
    return f'<ol class="so-line">{"".join(rows)}</ol>' if rows else ""


def _elapsed(passed: timedelta) -> str:
    seconds = passed.total_seconds()
    return f"{max(0.0, seconds):.1f} s" if seconds < 10 else duration(seconds)


def _show_body(message_id: str, body: str) -> None:
    pretty = _formatted_json(body)
    text = pretty if pretty is not None and st.toggle("Formatted", value=True, key="formatted") else body
    whole = len(text) <= PREVIEW_CHARACTERS or st.toggle(
        f"Show all {number(len(text))} characters", key=f"all-{message_id}"
    )
    shown = text if whole else text[:PREVIEW_CHARACTERS]
    _show_code(sendable(shown) or "(empty body)")
    if not whole:
        st.html(f'<span class="so-quiet">The first {number(PREVIEW_CHARACTERS)} characters.</span>')


def _show_code(text: str) -> None:
    """Of a bounded height: attributes may be as long as bodies."""
    st.code(text, language=None, wrap_lines=True, height=420 if len(text) > 700 else "content")


def _formatted_json(body: str) -> str | None:
    """JSON laid out, each number and key as it was sent; None when it is none, or so deep or large that laying it out
    helps nobody."""
    if len(body) > 200_000:
        return None
    try:
        laid_out = json_roundtrip.pretty(body)
    except ValueError:
        return None
    return _NUMBER_LIST.sub(lambda found: f"[{' '.join(found[1].split())}]", laid_out)


def _to_json(found: dict[str, str]) -> str:
    return sendable(json.dumps(found, indent=2, ensure_ascii=False))


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_FACT else text[: _LONGEST_FACT - 1] + "…"
