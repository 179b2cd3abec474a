"""Trace: what happened to one job, in one waterfall."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard import page_runtime, theme
from dashboard.access import access
from dashboard.components import widgets
from dashboard.components.logs_and_traces.trace_link import TRACE_KEY
from dashboard.formatting import NONE, millis, moment, number
from dashboard.markup import error_box, html_blocks, waterfall
from dashboard.markup.html_blocks import Stat
from dashboard.pages import PAGES
from ops import formatting
from ops.errors import OpsError
from ops.insight.report_types import Finding, Level
from ops.logs.search import MAX_USD
from ops.traces.model import JobTrace, SpanKind

if TYPE_CHECKING:
    from ops.target import Target

FOUND, ASKED = "_traces", "_trace_asked"
RANGES: Mapping[str, int | None] = {"Last day": None, "Last 7 days": 7, "Last 30 days": 30}
"""Days of logs that are searched; None: the last day, or from when the message was sent."""
KEPT = 8
"""Traces that a session keeps: going back to one searches nothing again."""


def show() -> None:
    head = st.html(html_blocks.head(PAGES["trace"]))
    wanted, days = _ask()
    if not wanted:
        _show_how_to_choose()
        return
    target = page_runtime.page_context().selection.target
    try:
        searched = _find(target, wanted, days)
    except OpsError as error:
        error_box.show(error)
        return
    if searched is None:
        most = formatting.price(MAX_USD)
        st.html(
            html_blocks.empty(
                "Not searched yet", f"Find searches the logs with Logs Insights, which costs at most {most}."
            )
        )
        return
    found, at = searched
    head.html(html_blocks.head(PAGES["trace"], at, page_runtime.ZONE))
    with st.container(key="opening"):
        page_runtime.show_finding(found.finding)
    if found.found:
        _draw(found)
    _searched(found)
    if found.look.partial:
        st.html(html_blocks.partial(found.look.partial))
    with page_runtime.page_context().cost:
        st.html(html_blocks.quiet(_cost(target, found)))


def _show_how_to_choose() -> None:
    with st.container(key="opening"):
        page_runtime.show_finding(Finding(Level.NO_DATA, "No job is chosen."))
    st.html(
        html_blocks.empty(
            "Which job?",
            "Enter one of its IDs above, or open one from a dead letter, a failed invocation or a dot on Cold starts.",
        )
    )
    with st.container(horizontal=True, key="trace-from"):
        for name in ("dead_letters", "failures", "cold_starts"):
            entry = PAGES[name]
            st.page_link(entry.file, label=entry.title, icon=f":material/{entry.icon}:")


def _ask() -> tuple[str, int | None]:
    """The ID in the input, which the address holds, too, and the days to search."""
    allowed = access()
    with st.container(key="trace-search"):
        entered, ranged, button = st.columns([4, 1.2, 1], vertical_alignment="bottom", gap="small")
        text = entered.text_input(
            "Job, message, request or trace ID", key=TRACE_KEY, bind="query-params", placeholder="t6b0c8d4c-000108"
        )
        chosen = ranged.selectbox("Time range", list(RANGES), key="trace-range")
        if button.button("Find", key="find-trace", icon=":material/search:", width="stretch", help=allowed.why or None):
            st.session_state[ASKED] = (text or "").strip()
    return (text or "").strip(), RANGES[chosen]


def _find(target: Target, wanted: str, days: int | None) -> tuple[JobTrace, datetime] | None:
    """The search's result and time. On AWS, which bills it, None until it is requested. Raises OpsError."""
    traces: dict[tuple[Target, str, int | None, str], tuple[JobTrace, datetime]] = st.session_state.setdefault(
        FOUND, {}
    )
    key = (target, wanted, days, page_runtime.page_context().selection.visit)
    asked = st.session_state.get(ASKED) == wanted
    if asked or key not in traces:
        if not (asked or target.is_twin):
            return None
        with st.spinner("Searching logs, X-Ray and the dead-letter queue's snapshot…"):
            traces[key] = page_runtime.report_source().job_trace(wanted, days), datetime.now(UTC)
        st.session_state.pop(ASKED, None)  # not before: a run that is interrupted is made again
        while len(traces) > KEPT:
            traces.pop(next(iter(traces)))
    return traces[key]


