"""Messages of a file: imported, shown apart from those of the queue, and removed again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboard.pages import PAGES
from ops.deadletters.archive import jsonl
from ops.deadletters.messages.model import Kind, SnapshotMessage
from tests.dashboard.app import App
from tests.factories import a_dead_letter

Visit = Callable[[str], App]
PAGE = PAGES["dead_letters"]
EXPORT = b"".join(
    jsonl.encode_line(SnapshotMessage(a_dead_letter(f'{{"kind": "score", "n": {n}}}', f"file-{n}", kind=Kind.SQS)))
    for n in range(3)
)


def press(app: App, button: str, content: bytes = EXPORT) -> App:
    app.at.file_uploader(key="import-file").set_value(("left.jsonl", content, "application/jsonl")).run()
    app.at.button(key=button).click().run()
    assert not app.at.exception
    return app


def test_imported_messages_are_shown_apart_and_removed_again(sample: Visit) -> None:
    app = sample("trouble").open(PAGE, do="Import")
    assert app.at.button(key="import").disabled, "no file yet"
    press(app, "import")
    assert "3 messages imported into the snapshot." in app.text
    shown = app.at.segmented_control(key="which")
    assert shown.options == ["In the queue", "Imported"]
    assert "3 messages imported from a file, in addition to 54 messages in the queue." in app.text
    assert "54 messages  all causes" in app.text, "the queue's are shown first"
    assert "Succeeding since" in app.text, "their fix status is kept"
    shown.set_value("Imported").run()
    assert "3 messages  all causes" in app.text
    app.open(PAGE, do="Redrive")
    app.at.button(key="make-plan").click().run()
    assert "a file on this machine" in app.text
    app.at.button(key="ask-redrive").click().run()
    assert "3 messages from a file on this machine to their original source." in app.text
    assert "nothing is deleted from a queue" in app.text
    app.open(PAGE, do="Purge")
    assert "Imported messages are not in the queue" in app.text
    app.open(PAGE, do="Import")
    press(app, "import-undo")
    assert "3 messages removed from the snapshot." in app.text
    assert "which" not in [control.key for control in app.at.segmented_control], "there is no choice any more"
    assert "54 messages  all causes" in app.text


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"schema": 1}\n'])
def test_an_invalid_export_is_an_error(sample: Visit, content: bytes) -> None:
    app = press(sample("trouble").open(PAGE, do="Import"), "import", content)
    assert "Nothing was imported" in app.text
    assert "left.jsonl" in app.text
    assert "import.jsonl" not in app.text, "the temporary path is of no use to the reader"


def test_read_only_mode_has_no_import(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    app = sample("trouble").open(PAGE, do="Import")
    assert "Import is not available" in app.text
    assert not app.at.get("file_uploader")


def test_a_file_can_be_imported_before_the_first_scan(sample: Visit) -> None:
    app = sample("unscanned").open(PAGE)
    assert app.at.file_uploader(key="import-file")
