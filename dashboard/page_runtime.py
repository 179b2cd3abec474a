"""Loads a page's report and draws it: once per refresh interval for all readers, and again on time.

The cache's key holds the target, the report, the time range and the *tick*: the number of the current refresh interval.
Within a tick all readers of a page share one call. After Refresh is pressed, and on a page without automatic refresh,
the key also holds the reader's own visit, so that a reader is not shown what another one loaded long ago.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import streamlit as st

from dashboard import page_outline, zoom
from dashboard.charts.drawing.comparison import COMPARISONS, EarlierReport, earlier_range
from dashboard.markup import error_box, html_blocks, refresh_cost
from dashboard.pages import PAGES
from dashboard.services.report_source import ReportSource
from dashboard.time_range import TimeRange
from ops import target as targets
from ops.aws.sts import Identity
from ops.errors import OpsError
from ops.insight.report_types import Finding
from ops.target import Target

R = TypeVar("R")

ZONE = UTC
"""The time zone on every page: the same as in logs, findings, commands and for readers elsewhere."""
DEFAULT_REFRESH_S = 60
"""How long an earlier report is kept on a page without automatic refresh."""
AGE_CHECK_S, AGE_SHOWN_FROM_S = 15, 60
"""Without automatic refresh: how often the data's age is checked, and from what age it is shown."""
WORKLOAD_TTL_S = 300
"""How long a workload's description (queues, event source mapping, limits) is cached."""


@dataclass(frozen=True)
class PageSelection:
    """What is selected in the sidebar: workload, time range and refresh."""

    target: Target
    span: TimeRange
    refresh: int | None
    """Seconds between refreshes; None when automatic refresh is off or the range does not end now."""
    visit: str = ""
    """Changes with each session and each press of Refresh."""
    pressed: float | None = None
    """When Refresh was last pressed (``time.time()``)."""
    compare: str | None = None
    """One of ``comparison.COMPARISONS``, where the page can draw it."""
    note: str = ""
    """Why the time range is not the one in the address."""


@dataclass(frozen=True)
class PageContext:
    """What the entry point passes to every page."""

    connect: Callable[[Target], ReportSource]
    selection: PageSelection
    cost: Any
    """The container in the sidebar for what a refresh of the page costs."""
    page: str


def set_page_context(context: PageContext) -> None:
    st.session_state["_page_context"] = context


def page_context() -> PageContext:
    context: PageContext = st.session_state["_page_context"]
    return context


@st.cache_resource(ttl=WORKLOAD_TTL_S, max_entries=16, show_spinner=False)
def _connected(target: Target, _connect: Callable[[Target], ReportSource]) -> ReportSource:
    return _connect(target)


def report_source() -> ReportSource:
    """The selected workload. Raises OpsError."""
    context = page_context()
    return _connected(context.selection.target, context.connect)


@st.cache_data(ttl=WORKLOAD_TTL_S, max_entries=16, show_spinner=False)
def _identity(target: Target, _source: ReportSource) -> Identity:
    return _source.identity()


def identity() -> tuple[Identity | None, str]:
    """The credentials in use; or None, and why they are not known."""
    try:
        return _identity(page_context().selection.target, report_source()), ""
    except OpsError as error:
        return None, "see the error below" if str(error) in _failures().values() else str(error)


@dataclass(frozen=True)
class LoadedReport:
    report: Any
    at: datetime


@st.cache_data(ttl=900, max_entries=128, show_spinner=False)
def _load_report(
    target: Target, name: str, span: TimeRange, extra: Any, tick: int, visit: str, _source: ReportSource
) -> LoadedReport:
    arguments = (span,) if extra is None else (span, extra)
    return LoadedReport(getattr(_source, name)(*arguments), datetime.now(UTC))


def load_report(name: str, extra: Any = None) -> LoadedReport:
    """The report of this name (a method of ``ReportSource``) for the sidebar's selection. Raises OpsError."""
    selection = page_context().selection
    targets.ensure_whole(selection.target)
    tick = _tick(selection, time.time())
    return _load_report(selection.target, name, selection.span, extra, *tick, report_source())


def load_earlier_report(name: str) -> EarlierReport | None:
    """The report of the earlier range that the sidebar selects; None where none is selected. Raises OpsError."""
    selection = page_context().selection
    if selection.compare is None:
        return None
    shift = COMPARISONS[selection.compare]
    span = earlier_range(selection.span, shift, selection.refresh or DEFAULT_REFRESH_S, datetime.now(UTC))
    loaded = _load_report(selection.target, name, span, None, *_tick(selection, time.time()), report_source())
    return EarlierReport(loaded.report, selection.compare, shift)


