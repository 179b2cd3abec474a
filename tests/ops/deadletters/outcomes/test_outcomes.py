"""Outcomes of messages that no log mentions, from the queues alone; and of messages that cannot be watched."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import plans
from ops.deadletters.ledger.model import Outcome, Run, RunState, SentMessage
from ops.deadletters.outcomes import dlq_search
from ops.deadletters.outcomes.async_outcomes import AsyncInvocationWatcher
from ops.deadletters.outcomes.log_tail import LogTail
from ops.deadletters.plan_model import Pace, Selection, Steps
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.redrive import redrive
from tests.fakes.dlq_world import World
from tests.fakes.logs import SENT_AT, FakeLogs, a_source, failed, row
from tests.ops.insight.world import FUNCTION, MAPPING
from tests.timing import set_timing

ONE_STEP = Steps(sizes=("100%",), patience_s=20)


WAITS_S = 0.02


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A queue that a function reads, which writes nothing into its log."""
    set_timing(monkeypatch, rollout_tick=0.05, dlq_settling=0.2, outcome_check=0.1)
    made = server.with_new_queues(tmp_path, monkeypatch)
    reader = replace(
        made.source.workload,
        function=FUNCTION,
        mapping=replace(MAPPING, source_arn=made.jobs.arn, partial_batches=True),
    )
    return replace(made, source=replace(made.source, workload=reader))


@contextmanager
def working(world: World, fails: tuple[str, ...] = ()) -> Iterator[None]:
    """A function: messages with a body in ``fails`` die (SQS moves them), the others are done."""
    over = threading.Event()

    def work() -> None:
        door, jobs = world.source.aws.sqs, world.source.workload.queue
        while not over.wait(0.05):
            done = door.receive_message(QueueUrl=jobs.url, MaxNumberOfMessages=10).get("Messages", [])
            for message in done:
                if message["Body"] in fails:
                    world.dlq.put([{"body": message["Body"], "message_id": message["MessageId"]}])
                door.delete_message(QueueUrl=jobs.url, ReceiptHandle=message["ReceiptHandle"])

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def redriven(world: World, **more: Any) -> Run:
    more = {"pace": Pace(None, headroom=False), "engine": "ledger", "steps": ONE_STEP, "margin": 1.0, **more}
    return redrive.start_redrive(world.source, plans.make_plan(world.source, Selection(), **more), reason="r")


def test_messages_that_left_and_did_not_come_back_are_taken_to_have_succeeded(world: World) -> None:
    world.put([f"letter {number}" for number in range(6)])
    with working(world):
        run = redriven(world)
    assert (run.state, run.succeeded, run.failed_again, run.waiting) == (RunState.DONE, 6, 0, 0)
    assert run.status_text == (
        "6 messages were sent, 6 succeeded. There is no log group /aws/lambda/worker in region eu-west-1. 6 messages "
        "are assumed to have succeeded, because they left jobs and did not return; the function's log does not mention them."
    )


def test_those_that_lie_in_the_dead_letter_queue_again_have_come_back(world: World) -> None:
    world.put([f"letter {number}" for number in range(6)])
    with working(world, fails=("letter 2", "letter 4")):
        run = redriven(world)
    assert (run.succeeded, run.failed_again, run.waiting) == (4, 2, 0)
    assert world.bodies() == ["letter 2", "letter 4"]
    assert not any(message["hidden"] for message in world.dlq.messages()), "what was read is given back"


def test_a_dead_letter_queue_that_is_too_long_is_not_searched(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dlq_search, "MAX_SEARCHED", 3)
    world.put([f"letter {number}" for number in range(5)])
    everything = tuple(f"letter {number}" for number in range(5))
    with working(world, fails=everything):
        run = redriven(world, steps=Steps(sizes=("100%",), patience_s=5))
    assert (run.state, run.waiting) == (RunState.DONE, 5)
    assert "has 5 messages, too many to search" in run.status_text


