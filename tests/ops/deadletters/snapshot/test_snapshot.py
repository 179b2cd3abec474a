"""What is stored in the snapshot is read as it was, whoever reads it meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ops.deadletters.messages.model import Attribute, DeadLetter, Kind, Place, SnapshotMessage
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from tests.factories import SENT, a_dead_letter
from tests.ops.deadletters.snapshot.messages import DIED, FULL, some_messages


def test_a_message_comes_back_as_it_was(snapshot: Snapshot) -> None:
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


def test_groups(snapshot: Snapshot) -> None:
    snapshot.add(some_messages(4), Place.QUEUE)
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


def test_one_writes_while_others_read(snapshot: Snapshot) -> None:
    snapshot.add(some_messages(50), Place.QUEUE)
    failed: list[BaseException] = []

    def write(prefix: str) -> None:
        try:
            with Snapshot.open(snapshot.path) as own:
                for letter in some_messages(50, prefix):
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
        yield from some_messages(3)
        raise UsageError("line 4 is no letter")

    with pytest.raises(UsageError, match="line 4"):
        snapshot.add(broken())
    assert snapshot.count(places=tuple(Place)) == 0


def test_a_time_beyond_the_calendar_does_not_hide_the_message(snapshot: Snapshot) -> None:
    """A version before this one took such times from letters."""
    snapshot.add(some_messages(1), Place.QUEUE)
    snapshot.connection.execute("UPDATE letters SET died = ?", [2**60])
    assert snapshot.get("m000").cause.failed_at is None
    assert snapshot.groups()[0].last_failed is None
