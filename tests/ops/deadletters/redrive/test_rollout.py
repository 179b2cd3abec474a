"""The course of a run, over a ledger in memory and a mover that moves nothing."""

from __future__ import annotations

import threading

import pytest

from ops.deadletters.ledger.model import Outcome, Run, RunState, SentMessage
from ops.deadletters.move_task.progress import MoveTaskLooping
from ops.deadletters.plan_model import Steps
from ops.deadletters.redrive.rollout import Rollout
from ops.deadletters.transfer.rate_limiter import RateLimiter
from ops.errors import NotFound
from tests.ops.deadletters.redrive.rollouts import (
    FakeMover,
    FakeMoveResult,
    FakeOutcomes,
    a_plan,
    make_rollout,
    succeeds,
)


def test_every_step_waits_for_the_outcome_of_the_one_before() -> None:
    seen: list[int] = []

    def of(sent: SentMessage) -> Outcome:
        seen.append(sent.step)
        return Outcome.SUCCEEDED

    run, ledger = make_rollout(a_plan(100, Steps()), FakeOutcomes(of))
    state, text = run.run()
    assert state is RunState.DONE
    assert text == "100 messages were sent, 100 succeeded."
    assert [(step.upto, step.sent, step.succeeded, step.state) for step in ledger.run().steps] == [
        (5, 5, 5, "passed"),
        (10, 5, 5, "passed"),
        (100, 90, 90, "passed"),
    ]
    assert seen == sorted(seen)


def test_what_comes_back_stops_the_first_step_and_is_named() -> None:
    run, ledger = make_rollout(a_plan(100, Steps()), FakeOutcomes(lambda sent: Outcome.FAILED_AGAIN))
    state, text = run.run()
    assert state is RunState.STOPPED
    assert text == (
        "Stopped in stage 1 of 3: 5 of 5 failed again, more than 20% (5: ValueError: no column). 95 messages were not sent."
    )
    assert len(ledger.book) == 5
    assert ledger.run().steps[-1].state == "stopped"


def test_an_outcome_that_stays_open_stops_too() -> None:
    outcomes = FakeOutcomes(lambda sent: None, note="The function logs no message ids.")
    run, _ = make_rollout(a_plan(100, Steps(patience_s=0.02)), outcomes)
    state, text = run.run()
    assert state is RunState.STOPPED
    assert text.startswith("Stopped after stage 1 of 3: 5 of 5 messages had no known outcome after")
    assert "The function logs no message ids. 95 messages were not sent." in text


def test_a_step_on_its_way_is_stopped() -> None:
    plan = a_plan(1000, Steps(sizes=("5", "100%")))
    outcomes = FakeOutcomes(lambda sent: Outcome.SUCCEEDED if sent.step == 1 else Outcome.FAILED_AGAIN)
    run, ledger = make_rollout(plan, outcomes, rests_at=500)
    state, text = run.run()
    assert state is RunState.STOPPED
    assert text.startswith("Stopped in stage 2 of 2: ")
    assert len(ledger.book) == 500


def test_what_stopped_before_is_not_held_against_a_resumed_run() -> None:
    plan = a_plan(100, Steps())
    run, ledger = make_rollout(plan, FakeOutcomes(lambda sent: Outcome.FAILED_AGAIN))
    assert run.run()[0] is RunState.STOPPED
    again = Rollout(
        plan, ledger, FakeMover(plan, ledger, threading.Event()), FakeOutcomes(succeeds), None, RateLimiter(None),
        threading.Event(), resumed_from=ledger.run().steps, tick_s=0.002,
    )  # fmt: skip
    state, text = again.run()
    assert state is RunState.DONE
    assert text == "100 messages were sent, 95 succeeded, 5 failed again (5: ValueError: no column)."
    states = [step.state for step in ledger.run().steps]
    assert states == ["stopped", "passed", "passed"], "what went on by resume had been stopped all the same"


def test_what_was_sent_before_a_stop_and_comes_back_later_does_not_stop_the_resumed_run() -> None:
    plan = a_plan(50, Steps(sizes=("10", "100%")))
    run, ledger = make_rollout(
        plan, FakeOutcomes(lambda sent: Outcome.FAILED_AGAIN if int(sent.message_id[1:]) < 3 else None)
    )
    assert run.run()[0] is RunState.STOPPED
    assert len(ledger.sent_messages(Outcome.WAITING)) == 7
    again = Rollout(
        plan, ledger, FakeMover(plan, ledger, threading.Event()),
        FakeOutcomes(lambda sent: Outcome.FAILED_AGAIN if sent.step == 1 else Outcome.SUCCEEDED), None, RateLimiter(None),
        threading.Event(), resumed_from=ledger.run().steps, tick_s=0.002,
    )  # fmt: skip
    assert again.run() == (
        RunState.DONE, "50 messages were sent, 40 succeeded, 10 failed again (10: ValueError: no column)."
    )  # fmt: skip
    assert [step.state for step in ledger.run().steps] == ["stopped", "passed"]


def test_a_watch_that_is_ended_early_is_not_done() -> None:
    """Nothing is left to move, and what became of some is not known: the state, the sentence and the step say so."""
    plan = a_plan(20, Steps(sizes=("5", "100%")))
    run, ledger = make_rollout(
        plan, FakeOutcomes(lambda sent: Outcome.SUCCEEDED if int(sent.message_id[1:]) < 12 else None)
    )
    run.stop = lambda: len(ledger.sent_messages()) == 20 and len(ledger.sent_messages(Outcome.SUCCEEDED)) == 12
    state, text = run.run()
    assert state is RunState.CANCELLED
    assert text == (
        "Stopped on request. Nothing is left to send, but watching the outcomes ended early: "
        "20 messages were sent, 12 succeeded, the outcome of 8 is not known yet."
    )
    assert [step.state for step in ledger.run().steps] == ["passed", "ended early"]
    again = Rollout(
        plan, ledger, FakeMover(plan, ledger, threading.Event()), FakeOutcomes(succeeds), None, RateLimiter(None),
        threading.Event(), tick_s=0.002,
    )  # fmt: skip
    assert again.run() == (RunState.DONE, "20 messages were sent, 20 succeeded.")
    assert [step.state for step in ledger.run().steps] == ["passed", "passed"]