def _draw(found: JobTrace) -> None:
    st.html(html_blocks.stats(_stats(found)))
    shortened = waterfall.scale_of(found).shortened
    with st.container(horizontal=True, vertical_alignment="center", key="trace-head"):
        st.subheader("Waterfall", anchor=False, width="content")
        to_scale = shortened and st.toggle(
            "To scale",
            key="to-scale",
            help="Off: waits are drawn shorter than they were, so that attempts can be read.",
        )
    st.html(waterfall.legend(found))
    st.html(waterfall.waterfall(found, shorten=not to_scale))
    if shortened and not to_scale:
        st.html('<span class="so-quiet">Waits are drawn shorter than they were; the axis has the times.</span>')
    if found.left_out:
        st.html(html_blocks.quiet(waterfall.left_out(found)))
    with st.expander(f"{formatting.count(len(found.spans), 'span')} as a table", icon=":material/table_rows:"):
        _table(found)


def _stats(found: JobTrace) -> list[Stat]:
    def took(kind: SpanKind) -> str:
        seconds = found.seconds.get(kind.value, 0.0)
        if not seconds and any(span.kind == kind and span.duration_s is None for span in found.spans):
            return "still there" if kind is SpanKind.DEAD else "open"
        return millis(seconds * 1000) if seconds else NONE

    total = (found.end - found.start).total_seconds() if found.start and found.end else None
    is_dead = any(span.kind == SpanKind.DEAD for span in found.spans)
    return [
        Stat(
            "From first to last",
            NONE if total is None else millis(total * 1000),
            note=f"from {moment(found.start, page_runtime.ZONE)} UTC" if found.start else "",
        ),
        Stat("Attempts", number(found.attempts)),
        Stat("Redrives", number(found.redrives), note="from this machine" if found.redrives else ""),
        Stat("Queue wait", took(SpanKind.WAIT), colour=theme.VISIBLE),
        Stat("INIT", took(SpanKind.INIT), colour=theme.COLD if found.seconds.get(SpanKind.INIT.value) else ""),
        Stat("In attempts", took(SpanKind.ATTEMPT), colour=theme.IN_FLIGHT),
        Stat("In the DLQ", took(SpanKind.DEAD), colour=theme.DEAD if is_dead else ""),
    ]


def _table(found: JobTrace) -> None:
    column = st.column_config.TextColumn
    rows = [
        {
            "span": f"{'· ' * span.depth}{span.name}",
            "start": span.start,
            "ms": None if span.duration_s is None else round(span.duration_s * 1000, 3),
            "attempt": span.attempt or None,
            "basis": span.basis.value,
            "source": span.source,
            "failure": span.failure,
            "detail": span.detail,
            "message": span.message_id,
            "request": span.request_id,
        }
        for span in found.spans
    ]
    widgets.table(
        pd.DataFrame(rows),
        "trace-spans",
        {
            "span": column("Span", width=250),
            "start": st.column_config.DatetimeColumn("Start", format="D MMM HH:mm:ss.SSS", timezone="UTC"),
            "ms": st.column_config.NumberColumn("Duration (ms)", format="localized"),
            "attempt": st.column_config.NumberColumn("Attempt", width="small"),
            "basis": column("Basis", width="small"),
            "source": column("Read from"),
            "failure": column("Failure"),
            "detail": column("Detail"),
            "message": column("Message ID"),
            "request": column("Request ID"),
        },
        placeholder="–",
        height=widgets.height(len(rows), 14),
    )


def _searched(found: JobTrace) -> None:
    rows = {
        place.place.capitalize() if place.place.islower() else place.place[:1].upper() + place.place[1:]: ", ".join(
            filter(None, ("not read" if place.found is None else formatting.count(place.found, "record"), place.note))
        )
        for place in found.searched
    }
    names = {
        "Job": found.job_ids,
        "Messages": found.message_ids,
        "Requests": found.request_ids,
        "Traces": found.trace_ids,
    }
    known = {name: ", ".join(ids[:12]) + (" …" if len(ids) > 12 else "") for name, ids in names.items() if ids}
    if known:
        st.subheader("IDs", anchor=False)
        st.html(html_blocks.facts(known))
    st.subheader("Sources searched", anchor=False)
    st.html(html_blocks.facts(rows))


def _cost(target: Target, found: JobTrace) -> str:
    price = formatting.price(found.look.usd)
    return f"Free on the twin; {price} on AWS." if target.is_twin else f"This search cost {price}."


show()
