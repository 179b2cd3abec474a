"""Export of messages to a file, and purge, which needs that file first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.access import access
from dashboard.app_pages.dead_letters import confirm_dialogs, job_progress
from dashboard.components import widgets
from dashboard.formatting import message_count, number
from dashboard.markup import error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.jobs import tasks
from ops.deadletters.jobs.background import DONE
from ops.deadletters.plan_model import Action, Selection
from ops.errors import OpsError
from ops.formatting import byte_size, price

if TYPE_CHECKING:
    from ops.deadletters.jobs.background import BackgroundJob
    from ops.deadletters.plan_model import Plan

MAX_DOWNLOAD_BYTES = 200_000_000
"""A larger file is not offered as a download; its path is shown."""
_FORMATS = {"JSONL (complete, re-importable)": "jsonl", "CSV (for spreadsheets)": "csv"}
PURGE_PLAN_KEY = "_purge_plan"


def show_export(service: DeadLetterService, selection: Selection, total: int) -> None:
    """Write the selected messages to a file on this machine, then download it."""
    label = st.radio("Format", list(_FORMATS), key="export-format", horizontal=True)
    format_ = _FORMATS[label or next(iter(_FORMATS))]
    _export_button(service, selection, total, format_, f"Export {message_count(total)}", "export")
    job = service.job("export")
    if job:
        job_progress.show_job(service, job, "Export")
        if job.state == DONE:
            _show_file(job)
    st.html(
        '<span class="so-quiet">One message per line, with body, attributes and cause. It may contain personal data: '
        "only your user account can read the file.</span>"
    )


def show_purge(service: DeadLetterService, selection: Selection, total: int) -> None:
    """Delete permanently: an export of exactly these messages, then a plan, then a typed confirmation."""
    allowed = access()
    if not allowed.may_change:
        st.html(html_blocks.empty("Purge is not available", allowed.why))
        return
    if _show_purge_job(service):
        return
    if selection.imported:
        st.html(
            html_blocks.empty("Imported messages are not in the queue", "Remove them from the snapshot under Import.")
        )
        return
    exported = service.job("purge-export")
    matches = exported is not None and exported.state == DONE and _exports_selection(exported, selection)
    title = f"A purge permanently deletes {message_count(total)} from {service.queue}"
    if not matches or exported is None:
        advice = (
            "Redrive messages whose cause is fixed; purge only messages that are no longer needed.",
            "An export is required first; ops dlq import restores the messages from it.",
        )
        st.html(html_blocks.notes(title, advice))
        _export_button(service, selection, total, "jsonl", f"Export {message_count(total)}", "purge-export")
        if exported:
            job_progress.show_job(service, exported, "Export")
        return
    st.html(html_blocks.notes(title, ()))
    _show_file(exported)
    if st.button("Review purge", key="plan-purge", icon=":material/checklist:", disabled=not total):
        try:
            with st.spinner("Creating the plan…"):
                st.session_state[PURGE_PLAN_KEY] = service.create_plan(selection, Action.PURGE).id
        except OpsError as error:
            error_box.show(error, again=False, title="The plan was not created")
    if plan_id := st.session_state.get(PURGE_PLAN_KEY):
        _show_purge_plan(service, plan_id, selection, Path(str(exported.arguments["path"])))


def _show_purge_job(service: DeadLetterService) -> bool:
    """The purge started in this session: its progress or its result. False when there is none."""
    plan_id = st.session_state.get(PURGE_PLAN_KEY)
    job = service.job(f"purge-{plan_id}") if plan_id else None
    if job is None:
        return False
    job_progress.show_job(service, job, "Purge")
    if job.state == DONE:
        st.html(html_blocks.empty(f"Purged: {job.status_text}", " ".join(job.notes)))
    if not job.running and st.button("Close", key="purge-close", type="tertiary"):
        st.session_state.pop(PURGE_PLAN_KEY)
        st.rerun()
    return True


def _show_purge_plan(service: DeadLetterService, plan_id: str, selection: Selection, path: Path) -> None:
    """The plan of the purge, unless other messages are selected by now than it was created for."""
    try:
        plan: Plan = service.load_plan(plan_id)
    except OpsError as error:
        error_box.show(error, again=False, title="The plan cannot be shown")
        return
    if plan.selection != selection:
        return
    with st.container(border=True, key="purge-preview"):
        facts = {
            "Plan ID": plan.id,
            "Messages": f"{number(len(plan.ids))} of {number(plan.queue_count)} in the queue, {byte_size(plan.bytes)}",
            "Estimated cost": price(plan.estimate.usd),
            "Required permissions": ", ".join(plan.permissions),
            "Export file": str(path),
        }
        st.html(html_blocks.facts(facts))
        if plan.warnings:
            st.html(html_blocks.notes("Warnings", plan.warnings))
        label = f"Purge {message_count(len(plan.ids))}…"
        with st.container(key="purge-acts"):  # always in view, however long the plan is
            if widgets.danger_button(label, "ask-purge", icon=":material/delete_forever:"):
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
            error_box.show(error, again=False, title="The export was not started")
            return
        st.rerun()


def _show_file(job: BackgroundJob) -> None:
    """Shows an export's path, checksum and download button."""
    path = Path(str(job.arguments["path"]))
    st.html(html_blocks.facts({"Result": job.status_text, **_checksum_facts(job)}))
    try:
        size = path.stat().st_size
    except OSError:
        st.html(html_blocks.empty("The file no longer exists", str(path)))
        return
    if size > MAX_DOWNLOAD_BYTES:
        st.text(f"{byte_size(size)}: too large to download here; copy it from that folder.")
        return
    st.download_button(
        f"Download {byte_size(size)}",
        path.read_bytes,
        path.name,
        key=f"download-{job.name}",
        icon=":material/download:",
    )


def _checksum_facts(job: BackgroundJob) -> dict[str, str]:
    return {"Checksum": " ".join(job.notes)} if job.notes else {}


def _exports_selection(job: BackgroundJob, selection: Selection) -> bool:
    """Whether the file has exactly the messages that are selected now."""
    exported: Any = dict(job.arguments).get("selection")
    return (
        {**exported, "ids": list(exported["ids"])} == {**tasks.selection_to_json(selection), "ids": list(selection.ids)}
        if exported
        else False
    )
