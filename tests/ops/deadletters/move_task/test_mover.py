"""The last step by a move task: what is requested from SQS, and what happens when it fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from ops.deadletters import plans
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import MessageState
from ops.deadletters.move_task.mover import TaskMover
from ops.deadletters.move_task.progress import MoveTaskLooping
from ops.deadletters.plan_model import Pace, Plan, Selection
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.queue_lock import QueueBusy
from ops.deadletters.transfer.rate_limiter import RateLimiter
from ops.errors import AwsError
from tests.fakes.aws import start
from tests.fakes.dlq_world import World
from tests.fakes.move_tasks import EmptyEngine, FakeMoveTasks
from tests.timing import set_timing


@dataclass
class Stage:
    source: DeadLetterQueue
    plan: Plan
    ledger: Ledger
    tasks: FakeMoveTasks
    engine: EmptyEngine
    limiter: RateLimiter
    stopping: threading.Event

    @property
    def mover(self) -> TaskMover:
        stop = self.stopping.is_set
        return TaskMover(self.source, self.plan, self.ledger, self.engine, self.limiter, stop, poll_s=0.005)


@pytest.fixture
def stage(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Four messages, and SQS's move tasks played by ``FakeMoveTasks``."""
    world = server.with_new_queues(tmp_path, monkeypatch)
    world.put(["a", "b", "c", "d"])
    plan = plans.make_plan(world.source, Selection(), pace=Pace(100, headroom=False), engine="ledger")
    plan = replace(plan, engine="move task")
    tasks = FakeMoveTasks()
    with start(tasks.answer) as fake, Ledger.create(tmp_path / "run.db", plan, "r", "one") as ledger:
        ledger.start_run()
        monkeypatch.setenv("AWS_ENDPOINT_URL", fake.endpoint)
        set_timing(monkeypatch, min_move_task=0.0)
        aws = type(world.source.aws)(world.source.aws.target, 0)
        source = replace(world.source, aws=aws)
        yield Stage(source, plan, ledger, tasks, EmptyEngine(ledger), RateLimiter(100.0), threading.Event())


def test_sqs_moves_the_last_step_and_the_engine_reads_the_queue_again(stage: Stage) -> None:
    stage.mover.move(4, 2)
    assert stage.tasks.rates == [100]
    assert stage.engine.moves == [(4, 2)]
    assert stage.ledger.count_in_states(MessageState.DELETED) == 4
    assert stage.ledger.count_in_states(MessageState.MISSING) == 0
    (first, *_) = stage.ledger.sent_messages()
    assert (first.new_ids, first.step, first.destination) == ((), 2, stage.source.workload.queue.arn)


def moved(stage: Stage) -> int:
    return sum(task.get("ApproximateNumberOfMessagesMoved", 0) for task in stage.tasks.tasks)


def test_messages_that_fail_again_end_the_task_and_are_counted(stage: Stage) -> None:
    stage.tasks.failing_again = True
    with pytest.raises(MoveTaskLooping) as stopped:
        stage.mover.move(4, 2)
    assert stage.tasks.tasks[0]["Status"] == "CANCELLED"
    assert 100 < moved(stage) < 200
    assert str(stopped.value).startswith(f"Stopped SQS's move task after about {moved(stage)} moves of 100 messages: ")
    assert stage.engine.moves == [], "what dies again is not sent by the engine either"
    assert stage.ledger.count_in_states(MessageState.DELETED) == 4, "they are in the queue no more under their ids"
    assert stage.ledger.run().moved == moved(stage)


def test_a_task_that_came_to_an_end_after_too_many_moves_is_no_success(stage: Stage) -> None:
    """The queue was empty for a moment."""
    stage.tasks.step = stage.tasks.remaining = 1_216
    stage.tasks.to_move = 65
    with pytest.raises(MoveTaskLooping, match="after about 1,216 moves of 65 messages"):
        stage.mover.move(4, 2)
    assert stage.tasks.tasks[0]["Status"] == "COMPLETED"


def test_no_faster_task_is_started_while_messages_fail_again(stage: Stage) -> None:
    """Moves are counted over all tasks: a slower one in between does not reset the count."""
    stage.tasks.failing_again = True
    stage.tasks.step = 10
    stage.tasks.on_first_poll = partial(stage.limiter.set, 20.0, "the queue fills up, slowing")
    with pytest.raises(MoveTaskLooping):
        stage.mover.move(4, 2)
    assert stage.tasks.rates == [100, 20]
    assert 100 < moved(stage) < 200


