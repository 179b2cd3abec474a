"""The snapshot's age, the button for a scan with its confirmation, and the scan's progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import page_runtime
from dashboard.access import access
from dashboard.app_pages.dead_letters import confirm_dialogs, job_progress
from dashboard.formatting import escape, message_count, moment, number, utc
from dashboard.markup import error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops.errors import OpsError
from ops.formatting import elapsed

if TYPE_CHECKING:
    from ops.deadletters.snapshot import SnapshotInfo

MAX_MESSAGES = 100_000
"""Read by one scan, by default."""
OLD_SNAPSHOT_S = 900
"""Age from which a snapshot is marked: the queue may have changed."""


@dataclass(frozen=True)
class QueueCount:
    """Messages in the queue by SQS's count, and when it was read."""

    messages: float
    at: datetime


def show_scan_bar(
    service: DeadLetterService,
    info: SnapshotInfo | None,
    count: Callable[[], QueueCount | None],
    aside: Callable[[], None],
    other_queue: bool = False,
    redriving: bool = False,
) -> None:
    """The button, the snapshot's age, and a running scan. ``count``: of the queue; ``aside`` is drawn at the right end;
    ``other_queue``: one that someone named, whose messages no one has counted; ``redriving``: the next scan is better made
    once that is over."""
    job = service.job("look")
    running = bool(job and job.running)
    allowed = access()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="look-bar"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            label = "Scan again…" if info else "Scan the DLQ…"
            counted = count()
            expected = bool(counted and counted.messages) or (counted is None and other_queue)
            urgent = expected and not redriving and (info is None or is_old(info) or _differs(info, counted))
            disabled = running or not allowed.may_receive
            if st.button(
                label,
                icon=":material/visibility:",
                key="look",
                type="primary" if urgent else "secondary",
                disabled=disabled,
            ):
                _confirm_scan(service, counted)
            if not allowed.may_receive:
                st.text(allowed.why)
            elif info and not running:
                _show_age(info, count)
                _show_scan_details(info)
        aside()
    if job:
        job_progress.show_job(service, job, "Scan")
    if info is None and not running and allowed.may_receive:
        st.html(
            html_blocks.empty(
                "Not scanned yet",
                "CloudWatch has only the number of messages. A scan receives them from the queue, then releases them.",
            )
        )


def _show_age(info: SnapshotInfo, count: Callable[[], QueueCount | None]) -> None:
    @st.fragment(run_every=page_runtime.page_context().selection.refresh, key="snapshot-age")
    def body() -> None:
        st.html(_age_html(info, count()))

    body()


@st.dialog("Scan the DLQ?", icon=":material/visibility:")
def _confirm_scan(service: DeadLetterService, expected: QueueCount | None) -> None:
    about = f"about {message_count(expected.messages)}" if expected else "messages"
    st.text(
        f"SQS has no peek: {about} of {service.queue} will be received, then released.\n\n"
        "• Nothing is deleted or moved.\n"
        "• Each message's receive count rises by one.\n"
        "• Messages are hidden from other consumers until they are released.\n"
        "• The age of the oldest message in CloudWatch may change.\n\n"
        "Then the logs are searched for failure causes. The scan continues when you leave this page."
    )
    limit = st.number_input("Max messages", 1, 10_000_000, MAX_MESSAGES, 1_000, key="look-limit")
    if confirm_dialogs.confirm_buttons("Scan", "look", ":material/visibility:"):
        try:
            service.start("look", limit=int(limit or MAX_MESSAGES))
        except OpsError as error:
            error_box.show(error, again=False, title="The scan was not started")
            return
        st.rerun()


def is_old(info: SnapshotInfo) -> bool:
    """The queue may have changed since."""
    return info.scanned_at is not None and (datetime.now(UTC) - info.scanned_at).total_seconds() > OLD_SNAPSHOT_S


def _differs(info: SnapshotInfo, counted: QueueCount | None) -> bool:
    """Whether the queue was counted after the scan, and has another number of messages than the snapshot."""
    return bool(counted and info.scanned_at and counted.at > info.scanned_at and int(counted.messages) != info.messages)


def _age_html(info: SnapshotInfo, queue_count: QueueCount | None) -> str:
    if info.scanned_at is None:
        return '<span class="so-quiet">Not scanned yet.</span>'
    ago = elapsed(info.scanned_at, datetime.now(UTC))
    scanned = max(info.scanned, info.messages)
    text = f"{message_count(scanned)} scanned at {moment(info.scanned_at, page_runtime.ZONE)}, {ago} ago"
    text += "." if info.complete else "; not the whole queue."
    if info.messages < scanned:
        text += f" {number(scanned - info.messages)} redriven or deleted since."
    if queue_count and _differs(info, queue_count):
        text += f" The queue has {number(queue_count.messages)} now: scan again before acting."
    elif is_old(info):
        text += " The queue may have changed since: scan again before acting."
    return f'<span class="so-quiet" title="{utc(info.scanned_at)}">{escape(text)}</span>'


def _show_scan_details(info: SnapshotInfo) -> None:
    """Shows what the scan did, and what it could not read."""
    if info.notes:
        with st.popover("Scan details", icon=":material/info:", type="tertiary", key="look-notes"):
            st.html("".join(f'<div class="so-quiet">{escape(note)}</div>' for note in info.notes))
