"""What was in flight when a canary stopped: watched for a while, and settled by the next scan."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ops.deadletters import queue_lock
from ops.deadletters.ledger import AcceptedMessage, Ledger
from ops.deadletters.ledger.model import Outcome, RunState, SentMessage
from ops.deadletters.messages.model import Cause, Place
from ops.deadletters.outcomes import late_outcomes
from ops.deadletters.plan_model import Steps
from ops.deadletters.redrive.runs import read_run
from ops.deadletters.snapshot import Snapshot
from tests.factories import a_dead_letter
from tests.fakes.dlq_world import World
from tests.fakes.dlq_world import a_plan as a_real_plan
from tests.ops.deadletters.redrive.rollouts import FakeOutcomes, a_plan, make_rollout

STEPS = Steps(("5", "100%"), patience_s=60)


def slowly(known_at_once: int, then: Outcome) -> FakeOutcomes:
    """The first ones came back; of the others nothing is known at the first look."""
    looks: list[int] = []

    def of(sent: SentMessage) -> Outcome | None:
        looks.append(1)
        return Outcome.FAILED_AGAIN if int(sent.message_id[1:]) < known_at_once else then if len(looks) > 20 else None

    return FakeOutcomes(of)


@pytest.mark.parametrize("then", [Outcome.FAILED_AGAIN, Outcome.SUCCEEDED])
def test_what_is_in_flight_goes_on_being_watched(then: Outcome) -> None:
    run, ledger = make_rollout(a_plan(40, STEPS), slowly(2, then), after_stop_s=60.0)
    state, said = run.run()
    now = ledger.run()
    assert state is RunState.STOPPED
    assert said.startswith("Stopped in stage 1 of 2: 2 of 2 failed again")
    assert (now.sent, now.waiting) == (5, 0), "nothing more is sent meanwhile"
    assert (now.failed_again, now.succeeded) == ((5, 0) if then is Outcome.FAILED_AGAIN else (2, 3))
    assert any("Waiting for 3 outcomes." in text for text in ledger.texts)


def test_not_for_longer_than_allowed_and_not_when_it_is_cancelled() -> None:
    never = FakeOutcomes(lambda sent: Outcome.FAILED_AGAIN if int(sent.message_id[1:]) < 2 else None)
    run, ledger = make_rollout(a_plan(40, STEPS), never, after_stop_s=0.05)
    assert run.run()[0] is RunState.STOPPED
    assert ledger.run().waiting == 3
    run, ledger = make_rollout(a_plan(40, STEPS), never, after_stop_s=60.0)
    run.stop = lambda: bool(ledger.run().failed_again)
    assert run.run()[0] is RunState.STOPPED
    assert ledger.run().waiting == 3


def stopped(world: World, new_ids: list[str]) -> str:
    """A run that has ended while the outcome of what it sent under these ids was open; its id."""
    world.put([f"order {number}" for number in range(len(new_ids))])
    plan = a_real_plan(world)
    with Ledger.create(world.source.runs_folder / f"{plan.id}.db", plan, "r", "ada") as ledger:
        ledger.start_run()
        ledger.record_intent([(number, "") for number in range(len(new_ids))], 1)
        at = datetime.now(UTC).timestamp()
        ledger.record_sent([AcceptedMessage(number, new, at) for number, new in enumerate(new_ids)], done=True)
        ledger.finish_run(RunState.STOPPED, "Stopped in stage 1 of 2.", datetime.now(UTC))
    return plan.id


def test_the_next_scan_settles_what_lies_there_again(world: World) -> None:
    run_id = stopped(world, ["new-0", "new-1", "new-2"])
    assert late_outcomes.record_late_outcomes(world.source) == ()
    with Snapshot.open(world.source) as snapshot:
        snapshot.add([a_dead_letter("order 0", "new-0"), a_dead_letter("order 2", "new-2")], Place.QUEUE)
        snapshot.set_causes([("new-0", Cause("ValueError", "bank closed", source="log"))])
    assert late_outcomes.record_late_outcomes(world.source) == (
        f"Run {run_id}: 2 messages whose outcome was not known failed again.",
    )
    run = read_run(world.source, run_id)
    assert (run.state, run.failed_again, run.waiting) == (RunState.STOPPED, 2, 1)
    assert ("ValueError: bank closed", 1) in run.failed_again_causes
    assert late_outcomes.record_late_outcomes(world.source) == (), "and once only"


def test_a_run_that_goes_on_and_a_ledger_that_is_odd_are_left_alone(world: World) -> None:
    run_id = stopped(world, ["new-0"])
    with Snapshot.open(world.source) as snapshot:
        snapshot.add([a_dead_letter("order 0", "new-0")], Place.QUEUE)
    (world.source.runs_folder / "odd.db").write_bytes(b"no ledger")
    with queue_lock.hold_lock(world.source, run_id, "ada"):
        assert late_outcomes.record_late_outcomes(world.source) == ()
    assert len(late_outcomes.record_late_outcomes(world.source)) == 1
