"""A background job on the page: its progress, a button to stop it, and why it failed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import page_runtime
from dashboard.access import access
from dashboard.formatting import duration, number
from dashboard.markup import error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.jobs.background import FAILED, LOST, UNRESTRICTED_JOBS
from ops.errors import OpsError
from ops.formatting import elapsed

if TYPE_CHECKING:
    from ops.deadletters.jobs.background import BackgroundJob

POLL_INTERVAL_S = 1.0


def show_job(service: DeadLetterService, job: BackgroundJob, title: str) -> None:
    """``job`` in progress, or why it failed; nothing once it is done, as its result is shown elsewhere."""
    if job.running:
        _show_progress(service, job.name, title)
    elif job.state == FAILED and not _ended_long_ago(job):
        error_box.show(OpsError(job.error, job.next_step), again=False, title=f"{title} failed")
    elif job.state == LOST and not _ended_long_ago(job):
        text = f"{title} stopped unexpectedly: started {_age_text(job)} ago, and its process is gone. Log: {job.log}"
        st.html(html_blocks.partial((text,)))


def _show_progress(service: DeadLetterService, name: str, title: str) -> None:
    @st.fragment(run_every=POLL_INTERVAL_S, key=f"job-{name}")
    def body() -> None:
        job = service.job(name)
        if job is None or not job.running:
            page_runtime.read_again()  # the number of messages is not to be older than what the job did
            st.rerun()
        with st.container(border=True, key=f"going-{name}"), st.container(horizontal=True, vertical_alignment="center"):
            st.progress(_progress_share(job), f"{title}: {_progress_text(job)}")
            allowed = access()
            blocked = not allowed.may_change and job.work not in UNRESTRICTED_JOBS
            why = allowed.why if blocked else None
            if st.button("Stop", key=f"stop-{name}", icon=":material/stop:", disabled=blocked, help=why):
                try:
                    service.stop(name)
                except OpsError as error:
                    error_box.show(error, again=False, title="The job was not stopped")

    body()


def _progress_share(job: BackgroundJob) -> float:
    return min(1.0, job.done / job.expected) if job.expected else 0.0


def _progress_text(job: BackgroundJob) -> str:
    """Count, rate and time left, as a label without Markdown."""
    seconds = (datetime.now(UTC) - job.began).total_seconds()
    if not job.done or not job.expected:
        return f"{_plain_label(job.status_text)} · {duration(seconds)}"
    rate = job.done / max(seconds, 0.1)
    left = duration(max(0.0, (job.expected - job.done) / rate)) if rate else "?"
    return f"{number(job.done)} of {number(job.expected)} · {number(rate)}/s · about {left} left"


def _plain_label(text: str) -> str:
    return "".join(c if c.isalnum() or c in " .,;:-/'()" else " " for c in text)


def _ended_long_ago(job: BackgroundJob) -> bool:
    """An hour after its end, a failure is no longer shown."""
    return job.ended is not None and (datetime.now(UTC) - job.ended).total_seconds() > 3_600


def _age_text(job: BackgroundJob) -> str:
    return elapsed(job.began, datetime.now(UTC))
