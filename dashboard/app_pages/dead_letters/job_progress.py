"""Work that goes on by itself, followed from the page: how far it is, how it ended, and a way to stop it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.access import access
from dashboard.formatting import duration, number
from dashboard.markup import error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.jobs.background import FAILED, HARMLESS, LOST
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.jobs.background import BackgroundJob

POLL_INTERVAL_S = 1.0


def show_job(service: DeadLetterService, job: BackgroundJob, title: str) -> None:
    """``job`` as it goes on, or how it failed; nothing when it is done, as its result stands elsewhere."""
    if job.running:
        _show_progress(service, job.name, title)
    elif job.state == FAILED and not _ended_long_ago(job):
        error_box.show(OpsError(job.error, job.next_step), again=False, title=f"{title} failed")
    elif job.state == LOST and not _ended_long_ago(job):
        said = (
            f"{title} was killed, or the machine was: it began {_age_text(job)} ago and never ended. Its log: {job.log}"
        )
        st.html(html_blocks.partial((said,)))


def _show_progress(service: DeadLetterService, name: str, title: str) -> None:
    @st.fragment(run_every=POLL_INTERVAL_S, key=f"job-{name}")
    def body() -> None:
        job = service.job(name)
        if job is None or not job.running:
            st.rerun()
        with st.container(border=True, key=f"going-{name}"), st.container(horizontal=True, vertical_alignment="center"):
            st.progress(_progress_share(job), f"{title}: {_progress_text(job)}")
            allowed = access()
            held = not allowed.may_change and job.work not in HARMLESS
            said = allowed.why if held else None
            if st.button("Stop", key=f"stop-{name}", icon=":material/stop:", disabled=held, help=said):
                try:
                    service.stop(name)
                except OpsError as error:
                    error_box.show(error, again=False, title="This cannot be done")

    body()


def _progress_share(job: BackgroundJob) -> float:
    return min(1.0, job.done / job.expected) if job.expected else 0.0


def _progress_text(job: BackgroundJob) -> str:
    """Count, rate and time left; the sentence is ours (foreign text would be read as Markdown)."""
    seconds = (datetime.now(UTC) - job.began).total_seconds()
    if not job.done or not job.expected:
        return f"{_plain_label(job.said)} · {duration(seconds)}"
    rate = job.done / max(seconds, 0.1)
    left = duration(max(0.0, (job.expected - job.done) / rate)) if rate else "?"
    return f"{number(job.done)} of {number(job.expected)} · {number(rate)}/s · about {left} left"


def _plain_label(said: str) -> str:
    return "".join(letter if letter.isalnum() or letter in " .,;:-/'()" else " " for letter in said)


def _ended_long_ago(job: BackgroundJob) -> bool:
    """Only what ended lately is worth a word on the page."""
    return job.ended is not None and (datetime.now(UTC) - job.ended).total_seconds() > 3_600


def _age_text(job: BackgroundJob) -> str:
    return duration((datetime.now(UTC) - job.began).total_seconds())