def test_the_moves_of_a_task_that_ended_just_before_are_not_this_runs(stage: Stage) -> None:
    stage.tasks.answer("sqs", "StartMessageMoveTask", {"MaxNumberOfMessagesPerSecond": 100})
    stage.tasks.tasks[0] |= {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 25}
    stage.mover.move(4, 2)
    assert stage.ledger.run().moved == 100


def test_a_few_that_come_back_stop_nothing(stage: Stage) -> None:
    stage.tasks.step = stage.tasks.remaining = 108
    stage.tasks.to_move = 100
    stage.mover.move(4, 2)
    assert stage.ledger.count_in_states(MessageState.DELETED) == 4
    assert stage.ledger.run().moved == 108


def test_the_canary_is_the_engines(stage: Stage) -> None:
    stage.engine.finds = True
    stage.mover.move(2, 1)
    assert stage.tasks.tasks == []
    assert stage.engine.moves == [(2, 1)]


def test_an_endpoint_without_move_tasks_leaves_it_to_the_engine(stage: Stage) -> None:
    stage.tasks.refuse = "AWS.SimpleQueueService.UnsupportedOperation"
    stage.mover.move(4, 2)
    assert stage.engine.moves == [(4, 2)]
    assert stage.ledger.run().status_text.startswith("SQS did not start a move task (")
    assert stage.ledger.run().status_text.endswith("): the engine sends the messages.")
    assert stage.ledger.count_in_states(MessageState.MISSING) == 4, "and nothing is put down to a task"


def test_a_failed_task_leaves_the_rest_to_the_engine(stage: Stage) -> None:
    stage.tasks.fail = "CouldNotDetermineMessageSource"
    stage.engine.finds = True
    stage.mover.move(4, 2)
    text = stage.ledger.run().status_text
    assert text == "SQS's move task failed (CouldNotDetermineMessageSource): the engine sends the remaining messages."
    assert stage.engine.moves == [(4, 2)]


def test_a_resumed_run_waits_for_its_running_task(stage: Stage) -> None:
    """Of a process that was killed before it knew that SQS had started it."""
    stage.ledger.announce_move_task(())
    stage.tasks.answer("sqs", "StartMessageMoveTask", {"MaxNumberOfMessagesPerSecond": 100})
    stage.mover.move(4, 2)
    assert stage.tasks.rates == [100], "no second task"
    assert stage.ledger.count_in_states(MessageState.DELETED) == 4


def test_a_resumed_run_counts_its_own_tasks_only(stage: Stage) -> None:
    """One ended while the run was stopped, started by somebody else, to the same place as all."""
    stage.tasks.step = 0
    stage.tasks.on_first_poll = stage.stopping.set
    stage.engine.finds = True
    stage.mover.move(4, 2)
    stage.tasks.answer("sqs", "StartMessageMoveTask", {"MaxNumberOfMessagesPerSecond": 100})
    stage.tasks.tasks[0] |= {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 25}
    stage.tasks.step, stage.engine.finds = 40, False
    stage.stopping.clear()
    stage.ledger.was_started = True
    stage.mover.move(4, 2)
    assert (stage.ledger.count_in_states(MessageState.DELETED), stage.ledger.run().moved) == (4, 100)


@pytest.mark.parametrize("to", ["", "arn:aws:sqs:eu-west-1:000000000000:jobs"])
def test_a_later_task_to_another_queue_is_not_a_resumed_runs(stage: Stage, to: str) -> None:
    """As where it was stopped before it had started one."""
    stage.ledger.was_started = True
    stage.tasks.answer("sqs", "StartMessageMoveTask", {"MaxNumberOfMessagesPerSecond": 7})
    stage.tasks.tasks[0] |= {"DestinationArn": to} if to else {}
    with pytest.raises(QueueBusy, match="that this run did not start"):
        stage.mover.move(4, 2)
    assert (stage.ledger.count_in_states(MessageState.PLANNED), stage.engine.moves) == (4, [])


