"""A canary on a function that logs nothing: each step is judged by the queues, from its own beginning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from ops.deadletters import plans
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.outcomes import dlq_search
from ops.deadletters.plan_model import Pace, Selection, Steps
from ops.deadletters.redrive import redrive
from tests.fakes.dlq_world import World
from tests.ops.insight.world import FUNCTION, MAPPING
from tests.timing import set_timing

PLAIN = Steps(sizes=("2", "4", "100%"), patience_s=30)


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A queue that a function reads, which writes nothing into its log."""
    set_timing(monkeypatch, rollout_tick=0.02, dlq_settling=0.3, outcome_check=0.05)
    server.aws.waits(0.02)
    made = server.with_new_queues(tmp_path, monkeypatch)
    reader = replace(
        made.source.workload,
        function=FUNCTION,
        mapping=replace(MAPPING, source_arn=made.jobs.arn, partial_batches=True),
    )
    return replace(made, source=replace(made.source, workload=reader))


@contextmanager
def working(world: World, fails: Callable[[str], bool] = lambda _: False) -> Iterator[None]:
    """So fast that the queue is never seen to hold anything."""
    over = Event()

    def work() -> None:
        door, jobs = world.source.aws.sqs, world.source.workload.queue
        while not over.wait(0.002):
            for message in door.receive_message(QueueUrl=jobs.url, MaxNumberOfMessages=10).get("Messages", []):
                if fails(message["Body"]):
                    world.dlq.put([{"body": message["Body"], "message_id": message["MessageId"]}])
                door.delete_message(QueueUrl=jobs.url, ReceiptHandle=message["ReceiptHandle"])

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def redriven(world: World, steps: Steps = PLAIN) -> Run:
    made = plans.make_plan(
        world.source, Selection(), pace=Pace(None, headroom=False), engine="ledger", steps=steps, margin=1
    )
    return redrive.start_redrive(world.source, made, reason="fixed")


def test_every_step_of_a_fast_plain_function_becomes_known(world: World) -> None:
    world.put([f"order {number}" for number in range(9)])
    with working(world):
        run = redriven(world)
    assert [(step.sent, step.succeeded, step.state) for step in run.steps] == [
        (2, 2, "passed"),
        (2, 2, "passed"),
        (5, 5, "passed"),
    ]
    assert (run.state, run.succeeded, run.waiting) == (RunState.DONE, 9, 0)


def test_a_later_step_is_judged_by_its_own_messages(world: World) -> None:
    bodies = [f"order {number}" for number in range(9)]
    ids = world.put(bodies)
    late = dict(zip(ids, bodies, strict=True))
    plan = plans.make_plan(
        world.source, Selection(), pace=Pace(None, headroom=False), engine="ledger", steps=PLAIN, margin=1
    )
    failing = {late[message_id] for message_id in plan.ids[2:4]}
    with working(world, lambda body: body in failing):
        run = redrive.start_redrive(world.source, plan, reason="fixed")
    assert run.state is RunState.STOPPED
    assert [(step.succeeded, step.failed_again) for step in run.steps] == [(2, 0), (0, 2)]


def test_a_queue_too_long_to_search_is_judged_by_its_count_after_failures_that_are_known(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known to lie there is taken off the count, so that it goes on telling about the rest."""
    watched = dlq_search.DlqSearch(world.source.aws, world.source.queue, before=3)
    monkeypatch.setattr(dlq_search, "MAX_SEARCHED", 1)
    world.put(["a", "b", "c", "failed again"])
    assert not watched.find(set(), lambda _: set(), 0).complete
    watched.known_count = 1
    assert watched.find(set(), lambda _: set(), 0).complete
    assert not watched.has_grown(0)
