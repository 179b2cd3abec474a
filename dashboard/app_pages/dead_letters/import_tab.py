"""Import messages of an export into the snapshot, undo that, and switch the page between queue and import."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.access import access
from dashboard.components import widgets
from dashboard.formatting import message_count
from dashboard.markup import error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops.errors import OpsError

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from ops.deadletters.snapshot import SnapshotInfo

WHICH_KEY = "which"
IN_QUEUE, IMPORTED = "In the queue", "Imported"
"""Values in the page's address, so without counts."""


def imported_selected(info: SnapshotInfo) -> bool:
    """Whether the page shows imported messages. There is no choice while there are none."""
    if not info.imported:
        return False
    with st.container(horizontal=True, vertical_alignment="center"):
        shown = st.segmented_control(
            "Messages shown",
            [IN_QUEUE, IMPORTED],
            default=IN_QUEUE,
            required=True,
            key=WHICH_KEY,
            bind="query-params",
            label_visibility="collapsed",
        )
        st.html(
            f'<span class="so-quiet">{message_count(info.imported)} imported from a file, in addition to '
            f"{message_count(info.messages)} in the queue.</span>"
        )
    return bool(shown == IMPORTED)


def show_import(service: DeadLetterService) -> None:
    """Import a file into the snapshot, or undo its import. Nothing is sent."""
    st.html(
        '<span class="so-quiet">Adds the messages of a JSONL export to the local snapshot. Nothing is sent; a redrive of '
        "imported messages deletes nothing from a queue.</span>"
    )
    allowed = access()
    if not allowed.may_change:
        st.html(html_blocks.empty("Import is not available", allowed.why))
        return
    upload = st.file_uploader("JSONL export", type=["jsonl"], key="import-file")
    with st.container(horizontal=True):
        import_pressed = st.button("Import", key="import", icon=":material/upload:", disabled=upload is None)
        undo_pressed = widgets.danger_button(
            "Undo import",
            "import-undo",
            icon=":material/undo:",
            disabled=upload is None,
            help="Removes the messages of this file from the snapshot. Messages in the queue stay.",
        )
    if upload is not None and (import_pressed or undo_pressed):
        _import_or_undo(service, upload, undo=undo_pressed)
    if result := st.session_state.pop("_imported", ""):
        st.text(result)


def _import_or_undo(service: DeadLetterService, upload: UploadedFile, *, undo: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        path = Path(folder) / "import.jsonl"
        path.write_bytes(upload.getbuffer())
        try:
            with st.spinner("Reading the file…"):
                result = service.undo_import(path) if undo else service.import_messages(path)
        except OpsError as error:
            renamed = type(error)(str(error).replace(str(path), upload.name), error.next_step)
            error_box.show(renamed, again=False, title="Nothing was imported")
            return
    verb = "removed from the snapshot" if undo else "imported into the snapshot"
    rest = "not in the snapshot" if undo else "already in the snapshot"
    st.session_state["_imported"] = f"{message_count(result.new)} {verb}" + (
        f"; {message_count(result.present)} of the file {rest}." if result.present else "."
    )
    st.rerun()
