"""Imported files: an id that cannot be kept is refused before the first message; an odd time stops nothing later."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops.deadletters import causes
from ops.deadletters.archive import imports
from ops.deadletters.causes.attribution.evidence import SearchedMessage
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from tests.fakes.dlq_world import World


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return server.with_new_queues(tmp_path, monkeypatch)


def line(message_id: str) -> str:
    cause = {"source": "log", "error_type": message_id, "error_message": message_id}
    return json.dumps(
        {"schema": 1, "message_id": message_id, "body": "{}", "attributes": {}, "system": {}, "cause": cause}
    )


@pytest.mark.parametrize("odd", ["\ud800", "m\udfff", "\0", "m1\0"], ids=repr)
def test_an_id_that_cannot_be_kept_is_refused_and_nothing_is_imported(world: World, tmp_path: Path, odd: str) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text(f"{line('m1')}\n{line(odd)}\n")
    with pytest.raises(UsageError, match="line 2 is not a message: its message_id holds a NUL or a lone surrogate"):
        imports.import_messages(world.source, path)
    with Snapshot.open(world.source) as snapshot:
        assert snapshot.count(Selection()) == 0 == snapshot.info().imported


def test_ids_that_are_only_strange_are_imported_with_their_causes(world: World, tmp_path: Path) -> None:
    ids = ["../../../etc/passwd", "..", "a" * 150, "<script>", "\x1b]0;x\x07", "a\nb", "=1+1", "--help", "\u202eabc"]
    path = tmp_path / "strange.jsonl"
    path.write_text("\n".join(map(line, ids)))
    assert imports.import_messages(world.source, path).new == len(ids)
    with Snapshot.open(world.source) as snapshot:
        assert [snapshot.get(message_id).cause.error_type for message_id in ids] == ids
    assert imports.undo_import(world.source, path).new == len(ids)


TIMES = ["9" * 20, "9" * 5_000, "999999999999999", "\u00b2", "-62135596800001", "1e3", "NaN", "soon", ""]


@pytest.mark.parametrize("name", ["ApproximateFirstReceiveTimestamp", "SentTimestamp"])
def test_a_time_that_is_none_is_left_out_of_all_that_reads_the_messages(
    world: World, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "times.jsonl"
    entry = json.loads(line("m"))
    entry["system"] = {"DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:000000000000:jobs"}
    entry["cause"] = {}
    entries = [
        {**entry, "message_id": f"m{number}", "system": {**entry["system"], name: text}}
        for number, text in enumerate(TIMES)
    ]
    path.write_text("\n".join(map(json.dumps, entries)))
    assert imports.import_messages(world.source, path).new == len(TIMES)
    causes.explain_causes(world.source, budget=causes.NO_SEARCH, keep=True)
    with Snapshot.open(world.source) as snapshot:
        sketches = list(snapshot.summaries([""]))
        messages = [snapshot.get(each["message_id"]).message for each in entries]
        assert all(each.first_received is None and each.source for each in sketches)
        assert not any(SearchedMessage.of(message).first_receive or message.sent for message in messages)
