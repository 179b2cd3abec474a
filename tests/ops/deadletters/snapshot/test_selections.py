"""Which messages a selection finds: in pages, in order, by cause, time, ID, text and expression."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ops.deadletters.messages.model import Attribute, Cause, Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import MOVABLE_PLACES, Snapshot, index_query
from ops.errors import UsageError
from tests.factories import SENT, a_dead_letter
from tests.ops.deadletters.snapshot.messages import DIED, FULL, some_messages


def test_pages_orders_and_places(snapshot: Snapshot) -> None:
    letters = some_messages(7)
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
    snapshot.add(some_messages(5), Place.QUEUE)
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


def test_ids_are_looked_up_by_their_beginning(snapshot: Snapshot) -> None:
    snapshot.add(some_messages(12), Place.QUEUE)
    assert snapshot.get("m011").message.message_id == "m011"
    for wanted, why in (("m01", "Several"), ("x", "No message"), ("", "No message"), ("m%", "No message")):
        with pytest.raises(UsageError, match=why):
            snapshot.get(wanted)


def test_what_sqlite_answers_and_what_python_answers_come_in_order(snapshot: Snapshot) -> None:
    snapshot.add(some_messages(100), Place.QUEUE)
    assert snapshot.ids(Selection(where="body.n >= `90`")) == tuple(f"m{number:03}" for number in range(90, 100))
    assert snapshot.ids(Selection(where="sum([body.n, `1`]) > `98`")) == ("m098", "m099")


def test_an_answer_is_remembered_until_the_snapshot_changes(snapshot: Snapshot) -> None:
    snapshot.add(some_messages(2), Place.QUEUE)
    where = Selection(where="body.n >= `0`")
    assert snapshot.count(where) == 2
    with Snapshot.open(snapshot.path) as other:
        other.add(some_messages(1, "other"), Place.QUEUE)
    assert snapshot.count(where) == 3
