"""Exports and imports: what goes into a file comes out of it, and files of others do no harm."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import csv_safe, plans
from ops.deadletters.archive import exports, imports
from ops.deadletters.fingerprints import cause_record
from ops.deadletters.messages.model import Attribute, Cause, Kind, Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from tests.factories import SENT, a_dead_letter
from tests.fakes.dlq_world import World

ALL = Selection()
STRANGE = {
    "binary": "\x00\x01\x7f\x80\xff",
    "surrogate": "a\ud800b",
    "lines": "one\r\ntwo\u2028three\x85four\n",
    "formula": "=1+1",
    "escapes": "\x1b]0;x\x07\u202e",
    "deep": "[" * 5_000,
    "html": "<script>alert(1)</script>",
    "json": '{"a": 1.10, "a": 2, "ü": "\\ud83c"}',
    "empty": "",
    "large": "x" * 1_048_576,
}


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return server.with_new_queues(tmp_path, monkeypatch)


def store(world: World, *letters: Any, place: Place = Place.QUEUE) -> None:
    with Snapshot.open(world.source) as snapshot:
        snapshot.add(letters, place)


def strange() -> list[Any]:
    attributes = {
        "Key": Attribute("Binary.png", base64.b64encode(bytes(range(256))).decode()),
        "Tries": Attribute("Number.int", "007"),
        "Name": Attribute("String", "=cmd|' /C calc'!A0\ud800"),
    }
    system = {
        "DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:000000000000:jobs",
        "MessageGroupId": "g",
        "MessageDeduplicationId": "d",
        "AWSTraceHeader": "Root=1-2-3",
    }
    source = system["DeadLetterQueueSourceArn"]
    return [
        a_dead_letter(body, f"m-{name}", attributes=attributes, system=system, source_arn=source)
        for name, body in STRANGE.items()
    ]


def test_letters_come_back_byte_for_byte(world: World, tmp_path: Path) -> None:
    letters = strange()
    store(world, *letters)
    path = tmp_path / "letters.jsonl"
    done = exports.export_messages(world.source, ALL, path)
    data = path.read_bytes()
    assert (done.messages, done.bytes, done.sha256) == (len(letters), len(data), hashlib.sha256(data).hexdigest())
    assert data.count(b"\n") == len(letters), "one letter a line, whatever is in it"
    assert path.stat().st_mode & 0o777 == 0o600
    assert exports.exported_ids(path) == tuple(letter.message_id for letter in letters)
    world.source.snapshot_path.unlink()
    imported = imports.import_messages(world.source, path)
    assert (imported.messages, imported.new, imported.present) == (len(letters), len(letters), 0)
    assert imported.sha256 == done.sha256
    with Snapshot.open(world.source) as snapshot:
        for letter in letters:
            found = snapshot.get(letter.message_id)
            assert (found.message.body, found.message.attributes) == (letter.body, letter.attributes)
            assert found.message.system == letter.system
            assert (found.message.sent, found.message.kind, found.message.receives) == (letter.sent, Kind.SQS, 4)
            assert found.place is Place.IMPORTED
    again = tmp_path / "again.jsonl"
    exports.export_messages(world.source, Selection(imported=True), again)
    assert without_causes(again) == without_causes(path)
    assert imports.import_messages(world.source, path).present == len(letters), "twice is no harm"


def without_causes(path: Path) -> list[Any]:
    """Guesses are made again."""
    return [{**json.loads(line), "cause": None} for line in path.read_text().splitlines()]


def test_what_the_logs_told_is_not_lost_with_them(world: World, tmp_path: Path) -> None:
    told = Cause("Sandbox.Timedout", "stopped after 6 s", "a.py:1 f", "invocation record", "r-1", SENT, "7", "train")
    store(world, *(a_dead_letter(message_id=name) for name in ("known", "guessed")))
    with Snapshot.open(world.source) as snapshot:
        snapshot.set_causes(
            [("known", cause_record.normalize_cause(told)), ("guessed", Cause(source="guess", label="looks like: x"))]
        )
    path = tmp_path / "letters.jsonl"
    exports.export_messages(world.source, ALL, path)
    world.source.snapshot_path.unlink()
    imports.import_messages(world.source, path)
    with Snapshot.open(world.source) as snapshot:
        found = snapshot.get("known").cause
        assert replace(found, label="") == cause_record.normalize_cause(told)
        assert found.label == "stopped after 6 s"
        assert snapshot.get("guessed").cause.source == "none", "one letter is no group"


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
    path.write_text(line(cause=cause))
    imports.import_messages(world.source, path)
    with Snapshot.open(world.source) as snapshot:
        assert snapshot.get("m").cause.source == "none"


def test_what_left_the_queue_can_be_imported_again(world: World, tmp_path: Path) -> None:
    store(world, a_dead_letter(message_id="purged"), a_dead_letter(message_id="there"))
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
    store(world, *(a_dead_letter(message_id=name) for name in ("there", "purged", "new")))
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


def line(**changes: Any) -> str:
    entry: dict[str, Any] = {"schema": 1, "message_id": "m", "body": "b", "attributes": {}, "system": {}, **changes}
    return json.dumps(entry)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no messages"),
        ("\n\n", "has no messages"),
        (line(schema=True), "line 1 is not a message: its schema is True and not 1"),
        (line() + "\n{", "line 2 is not a message: it is not valid JSON, or is truncated"),
        (line()[:-9], "line 1 is not a message"),
        ("\udcff", "not UTF-8"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "it is not a JSON object"),
        (line(schema=2), "its schema is 2 and not 1"),
        (line(message_id=""), "no message_id"),
        (line(message_id=5), "no message_id"),
        (line(body=None), "its body is not text"),
        (line(system=None), "its system attributes"),
        (line(system={"SentTimestamp": 5}), "its system attributes"),
        (line(attributes=[]), "its attributes are not an object"),
        (line(attributes={"A": "x"}), "attribute 'A' lacks a type or a value"),
        (line(attributes={"A": {"type": "Blob", "value": "x"}}), "has a type that SQS does not have"),
        (line(attributes={"A": {"type": "Binary", "value": "?"}}), "its value is not valid base64"),
        (line() + "\n\n" + line(), "line 3 has the same message_id as line 1"),
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


def test_what_cannot_be_exported(world: World, tmp_path: Path) -> None:
    path = tmp_path / "letters.jsonl"
    with pytest.raises(UsageError, match="No message"):
        exports.export_messages(world.source, ALL, path)
    store(world, a_dead_letter())
    with pytest.raises(UsageError, match="is not an export format"):
        exports.export_messages(world.source, ALL, path, "xlsx")
    path.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        exports.export_messages(world.source, ALL, path)
    assert path.read_text() == "mine"
    with pytest.raises(UsageError, match="There is no folder"):
        exports.export_messages(world.source, ALL, tmp_path / "no" / "such" / "folder.jsonl")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["home", "letters.jsonl"]


def test_without_a_path_it_goes_to_the_queues_folder(world: World) -> None:
    store(world, a_dead_letter())
    done = exports.export_messages(world.source, ALL)
    assert done.path.parent == world.source.folder / "exports"
    assert done.path.suffix == ".jsonl"


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from ops import atomic_file
from ops.errors import OpsError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    with atomic_file.atomic_write(Path(sys.argv[1])) as stream:
        stream.write(b"x" * 20_000)
except OpsError as error:
    print(error)
"""


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "letters.jsonl")]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    assert child.stdout == f"The disk is full: {tmp_path / 'letters.jsonl'} could not be written.\n"
    assert not list(tmp_path.iterdir())