def test_messages_that_came_back_are_found_though_as_many_others_left(world: World) -> None:
    """They expire, or somebody deletes them: the queue's count is what it was."""
    world.put([f"letter {number}" for number in range(12)])
    chosen = tuple(f"letter {number}" for number in range(4))
    ids = tuple(message["MessageId"] for message in world.dlq.messages() if message["Body"] in chosen)

    def others_leave(run: Run) -> None:
        if run.sent and len(world.dlq.messages()) > 8:
            for message in world.source.aws.sqs.receive_message(
                QueueUrl=world.source.queue.url, MaxNumberOfMessages=10, VisibilityTimeout=1
            ).get("Messages", []):
                if message["Body"] not in chosen:
                    world.source.aws.sqs.delete_message(
                        QueueUrl=world.source.queue.url, ReceiptHandle=message["ReceiptHandle"]
                    )

    plan = plans.make_plan(
        world.source,
        Selection(ids=ids),
        pace=Pace(None, headroom=False),
        engine="ledger",
        steps=Steps(sizes=("100%",), patience_s=6),
        margin=1.0,
    )
    with working(world, fails=chosen):
        run = redrive.start_redrive(world.source, plan, reason="r", progress=others_leave)
    assert (run.sent, run.succeeded, run.failed_again, run.waiting) == (4, 0, 4, 0)


def test_nothing_is_taken_to_have_succeeded_while_it_waits_unread(server: World, world: World) -> None:
    """The function is stopped: all the receives that a message may have would be over by now, had anybody come."""
    jobs = replace(world.source.workload.queue, visibility_s=0)
    idle = replace(world, source=replace(world.source, workload=replace(world.source.workload, queue=jobs)))
    idle.put([f"letter {number}" for number in range(20)])
    run = redriven(idle, steps=Steps(sizes=("5", "100%"), patience_s=2))
    assert (run.state, run.sent, run.succeeded) == (RunState.STOPPED, 5, 0)
    assert "5 messages are still in jobs: is its function running?" in run.status_text
    assert len(world.jobs.messages()) == 5


def test_a_message_that_no_one_takes_stays_open(world: World) -> None:
    world.put(["a", "b"])
    run = redriven(world, steps=Steps(sizes=("1", "100%"), patience_s=1))
    assert run.state is RunState.STOPPED
    assert "1 of 1 message had no known outcome after 1 s" in run.status_text
    assert len(world.jobs.messages()) == 1


# --- asynchronous invocations ---------------------------------------------------------------------------------------

R1 = "10000000-cccc-4ccc-8ccc-cccccccccccc"


@pytest.fixture(scope="module")
def log_group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DeadLetterQueue, FakeLogs]]:
    with pytest.MonkeyPatch.context() as patch, a_source(tmp_path_factory.mktemp("logs"), patch, []) as made:
        yield made


@pytest.fixture
def logs(log_group: tuple[DeadLetterQueue, FakeLogs]) -> tuple[DeadLetterQueue, FakeLogs]:
    here, fake = log_group
    fake.rows, fake.refuse = [], ""
    return here, fake


def report(seconds: float, status: str = "") -> dict[str, str]:
    line = f"REPORT RequestId: {R1}\tDuration: 10.00 ms\tBilled Duration: 10 ms\tMemory Size: 128 MB\t"
    return row(seconds, f"{line}Status: {status}\t" if status else line)


def sent(at: datetime = SENT_AT) -> SentMessage:
    return SentMessage("m1", "m1", (R1,), at, 1, FUNCTION.arn)


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ([], None),
        ([report(1)], Outcome.SUCCEEDED),
        ([report(1, "error")], None),
        ([report(1, "error"), report(61, "error"), report(181)], Outcome.SUCCEEDED),
        ([report(1, "error"), report(61, "error"), report(181, "timeout")], Outcome.FAILED_AGAIN),
    ],
)
def test_an_invocation_by_how_its_attempts_ended(
    rows: list[dict[str, str]], outcome: Outcome | None, logs: tuple[DeadLetterQueue, FakeLogs]
) -> None:
    here, fake = logs
    fake.rows = rows
    watched = AsyncInvocationWatcher(here, FUNCTION, 3, SENT_AT)
    found = list(watched.check([sent()], a_run(), False, SENT_AT + timedelta(minutes=30)))
    assert [fate[0] for _, fate in found] == ([outcome] if outcome else [])


