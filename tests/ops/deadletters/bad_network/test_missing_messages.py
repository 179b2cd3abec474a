"""Messages that are gone, held by another process or not counted: sent once, or reported."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from ops.deadletters.ledger.model import RunState
from ops.deadletters.redrive import redrive
from ops.errors import AccessDenied
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import DENIED, Fault
from tests.ops.deadletters.bad_network.redriven import arrived_bodies, ensure_complete, put_and_plan
from tests.ops.deadletters.redrives_without_rollout import LETTERS, start_run
from tests.timing import set_timing

pytestmark = pytest.mark.slow  # half a second each, and many of them

RETRIES = 1
WAITS_S = 0.05


def test_missing_messages_are_reported(world: World) -> None:
    ids, plan = put_and_plan(world)
    world.dlq.remove(ids[:3])
    run = start_run(world, plan)
    assert (run.state, run.sent, run.missing) == (RunState.DONE, LETTERS - 3, 3)
    assert arrived_bodies(world.jobs) == Counter(f"letter {number}" for number in range(3, LETTERS))
    assert "3" in run.status_text


def test_messages_that_go_missing_during_the_run_are_sent_once_or_reported(world: World) -> None:
    ids, plan = put_and_plan(world)
    world.aws.fault(Fault("vanish", "*", "jobs-dlq", share=0.3))
    run = start_run(world, plan)
    assert run.state is RunState.DONE
    assert run.sent + run.missing == len(ids) and not run.possible_duplicates
    assert all(count == 1 for count in arrived_bodies(world.jobs).values())
    assert arrived_bodies(world.jobs).total() == run.sent


def test_messages_that_the_counts_do_not_show_are_not_taken_for_deleted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQS counts approximately, and up to a minute late (SQS API, GetQueueAttributes)."""
    set_timing(monkeypatch, lease=3)
    ids, plan = put_and_plan(world)
    world.aws.fault(replace(DENIED, operation="DeleteMessage*"))
    with pytest.raises(AccessDenied):
        start_run(world, plan)
    world.aws.fault(Fault("miscount", "GetQueueAttributes"))
    ensure_complete(world, redrive.resume_redrive(world.source, plan.id), ids)
    assert arrived_bodies(world.jobs).total() == LETTERS


def test_messages_held_by_another_process_are_waited_for_and_then_reported(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_timing(monkeypatch, lease=1)
    _, plan = put_and_plan(world)
    sqs = world.source.aws.sqs
    sqs.receive_message(QueueUrl=world.dlq.url, MaxNumberOfMessages=5, VisibilityTimeout=600)
    run = start_run(world, plan)
    assert run.state is not RunState.DONE and run.missing == 0 and "held by another process" in run.status_text
    assert (run.sent, len(world.bodies())) == (LETTERS - 5, 5)
    world.aws.advance(600)
    assert redrive.resume_redrive(world.source, plan.id).state is RunState.DONE
    assert (
        all(count == 1 for count in arrived_bodies(world.jobs).values())
        and arrived_bodies(world.jobs).total() == LETTERS
    )
