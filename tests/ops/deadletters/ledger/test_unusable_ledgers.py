"""Ledgers that cannot be used: of another version, damaged, gone, or where nothing can be written."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ops.deadletters.ledger import Ledger
from ops.errors import OpsError, UsageError
from tests.fakes.disks import longest_file
from tests.ops.deadletters.ledger.conftest import a_plan, crashed


def test_there_is_no_such_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no run"):
        Ledger.open(tmp_path / "none.db")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match="cannot be created: No such file or directory") as caught:
        Ledger.create(tmp_path / "gone" / "run.db", a_plan(), "r", "me")
    assert "resume" not in caught.value.next_step, "there is no run"


@pytest.mark.parametrize("room", [0, 4_096, 20_000, 60_000])
def test_a_ledger_that_does_not_fit_leaves_nothing_behind(path: Path, room: int) -> None:
    with longest_file(room), pytest.raises(OpsError, match="cannot be created: ") as caught:
        Ledger.create(path, a_plan(5_000), "r", "me")
    assert "Nothing was sent or deleted." in str(caught.value)
    assert caught.value.next_step == "Free space on that disk (or make it writable), then run the plan again."
    assert list(path.parent.iterdir()) == []


def test_a_ledger_of_another_version_names_what_is_in_doubt(ledger: Ledger) -> None:
    ledger.record_intent([(3, "r")], 1)
    path = crashed(ledger.path)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=9")
    db.close()
    with pytest.raises(
        OpsError, match=r"has version 9; this program reads version 1\. In doubt .*: 1: id-003"
    ) as caught:
        Ledger.open(path)
    assert "are still in the dead-letter queue" in caught.value.next_step


def test_no_ledger_at_all(path: Path) -> None:
    path.write_bytes(b"no database, but long enough to be taken for one" * 30)
    with pytest.raises(OpsError, match=r"is damaged .*every message of its plan is in doubt"):
        Ledger.open(path)
    path.unlink()
    sqlite3.connect(path).executescript("CREATE TABLE letters (id, state); PRAGMA user_version=1").connection.close()
    with pytest.raises(OpsError, match="it is not a ledger"):
        Ledger.open(path)


def test_a_damaged_ledger_is_not_written_to(path: Path) -> None:
    with Ledger.create(path, a_plan(2000), "r", "me") as ledger:
        ledger.start_run()
        ledger.record_intent([(3, "r")], 1)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8192] = b"\xff" * 8192
    path.write_bytes(content)
    with Ledger.open(path) as broken, pytest.raises(OpsError, match="is damaged") as caught:
        broken.start_run()
    assert "make a new plan" in caught.value.next_step
