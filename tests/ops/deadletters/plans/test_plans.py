"""Plans: what would move, shown before it does; what makes no sense is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ops.deadletters import plans
from ops.deadletters.edits import edits
from ops.deadletters.messages.model import Cause
from ops.deadletters.plan_model import Action, Destination, Pace, Selection, Steps
from ops.deadletters.snapshot import Snapshot
from ops.errors import AwsError, UsageError
from tests.factories import a_dead_letter, bodies
from tests.fakes.dlq_world import World
from tests.fakes.regional_prices import priced
from tests.fakes.sqs.faults import Fault

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


def test_imported_messages_are_planned_apart_from_those_of_the_queue(world: World) -> None:
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


def test_a_server_that_refuses_is_one_sentence(world: World) -> None:
    world.put(bodies(1))
    world.aws.fault(Fault("refuse", "GetQueueAttributes", code="AccessDenied", status=403))
    with pytest.raises(AwsError) as caught:
        plans.make_plan(world.source, ALL)
    assert caught.value.next_step


def test_a_plans_price_is_that_of_its_region(world: World) -> None:
    world.put(bodies(30))
    with priced(world.source.workload.region, sqs_request=0.01):
        plan = plans.make_plan(world.source, ALL)
    assert plan.estimate.usd == pytest.approx(plan.estimate.requests * 0.01)
