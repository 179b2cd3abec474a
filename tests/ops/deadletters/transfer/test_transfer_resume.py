"""Resuming a transfer whose process was killed, or whose messages another process holds."""

from __future__ import annotations

import time

import pytest

from ops.deadletters.ledger import AcceptedMessage, Ledger
from ops.deadletters.ledger.model import MessageState
from ops.deadletters.plan_model import Plan
from ops.deadletters.transfer import Transfer
from ops.deadletters.transfer.rate_limiter import RateLimiter
from tests.fakes.dlq_world import World
from tests.ops.deadletters.transfer.transfers import (
    MESSAGES,
    assert_accounted_for,
    fill,
    ledger_of,
    receive_elsewhere,
    transfer_all,
)
from tests.timing import set_timing

RETRIES = 0
WAITS_S = 0.02


def killed(world: World, plan: Plan, count: int, *, sent: bool) -> set[str]:
    """The ledger of a process that was killed while it sent ``count`` messages; returns their IDs."""
    held = receive_elsewhere(world, count)
    with Ledger.create(ledger_of(world, plan), plan, "r", "me") as ledger:
        ledger.start_run()
        numbers = [(plan.ids.index(name), receipt) for name, receipt in held]
        ledger.record_intent(numbers, 1)
        if sent:
            ledger.record_sent([AcceptedMessage(number, f"new-{number}", 1.0) for number, _ in numbers])
    return {name for name, _ in held}


def test_resumed_after_a_kill_between_intent_and_sent(world: World) -> None:
    plan = fill(world)
    in_work = killed(world, plan, 20, sent=False)
    run, _ = transfer_all(world, plan)
    assert (run.deleted, set(run.possible_duplicates)) == (MESSAGES, in_work)
    assert_accounted_for(world, plan, run)


def test_a_resumed_step_ends_although_its_messages_are_gone_and_others_wait_for_the_next_step(world: World) -> None:
    """Deleted just before the kill: they are never received again, while those of the next step are with every lease."""
    plan = fill(world)
    gone = killed(world, plan, 10, sent=True)
    world.dlq.remove(list(gone))
    patience = time.monotonic() + 120
    with Ledger.open(ledger_of(world, plan)) as ledger:
        ledger.start_run()
        transfer = Transfer(world.source, plan, ledger, RateLimiter(None), lambda: time.monotonic() > patience)
        result = transfer.move(10, 1)
        assert time.monotonic() < patience
        assert (
            result.sent,
            ledger.count_in_states(MessageState.DELETED),
            ledger.count_in_states(MessageState.PLANNED),
        ) == (10, 10, MESSAGES - 10)
        transfer.move(MESSAGES, 2)
        assert ledger.count_in_states(MessageState.DELETED) == MESSAGES
    assert len(world.jobs.messages()) == MESSAGES - 10
    assert world.bodies() == []


def test_resumed_after_a_kill_between_sent_and_deleted(world: World) -> None:
    """They are deleted, and never sent again; the leases of the killed process are released first."""
    plan = fill(world)
    killed(world, plan, 20, sent=True)
    run, _ = transfer_all(world, plan)
    assert (run.sent, run.deleted, run.possible_duplicates) == (MESSAGES, MESSAGES, ())
    assert len(world.jobs.messages()) == MESSAGES - 20
    assert world.bodies() == []


def test_messages_held_by_another_process_are_left_for_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, lease=1)
    plan = fill(world)
    held = receive_elsewhere(world, 10)
    run, result = transfer_all(world, plan)
    assert (run.deleted, run.missing) == (MESSAGES - 10, 0)
    assert result.why == "10 messages are held by another process; resume when they are visible again."
    world.aws.advance(700)
    run, result = transfer_all(world, plan)
    assert (run.deleted, run.missing, result.why) == (MESSAGES, 0, "")
    assert len(held) == 10
    assert_accounted_for(world, plan, run)
