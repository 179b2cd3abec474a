"""Plans: what would move, told before it does; refused when that is no longer so."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import plans
from ops.deadletters.edits import edits
from ops.deadletters.messages.model import Cause, Kind, Place
from ops.deadletters.plan_codec import _hash, with_hash
from ops.deadletters.plan_model import Action, Destination, Pace, Selection, Steps
from ops.deadletters.snapshot import Snapshot
from ops.errors import AwsError, NotFound, UsageError
from tests.factories import a_dead_letter, bodies
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import DENIED, Fault

ALL = Selection()


def test_a_plan_says_what_would_move(world: World) -> None:
    ids = world.put(bodies(30))
    with Snapshot.open(world.source) as snapshot:
        snapshot.set_causes((letter_id, Cause("E", "m", fingerprint="f1")) for letter_id in ids[:20])
    plan = plans.make_plan(world.source, ALL, edits=edits.parse_edits(["body.params.alpha=0.1"]), pace=Pace(10.0))
    assert (plan.action, plan.queue_count, set(plan.ids)) == (Action.REDRIVE, 30, set(ids))
    assert plan.causes == {"f1": 20, "": 10}
    assert plan.made_by.endswith("user/operator")
    assert plan.destination == Destination()
    assert (plan.estimate.seconds, plan.estimate.requests) == (3.0, 9)
    assert 0 < plan.estimate.usd < 0.001
    assert set(plan.sample) <= set(ids)
    assert (plan.engine, plan.engine_why) == ("ledger", "messages are edited, which a move task cannot do")
    own, origin = plan.queue_arn, world.source.workload.queue.arn
    assert {f"sqs:ReceiveMessage on {own}", f"sqs:DeleteMessage on {own}", f"sqs:SendMessage on {origin}"} <= set(
        plan.permissions
    )
    plans.ensure_current(world.source, plan)


def test_nothing_is_received_or_sent(world: World) -> None:
    world.put(bodies(3))
    before = world.aws.counts()
    plans.ensure_current(world.source, plans.make_plan(world.source, ALL))
    after = world.aws.counts()
    moved = ("ReceiveMessage", "SendMessageBatch", "SendMessage", "DeleteMessage", "DeleteMessageBatch")
    assert {name: after.get(name) for name in moved} == {name: before.get(name) for name in moved}
    assert world.source.runs_folder.exists()
    assert not list(world.source.plans_folder.iterdir())


def test_a_plan_is_a_file_and_the_same_again(world: World, tmp_path: Path) -> None:
    ids = world.put(bodies(3))
    selection = Selection(ids=tuple(ids[:2]), since=a_dead_letter().sent, where="kind == 'sqs'")
    plan = plans.make_plan(
        world.source,
        replace(selection, since=None),
        edits=edits.parse_edits(["body.a=1", "attributes.T=x"], '{"b": null}'),
    )
    plan = with_hash(replace(plan, selection=selection))
    path = plans.save_plan(world.source, plan)
    assert path == plans.save_plan(world.source, plan), "saving twice is no harm"
    assert path.stat().st_mode & 0o777 == 0o600
    for name in (plan.id, plan.id[:-2], path, str(path)):
        assert plans.load_plan(name, world.source) == plan
    other = plans.save_plan(world.source, plan, tmp_path / "mine.json")
    assert plans.load_plan(str(other), world.source) == plan
    with pytest.raises(UsageError, match="is there already"):
        plans.save_plan(world.source, plan, other)


def damaged(plan: dict[str, Any], **changes: Any) -> str:
    return json.dumps({**plan, **changes})


def test_a_file_that_is_no_plan_or_was_changed(world: World, tmp_path: Path) -> None:
    world.put(bodies(2))
    plan = plans.make_plan(world.source, ALL)
    known = json.loads(plans.save_plan(world.source, plan).read_text())

    def resealed(**changes: Any) -> str:
        changed = {**known, **changes}
        return json.dumps({**changed, "hash": _hash(changed)})

    wrong = {
        damaged(known, ids=known["ids"][:1]): "was changed after it was created",
        damaged(known, schema=99): "version 99",
        resealed(action="explode"): "is not a plan",
        resealed(id="../../elsewhere"): "'../../elsewhere' is not a valid ID",
        resealed(ids="all"): "'all' is of the wrong type",
        resealed(ids=[1]): "1 is of the wrong type",
        resealed(pace={"max_per_s": "x", "headroom": False}): "'x' is of the wrong type",
        resealed(bytes=True): "True is of the wrong type",
        "{": "not valid JSON",
        "[" * 100_000: "not valid JSON",
        "[]": "is not a plan",
        '{"schema": 1, "hash": ""}': "was changed",
        "\udcff": "not valid JSON",
    }
    for text, says in wrong.items():
        path = tmp_path / "plan.json"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(UsageError, match=says) as caught:
            plans.load_plan(path, world.source)
        assert caught.value.next_step
    with pytest.raises(UsageError, match="has no plan"):
        plans.load_plan("19990101", world.source)
    with pytest.raises(UsageError, match="There is no plan at"):
        plans.load_plan(tmp_path / "none.json", world.source)
    plans.save_plan(world.source, with_hash(replace(plan, id=plan.id[:-1] + "x")))
    plans.save_plan(world.source, with_hash(replace(plan, id=plan.id[:-1] + "y")))
    with pytest.raises(UsageError, match="plans of jobs-dlq have an ID that starts with"):
        plans.load_plan(plan.id[:8], world.source)
    foreign = tmp_path / "foreign.json"
    plans.save_plan(world.source, with_hash(replace(plan, queue_arn=plan.queue_arn + "2")), foreign)
    with pytest.raises(UsageError, match="is for jobs-dlq2, not jobs-dlq"):
        plans.load_plan(foreign, world.source)
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(UsageError, match="There is no plan at"):
        plans.load_plan(tmp_path / "folder.json", world.source)


def test_a_plan_is_stale_when_the_queue_changed(world: World) -> None:
    world.put(bodies(20))
    plan = plans.make_plan(world.source, ALL)
    world.dlq.put([{"body": "new"}] * 2)
    plans.ensure_current(world.source, plan)
    world.dlq.put([{"body": "new"}])
    with pytest.raises(
        UsageError, match="held 20 messages then and holds 23 now, more than its margin of 10%"
    ) as caught:
        plans.ensure_current(world.source, plan)
    assert "ops dlq scan" in caught.value.next_step
    exact = plans.make_plan(world.source, ALL, margin=0)
    world.dlq.put([{"body": "new"}])
    with pytest.raises(UsageError, match="stale"):
        plans.ensure_current(world.source, exact)


def test_a_plan_is_stale_when_its_selection_changed_or_it_is_old(world: World) -> None:
    ids = world.put(bodies(20))
    plan = plans.make_plan(world.source, ALL)
    with Snapshot.open(world.source) as snapshot:
        snapshot.set_place(ids[:3], Place.REDRIVEN)
    with pytest.raises(UsageError, match="of its 20 messages, 3 no longer match, and 0 more would"):
        plans.ensure_current(world.source, plan)
    plan = plans.make_plan(world.source, ALL)
    with pytest.raises(UsageError, match="it was created 25 h ago"):
        plans.ensure_current(world.source, replace(plan, made_at=plan.made_at - timedelta(hours=25)))
    with pytest.raises(UsageError, match="in the future by this clock"):
        plans.ensure_current(world.source, replace(plan, made_at=plan.made_at + timedelta(hours=1)))


def test_a_plan_of_imported_letters_does_not_mind_the_queue(world: World) -> None:
    with Snapshot.open(world.source) as snapshot:
        snapshot.add([a_dead_letter(source_arn=world.source.workload.queue.arn)])
    plan = plans.make_plan(world.source, Selection(imported=True))
    world.dlq.put([{"body": "new"}] * 50)
    plans.ensure_current(world.source, plan)


def test_imported_letters_are_planned_apart_from_those_of_the_queue(world: World) -> None:
    with Snapshot.open(world.source) as snapshot:
        snapshot.add([a_dead_letter("from a file", "file", source_arn=world.source.workload.queue.arn)])
    with pytest.raises(UsageError, match="No message of jobs-dlq in the snapshot matches") as caught:
        plans.make_plan(world.source, ALL)
    assert caught.value.next_step.startswith("1 message imported from a file would match: add --imported.")
    ids = world.put(bodies(3))
    assert set(plans.make_plan(world.source, ALL).ids) == set(ids)
    assert plans.make_plan(world.source, Selection(imported=True)).ids == ("file",)
    with pytest.raises(UsageError, match="No imported message in the snapshot matches") as caught:
        plans.make_plan(world.source, Selection(ids=tuple(ids), imported=True))
    assert "3 messages in the queue would match: omit --imported." in caught.value.next_step
    with pytest.raises(UsageError, match="are only in the snapshot"):
        plans.make_plan(world.source, Selection(imported=True), action=Action.PURGE)


def test_nothing_selected(world: World) -> None:
    with pytest.raises(UsageError, match="No message of jobs-dlq in the snapshot matches"):
        plans.make_plan(world.source, ALL)
    world.put(bodies(1))
    with pytest.raises(UsageError, match="No message"):
        plans.make_plan(world.source, Selection(text="nowhere"))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"pace": Pace(0)}, "is not valid"),
        ({"pace": Pace(float("nan"))}, "is not valid"),
        ({"margin": 2}, "is not a valid share"),
        ({"steps": Steps(stop_share=-1)}, "is not a valid share"),
        ({"steps": Steps(patience_s=0)}, "is not a valid duration"),
        ({"steps": Steps(("5", "2"))}, "is not larger than"),
        ({"engine": "horse"}, "is not a valid method"),
        (
            {"engine": "move task", "edits": edits.parse_edits(["body.a=1"])},
            "A move task cannot do this: messages are edited",
        ),
        ({"action": Action.PURGE, "edits": edits.parse_edits(["body.a=1"])}, "nothing to edit"),
        ({"destination": Destination("moon")}, "is not a valid destination"),
        ({"destination": Destination("queue")}, "is not a valid destination"),
        ({"destination": Destination("queue", "jobs-dlq")}, "is the queue that holds the messages"),
        (
            {"edits": edits.parse_edits(["body.no.such=1"])},
            "The edits do not apply to any message: body.no was not found",
        ),
    ],
)
def test_what_makes_no_sense(world: World, asked: dict[str, Any], says: str) -> None:
    world.put(bodies(2))
    with pytest.raises(UsageError, match=says) as caught:
        plans.make_plan(world.source, ALL, **asked)
    assert caught.value.next_step


def test_the_destination_is_looked_at_first(world: World) -> None:
    world.put(bodies(2))
    with pytest.raises(NotFound, match="queue nowhere"):
        plans.make_plan(world.source, ALL, destination=Destination("queue", "nowhere"))
    world.aws.queue("other.fifo", FifoQueue="true")
    with pytest.raises(UsageError, match=r"other.fifo is a FIFO queue and jobs-dlq is a standard queue"):
        plans.make_plan(world.source, ALL, destination=Destination("queue", "other.fifo"))
    world.aws.queue("test")
    plan = plans.make_plan(world.source, ALL, action=Action.COPY, destination=Destination("queue", "test"))
    assert plan.destination.queue_arn.endswith(":test")
    assert plan.destination.queue_url.endswith("/test")
    assert (
        "test has no dead-letter queue: messages that fail again there are retried until they expire." in plan.warnings
    )
    assert any("Copies are processed" in warning for warning in plan.warnings)
    assert not any("DeleteMessage" in need or "ReceiveMessage" in need for need in plan.permissions)
    world.aws.fault(replace(DENIED, operation="GetQueueAttributes", queue="test"))
    with pytest.raises(AwsError, match="is not authorized to perform"):
        plans.make_plan(world.source, ALL, destination=Destination("queue", "test"))


def test_an_encrypted_destination(world: World) -> None:
    world.put(bodies(1))
    world.aws.queue("sealed", KmsMasterKeyId="alias/ours")
    plan = plans.make_plan(world.source, ALL, destination=Destination("queue", "sealed"))
    assert any("key alias/ours of sealed can be used is unknown" in warning for warning in plan.warnings)
    assert any(need.startswith("kms:GenerateDataKey on arn:aws:kms:") for need in plan.permissions)
    world.aws.queue("managed", KmsMasterKeyId="alias/aws/sqs")
    plan = plans.make_plan(world.source, ALL, destination=Destination("queue", "managed"))
    assert not any("alias/aws/sqs" in warning for warning in plan.warnings)


def test_messages_that_have_no_way_back_stay_and_are_counted(world: World) -> None:
    world.put(bodies(2))
    with Snapshot.open(world.source) as snapshot:
        snapshot.add([a_dead_letter("?", "nowhere", source_arn="")], Place.QUEUE)
    plan = plans.make_plan(world.source, ALL)
    assert len(plan.ids) == 2
    assert plan.returns.left_ids == ("nowhere",)
    assert any("1 of 3 messages stay in the dead-letter queue." in warning for warning in plan.warnings)
    assert plan.engine == "ledger"
    plans.ensure_current(world.source, plan)
    with pytest.raises(
        UsageError, match=r"No message can be returned .* \(by kind: 1 sqs\): 1: their source, empty,"
    ) as caught:
        plans.make_plan(world.source, Selection(ids=("nowhere",)))
    assert caught.value.next_step.startswith("Specify a destination: --to QUEUE")
    world.aws.queue("test")
    plan = plans.make_plan(world.source, ALL, destination=Destination("queue", "test"))
    assert len(plan.ids) == 3


def test_a_message_that_names_no_source_is_of_the_only_queue_that_uses_this_one(world: World) -> None:
    with Snapshot.open(world.source) as snapshot:
        snapshot.add([a_dead_letter("?", "strange", kind=Kind.UNKNOWN, source_arn="")], Place.QUEUE)
    plan = plans.make_plan(world.source, ALL)
    assert dict(plan.returns.origins) == {world.jobs.arn: 1}
    assert plan.returns.inferred == 1
    assert any("jobs is inferred, the only queue" in warning for warning in plan.warnings)
    world.aws.queue("test")
    plan = plans.make_plan(world.source, ALL, destination=Destination("queue", "test"))
    assert any("1 message of unknown kind" in warning for warning in plan.warnings)


def test_messages_of_a_queue_that_is_gone_stay_and_are_counted(world: World) -> None:
    world.put(bodies(3))
    gone = world.source.workload.queue.arn.replace("jobs", "gone")
    with Snapshot.open(world.source) as snapshot:
        snapshot.add([a_dead_letter("{}", f"gone-{n}", source_arn=gone) for n in range(2)], Place.QUEUE)
    plan = plans.make_plan(world.source, ALL)
    assert len(plan.ids) == 3
    assert dict(plan.returns.origins) == {world.jobs.arn: 3}
    assert any(f"2: {gone}, where they came from, was not found" in warning for warning in plan.warnings)


def test_a_fifo_queue(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fifo = world.with_new_queues(tmp_path / "fifo", monkeypatch, suffix=".fifo", FifoQueue="true")
    with Snapshot.open(fifo.source) as snapshot:
        old = datetime.now(UTC) - timedelta(days=9)
        source = fifo.source.workload.queue.arn
        snapshot.add([a_dead_letter(system={"MessageGroupId": "g"}, source_arn=source, sent=old)], Place.QUEUE)
    plan = plans.make_plan(fifo.source, ALL)
    assert any("Order is kept within each message group" in warning for warning in plan.warnings)
    assert not any("expire" in warning for warning in plan.warnings), (
        "a FIFO dead-letter queue counts a letter's age again"
    )
    assert plan.engine == "ledger"
    with pytest.raises(UsageError, match="standard queue"):
        world.aws.queue("test")
        plans.make_plan(fifo.source, ALL, destination=Destination("queue", "test"))


def test_a_server_that_refuses_is_one_sentence(world: World) -> None:
    world.put(bodies(1))
    world.aws.fault(Fault("refuse", "GetQueueAttributes", code="AccessDenied", status=403))
    with pytest.raises(AwsError) as caught:
        plans.make_plan(world.source, ALL)
    assert caught.value.next_step
