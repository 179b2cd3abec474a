"""Where a plan's messages go: the destination is checked first, and messages without one stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.deadletters import plans
from ops.deadletters.messages.model import Kind, Place
from ops.deadletters.plan_model import Action, Destination, Selection
from ops.deadletters.snapshot import Snapshot
from ops.errors import AwsError, NotFound, UsageError
from tests.factories import a_dead_letter, bodies
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import DENIED

ALL = Selection()


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
