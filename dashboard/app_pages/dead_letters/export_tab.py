"""Letters written to a file, and purging, which needs that file first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.access import access
from dashboard.app_pages.dead_letters import confirm_dialogs, job_progress
from dashboard.formatting import escape, number, usd
from dashboard.markup import dead_letters, error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.jobs import tasks
from ops.deadletters.jobs.background import DONE
from ops.deadletters.plan_model import Action, Selection
from ops.errors import OpsError
from ops.formatting import byte_size

if TYPE_CHECKING:
    from ops.deadletters.jobs.background import BackgroundJob
    from ops.deadletters.plan_model import Plan

MAX_DOWNLOAD_BYTES = 200_000_000
"""Bytes that are handed to a browser; a larger file is fetched from where it lies."""
_FORMATS = {"JSONL: whole, can be imported again": "jsonl", "CSV: for a spreadsheet": "csv"}
PURGE_PLAN_KEY = "_purge_plan"


def show_export(service: DeadLetterService, selection: Selection, total: int) -> None:
    """Write the chosen letters to a file on this machine, then download it."""
    chosen = st.radio("Format", list(_FORMATS), key="export-format", horizontal=True)
    format_ = _FORMATS[chosen or next(iter(_FORMATS))]
    _export_button(service, selection, total, format_, f"Export {number(total)} letters", "export")
    job = service.job("export")
    if job:
        job_progress.show_job(service, job, "The export")
        if job.state == DONE:
            _show_file(job)
    st.html(
        '<span class="so-quiet">A letter a line, with body, attributes and cause. They may hold personal data: '
        "the file can be read by your own account only.</span>"
    )


def show_purge(service: DeadLetterService, selection: Selection, total: int) -> None:
    """Delete for good: an export of exactly these letters, then a plan, then typed words."""
    allowed = access()
    if not allowed.may_change:
        st.html(html_blocks.empty("Nothing is purged here", allowed.why))
        return
    if _show_purge_job(service):
        return
    if selection.imported:
        st.html(html_blocks.empty("Imported letters are not in the queue", "Take them off the shelf under Import."))
        return
    exported = service.job("purge-export")
    fits = exported is not None and exported.state == DONE and _exports_selection(exported, selection)
    st.html(
        f'<div class="so-partial"><b>Purging deletes {number(total)} letters from {escape(service.queue)} for good</b>'
        '<ul><li>Redrive what is fixed, and purge only what nobody needs.</li>'
        "<li>An export comes first; it brings them back with ops dlq import.</li></ul></div>"
    )  # fmt: skip
    st.html('<span class="so-quiet">1. Export them</span>')
    _export_button(service, selection, total, "jsonl", f"Export {number(total)} letters", "purge-export")
    if exported:
        job_progress.show_job(service, exported, "The export")
    if not fits or exported is None:
        return
    _show_file(exported)
    st.html('<span class="so-quiet">2. Plan and confirm</span>')
    if st.button("Plan the purge", key="plan-purge", icon=":material/checklist:", disabled=not total):
        try:
            with st.spinner("Making the plan…"):
                st.session_state[PURGE_PLAN_KEY] = service.plan(selection, Action.PURGE).id
        except OpsError as error:
            error_box.show(error, again=False, title="This cannot be done")
    if plan_id := st.session_state.get(PURGE_PLAN_KEY):
        _show_purge_plan(service, plan_id, selection, Path(str(exported.arguments["path"])))


def _show_purge_job(service: DeadLetterService) -> bool:
    """How the purge that this reader began goes on, or how it ended; False when there is none."""
    plan_id = st.session_state.get(PURGE_PLAN_KEY)
    job = service.job(f"purge-{plan_id}") if plan_id else None
    if job is None:
        return False
    job_progress.show_job(service, job, "The purge")
    if job.state == DONE:
        st.html(html_blocks.empty(f"Purged: {job.said}", " ".join(job.notes)))
    if not job.running and st.button("Close", key="purge-close", type="tertiary"):
        st.session_state.pop(PURGE_PLAN_KEY)
        st.rerun()
    return True


def _show_purge_plan(service: DeadLetterService, plan_id: str, selection: Selection, path: Path) -> None:
    """The plan of the purge, unless other letters are chosen by now than it was made for."""
    try:
        plan: Plan = service.saved(plan_id)
    except OpsError as error:
        error_box.show(error, again=False, title="This cannot be done")
        return
    if plan.selection != selection:
        return
    with st.container(border=True, key="purge-preview"):
        facts = {
            "Plan": plan.id,
            "Letters": f"{number(len(plan.ids))} of {number(plan.queue_count)} in the queue, {byte_size(plan.bytes)}",
            "Cost": usd(plan.estimate.usd),
            "Permissions": ", ".join(plan.permissions),
            "Export": str(path),
        }
        st.html(html_blocks.facts(facts))
        if plan.warnings:
            st.html(dead_letters.warnings(plan.warnings))
        if st.button(f"Purge {number(len(plan.ids))} letters…", icon=":material/delete_forever:", key="ask-purge"):
            confirm_dialogs.confirm_purge(service, plan, path)


def _export_button(
    service: DeadLetterService, selection: Selection, total: int, format_: str, label: str, name: str
) -> None:
    job = service.job(name)
    busy = job is not None and job.running
    if st.button(label, icon=":material/download:", key=f"start-{name}", disabled=busy or not total):
        try:
            path = service.export_path(format_)
            service.start("export", name, selection=selection, path=str(path), format=format_)
        except OpsError as error:
            error_box.show(error, again=False, title="This cannot be done")
            return
        st.rerun()


def _show_file(job: BackgroundJob) -> None:
    """Where it lies, and a way to fetch it from afar."""
    path = Path(str(job.arguments["path"]))
    st.html(html_blocks.facts({"Written": job.said, **_checksum_facts(job)}))
    try:
        size = path.stat().st_size
    except OSError:
        st.html(html_blocks.empty("The file is not there any more", str(path)))
        return
    if size > MAX_DOWNLOAD_BYTES:
        st.text(f"{byte_size(size)}: too large to download here; fetch it from that folder.")
        return
    st.download_button(
        f"Download {byte_size(size)}",
        path.read_bytes,
        path.name,
        key=f"download-{job.name}",
        icon=":material/download:",
    )


def _checksum_facts(job: BackgroundJob) -> dict[str, str]:
    return {"Check": " ".join(job.notes)} if job.notes else {}


def _exports_selection(job: BackgroundJob, selection: Selection) -> bool:
    """The file holds what is chosen now."""
    kept: Any = dict(job.arguments).get("selection")
    return (
        {**kept, "ids": list(kept["ids"])} == {**tasks.plain(selection), "ids": list(selection.ids)} if kept else False
    )
