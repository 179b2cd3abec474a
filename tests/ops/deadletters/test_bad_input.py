"""Bad letters, bad disks and bad clocks: never a lost letter, always one clear sentence."""

from __future__ import annotations

import base64
import json
import os
import random
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import plans
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.plan_model import Pace, Plan, Selection, Steps
from ops.deadletters.queue import open_queue
from ops.deadletters.redrive import redrive
from ops.deadletters.redrive.runs import list_runs, list_unreadable_runs, read_run
from ops.deadletters.scan.scan import scan_queue
from ops.errors import OpsError
from tests.fakes.disks import longest_file
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import DENIED, Fault
from tests.timing import set_timing

pytestmark = pytest.mark.slow  # half a second each, and many of them

LETTERS = 40
A_MIB = 1_048_576


RETRIES = 1
WAITS_S = 0.05


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return server.with_new_queues(tmp_path, monkeypatch)


def a_plan(world: World, **more: Any) -> Plan:
    more = {"pace": Pace(None, headroom=False), "steps": Steps(watch=False), "engine": "ledger", **more}
    return plans.make_plan(world.source, Selection(), **more)


def go(world: World, plan: Plan) -> Run:
    return redrive.start_redrive(world.source, plan, reason="bad input")


def ensure_sentence(error: OpsError) -> None:
    said = f"{error} {error.next_step}"
    assert "\n" not in said and "Traceback" not in said and "Error(" not in said
    assert error.next_step


# --- letters -------------------------------------------------------------------------------------------------------

BODIES = {
    "empty JSON": "{}",
    "no JSON": '{"half": ',
    "deeply nested": "[" * 100_000 + "]" * 100_000,
    "a number with no end": "9" * 50_000,
    "not a number": '{"a": NaN, "b": Infinity}',
    "the same key twice": '{"a": 1, "a": 2}',
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "a formula": "=cmd|' /C calc'!A0",
    "a replacement character": "\ufffd\ufeff\u200e\u202e",
    "line ends": "a\r\nb\rc\n\u2028d\u0085",
    "outside the first plane": "\U0001f4a9" * 1000,
    "spaces": " \t\n ",
    "binary as text": "".join(map(chr, range(0x80, 0x100))),
    "a whole MiB": "x" * A_MIB,
    "a MiB with room for the id": "x" * (A_MIB - 100),
}


def test_letters_of_any_content_come_back_as_they_were(world: World) -> None:
    system = {"DeadLetterQueueSourceArn": world.jobs.arn, "AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793"}
    ids = world.dlq.put([{"body": body, "system": system} for body in BODIES.values()])
    done = scan_queue(world.source)
    assert (done.messages, done.not_released) == (len(BODIES), 0)
    run = go(world, a_plan(world))
    assert run.state is RunState.DONE
    arrived = Counter(message["Body"] for message in world.jobs.messages())
    left = {message["MessageId"] for message in world.dlq.messages()}
    whole = ids[list(BODIES).index("a whole MiB")]  # no byte of room for the first message's id
    assert left <= {whole}
    assert arrived == Counter(body for name, body in zip(ids, BODIES.values(), strict=True) if name not in left)
    assert run.failed == len(left)
    assert all(m["Attributes"]["AWSTraceHeader"] == system["AWSTraceHeader"] for m in world.jobs.messages())


def test_bodies_that_sqs_would_not_take_stay_and_are_told(world: World) -> None:
    """They cannot come to be in a queue of today; an import, or a queue of another maker, may hold them."""
    system = {"DeadLetterQueueSourceArn": world.jobs.arn}
    bodies = ["a\0b", "\x1b[31mred", "\ud800 alone", "good"]
    world.dlq.put([{"body": body, "system": system} for body in bodies])
    scan_queue(world.source)
    run = go(world, a_plan(world))
    assert (run.state, run.sent, run.failed) == (RunState.DONE, 1, 3)
    assert [message["Body"] for message in world.jobs.messages()] == ["good"]
    assert sorted(world.bodies()) == sorted(bodies[:3])
    assert not any("\x1b" in sentence or "\n" in sentence for sentence, _ in run.failures)


def test_a_letter_as_large_as_sqs_allows_goes_as_it_is(world: World) -> None:
    """There is no room for the original message id, as there is none beside ten attributes."""
    body = "x" * 1_048_576
    world.put([body, "small"])
    plan = a_plan(world)
    assert any(each.startswith("1 message at the SQS limit (10 attributes, 1 MiB)") for each in plan.warnings)
    run = go(world, plan)
    assert (run.state, run.sent, run.failed) == (RunState.DONE, 2, 0)
    arrived = {message["Body"]: message.get("MessageAttributes", {}) for message in world.jobs.messages()}
    assert arrived[body] == {}
    assert list(arrived["small"]) == ["OriginalMessageId"]


