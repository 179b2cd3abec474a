"""Letters of an export brought back onto the shelf, which of the two kinds the page is about, and taking them off."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.access import access
from dashboard.formatting import message_count
from dashboard.markup import error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops.errors import OpsError

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from ops.deadletters.snapshot import SnapshotInfo

WHICH_KEY = "which"
IN_QUEUE, IMPORTED = "In the queue", "Imported"
"""As they stand in the address, so without their numbers."""


def imported_selected(info: SnapshotInfo) -> bool:
    """Whether the page is about imported letters. There is nothing to choose while none are there."""
    if not info.imported:
        return False
    with st.container(horizontal=True, vertical_alignment="center"):
        which = st.segmented_control(
            "Which letters?",
            [IN_QUEUE, IMPORTED],
            default=IN_QUEUE,
            required=True,
            key=WHICH_KEY,
            bind="query-params",
            label_visibility="collapsed",
        )
        st.html(
            f'<span class="so-quiet">{message_count(info.imported)} from a file on the shelf, beside the '
            f"{message_count(info.letters)} of the queue.</span>"
        )
    return bool(which == IMPORTED)


def show_import(service: DeadLetterService) -> None:
    """A file onto the shelf, or what it brought off it again. Nothing is sent."""
    st.html(
        '<span class="so-quiet">Letters of a JSONL export are laid on the shelf beside those of the queue. Nothing is '
        "sent: they go by a plan, and there is nothing to delete for them.</span>"
    )
    allowed = access()
    if not allowed.may_change:
        st.html(html_blocks.empty("Nothing is imported here", allowed.why))
        return
    given = st.file_uploader("Export in JSONL", type=["jsonl"], key="import-file")
    with st.container(horizontal=True):
        bring = st.button("Import", key="import", icon=":material/upload:", disabled=given is None)
        take_off = st.button(
            "Take them off again",
            key="import-undo",
            icon=":material/undo:",
            type="tertiary",
            disabled=given is None,
            help="The letters of this file that lie on the shelf only. Those in the queue stay.",
        )
    if given is not None and (bring or take_off):
        _import_or_undo(service, given, take_off=take_off)
    if said := st.session_state.pop("_imported", ""):
        st.text(said)


def _import_or_undo(service: DeadLetterService, given: UploadedFile, *, take_off: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        path = Path(folder) / "letters.jsonl"
        path.write_bytes(given.getbuffer())
        try:
            with st.spinner("Reading the file…"):
                done = service.undo_import(path) if take_off else service.import_messages(path)
        except OpsError as error:
            named = type(error)(str(error).replace(str(path), given.name), error.next_step)
            error_box.show(named, again=False, title="Nothing was imported")
            return
    did = "taken off the shelf" if take_off else "imported"
    rest = "were not imported, or are not any more" if take_off else "lay on the shelf already"
    st.session_state["_imported"] = f"{message_count(done.new)} {did}" + (
        f"; {message_count(done.there)} of the file {rest}." if done.there else "."
    )
    st.rerun()
