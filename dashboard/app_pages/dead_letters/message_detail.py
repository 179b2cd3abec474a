"""One message: facts, history, body, attributes. All of it is untrusted, and shown exactly as it was sent."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.components.logs_and_traces.log_panel import show_log_panel
from dashboard.components.logs_and_traces.trace_link import show_trace_link
from dashboard.components.logs_and_traces.trace_panel import show_trace
from dashboard.components.queries import dead_letter_queries
from dashboard.formatting import duration, escape, number, sendable
from dashboard.markup import error_box, html_blocks
from dashboard.markup.dead_letters import MACROS
from dashboard.services.dead_letter_service import DeadLetterService
from dashboard.services.report_source import LogTopic
from ops.deadletters.edits import json_roundtrip
from ops.deadletters.messages.model import Kind, Place
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.messages.model import SnapshotMessage

PREVIEW_CHARACTERS = 2_000
"""Characters of a body shown before "show all"."""
_MAX_FACT_CHARS = 600
_NUMBER_LIST = re.compile(r"\[\s+([-+.\deE,\s]+?)\s+\]")
"""A list of numbers, one per line, which is easier to read on one line."""
_EVENT_COLOUR = {
    "died": theme.DEAD,
    "error": theme.DEAD,
    "timeout": theme.DEAD,
    "out of memory": theme.DEAD,
    "crash": theme.DEAD,
    "redriven": theme.SUCCESS,
}
_EVENT_NAME = {"died": "failed"}
_DEAD_LETTERED_BY = {
    Kind.SQS: "redrive policy of its source queue",
    Kind.REJECTED: "the handler, as a permanent failure",
    Kind.LAMBDA: "Lambda, asynchronous invocation",
    Kind.DESTINATION: "Lambda, on-failure destination",
    Kind.EVENTBRIDGE: "an EventBridge rule",
    Kind.SCHEDULER: "EventBridge Scheduler",
    Kind.SNS: "an SNS subscription",
    Kind.UNKNOWN: "unknown",
}
_LOCATION = {
    Place.QUEUE: "in the DLQ",
    Place.MISSING: "no longer in the DLQ",
    Place.REDRIVEN: "redriven",
    Place.PURGED: "deleted",
    Place.IMPORTED: "imported from a file",
}


def show_message(service: DeadLetterService, message: SnapshotMessage) -> None:
    """One aspect per tab, so that the table above stays in view."""
    dead_letter = message.message
    st.html(f'<h3 class="so-title">Message details <small>{escape(dead_letter.message_id)}</small></h3>')
    facts, body, attributes, logs = st.tabs(["Facts", "Body", "Attributes", "Log lines"])
    with facts:
        st.html(html_blocks.facts(_facts(message)))
        show_trace_link(dead_letter.message_id, "Trace this message")
        show_trace(dead_letter.trace_header, "message")
        _show_timeline(service, message)
    with body:
        _show_body(dead_letter.message_id, dead_letter.body)
    with attributes:
        values = {
            name: f"{attribute.value}  ({attribute.data_type})" if attribute.data_type != "String" else attribute.value
            for name, attribute in dead_letter.attributes.items()
        }
        st.html(f'<span class="so-quiet">{"Message attributes" if values else "No message attributes"}</span>')
        if values:
            _show_code(_to_json(values))
        st.html('<span class="so-quiet">System attributes</span>')
        _show_code(_to_json(dict(dead_letter.system)))
    with logs:
        show_log_panel(LogTopic("message", dead_letter.message_id, service.queue))


def _facts(message: SnapshotMessage) -> dict[str, str]:
    dead_letter, cause = message.message, message.cause
    facts = {
        "Message ID": dead_letter.message_id,
        "Original message ID": dead_letter.original_message_id
        if dead_letter.original_message_id != dead_letter.message_id
        else "",
        "Dead-lettered by": f"{_DEAD_LETTERED_BY[dead_letter.kind]} (kind: {dead_letter.kind.value})",
        "Source": dead_letter.source_arn,
        "Message group": dead_letter.group_id or "",
        "Cause": cause.error_type,
        "Error message": cause.error_message,
        "Code location": cause.location,
        "Evidence": f"{'likely, ' if cause.likely else ''}{cause.source}" if cause.source != "none" else "",
        "Request ID": cause.request_id or dead_letter.request_id,
        "Function version": cause.function_version,
        "Receive count": str(dead_letter.receives),
        "Location": _LOCATION[message.place],
    }
    return {name: _shorten(value) for name, value in facts.items() if value}


def _show_timeline(service: DeadLetterService, message: SnapshotMessage) -> None:
    """The times in the message; the logs are searched only on request, since that costs money."""
    requested: set[str] = st.session_state.setdefault("_timelines", set())
    message_id = message.message.message_id
    if message_id not in requested:
        times = {"sent": message.message.sent, "died": message.cause.failed_at}
        st.html(timeline_html([(time, event, "") for event, time in times.items() if time]))
        label = "Load history from logs"
        st.button(label, icon=":material/timeline:", key="ask-timeline", on_click=requested.add, args=(message_id,))
        return
    try:
        with st.spinner("Searching the logs…"):
            timeline = dead_letter_queries.message_timeline(service, message_id)
    except OpsError as error:
        requested.discard(message_id)
        error_box.show(error, again=False)
        return
    st.html(timeline_html([(event.at, event.what, event.text) for event in timeline.events]))
    for note in timeline.look.partial:
        st.html(f'<div class="so-quiet">{escape(note)}</div>')


def timeline_html(events: list[tuple[Any, str, str]]) -> str:
    """Events (time, name, text) from top to bottom, with the time between them."""
    rows, previous = [], None
    for time, event, text in events:
        rows.append(
            {
                "time": time,
                "name": _EVENT_NAME.get(event, event),
                "colour": _EVENT_COLOUR.get(event, theme.NEUTRAL),
                "elapsed": f"+{_elapsed(time - previous)}" if previous is not None and time is not None else "",
                "text": _shorten(text),
            }
        )
        previous = time or previous
    return MACROS.timeline(rows, page_runtime.ZONE)


def _elapsed(passed: timedelta) -> str:
    return duration(max(0.0, passed.total_seconds()))


def _show_body(message_id: str, body: str) -> None:
    pretty = _formatted_json(body)
    text = pretty if pretty is not None and st.toggle("Formatted", value=True, key="formatted") else body
    whole = len(text) <= PREVIEW_CHARACTERS or st.toggle(
        f"Show all {number(len(text))} characters", key=f"all-{message_id}"
    )
    shown = text if whole else text[:PREVIEW_CHARACTERS]
    _show_code(sendable(shown) or "(empty body)")
    if not whole:
        st.html(f'<span class="so-quiet">First {number(PREVIEW_CHARACTERS)} characters</span>')


def _show_code(text: str) -> None:
    """Shows text as code with a maximum height: attributes can be as long as bodies."""
    st.code(text, language=None, wrap_lines=True, height=420 if len(text) > 700 else "content")


def _formatted_json(body: str) -> str | None:
    """JSON with indents, each number and key as it was sent; None for other text, and for JSON too deep or large."""
    if len(body) > 200_000:
        return None
    try:
        indented = json_roundtrip.pretty(body)
    except ValueError:
        return None
    return _NUMBER_LIST.sub(lambda numbers: f"[{' '.join(numbers[1].split())}]", indented)


def _to_json(values: dict[str, str]) -> str:
    return sendable(json.dumps(values, indent=2, ensure_ascii=False))


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_FACT_CHARS else text[: _MAX_FACT_CHARS - 1] + "…"
