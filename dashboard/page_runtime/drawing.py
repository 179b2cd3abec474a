"""Draws a page from its report, and again on time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import streamlit as st

from dashboard import page_outline, zoom
from dashboard.charts.drawing.comparison import EarlierReport
from dashboard.markup import error_box, html_blocks, refresh_cost
from dashboard.page_runtime.context import ZONE, page_context
from dashboard.page_runtime.loading import load_earlier_report, load_report, report_source
from dashboard.page_runtime.shown import drawn_times, failures, show_age
from dashboard.pages import PAGES
from ops.errors import OpsError
from ops.insight.report_types import Finding

T = TypeVar("T")


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
    without_earlier = (None,) if entry.comparable else ()

    @st.fragment(run_every=selection.refresh, key=f"live-{name}")
    def body() -> None:
        zoom.follow()
        # Not st.empty() first: a refresh would take the heading away, and all below would jump until it is back.
        head = st.html(html_blocks.head(entry, drawn_times().get(key), ZONE, "Loading…"))
        placeholder = st.empty()  # always there, so that a refresh finds every element at its old place
        is_first = key not in drawn_times() and key not in failures()  # an error stays while the report is loaded again
        if is_first and not page_outline.is_drawn(key):
            with placeholder.container():
                for height in skeleton_heights:
                    st.skeleton(height=height)
        try:
            asked = extra() if callable(extra) else extra
            outline = (
                page_outline.find(name, key, selection.span, asked, report_source) if has_outline and is_first else None
            )
            if outline is not None:
                placeholder.empty()
                with st.container(key="opening"):
                    show_finding(outline.finding)
                draw(outline, *without_earlier)
                page_outline.follow(key)
            loaded = load_report(name, asked)
        except OpsError as error:
            _remember_failure(key, error)
            placeholder.empty()
            head.html(html_blocks.head(entry))
            error_box.show(error)
            return
        placeholder.empty()
        _remember_drawn(key, loaded.at)
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
        show_age(key)
    body()


def read_once(
    name: str,
    read: Callable[[], T],
    *,
    skeleton_heights: tuple[int, ...],
    at: Callable[[T], datetime | None],
    verb: str = "Updated",
) -> T | None:
    """The head of a page that shows what is recorded, and what ``read`` returns; None where it raised OpsError, which the
    page then shows. ``skeleton_heights``: as in ``page``. ``at``: the time in the head; ``verb``: what was done then."""
    entry, key = PAGES[name], (name, page_context().selection.target)
    head = st.html(html_blocks.head(entry, drawn_times().get(key), ZONE, "Loading…", verb))
    placeholder = st.empty()
    if key not in drawn_times() and key not in failures():
        with placeholder.container():
            for height in skeleton_heights:
                st.skeleton(height=height)
    try:
        found = read()
    except OpsError as error:
        drawn_times().pop(key, None)
        failures()[key] = str(error)
        placeholder.empty()
        head.html(html_blocks.head(entry))
        error_box.show(error)
        return None
    placeholder.empty()
    failures().pop(key, None)
    drawn = at(found)
    if drawn is not None:
        drawn_times()[key] = drawn
    head.html(html_blocks.head(entry, drawn, ZONE, verb=verb))
    return found


def _remember_drawn(key: Any, at: datetime) -> None:
    page_outline.forget(key)
    failures().pop(key, None)
    drawn_times()[key] = at


def _remember_failure(key: Any, error: OpsError) -> None:
    """Draws the page again where it had a report: a fragment that draws less would leave the old elements there, without a
    time."""
    drawn_before = drawn_times().pop(key, None) or page_outline.is_drawn(key)
    page_outline.forget(key)
    failures()[key] = str(error)
    if drawn_before:
        st.rerun()


def _earlier(name: str) -> tuple[EarlierReport | None, tuple[str, ...]]:
    """The earlier report, or why there is none."""
    try:
        return load_earlier_report(name), ()
    except OpsError as error:
        return None, (f"No comparison: {error} {error.next_step}".strip(),)


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