@pytest.mark.parametrize("to_come", [False, True])
def test_a_task_started_elsewhere_is_not_this_runs(stage: Stage, to_come: bool) -> None:
    if to_come:
        stage.ledger.announce_move_task(())
    elsewhere = "arn:aws:sqs:eu-west-1:000000000000:elsewhere"
    stage.tasks.answer("sqs", "StartMessageMoveTask", {"MaxNumberOfMessagesPerSecond": 7})
    stage.tasks.tasks[0]["DestinationArn"] = elsewhere
    with pytest.raises(
        QueueBusy, match="A move task to elsewhere that this run did not start is moving the messages of jobs-dlq"
    ):
        stage.mover.move(4, 2)
    assert stage.tasks.rates == [7]
    assert (stage.ledger.count_in_states(MessageState.PLANNED), stage.engine.moves) == (4, [])


def test_a_task_that_sqs_lists_late_is_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, task_list_pause=0.001)
    stage.tasks.unlisted = 4
    stage.mover.move(4, 2)
    assert stage.ledger.count_in_states(MessageState.DELETED) == 4


def test_a_task_that_began_though_its_answer_was_lost_is_followed(stage: Stage) -> None:
    stage.tasks.loses_start_response = True
    stage.mover.move(4, 2)
    assert stage.tasks.rates == [100], "no second task"
    assert stage.ledger.count_in_states(MessageState.DELETED) == 4


def test_a_task_that_sqs_never_lists_fails_the_run(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older one that is listed is not taken for it."""
    set_timing(monkeypatch, task_list_pause=0.001)
    stage.tasks.answer("sqs", "StartMessageMoveTask", {"MaxNumberOfMessagesPerSecond": 100})
    stage.tasks.tasks[0] |= {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 25}
    stage.tasks.unlisted = 1_000
    with pytest.raises(AwsError, match="SQS does not list the move task of jobs-dlq that was started"):
        stage.mover.move(4, 2)
    assert (stage.ledger.count_in_states(MessageState.PLANNED), stage.engine.moves) == (4, [])


def test_what_a_task_moved_is_not_taken_for_gone_while_sqs_does_not_tell(stage: Stage) -> None:
    """The run fails with its messages still planned, and resuming it finds what the task did."""
    stage.tasks.fails_below = 20
    with pytest.raises(AwsError):
        stage.mover.move(4, 2)
    assert stage.engine.moves == []
    assert stage.ledger.count_in_states(MessageState.PLANNED) == 4
    stage.tasks.fails_below = None
    stage.ledger.was_started = True
    stage.mover.move(4, 2)
    assert stage.ledger.count_in_states(MessageState.DELETED) == 4


def test_a_resumed_run_whose_task_cannot_be_asked_for_is_not_the_engines(stage: Stage) -> None:
    stage.ledger.announce_move_task(())
    stage.tasks.refuse = "InternalFailure"
    with pytest.raises(AwsError):
        stage.mover.move(4, 2)
    assert (stage.ledger.count_in_states(MessageState.PLANNED), stage.engine.moves) == (4, [])


def test_a_start_that_was_refused_leaves_no_trace(stage: Stage) -> None:
    stage.tasks.start_error = "InvalidParameterValue"
    stage.mover.move(4, 2)
    assert stage.ledger.move_task_starts() == (frozenset(), None)
    assert stage.engine.moves == [(4, 2)]


def test_stopping_cancels_the_task(stage: Stage) -> None:
    stage.tasks.step = 0
    stage.engine.finds = True
    stage.tasks.on_first_poll = stage.stopping.set
    stage.mover.move(4, 2)
    assert stage.tasks.tasks[0]["Status"] == "CANCELLED"
    assert stage.ledger.count_in_states(MessageState.PLANNED) == 4


def test_a_task_follows_headroom(stage: Stage) -> None:
    stage.tasks.moves_only_at = 20
    stage.tasks.on_first_poll = partial(stage.limiter.set, 20.0, "the queue fills up, slowing")
    stage.mover.move(4, 2)
    assert stage.tasks.rates == [100, 20]
    assert [task["Status"] for task in stage.tasks.tasks] == ["COMPLETED", "CANCELLED"]


@pytest.mark.parametrize(("rate", "asked"), [(None, None), (900.0, 500), (0.4, 1)])
def test_the_rate_that_sqs_is_asked_for(stage: Stage, rate: float | None, asked: int | None) -> None:
    stage.limiter.set(rate)
    stage.mover.move(4, 2)
    assert stage.tasks.rates == [asked]
