"""The ledger: what is on disk after each step, and the errors of one that cannot be read."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.deadletters.ledger import AcceptedMessage, Ledger
from ops.deadletters.ledger.model import MessageState, Outcome, RunState
from ops.errors import UsageError
from tests.ops.deadletters.ledger.conftest import NOW, a_plan, crashed


def test_readers_see_a_requested_cancellation(ledger: Ledger) -> None:
    assert not ledger.run().stopping
    ledger.request_cancel()
    assert ledger.run().stopping
    ledger.finish_run(RunState.CANCELLED, "Cancelled.", datetime.now(UTC))
    assert not ledger.run().stopping
    ledger.start_run("Starting.")
    assert not ledger.run().stopping, "asked of the run before"


def test_a_cancellation_before_the_start_is_kept(path: Path) -> None:
    with Ledger.create(path, a_plan(), "it is fixed", "me") as made:
        made.request_cancel()
        made.start_run("Starting.")
        assert made.cancel_requested and made.run().stopping


def accepted(*numbers: int) -> list[AcceptedMessage]:
    return [AcceptedMessage(number, f"new-{number}", NOW.timestamp(), route="arn:jobs") for number in numbers]


def test_a_new_run(path: Path) -> None:
    with Ledger.create(path, a_plan(), "it is fixed", "me") as ledger:
        run = ledger.run()
    assert (run.id, run.plan_hash, run.reason, run.who) == ("20261124T040000-aaaa", "f00", "it is fixed", "me")
    assert (run.state, run.planned, run.sent, run.ended) == (RunState.RUNNING, 20, 0, None)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir() if "new" in each.name] == []


def test_each_step_is_on_disk_when_it_returns(ledger: Ledger) -> None:
    ledger.record_intent([(0, "receipt-0"), (1, "receipt-1")], 1)
    with Ledger.open(crashed(ledger.path)) as after:
        assert after.ids_in_states(MessageState.INTENT) == ("id-000", "id-001")
        assert sorted(after.held_receipts()) == ["receipt-0", "receipt-1"]
    ledger.record_sent(accepted(0))
    with Ledger.open(crashed(ledger.path)) as after:
        assert (after.ids_in_states(MessageState.SENT), after.ids_in_states(MessageState.INTENT)) == (
            ("id-000",),
            ("id-001",),
        )
    ledger.record_deleted([0])
    assert ledger.ids_in_states(MessageState.DELETED) == ("id-000",)


def test_what_a_kill_left_between_intent_and_sent_may_arrive_twice(ledger: Ledger) -> None:
    ledger.record_intent([(0, "r"), (1, "r"), (2, "r")], 1)
    ledger.record_sent(accepted(1))
    with Ledger.open(crashed(ledger.path)) as after:
        assert after.run().possible_duplicates == ()
        assert after.start_run() == 2
        assert after.run().possible_duplicates == after.possible_duplicates() == ("id-000", "id-002")


def test_what_was_surely_not_sent_is_planned_again(ledger: Ledger) -> None:
    ledger.record_intent([(0, "r")], 1)
    ledger.record_unsent([0])
    with Ledger.open(crashed(ledger.path)) as after:
        assert after.start_run() == 0
        assert len(after.ids_in_states(MessageState.PLANNED)) == 20


def test_counts_follow_the_messages(ledger: Ledger) -> None:
    ledger.set_step_state(1, 4, "sending")
    ledger.record_intent([(number, "r") for number in range(6)], 1)
    ledger.record_sent(accepted(0, 1, 2, 3))
    ledger.record_deleted([0, 1])
    ledger.record_rejected([4], "The queue rejected it: TooLong.")
    ledger.record_rejected([5], "The queue rejected it: TooLong.")
    ledger.record_missing([6])
    ledger.record_outcomes(
        [
            ("id-000", Outcome.SUCCEEDED, NOW, ""),
            ("id-001", Outcome.FAILED_AGAIN, NOW, "DataNotFound: …"),
            ("id-002", Outcome.UNWATCHED, None, ""),
        ]
    )
    run = ledger.run()
    assert (run.sent, run.deleted, run.failed, run.missing) == (4, 2, 2, 1)
    assert (run.succeeded, run.failed_again, run.waiting) == (1, 1, 1)
    assert run.failures == (("The queue rejected it: TooLong.", 2),)
    assert run.failed_again_causes == (("DataNotFound: …", 1),)
    [step] = run.steps
    assert (step.upto, step.sent, step.succeeded, step.failed_again, step.waiting) == (4, 4, 1, 1, 1)
    with Ledger.open(crashed(ledger.path)) as after:
        assert after.run() == run
        after.start_run()
        assert after.count_in_states(MessageState.SENT, MessageState.DELETED) == 4


def test_sent_messages_have_all_their_ids(ledger: Ledger) -> None:
    ledger.record_intent([(0, "r")], 2)
    ledger.record_sent([AcceptedMessage(0, "new-a", NOW.timestamp(), "first", "arn:jobs")])
    ledger.record_intent([(0, "r")], 2)
    ledger.record_sent([AcceptedMessage(0, "new-b", NOW.timestamp(), "first", "arn:jobs")])
    [sent] = ledger.sent_messages()
    assert (sent.message_id, sent.original_message_id, sent.new_ids) == ("id-000", "first", ("new-a", "new-b"))
    assert (sent.sent_at, sent.step, sent.destination, sent.outcome) == (NOW, 2, "arn:jobs", Outcome.WAITING)
    assert list(ledger.sent_messages(Outcome.SUCCEEDED)) == []


def test_nothing_is_awaited_of_a_plan_that_does_not_watch(path: Path) -> None:
    with Ledger.create(path, a_plan(watch=False), "r", "me") as ledger:
        ledger.record_intent([(0, "r")], 1)
        ledger.record_sent(accepted(0))
        assert ledger.run().waiting == 0


def test_many_threads_write_at_once(path: Path) -> None:
    with Ledger.create(path, a_plan(800), "r", "me") as ledger:
        ledger.start_run()

        def move(first: int) -> None:
            for at in range(first, 800, 80):
                numbers = range(at, at + 10)
                ledger.record_intent([(number, "r") for number in numbers], 1)
                ledger.record_sent(accepted(*numbers))
                ledger.record_deleted(numbers)

        threads = [threading.Thread(target=move, args=(first,)) for first in range(0, 80, 10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with Ledger.open(path) as after:
        assert (after.run().sent, after.run().deleted) == (800, 800)
        assert len(list(after.sent_messages())) == 800


def test_another_process_cancels(ledger: Ledger) -> None:
    before = ledger.cancel_requested
    with Ledger.open(ledger.path) as other:
        other.request_cancel()
    after = ledger.cancel_requested
    ledger.start_run()
    assert (before, after, ledger.cancel_requested) == (False, True, False)


def test_status_text_and_rate_are_read_back(ledger: Ledger) -> None:
    ledger.set_status_text("Sending.")
    ledger.set_rate_limit(50.0, "the queue is behind")
    ledger.set_rate(47.26)
    ledger.finish_run(RunState.STOPPED, "It came back.", datetime.now(UTC))
    run = ledger.run()
    assert (run.state, run.status_text, run.rate, run.rate_limit) == (RunState.STOPPED, "It came back.", 0.0, 50.0)
    assert run.ended is not None
    ledger.start_run("Going on.")
    assert (ledger.run().state, ledger.run().ended) == (RunState.RUNNING, None)


def test_held_messages_are_known_after_a_kill(ledger: Ledger) -> None:
    ledger.record_held([("other-1", "receipt-a"), ("other-2", "receipt-b")])
    ledger.record_intent([(0, "receipt-c")], 1)  # rides along
    with Ledger.open(crashed(ledger.path)) as after:
        assert sorted(after.held_receipts()) == ["receipt-a", "receipt-b", "receipt-c"]
    ledger.clear_held()
    with Ledger.open(crashed(ledger.path)) as after:
        assert after.held_receipts() == ()


def test_a_plan_is_run_once(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match="was already run"):
        Ledger.create(ledger.path, a_plan(), "again", "me")


def test_how_often_messages_were_sent_at_most(ledger: Ledger, path: Path) -> None:
    """A message whose sending was interrupted twice may be in its queue three times."""
    ledger.record_intent([(0, "r"), (1, "r")], 1)
    ledger.close()
    for _ in range(2):
        with Ledger.open(path) as again:
            again.record_intent([(0, "r")], 1)
    with Ledger.open(path) as read:
        assert read.most_sends() == 4
