"""Looking: what the shelf holds and how old that is, a look that is asked first, and how far a look is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import page_runtime
from dashboard.access import access
from dashboard.app_pages.dead_letters import confirm_dialogs, job_progress
from dashboard.formatting import duration, escape, message_count, moment, number, utc
from dashboard.markup import error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.snapshot import SnapshotInfo

MAX_MESSAGES = 100_000
"""Letters read in one look, unless the reader says otherwise."""
OLD_SNAPSHOT_S = 900
"""A shelf older than that is marked: the queue may have changed."""


@dataclass(frozen=True)
class QueueCount:
    """How many letters SQS said that the queue holds, and when."""

    letters: float
    at: datetime


def show_scan_bar(
    service: DeadLetterService,
    info: SnapshotInfo | None,
    count: Callable[[], QueueCount | None],
    aside: Callable[[], None],
) -> None:
    """The button, the shelf's age, and the look that goes on. ``count``: of the queue; ``aside`` is drawn at the right
    end."""
    job = service.job("look")
    running = bool(job and job.running)
    allowed = access()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="look-bar"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            label = "Look again…" if info else "Look at the letters…"
            counted = count()
            nothing = counted is not None and not counted.letters  # there is nothing to see, and nothing to urge
            kind = "secondary" if nothing or (info and not is_old(info)) else "primary"
            blocked = running or not allowed.may_receive
            if st.button(label, icon=":material/visibility:", key="look", type=kind, disabled=blocked):
                _confirm_scan(service, counted)
            if not allowed.may_receive:
                st.text(allowed.why)
            elif info and not running:
                _show_age(info, count)
        aside()
    if job:
        job_progress.show_job(service, job, "Looking at the dead letters")
    if info is None and not running and allowed.may_receive:
        st.html(
            html_blocks.empty(
                "Not looked yet",
                "CloudWatch knows how many letters there are, not what they say. "
                "Looking receives them from the queue and gives them back.",
            )
        )


def _show_age(info: SnapshotInfo, count: Callable[[], QueueCount | None]) -> None:
    @st.fragment(run_every=page_runtime.page_context().selection.refresh, key="shelf-age")
    def body() -> None:
        st.html(_age_html(info, count()))

    body()


@st.dialog("Look at the dead letters?", icon=":material/visibility:")
def _confirm_scan(service: DeadLetterService, expected: QueueCount | None) -> None:
    held = f" (it holds about {number(expected.letters)})" if expected else ""
    st.text(
        f"A queue has no peek. Letters of {service.queue}{held} are received and given back:\n\n"
        "• nothing is deleted or moved;\n"
        "• each letter's receive count rises by one;\n"
        "• letters are hidden from other receivers until they are given back;\n"
        "• the age that CloudWatch shows for this queue may change.\n\n"
        "Then the logs are asked why they died. It goes on when you leave this page."
    )
    limit = st.number_input("Letters at most", 1, 10_000_000, MAX_MESSAGES, 1_000, key="look-limit")
    if confirm_dialogs.confirm_buttons("Look", "look", ":material/visibility:"):
        try:
            service.start("look", limit=int(limit or MAX_MESSAGES))
        except OpsError as error:
            error_box.show(error, again=False, title="This cannot be done")
            return
        st.rerun()


def is_old(info: SnapshotInfo) -> bool:
    """The queue may well have changed since."""
    return info.looked_at is not None and (datetime.now(UTC) - info.looked_at).total_seconds() > OLD_SNAPSHOT_S


def _age_html(info: SnapshotInfo, now_there: QueueCount | None) -> str:
    if info.looked_at is None:
        return '<span class="so-quiet">Nobody has looked at the queue yet.</span>'
    ago = duration((datetime.now(UTC) - info.looked_at).total_seconds())
    said = f"{message_count(info.letters)} as of {moment(info.looked_at, page_runtime.ZONE)}, {ago} ago"
    said += "." if info.complete else "; not the whole queue."
    if now_there and now_there.at > info.looked_at and int(now_there.letters) != info.letters:
        said += f" The queue holds {number(now_there.letters)} now: look again before you act."
    elif is_old(info):
        said += " The queue may have changed since: look again before you act."
    return f'<span class="so-quiet" title="{utc(info.looked_at)}">{escape(said)}</span>'


def show_scan_details(info: SnapshotInfo) -> None:
    """What the look did, and what it could not read."""
    said = "".join(f'<div class="so-quiet">{escape(note)}</div>' for note in info.notes)
    if said:
        with st.expander("What the look did", icon=":material/info:", key="look-notes"):
            st.html(said)
