"""What goes in the snapshot comes back as it was, whoever reads it meanwhile; a file that is not a snapshot is refused."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.deadletters.messages.model import Attribute, Cause, DeadLetter, Kind, Place, SnapshotMessage
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import MOVABLE_PLACES, Snapshot, index_query
from ops.errors import OpsError, UsageError
from tests.factories import SENT, a_dead_letter

DIED = datetime(2026, 11, 24, 1, 2, 3, 456_789, tzinfo=UTC)
FULL = Cause("KeyError", "'id-7'", "app.py:3 f", "handler log", "r", DIED, "7", "train", "abc123", "'…'", True)


@pytest.fixture
def snapshot(tmp_path: Path) -> Iterator[Snapshot]:
    with Snapshot.open(tmp_path / "shelf.db") as snapshot:
        yield snapshot


def some(count: int, prefix: str = "m") -> list[DeadLetter]:
    return [
        a_dead_letter(f'{{"n": {number}}}', f"{prefix}{number:03}", sent=SENT + timedelta(seconds=number))
        for number in range(count)
    ]


def test_a_letter_comes_back_as_it_was(snapshot: Snapshot) -> None:
    attributes = {
        "Blob": Attribute("Binary", "AP8="),
        "N": Attribute("Number.int", "7"),
        "ü\ud800": Attribute("String", "\0"),
    }
    letter = a_dead_letter("body \0 \udcff", "m1", attributes, {"MessageGroupId": "g"}, Kind.SNS, request_id="r")
    assert snapshot.add([letter], Place.QUEUE) == 1
    assert snapshot.get("m1") == SnapshotMessage(letter)
    snapshot.set_causes([("m1", FULL), ("not there", FULL)])
    assert snapshot.get("m").cause == FULL
    assert snapshot.add([a_dead_letter("another body", "m1")]) == 0
    assert snapshot.get("m1").message == letter


def test_a_snapshot_in_place_of_a_deleted_one_is_asked_anew(tmp_path: Path) -> None:
    """Also where the new file gets the inode of the old one, as file systems do."""
    path, other = tmp_path / "shelf.db", tmp_path / "other.db"
    for made, letters in ((path, some(3)), (other, some(5))):
        with Snapshot.open(made) as made_snapshot:
            made_snapshot.add(letters, Place.QUEUE)
            assert made_snapshot.count() == len(letters)
    inode = path.stat().st_ino
    path.write_bytes(other.read_bytes())
    assert path.stat().st_ino == inode
    with Snapshot.open(path) as replaced:
        assert (replaced.count(), len(replaced.ids())) == (5, 5)


def test_pages_orders_and_places(snapshot: Snapshot) -> None:
    letters = some(7)
    snapshot.add(letters, Place.QUEUE)
    snapshot.add([a_dead_letter('{"n": 7}', "imported", sent=None)])
    every = [letter.message_id for letter in letters]
    assert snapshot.ids() == tuple(every)
    assert snapshot.ids(Selection(imported=True)) == ("imported",)
    assert snapshot.ids(places=MOVABLE_PLACES) == ("imported", *every)
    assert (snapshot.info().messages, snapshot.info().imported) == (7, 1)
    pages = [snapshot.find(limit=3, offset=offset, descending=True, places=MOVABLE_PLACES) for offset in (0, 3, 6, 9)]
    assert [found.message.message_id for page in pages for found in page] == [*every[::-1], "imported"]
    assert [found.message.message_id for found in snapshot.iterate(batch=2)] == list(snapshot.ids())
    assert snapshot.get("imported").message.imported
    snapshot.set_place(every[:2], Place.REDRIVEN, DIED)
    assert snapshot.count() == 5
    assert snapshot.count(places=(Place.REDRIVEN,)) == 2
    assert snapshot.places([*every[:3], "nowhere"]) == {
        every[0]: Place.REDRIVEN,
        every[1]: Place.REDRIVEN,
        every[2]: Place.QUEUE,
    }
    for order in index_query.SORT_COLUMNS:
        assert {found.message.message_id for found in snapshot.find(order=order)} == {*every[2:]}
        assert snapshot.find(Selection(where="body"), order=order) == snapshot.find(order=order)
    with pytest.raises(UsageError, match="sorted by size"):
        snapshot.find(order="size")


def test_selections(snapshot: Snapshot) -> None:
    snapshot.add(some(5), Place.QUEUE)
    snapshot.set_causes([("m001", FULL), ("m002", Cause("X", fingerprint="abd"))])
    found = {
        Selection(cause="ab"): ("m001", "m002"),
        Selection(cause="abc"): ("m001",),
        Selection(cause="unknown"): ("m000", "m003", "m004"),
        Selection(cause="X"): ("m002",),
        Selection(cause="' OR 1"): (),
        Selection(since=SENT + timedelta(seconds=3)): ("m003", "m004"),
        Selection(until=SENT + timedelta(seconds=1)): ("m000",),
        Selection(since=SENT + timedelta(seconds=1), until=SENT + timedelta(seconds=3)): ("m001", "m002"),
        Selection(ids=("m004", "m001", "m999")): ("m001", "m004"),
        Selection(ids=("m004", "m001"), where="body.n > `1`"): ("m004",),
        Selection(text='N": 3'): ("m003",),
        Selection(cause="ab", text="n", where="cause.location"): ("m001",),
    }
    for selection, expected in found.items():
        assert snapshot.ids(selection) == expected, selection
        assert snapshot.count(selection) == len(expected)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("HELLO", ["ascii", "nul"]),
        ("100%", ["percent"]),
        ("a_b", ["underscore"]),
        ("größe", ["upper", "escaped", "attribute"]),
        ("tenant", ["attribute"]),
        ("String", []),
        (":", ["json", "escaped"]),
        ('{"a"', ["json", "escaped"]),
        ("\\", ["escaped"]),
        ("\n", ["newline"]),
        ("|", []),
    ],
)
def test_free_text(snapshot: Snapshot, wanted: str, found: list[str]) -> None:
    bodies = {
        "ascii": "hello",
        "nul": "\0 Hello",
        "percent": "100% of it",
        "nopercent": "1000 of it",
        "underscore": "A_B",
        "nounderscore": "aXb",
        "upper": "GRÖSSE",
        "json": '{"a": 1}',
        "escaped": '{"a": "gr\\u00f6\\u00dfe"}',
        "newline": "x\ny",
        "attribute": "",
    }
    told = {"Tenant": Attribute("String", "Größe")}
    snapshot.add(
        [a_dead_letter(body, name, told if name == "attribute" else {}) for name, body in bodies.items()], Place.QUEUE
    )
    assert sorted(snapshot.ids(Selection(text=wanted))) == sorted(found)


def test_groups(snapshot: Snapshot) -> None:
    snapshot.add(some(4), Place.QUEUE)
    snapshot.set_causes([("m000", FULL), ("m002", FULL)])
    known, unknown = snapshot.groups()
    assert (known.fingerprint, known.messages, known.share, known.versions, known.job_kinds, known.kinds) == (
        "abc123",
        2,
        0.5,
        ("7",),
        ("train",),
        (Kind.SQS,),
    )
    assert (known.first_sent, known.last_sent, known.first_failed) == (SENT, SENT + timedelta(seconds=2), DIED)
    assert (known.error_type, known.label, known.location, known.source, known.likely, known.sample_id) == (
        "KeyError",
        "'…'",
        "app.py:3 f",
        "handler log",
        True,
        "m002",
    )
    assert (unknown.fingerprint, unknown.messages, unknown.last_failed, unknown.sources) == ("", 2, None, ("none",))
    snapshot.set_place(["m000", "m001", "m002", "m003"], Place.PURGED)
    assert snapshot.groups() == ()


def test_notes(snapshot: Snapshot) -> None:
    assert snapshot.read_note("fixed") is None
    snapshot.save_note("fixed", {"a": [1, None, "\ud800"]})
    snapshot.save_note("fixed", {"a": [2, "\ud800"]})
    assert snapshot.read_note("fixed") == {"a": [2, "\ud800"]}


def test_ids_are_looked_up_by_their_beginning(snapshot: Snapshot) -> None:
    snapshot.add(some(12), Place.QUEUE)
    assert snapshot.get("m011").message.message_id == "m011"
    for wanted, why in (("m01", "Several"), ("x", "No message"), ("", "No message"), ("m%", "No message")):
        with pytest.raises(UsageError, match=why):
            snapshot.get(wanted)


def test_what_sqlite_answers_and_what_python_answers_come_in_order(snapshot: Snapshot) -> None:
    snapshot.add(some(100), Place.QUEUE)
    assert snapshot.ids(Selection(where="body.n >= `90`")) == tuple(f"m{number:03}" for number in range(90, 100))
    assert snapshot.ids(Selection(where="sum([body.n, `1`]) > `98`")) == ("m098", "m099")


def test_an_answer_is_remembered_until_the_shelf_changes(snapshot: Snapshot) -> None:
    snapshot.add(some(2), Place.QUEUE)
    where = Selection(where="body.n >= `0`")
    assert snapshot.count(where) == 2
    with Snapshot.open(snapshot.path) as other:
        other.add(some(1, "other"), Place.QUEUE)
    assert snapshot.count(where) == 3


def test_one_writes_while_others_read(snapshot: Snapshot) -> None:
    snapshot.add(some(50), Place.QUEUE)
    failed: list[BaseException] = []

    def write(prefix: str) -> None:
        try:
            with Snapshot.open(snapshot.path) as own:
                for letter in some(50, prefix):
                    own.add([letter], Place.QUEUE)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test must know
            failed.append(error)

    writers = [threading.Thread(target=write, args=(prefix,)) for prefix in "ab"]
    for thread in writers:
        thread.start()
    while any(thread.is_alive() for thread in writers):
        assert 50 <= len(list(snapshot.iterate(batch=7))) <= 150
    for thread in writers:
        thread.join()
    assert not failed
    assert snapshot.count() == 150


def test_an_import_that_fails_leaves_nothing(snapshot: Snapshot) -> None:
    def broken() -> Iterator[DeadLetter]:
        yield from some(3)
        raise UsageError("line 4 is no letter")

    with pytest.raises(UsageError, match="line 4"):
        snapshot.add(broken())
    assert snapshot.count(places=tuple(Place)) == 0


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
        snapshot.add(some(3), Place.QUEUE)
        snapshot.connection.execute("ALTER TABLE contents DROP COLUMN outline")
        snapshot.connection.execute("PRAGMA user_version = 1")
    with Snapshot.open(path) as snapshot:
        snapshot.add(some(3, "later"), Place.QUEUE)
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
        snapshot.add(some(200), Place.QUEUE)
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


def test_a_time_beyond_the_calendar_does_not_hide_the_letter(snapshot: Snapshot) -> None:
    """A version before this one took such times from letters."""
    snapshot.add(some(1), Place.QUEUE)
    snapshot.connection.execute("UPDATE letters SET died = ?", [2**60])
    assert snapshot.get("m000").cause.failed_at is None
    assert snapshot.groups()[0].last_failed is None