def _tick(selection: PageSelection, now: float) -> tuple[int, str]:
    """The tick, and the visit that it belongs to: shared by all visits, except when Refresh was pressed in this tick."""
    if selection.refresh is None:
        return -1, selection.visit
    tick = int(now // selection.refresh)
    pressed = selection.pressed is not None and int(selection.pressed // selection.refresh) == tick
    return tick, selection.visit if pressed else ""


def loaded_at(name: str) -> datetime | None:
    """When the report drawn on the page was loaded."""
    drawn: dict[Any, datetime] = st.session_state.get("_drawn", {})
    return drawn.get((name, page_context().selection.target))


def fixed_range() -> tuple[datetime, datetime] | None:
    """Start and end of a custom range; None for a range that ends now."""
    span = page_context().selection.span
    return (span.start, span.end) if span.start is not None and span.end is not None else None


def selected_range() -> tuple[datetime, datetime]:
    """Start and end of the selected range."""
    if fixed := fixed_range():
        return fixed
    span = page_context().selection.span
    now = datetime.now(UTC)
    return now - timedelta(minutes=span.minutes or 0), now


def page(
    name: str,
    draw: Callable[..., Finding | None],
    *,
    skeleton_heights: tuple[int, ...],
    extra: Any = None,
    has_outline: bool = False,
    finding: Callable[[Any], Finding] = lambda report: report.finding,
) -> None:
    """A page: the finding of the report ``name``, then what ``draw`` draws of it; refreshed in place.

    A comparable page's ``draw`` gets the earlier report as well, or None. Where ``draw`` learns more than the report has,
    it returns the finding with it. ``extra``: for the report, or what returns it, if it changes without a whole run.
    ``skeleton_heights``: of the sections in pixels, drawn while the first report is loading. ``has_outline``: the report has
    one (``ReportSource.outline``), which ``draw`` draws as well.
    """
    context, selection = page_context(), page_context().selection
    entry, key = PAGES[context.page], (name, selection.target)

    @st.fragment(run_every=selection.refresh, key=f"live-{name}")
    def body() -> None:
        zoom.follow()
        drawn: dict[Any, datetime] = st.session_state.setdefault("_drawn", {})
        # Not st.empty() first: a refresh would take the heading away, and all below would jump until it is back.
        head = st.html(html_blocks.head(entry, drawn.get(key), ZONE, "Loading…"))
        placeholder = st.empty()  # always there, so that a refresh finds every element at its old place
        is_first = key not in drawn and key not in _failures()  # an error stays while the report is loaded again
        if is_first and not page_outline.is_drawn(key):
            with placeholder.container():
                for height in skeleton_heights:
                    st.skeleton(height=height)
        try:
            asked = extra() if callable(extra) else extra
            outline = None
            if has_outline and is_first:
                outline = page_outline.find(name, key, selection.span, asked, report_source)
            if outline is not None:
                placeholder.empty()
                with st.container(key="opening"):
                    show_finding(outline.finding)
                draw(outline, *((None,) if entry.comparable else ()))
                page_outline.follow(key)
            loaded = load_report(name, asked)
        except OpsError as error:
            drawn_before = drawn.pop(key, None) or page_outline.is_drawn(key)
            page_outline.forget(key)
            _failures()[key] = str(error)
            if drawn_before:  # a fragment that draws less would leave the old elements on the page, without a time
                st.rerun()
            placeholder.empty()
            head.html(html_blocks.head(entry))
            error_box.show(error)
            return
        placeholder.empty()
        page_outline.forget(key)
        _failures().pop(key, None)
        drawn[key] = loaded.at
        head.html(html_blocks.head(entry, loaded.at, ZONE))
        with st.container(key="opening"):
            sentence = show_finding(finding(loaded.report))
        cost, notes = loaded.report.look, (*report_source().notes, *loaded.report.look.partial)
        if entry.comparable:
            earlier, trouble = _earlier(name)
            revised = draw(loaded.report, earlier)
            notes += trouble
            cost = cost if earlier is None else cost.plus(earlier.report.look)
        else:
            revised = draw(loaded.report)
        if revised is not None:
            sentence.html(html_blocks.finding(revised))
        if notes:
            st.html(html_blocks.partial(notes))
        with context.cost:
            st.html(refresh_cost.text(cost, selection.target.is_twin, selection.refresh))

    if selection.refresh is None and selection.span.moves:
        _age(key)
    body()


def _earlier(name: str) -> tuple[EarlierReport | None, tuple[str, ...]]:
    """The earlier report, or why there is none."""
    try:
        return load_earlier_report(name), ()
    except OpsError as error:
        return None, (f"No comparison: {error} {error.next_step}".strip(),)


@st.fragment(run_every=AGE_CHECK_S)
def _age(key: Any) -> None:
    """The age of the data on a page without automatic refresh."""
    at = st.session_state.get("_drawn", {}).get(key)
    age = (datetime.now(UTC) - at).total_seconds() if at else 0.0
    place = st.empty()  # without it the page's next part would stand where the age does later
    if age > AGE_SHOWN_FROM_S:
        place.html(html_blocks.age(age))


def _failures() -> dict[Any, str]:
    """The errors that pages show now, by report and target."""
    failures: dict[Any, str] = st.session_state.setdefault("_failures", {})
    return failures


def already_shown(name: str, error: OpsError) -> bool:
    """Whether the page of this report shows this error already."""
    return _failures().get((name, page_context().selection.target)) == str(error)


def section(name: str, draw: Callable[[Any], None]) -> None:
    """Another part of a page, further down, from the report that ``page`` has loaded."""

    @st.fragment(run_every=page_context().selection.refresh, key=f"more-{name}")
    def body() -> None:
        zoom.follow()
        try:
            loaded = load_report(name)
        except OpsError:  # the page above shows it
            return
        draw(loaded.report)

    body()


def show_finding(finding: Finding) -> Any:
    """The finding, and a link to the page that it names. Returns the element with the sentence."""
    sentence = st.html(html_blocks.finding(finding))
    if finding.page in PAGES and finding.page != page_context().page:
        st.page_link(
            PAGES[finding.page].file,
            label=f"Open {PAGES[finding.page].title}",
            icon=":material/arrow_forward:",
            icon_position="right",
        )
    return sentence