def test_a_report_without_a_status_is_no_success_where_another_line_says_so(
    logs: tuple[DeadLetterQueue, FakeLogs],
) -> None:
    """Before 2025 REPORT looked the same however an attempt had ended."""
    here, fake = logs
    for line, why in (
        (f"2019-11-28T13:00:15.001Z {R1} Task timed out after 1.00 seconds", "Sandbox.Timedout: "),
        (f"RequestId: {R1} Error: Runtime exited with error: exit status 1\nRuntime.ExitError", "Runtime.ExitError: "),
    ):
        fake.rows = [row(1, line), report(1)]
        ((_, fate),) = AsyncInvocationWatcher(here, FUNCTION, 1, SENT_AT).check(
            [sent()], a_run(), False, SENT_AT + timedelta(hours=1)
        )
        assert (fate[0], fate[2].startswith(why)) == (Outcome.FAILED_AGAIN, True)
        fake.rows += [report(61)]
        ((_, fate),) = AsyncInvocationWatcher(here, FUNCTION, 3, SENT_AT).check(
            [sent()], a_run(), False, SENT_AT + timedelta(hours=1)
        )
        assert fate[0] is Outcome.SUCCEEDED, "the next attempt did"


def test_what_the_function_logged_is_the_cause(logs: tuple[DeadLetterQueue, FakeLogs]) -> None:
    here, fake = logs
    fake.rows = [failed(0.5, "ValueError", R1), report(1, "error")]
    ((_, fate),) = AsyncInvocationWatcher(here, FUNCTION, 1, SENT_AT).check(
        [sent()], a_run(), False, SENT_AT + timedelta(minutes=1)
    )
    assert fate == (Outcome.FAILED_AGAIN, SENT_AT + timedelta(seconds=1), "ValueError: why")


def test_logs_that_may_not_be_read_are_asked_and_said_once(logs: tuple[DeadLetterQueue, FakeLogs]) -> None:
    here, fake = logs
    fake.refuse = "AccessDeniedException"
    watched = AsyncInvocationWatcher(here, FUNCTION, 3, SENT_AT)
    for _ in range(3):
        assert list(watched.check([sent()], a_run(), False, datetime.now(UTC))) == []
    (note,) = watched.notes
    assert "logs:" in note


def test_logs_that_are_throttled_are_asked_again(logs: tuple[DeadLetterQueue, FakeLogs]) -> None:
    here, fake = logs
    fake.rows, fake.refuse = [report(1)], "ThrottlingException"
    watched = AsyncInvocationWatcher(here, FUNCTION, 3, SENT_AT)
    assert list(watched.check([sent()], a_run(), False, SENT_AT + timedelta(minutes=1))) == []
    assert watched.notes
    fake.refuse = ""
    assert list(watched.check([sent()], a_run(), False, SENT_AT + timedelta(minutes=1)))
    assert not watched.notes


def test_a_busy_log_group_is_read_on_from_where_an_answer_ended(logs: tuple[DeadLetterQueue, FakeLogs]) -> None:
    here, fake = logs
    fake.rows = [row(seconds, f"{R1} {seconds}") for seconds in range(0, 3000, 10)]
    heard: set[str] = set()
    following = LogTail(here.aws, FUNCTION.log_group, SENT_AT)
    fake.most = 100
    try:
        following.read(R1, SENT_AT + timedelta(hours=1), lambda found: heard.add(found["@message"]))
    finally:
        fake.most = 10_000
    assert len(heard) == 300
    assert following.queries <= 5


def a_run() -> Run:
    return Run(
        id="r", plan_hash="", reason="", who="", state=RunState.RUNNING, began=SENT_AT, ended=None, engine="ledger",
        planned=1, sent=1, deleted=1, failed=0, missing=0, succeeded=0, failed_again=0, waiting=1,
        rate=0.0, rate_limit=None, rate_reason="", status_text="",
    )  # fmt: skip