def test_binary_attributes_are_as_large_as_their_bytes_not_as_their_base64(world: World) -> None:
    raw = base64.b64encode(bytes(1_000_000)).decode()
    world.put(["a"], {"Raw": {"DataType": "Binary", "BinaryValue": raw}})
    run = go(world, a_plan(world))
    assert (run.state, run.sent, run.failed) == (RunState.DONE, 1, 0)
    [message] = world.jobs.messages()
    assert message["MessageAttributes"]["Raw"]["BinaryValue"] == raw
    assert "OriginalMessageId" in message["MessageAttributes"]


def test_attributes_at_their_limits(world: World) -> None:
    ten = {f"{'n' * 250}{at}": {"DataType": "String", "StringValue": "\U0001f4a9"} for at in range(10)}
    typed = {
        "Number": {"DataType": "Number", "StringValue": "-1.7976931348623157e308"},
        "Custom": {"DataType": "Number.float", "StringValue": "0.1"},
        "Raw": {"DataType": "Binary.png", "BinaryValue": "AP//gA=="},
        "Text.a-b_c": {"DataType": "String.x", "StringValue": " \u202e\t"},
    }
    system = {"DeadLetterQueueSourceArn": world.jobs.arn}
    ids = world.dlq.put([{"body": "a", "attributes": a, "system": system} for a in (ten, typed)])
    scan_queue(world.source)
    run = go(world, a_plan(world))
    assert (run.state, run.sent) == (RunState.DONE, 2)
    full, rest = sorted((m["MessageAttributes"] for m in world.jobs.messages()), key=len, reverse=True)
    assert full == ten
    assert rest == typed | {"OriginalMessageId": {"DataType": "String", "StringValue": ids[1]}}


def test_large_letters_go_in_batches_that_fit(world: World) -> None:
    system = {"DeadLetterQueueSourceArn": world.jobs.arn}
    bodies = [json.dumps({"n": at, "x": "ä" * 130_000}, ensure_ascii=False) for at in range(12)]
    world.dlq.put([{"body": body, "system": system} for body in bodies])
    scan_queue(world.source)
    run = go(world, a_plan(world))
    assert (run.state, run.sent, run.failed) == (RunState.DONE, 12, 0)
    assert Counter(message["Body"] for message in world.jobs.messages()) == Counter(bodies)


# --- disks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", [0, 4_096, 8_192, 20_000, 33_000, 50_000, 80_000, 120_000, 200_000])
def test_a_disk_that_is_full_loses_nothing(world: World, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, lease=2)  # which a resumed run waits for
    ids = world.put([f"letter {number}" for number in range(LETTERS)])
    plan = a_plan(world)
    run = None
    try:
        with longest_file(room):
            run = go(world, plan)
    except OpsError as error:
        ensure_sentence(error)
    assert not any(message["hidden"] for message in world.dlq.messages()) or run is None
    kept, sent = set(world.bodies()), Counter(message["Body"] for message in world.jobs.messages())
    assert kept | set(sent) == {f"letter {number}" for number in range(LETTERS)}
    world.aws.advance(60)
    if (world.source.runs_folder / f"{plan.id}.db").exists():
        if read_run(world.source, plan.id).state is not RunState.DONE:
            run = redrive.resume_redrive(world.source, plan.id)
    else:
        assert not sent
        run = go(world, plan)
    run = run or read_run(world.source, plan.id)
    assert run.state is RunState.DONE and world.bodies() == []
    sent = Counter(message["Body"] for message in world.jobs.messages())
    assert set(sent) == {f"letter {number}" for number in range(LETTERS)}
    assert {ids[int(body.split()[1])] for body, count in sent.items() if count > 1} <= set(run.possible_duplicates)


def test_a_look_on_a_full_disk_gives_everything_back(world: World) -> None:
    system = {"DeadLetterQueueSourceArn": world.jobs.arn}
    world.dlq.put([{"body": f"{at} " + "x" * 20_000, "system": system} for at in range(100)])
    with longest_file(400_000), pytest.raises(OpsError) as full:
        scan_queue(world.source)
    ensure_sentence(full.value)
    world.aws.advance(3_600)
    assert len(world.bodies()) == 100 and not any(message["hidden"] for message in world.dlq.messages())
    done = scan_queue(world.source)
    assert (done.messages, done.complete) == (100, True)


