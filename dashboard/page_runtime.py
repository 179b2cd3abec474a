"""From a page's question to its answer on the screen: asked once a refresh, whoever is watching, and again on time.

The cache's key holds the target, the question, the span and the *tick*: the number of the refresh interval that is now.
Within a tick all readers of a page share one call. A press of Refresh, and a page that does not refresh, ask for
themselves: their key holds the reader's own visit, so that nobody is shown what somebody else asked for long ago.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import streamlit as st

from dashboard import formatting, zoom
from dashboard.markup import error_box, html_blocks
from dashboard.pages import PAGES
from dashboard.services.report_source import ReportSource
from dashboard.time_range import TimeRange
from ops import target as targets
from ops.errors import OpsError
from ops.insight.report_types import Finding, QueryCost
from ops.target import Target

R = TypeVar("R")

ZONE = UTC
"""Of every time on every page: logs, findings, commands and colleagues elsewhere have the same."""
AGE_CHECK_S, AGE_SHOWN_FROM_S = 15, 60
"""Seconds: how often the age of a page that does not refresh is looked at, and from which on it is shown."""
WORKLOAD_TTL_S = 300
"""Seconds that a workload's description (queues, mapping, limits) is believed before it is read again."""


@dataclass(frozen=True)
class PageSelection:
    """What the sidebar says: where to look, at which stretch of time, and how often."""

    target: Target
    span: TimeRange
    refresh: int | None
    """Seconds between looks; None when refreshing is off or the span does not move."""
    visit: str = ""
    """New with each session and with each press of Refresh."""
    pressed: float | None = None
    """When Refresh was last pressed (``time.time()``)."""


@dataclass(frozen=True)
class PageContext:
    """What the entry point hands to every page."""

    connect: Callable[[Target], ReportSource]
    selection: PageSelection
    cost: Any
    """The sidebar's container in which a page says what its looks cost."""
    page: str


def set_page_context(stage: PageContext) -> None:
    st.session_state["_stage"] = stage


def page_context() -> PageContext:
    found: PageContext = st.session_state["_stage"]
    return found


@st.cache_resource(ttl=WORKLOAD_TTL_S, max_entries=16, show_spinner=False)
def _connected(target: Target, _connect: Callable[[Target], ReportSource]) -> ReportSource:
    return _connect(target)


def report_source() -> ReportSource:
    """The chosen workload. Raises OpsError."""
    here = page_context()
    return _connected(here.selection.target, here.connect)


@dataclass(frozen=True)
class LoadedReport:
    report: Any
    at: datetime


@st.cache_data(ttl=900, max_entries=128, show_spinner=False)
def _load_report(
    target: Target, question: str, span: TimeRange, extra: Any, tick: int, visit: str, _telemetry: ReportSource
) -> LoadedReport:
    arguments = (span,) if extra is None else (span, extra)
    return LoadedReport(getattr(_telemetry, question)(*arguments), datetime.now(UTC))


def load_report(question: str, extra: Any = None) -> LoadedReport:
    """The report of one question for the sidebar's choice. Raises OpsError."""
    choice = page_context().selection
    targets.ensure_whole(choice.target)
    return _load_report(choice.target, question, choice.span, extra, *_tick(choice, time.time()), report_source())