def test_a_stop_when_nothing_is_awaited_any_more_cuts_nothing_short() -> None:
    run, ledger = make_rollout(a_plan(10, Steps(watch=False)), None)
    asked = threading.Event()  # the step ends only when the stop was asked for

    class Last(FakeMover):
        def move(self, upto: int, step: int) -> FakeMoveResult:
            went = super().move(upto, step)
            asked.wait(60)
            return went

    def stop() -> bool:
        if len(ledger.book) == 10:
            asked.set()
        return asked.is_set()

    run.mover, run.stop = Last(run.plan, ledger, run.stopping), stop
    assert run.run() == (RunState.DONE, "10 messages were sent.")
    assert [step.state for step in ledger.run().steps] == ["passed"]


def test_in_the_last_step_nothing_is_left_to_stop_but_failures_are_reported() -> None:
    run, ledger = make_rollout(a_plan(4, Steps()), FakeOutcomes(lambda sent: Outcome.FAILED_AGAIN))
    state, text = run.run()
    assert state is RunState.DONE
    assert text == "4 messages were sent, 4 failed again (4: ValueError: no column)."
    assert ledger.run().steps[-1].state == "stopped"


@pytest.mark.parametrize("watched", [True, False])
def test_a_looping_mover_stops_the_run_though_no_message_is_left(watched: bool) -> None:
    class Circling(FakeMover):
        def move(self, upto: int, step: int) -> FakeMoveResult:
            super().move(upto, step)
            raise MoveTaskLooping("They die again.")

    plan = a_plan(4, Steps(watch=watched))
    run, ledger = make_rollout(plan, FakeOutcomes(succeeds) if watched else None)
    run.mover = Circling(plan, ledger, run.stopping)
    assert run.run() == (RunState.STOPPED, "They die again.")
    assert ledger.run().steps[-1].state == "stopped"


def test_no_one_watches_one_step() -> None:
    run, ledger = make_rollout(a_plan(30, Steps(watch=False)), None)
    assert run.run() == (RunState.DONE, "30 messages were sent.")
    assert [step.upto for step in ledger.run().steps] == [30]


def test_missing_messages_are_counted() -> None:
    run, _ = make_rollout(a_plan(3, Steps()), FakeOutcomes(succeeds), gone=2)
    assert run.run() == (RunState.DONE, "1 message was sent, 1 succeeded, 2 were no longer in the queue.")


def test_a_cancel_from_elsewhere_stops_the_mover() -> None:
    run, ledger = make_rollout(a_plan(1000, Steps(sizes=("100%",))), FakeOutcomes(succeeds), rests_at=10)
    run.progress = lambda now: setattr(ledger, "cancel_requested", now.sent > 3)
    state, text = run.run()
    assert state is RunState.CANCELLED
    assert text.startswith("Cancelled. ")
    assert run.stopping.is_set()


def test_stop_is_asked() -> None:
    run, _ = make_rollout(a_plan(1000, Steps(sizes=("100%",))), FakeOutcomes(succeeds), rests_at=10, stop=lambda: True)
    assert run.run()[0] is RunState.CANCELLED


def test_ctrl_c_ends_it_cleanly() -> None:
    run, _ = make_rollout(a_plan(1000, Steps(sizes=("100%",))), FakeOutcomes(succeeds), rests_at=10)

    def press(_: Run) -> None:
        if not run.stopping.is_set():
            raise KeyboardInterrupt

    run.progress = press
    state, text = run.run()
    assert state is RunState.CANCELLED
    assert text.startswith("Stopped by Ctrl-C. ")
    assert text.endswith(" messages were not sent.")
    assert run.stopping.is_set()


def test_what_the_mover_raises_is_raised() -> None:
    run, _ = make_rollout(a_plan(10, Steps()), FakeOutcomes(succeeds))

    class Refused:
        def move(self, upto: int, step: int) -> FakeMoveResult:
            raise NotFound("The queue jobs does not exist.", "Name another.")

    run.mover = Refused()
    with pytest.raises(NotFound):
        run.run()


def test_messages_held_by_another_consumer_stop_it() -> None:
    run, _ = make_rollout(a_plan(10, Steps()), FakeOutcomes(succeeds))

    class Kept:
        def move(self, upto: int, step: int) -> FakeMoveResult:
            return FakeMoveResult("10 messages are held by another consumer.")

    run.mover = Kept()
    assert run.run() == (RunState.STOPPED, "10 messages are held by another consumer. 10 messages were not sent.")


def test_the_rate_and_its_reason_are_recorded_when_they_change() -> None:
    class Slower:
        asked = 0

        def adjust(self, limiter: RateLimiter) -> None:
            self.asked += 1
            limiter.set(100.0 if self.asked < 3 else 50.0, "the queue's oldest message is 40 s old, slowing")

    slower = Slower()
    run, ledger = make_rollout(a_plan(200, Steps(sizes=("100%",))), FakeOutcomes(succeeds), rests_at=10, gauge=slower)
    run.stop = lambda: slower.asked == 5
    run.run()
    assert ledger.rates == [
        (100.0, "the queue's oldest message is 40 s old, slowing"),
        (50.0, "the queue's oldest message is 40 s old, slowing"),
    ]