@pytest.mark.parametrize("home", ["/proc/nowhere", "/dev/null/home", "a file"], ids=["/proc", "/dev/null", "a file"])
def test_a_home_that_cannot_be_used(world: World, home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if home == "a file":
        (tmp_path / "taken").write_text("")
        home = str(tmp_path / "taken")
    monkeypatch.setenv("OPS_HOME", home)
    with pytest.raises(OpsError, match="cannot be used") as unusable:
        open_queue(world.source.aws, world.source.workload)
    ensure_sentence(unusable.value)
    assert "OPS_HOME" in unusable.value.next_step


# --- files that are not what they were -----------------------------------------------------------------------------


def interrupted(world: World) -> Plan:
    """A run that was sent in part and may not delete."""
    world.put([f"letter {number}" for number in range(LETTERS)])
    plan = a_plan(world)
    world.aws.fault(Fault(**{**DENIED.__dict__, "operation": "DeleteMessage*"}))
    with pytest.raises(OpsError):
        go(world, plan)
    world.aws.heal()
    world.aws.advance(60)
    return plan


def test_a_ledger_of_another_version_is_refused_with_the_way_out(world: World) -> None:
    plan = interrupted(world)
    path = world.source.runs_folder / f"{plan.id}.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = world.jobs.messages()
    with pytest.raises(OpsError, match="version 99") as refused:
        redrive.resume_redrive(world.source, plan.id)
    ensure_sentence(refused.value)
    assert "doubt" in str(refused.value)
    assert "dead-letter queue" in refused.value.next_step
    assert (len(world.bodies()), world.jobs.messages()) == (LETTERS, before)


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_ledger_is_refused_or_read_right(world: World, seed: int) -> None:
    """Whatever happened to the file: one sentence, or a run that loses nothing; never a traceback."""
    plan = interrupted(world)
    path = world.source.runs_folder / f"{plan.id}.db"
    for side in ("-wal", "-shm"):
        Path(f"{path}{side}").unlink(missing_ok=True)
    chance, content = random.Random(seed), bytearray(path.read_bytes())
    match seed % 4:
        case 0:
            content = content[: chance.randrange(len(content))]
        case 1:
            content[: chance.randrange(1, 200)] = b""
        case 2:
            at = chance.randrange(len(content) - 4096)
            content[at : at + 4096] = chance.randbytes(4096)
        case 3:
            content = bytearray(chance.randbytes(len(content)))
    path.write_bytes(content)
    for ask in (read_run, redrive.resume_redrive):
        try:
            ask(world.source, plan.id)
        except OpsError as refused:
            ensure_sentence(refused)
    assert len(list_runs(world.source)) + len(list_unreadable_runs(world.source)) == 1, "never left out unsaid"
    kept, sent = set(world.bodies()), {message["Body"] for message in world.jobs.messages()}
    assert kept | sent == {f"letter {number}" for number in range(LETTERS)}


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"hash": "x", "schema": 1}', b"\0" * 100, b"[" * 100_000])
def test_a_damaged_plan_is_refused(world: World, damage: bytes) -> None:
    world.put(["a"])
    plan = a_plan(world)
    path = plans.save_plan(world.source, plan)
    path.write_bytes(damage)
    with pytest.raises(OpsError) as refused:
        plans.load_plan(plan.id, world.source)
    ensure_sentence(refused.value)


def test_a_damaged_shelf_is_refused_and_may_be_deleted(world: World) -> None:
    world.put(["a", "b"])
    world.source.snapshot_path.write_bytes(os.urandom(20_000))
    with pytest.raises(OpsError) as refused:
        a_plan(world)
    ensure_sentence(refused.value)
    for path in world.source.folder.glob("shelf.db*"):
        path.unlink()
    assert scan_queue(world.source).messages == 2


# --- clocks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [-86_400 * 400, -3_600, 3_600, 86_400 * 400], ids=str)
def test_a_clock_that_is_set_while_letters_move(world: World, jump: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases, patience and pace go by a clock that nobody sets; the wall clock is for display."""
    world.put([f"letter {number}" for number in range(LETTERS)])
    plan = a_plan(world, pace=Pace(400, headroom=False))
    world.aws.fault(Fault("empty", "ReceiveMessage", skip=2))  # so that some are sent before it, and some after
    set_timing(monkeypatch, rollout_tick=0.01)
    real, began = time.time, time.monotonic()
    ahead = 0

    def set_the_clock(now: Run) -> None:
        nonlocal ahead
        if now.sent and not ahead:
            assert now.sent < LETTERS
            ahead = jump
            world.aws.heal()

    monkeypatch.setattr(time, "time", lambda: real() + ahead)
    run = redrive.start_redrive(world.source, plan, reason="bad clock", progress=set_the_clock)
    assert ahead
    assert (run.state, run.sent, run.possible_duplicates) == (RunState.DONE, LETTERS, ())
    assert time.monotonic() - began < 600, "it waited for a clock that had been set back by an hour or more"
    monkeypatch.undo()
    assert Counter(message["Body"] for message in world.jobs.messages()).total() == LETTERS and not world.bodies()