def _tick(choice: PageSelection, now: float) -> tuple[int, str]:
    """The tick, and whose own it is: everybody's with refreshing on, but for the tick in which Refresh was pressed."""
    if choice.refresh is None:
        return -1, choice.visit
    tick = int(now // choice.refresh)
    pressed = choice.pressed is not None and int(choice.pressed // choice.refresh) == tick
    return tick, choice.visit if pressed else ""


def loaded_at(question: str) -> datetime | None:
    """When the answer that is drawn on the page was asked for."""
    drawn: dict[Any, datetime] = st.session_state.get("_drawn", {})
    return drawn.get((question, page_context().selection.target))


def fixed_range() -> tuple[datetime, datetime] | None:
    """The beginning and end of a range that does not move; None for the last so many minutes."""
    span = page_context().selection.span
    return (span.start, span.end) if span.start is not None and span.end is not None else None


def selected_range() -> tuple[datetime, datetime]:
    """The beginning and end of the chosen time."""
    if fixed := fixed_range():
        return fixed
    span = page_context().selection.span
    now = datetime.now(UTC)
    return now - timedelta(minutes=span.minutes or 0), now


def page(
    question: str,
    draw: Callable[[Any], None],
    *,
    skeleton_heights: tuple[int, ...],
    extra: Any = None,
    finding: Callable[[Any], Finding] = lambda report: report.finding,
) -> None:
    """A page: its finding, then what ``draw`` makes of the report; refreshed in place.

    ``skeleton_heights``: of the sections in pixels, drawn while the first report is loading.
    """
    here = page_context()
    entry = PAGES[here.page]
    key = (question, here.selection.target)

    @st.fragment(run_every=here.selection.refresh, key=f"live-{question}")
    def body() -> None:
        zoom.follow()
        drawn: dict[Any, datetime] = st.session_state.setdefault("_drawn", {})
        # Not st.empty() first: a refresh would take the heading away, and all below would jump until it is back.
        head = st.html(html_blocks.head(entry, drawn.get(key), ZONE, "Reading…"))
        waiting = st.empty()  # always there, so that a refresh finds every element at its old place
        if key not in drawn and key not in _failures():  # an error keeps its place while it is asked again
            with waiting.container():
                for height in skeleton_heights:
                    st.skeleton(height=height)
        try:
            answer = load_report(question, extra)
        except OpsError as error:
            answered_before = drawn.pop(key, None)
            _failures()[key] = str(error)
            if answered_before:  # a fragment that draws less leaves the rest standing, with no time beside it
                st.rerun()
            waiting.empty()
            head.html(html_blocks.head(entry))
            error_box.show(error)
            return
        waiting.empty()
        _failures().pop(key, None)
        drawn[key] = answer.at
        head.html(html_blocks.head(entry, answer.at, ZONE))
        with st.container(key="opening"):
            show_finding(finding(answer.report))
        draw(answer.report)
        _footnotes((*report_source().notes, *answer.report.look.partial))
        with here.cost:
            st.html(refresh_cost(answer.report.look, here.selection))

    if here.selection.refresh is None and here.selection.span.moves:
        _age(key)
    body()


@st.fragment(run_every=AGE_CHECK_S)
def _age(key: Any) -> None:
    """How old the answer on the page is, where nothing asks again by itself."""
    at = st.session_state.get("_drawn", {}).get(key)
    age = (datetime.now(UTC) - at).total_seconds() if at else 0.0
    st.html(html_blocks.age(age) if age > AGE_SHOWN_FROM_S else "<span></span>")


def _failures() -> dict[Any, str]:
    """The errors that pages show now, by question and target."""
    found: dict[Any, str] = st.session_state.setdefault("_failures", {})
    return found


def already_shown(question: str, error: OpsError) -> bool:
    """Whether the page of this question shows this error already."""
    return _failures().get((question, page_context().selection.target)) == str(error)


def section(question: str, draw: Callable[[Any], None]) -> None:
    """Another part of a page, further down, from the same answer: it asks nothing that ``page`` has not asked."""

    @st.fragment(run_every=page_context().selection.refresh, key=f"more-{question}")
    def body() -> None:
        zoom.follow()
        try:
            answer = load_report(question)
        except OpsError:  # the page above has said so
            return
        draw(answer.report)

    body()


def show_finding(found: Finding) -> None:
    """The sentence, and a link to the page that it names."""
    st.html(html_blocks.finding(found))
    if found.page in PAGES and found.page != page_context().page:
        st.page_link(
            PAGES[found.page].file,
            label=f"Open {PAGES[found.page].title}",
            icon=":material/arrow_forward:",
            icon_position="right",
        )


def _footnotes(notes: tuple[str, ...]) -> None:
    """What is missing from the answer, said where the answer is."""
    if notes:
        st.html(html_blocks.partial(notes))


def refresh_cost(look: QueryCost, choice: PageSelection) -> str:
    """What the page's looks cost, in one line."""
    metrics = f"{look.metrics_requested} metrics a look"
    if choice.target.is_twin:
        line = f"{metrics}. Free on the local twin; {formatting.usd(look.usd)} on AWS."
    elif choice.refresh:
        hourly = formatting.usd(look.usd * 3600 / choice.refresh)
        line = f"{metrics}: {formatting.usd(look.usd)}, {hourly} an hour while this page is open."
    else:
        line = f"{metrics}: {formatting.usd(look.usd)}. Refreshing is off."
    return f'<span class="so-quiet">{formatting.escape(line)}</span>'
