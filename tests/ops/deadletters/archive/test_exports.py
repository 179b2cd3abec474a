"""Exports: what goes into a file comes out of it, and a file that cannot be written leaves nothing."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import cause_record
from ops.deadletters.archive import exports, imports
from ops.deadletters.messages.model import Cause, Kind, Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from tests.factories import SENT, a_dead_letter
from tests.fakes.dlq_world import World
from tests.ops.deadletters.archive.exported import ALL, store_messages, strange_messages


def test_messages_come_back_byte_for_byte(world: World, tmp_path: Path) -> None:
    letters = strange_messages()
    store_messages(world, *letters)
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
    store_messages(world, *(a_dead_letter(message_id=name) for name in ("known", "guessed")))
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


def test_what_cannot_be_exported(world: World, tmp_path: Path) -> None:
    path = tmp_path / "letters.jsonl"
    with pytest.raises(UsageError, match="No message"):
        exports.export_messages(world.source, ALL, path)
    store_messages(world, a_dead_letter())
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
    store_messages(world, a_dead_letter())
    done = exports.export_messages(world.source, ALL)
    assert done.path.parent == world.source.folder / "exports"
    assert done.path.suffix == ".jsonl"


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from ops.files import atomic_file
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
