"""The snapshot's file: replaced, of an earlier version, or refused when it is damaged or something else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot
from ops.errors import OpsError
from tests.ops.deadletters.snapshot.messages import some_messages


def test_a_snapshot_in_place_of_a_deleted_one_is_asked_again(tmp_path: Path) -> None:
    """Also where the new file gets the inode of the old one, as file systems do."""
    path, other = tmp_path / "shelf.db", tmp_path / "other.db"
    for made, letters in ((path, some_messages(3)), (other, some_messages(5))):
        with Snapshot.open(made) as made_snapshot:
            made_snapshot.add(letters, Place.QUEUE)
            assert made_snapshot.count() == len(letters)
    inode = path.stat().st_ino
    path.write_bytes(other.read_bytes())
    assert path.stat().st_ino == inode
    with Snapshot.open(path) as replaced:
        assert (replaced.count(), len(replaced.ids())) == (5, 5)


def test_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "shelf.db"
    Snapshot.open(path).close()
    assert path.stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    refused(path, "another version")


def test_of_the_version_before(tmp_path: Path) -> None:
    path = tmp_path / "shelf.db"
    with Snapshot.open(path) as snapshot:
        snapshot.add(some_messages(3), Place.QUEUE)
        snapshot.connection.execute("ALTER TABLE contents DROP COLUMN outline")
        snapshot.connection.execute("PRAGMA user_version = 1")
    with Snapshot.open(path) as snapshot:
        snapshot.add(some_messages(3, "later"), Place.QUEUE)
        assert snapshot.count(Selection(where="body.n >= `1`")) == 4


def test_damaged(tmp_path: Path) -> None:
    path = tmp_path / "shelf.db"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 8_192)
    refused(path, "damaged")
    path.write_text("something else altogether, and rather long")
    refused(path, "damaged")


def test_damaged_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "shelf.db"
    with Snapshot.open(path) as snapshot:
        snapshot.add(some_messages(200), Place.QUEUE)
    whole = path.read_bytes()
    path.write_bytes(whole[:8_192] + b"\xff" * (len(whole) - 8_192))
    with pytest.raises(OpsError, match=r"is damaged|cannot be used") as caught, Snapshot.open(path) as snapshot:
        list(snapshot.iterate())
    assert caught.value.next_step


def test_another_database(tmp_path: Path) -> None:
    path = tmp_path / "shelf.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE letters (n)")
    connection.close()
    refused(path, "is not a snapshot")


def test_nowhere_to_write(tmp_path: Path) -> None:
    refused(tmp_path / "missing" / "shelf.db", "cannot be used")


def refused(path: Path, why: str) -> None:
    with pytest.raises(OpsError, match=why) as caught:
        Snapshot.open(path)
    assert caught.value.next_step
    assert "\n" not in str(caught.value)