def test_csv_for_a_spreadsheet(world: World, tmp_path: Path) -> None:
    letters = strange()
    store(world, *letters)
    with Snapshot.open(world.source) as snapshot:
        snapshot.set_causes([("m-formula", Cause("@SUM(A1)", "+1", "x.py:1 f", "handler log", fingerprint="f1"))])
    path = tmp_path / "letters.csv"
    exports.export_messages(world.source, ALL, path, "csv")
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    csv.field_size_limit(2_000_000)
    rows = {row["message_id"]: row for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))}
    assert set(rows) == {letter.message_id for letter in letters}
    one = rows["m-formula"]
    assert (one["body"], one["error_type"], one["error_message"]) == ("'=1+1", "'@SUM(A1)", "'+1")
    assert one["sent"] == "2026-11-23T19:00:00.000+00:00"
    assert rows["m-large"]["body"].endswith("… (1,048,576 characters)")
    assert rows["m-escapes"]["body"] == "\\x1b]0;x\\x07\\u202e"
    assert all(len(cell) <= exports.CELL_LIMIT for row in rows.values() for cell in row.values())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1", "'=1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\\r=1"),
        ("  =1", "'  =1"),
        ("'=1", "''=1"),
        ('"=1', "'\"=1"),
        ("\ufeff=1", "'\\ufeff=1"),
        ("＝1", "'＝1"),
        ("|cmd", "'|cmd"),
        ("a=1", "a=1"),
        ("", ""),
        (None, ""),
        (-5, "-5"),
        ("a\x00\x1b\ud800", "a\\x00\\x1b\\ud800"),
        ("a\r\nb", "a\nb"),
    ],
)
def test_a_cell_stays_text(text: object, shown: str) -> None:
    assert csv_safe.safe_cell(text) == shown
