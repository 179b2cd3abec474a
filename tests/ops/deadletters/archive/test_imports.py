"""Imports: what a file brings, undone again; a file that is not an export changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import plans
from ops.deadletters.archive import exports, imports
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from tests.factories import a_dead_letter
from tests.fakes.dlq_world import World
from tests.ops.deadletters.archive.exported import ALL, export_line, store_messages


@pytest.mark.parametrize(
    "cause",
    [
        None,
        [],
        "x",
        {"source": "none"},
        {"source": "handler log", "error_type": 7},
        {"source": "traceback", "died": "soon"},
    ],
)
def test_what_is_no_cause_is_left_out(world: World, tmp_path: Path, cause: Any) -> None:
    path = tmp_path / "letters.jsonl"
    path.write_text(export_line(cause=cause))
    imports.import_messages(world.source, path)
    with Snapshot.open(world.source) as snapshot:
        assert snapshot.get("m").cause.source == "none"


def test_what_left_the_queue_can_be_imported_again(world: World, tmp_path: Path) -> None:
    store_messages(world, a_dead_letter(message_id="purged"), a_dead_letter(message_id="there"))
    path = tmp_path / "letters.jsonl"
    exports.export_messages(world.source, ALL, path)
    with Snapshot.open(world.source) as snapshot:
        snapshot.set_place(["purged"], Place.PURGED)
    done = imports.import_messages(world.source, path)
    assert (done.new, done.present) == (1, 1)
    with Snapshot.open(world.source) as snapshot:
        assert snapshot.places(["purged", "there"]) == {"purged": Place.IMPORTED, "there": Place.QUEUE}
    assert plans.make_plan(world.source, ALL).ids == ("there",)
    assert plans.make_plan(world.source, Selection(imported=True)).ids == ("purged",)


def test_an_import_is_undone(world: World, tmp_path: Path) -> None:
    """What the file brought goes; what lies in the queue stays, and so does the record of what was there once."""
    store_messages(world, *(a_dead_letter(message_id=name) for name in ("there", "purged", "new")))
    path = tmp_path / "letters.jsonl"
    exports.export_messages(world.source, ALL, path)
    with Snapshot.open(world.source) as snapshot:
        snapshot.connection.execute("UPDATE letters SET seen = 1 WHERE id <> 'new'")
        snapshot.set_place(["purged", "new"], Place.PURGED)
    assert imports.import_messages(world.source, path).new == 2
    done = imports.undo_import(world.source, path)
    assert (done.messages, done.new, done.present) == (3, 2, 1)
    with Snapshot.open(world.source) as snapshot:
        assert snapshot.places(["there", "purged", "new"]) == {"there": Place.QUEUE, "purged": Place.MISSING}
        assert snapshot.connection.execute("SELECT count(*) FROM contents").fetchone() == (2,), "with its contents"
    assert imports.undo_import(world.source, path).new == 0, "twice is no harm"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no messages"),
        ("\n\n", "has no messages"),
        (export_line(schema=True), "line 1 is not a message: its schema is True and not 1"),
        (export_line() + "\n{", "line 2 is not a message: it is not valid JSON, or is truncated"),
        (export_line()[:-9], "line 1 is not a message"),
        ("\udcff", "not UTF-8"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "it is not a JSON object"),
        (export_line(schema=2), "its schema is 2 and not 1"),
        (export_line(message_id=""), "no message_id"),
        (export_line(message_id=5), "no message_id"),
        (export_line(body=None), "its body is not text"),
        (export_line(system=None), "its system attributes"),
        (export_line(system={"SentTimestamp": 5}), "its system attributes"),
        (export_line(attributes=[]), "its attributes are not an object"),
        (export_line(attributes={"A": "x"}), "attribute 'A' lacks a type or a value"),
        (export_line(attributes={"A": {"type": "Blob", "value": "x"}}), "has a type that SQS does not have"),
        (export_line(attributes={"A": {"type": "Binary", "value": "?"}}), "its value is not valid base64"),
        (export_line() + "\n\n" + export_line(), "line 3 has the same message_id as line 1"),
        ("x" * 17_000_000, "longer than 16 MiB"),
    ],
)
def test_a_file_that_is_no_export_changes_nothing(world: World, tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "letters.jsonl"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError, match=says) as caught:
        imports.import_messages(world.source, path)
    assert caught.value.next_step
    with Snapshot.open(world.source) as snapshot:
        assert snapshot.count(ALL) == 0


def test_a_file_that_cannot_be_read(world: World, tmp_path: Path) -> None:
    for path, says in ((tmp_path, "cannot be used: Is a directory"), (tmp_path / "none.jsonl", "There is no file")):
        with pytest.raises(UsageError, match=says):
            imports.import_messages(world.source, path)
