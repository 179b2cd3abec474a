"""The sidebar: workload, time range and refresh. Each choice is in the address, so that a view can be shared."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import streamlit as st

from dashboard import page_runtime, zoom
from dashboard import time_range as spans
from dashboard.charts.drawing.comparison import COMPARISONS
from dashboard.components import workload_box
from dashboard.components.workload_choice import WorkloadChoice
from dashboard.formatting import local_range, sendable, zone
from dashboard.markup import html_blocks
from dashboard.page_runtime import PageSelection
from dashboard.services.workload_lists import WorkloadLists
from dashboard.time_range import TimeRange
from ops import target as targets
from ops import twin_state
from ops.errors import UsageError
from ops.target import Target

TWIN_REFRESH, AWS_REFRESH = 10, 60
"""Seconds. AWS publishes metrics once per minute and bills each refresh; the twin's metrics are faster and free."""
_UNKNOWN = "_unknown_range"
"""The session's key for a range in the address that is not offered, and the one that is shown instead."""
_NOTED = 40
"""Characters of such a range that are quoted."""


def choose(lists: WorkloadLists, ranged: bool = True, comparable: bool = False) -> PageSelection | None:
    """Draw the sidebar and return its selection; None without a workload. Raises BadSpan or OpsError.

    ``lists``: of workloads; ``load_workloads`` loads the one that is drawn. ``ranged``: the page has a time range; else
    its inputs are hidden and keep their values for the other pages.
    """
    target = _target(lists)
    if target is None:
        return None
    seconds = TWIN_REFRESH if target.is_twin else AWS_REFRESH
    with st.container(key="when" if ranged else "when-hidden"):
        span = _span(target)
        with st.container(key="compare-with" if comparable else "compare-hidden"):
            compared = st.selectbox(
                "Compare with",
                list(COMPARISONS),
                index=None,
                placeholder="nothing",
                key="compare",
                bind="query-params",
                help="A faint line in each chart. It doubles the metrics that a refresh requests.",
            )
        live = st.toggle(
            f"Refresh every {seconds} s",
            value=True,
            key="live",
            bind="query-params",
            disabled=not span.moves,
            help="AWS publishes these metrics once per minute; each refresh is billed." if not target.is_twin else None,
        )
        if not span.moves:
            st.html('<span class="so-quiet">Off for a range with a fixed end.</span>')
    st.session_state.setdefault("_visit", uuid4().hex)
    if st.button("Refresh", icon=":material/refresh:", key="look-now", type="tertiary"):
        page_runtime.read_again()
    st.html('<span class="so-quiet">All times are in UTC.</span>')
    refresh = seconds if live and span.moves else None
    visit, pressed = st.session_state["_visit"], st.session_state.get("_pressed")
    note = _range_note() if ranged else ""
    return PageSelection(target, span, refresh, visit, pressed, compared if comparable else None, note)


def load_workloads(lists: WorkloadLists) -> None:
    """Called when the page is drawn, for which it would compete."""
    place: Target | None = st.session_state.get("_place")
    if place:
        workload_box.load_list(place, lists, st.session_state.get("_pressed"))


def _target(lists: WorkloadLists) -> Target | None:
    box = st.container()
    choice = _addressed()
    running = twin_state.read()
    configured = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    region = st.text_input(
        "Region",
        value=configured,
        key="region",
        bind="query-params",
        placeholder=running.region if running and not choice.text else "Profile default",
    )
    named = (region or "").strip()
    # The environment's region is for AWS; only one that was typed can contradict the twin's.
    typed = named if named != configured else None
    place: Target | None = None
    try:
        place = targets.resolve_place(choice.stack, choice.queue, region=typed)
        target = targets.resolve(choice.stack, choice.queue, region=typed)
    except UsageError as error:
        if error is not targets.NOTHING_CHOSEN:
            raise
        return None
    finally:
        with box:
            _box(choice, place, lists)
    where = f"Local twin, {target.region}" if target.is_twin else f"AWS, {target.region or 'profile default region'}"
    profile = "" if target.is_twin else target.profile or os.environ.get("AWS_PROFILE", "")
    st.html(html_blocks.quiet(f"{where}, profile {profile}" if profile else where))
    return target


def _addressed() -> WorkloadChoice:
    """The choice in the address, held by inputs that no one sees: the box sets them. The environment's is not among
    them, as it does not count beside a link's."""
    with st.container(key="workload-hidden"):
        stack = st.text_input("Stack", key=workload_box.STACK_KEY, bind="query-params")
        queue = st.text_input("Queue", key=workload_box.QUEUE_KEY, bind="query-params")
    return WorkloadChoice(stack.strip() or None, queue.strip() or None)


def _box(choice: WorkloadChoice, place: Target | None, lists: WorkloadLists) -> None:
    shown = choice if choice.text or place is None else WorkloadChoice(place.stack, place.queue)
    unnamed = f"Function {place.function}" if place and place.function else "Choose a workload"
    place = place and replace(place, stack=None, queue=None, function=None, why_aws="")
    st.session_state["_place"] = place
    workload_box.workload_box(shown, place, lists, unnamed)


def _span(target: Target) -> TimeRange:
    offered = [*spans.RANGES, spans.CUSTOM]
    given = st.query_params.get("range", "")  # read here: the control removes what it does not offer
    chosen = st.segmented_control(
        "Time range",
        offered,
        default=spans.TWIN_DEFAULT if target.is_twin else spans.DEFAULT,
        required=True,
        key="range",
        bind="query-params",
        help="Or drag across a time chart to select a range.",
    )
    if given and given not in offered:
        st.session_state[_UNKNOWN] = (given, chosen)
    elif st.session_state.get(_UNKNOWN, ("", chosen))[1] != chosen:
        del st.session_state[_UNKNOWN]
    if chosen != spans.CUSTOM:
        for key in ("from", "to"):
            st.query_params.pop(key, None)
        zoom.forget()
        return TimeRange(minutes=spans.RANGES[chosen or spans.DEFAULT])
    now = datetime.now(UTC).replace(tzinfo=None, second=0, microsecond=0)
    start = _moment("From (UTC)", "from", now - timedelta(hours=3))
    end = _moment("To (UTC)", "to", now)
    zoom.control()
    span = spans.custom(start, end)
    st.html(html_blocks.quiet(local_range(span.start, span.end, zone(st.context.timezone))))
    return span


def _range_note() -> str:
    given, shown = st.session_state.get(_UNKNOWN, ("", ""))
    return spans.unknown_note(sendable(given[:_NOTED]), shown) if given else ""


def _moment(label: str, key: str, usual: datetime) -> datetime | None:
    """A time in UTC that is in the address from the start: a bound widget leaves out an unchanged default, and a shared
    link would then end at another time."""
    if key not in st.session_state:
        given = st.query_params.get(key, "")
        time = spans.written(given.replace(" ", "+")) if given else usual  # a plus sign in an address is a space
        st.session_state[key] = time and spans.whole_minute(time, up=key == "to")
    chosen = st.datetime_input(label, value=None, key=key, step=300)
    if chosen is None:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = chosen.isoformat(timespec="minutes")
    return chosen
