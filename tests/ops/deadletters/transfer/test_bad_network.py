"""A redrive against an SQS that refuses, stalls, cuts, forgets and answers in parts: nothing is lost, and what may have
gone twice is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.aws import Aws
from ops.deadletters import plans
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.plan_model import Destination, Pace, Plan, Selection, Steps
from ops.deadletters.redrive import redrive
from ops.deadletters.redrive.runs import read_run
from ops.errors import AccessDenied, AwsError, NotFound, OpsError, UsageError
from ops.target import Target
from tests.chaos.proxy import Weather, proxy
from tests.fakes.dlq_world import World
from tests.fakes.sqs.client import FakeQueue
from tests.fakes.sqs.faults import DENIED, KMS_DENIED, THROTTLED, Fault
from tests.timing import set_timing

pytestmark = pytest.mark.slow  # half a second each, and many of them

LETTERS = 40
RETRIES = 1
WAITS_S = 0.05


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    set_timing(monkeypatch, max_backoff=0.2)
    made = server.with_new_queues(tmp_path, monkeypatch)
    yield made
    server.aws.heal()


def a_plan(world: World, **more: Any) -> Plan:
    more = {"pace": Pace(None, headroom=False), "steps": Steps(watch=False), "engine": "ledger", **more}
    return plans.make_plan(world.source, Selection(), **more)


def planned(world: World, letters: int = LETTERS, **more: Any) -> tuple[list[str], Plan]:
    ids = world.put([f"letter {number}" for number in range(letters)])
    return ids, a_plan(world, **more)


def go(world: World, plan: Plan) -> Run:
    return redrive.start_redrive(world.source, plan, reason="a bad network")


def arrived(queue: FakeQueue) -> Counter[str]:
    return Counter(message["Body"] for message in queue.messages())


def ensure_whole(world: World, run: Run, ids: list[str], bodies: list[str] | None = None) -> None:
    """Done; every message arrived, once unless it is listed; none is left behind."""
    assert run.state is RunState.DONE, run.status_text
    sent = arrived(world.jobs)
    expected = bodies or [f"letter {number}" for number in range(len(ids))]
    assert set(sent) == set(expected)
    assert {name for name, body in zip(ids, expected, strict=True) if sent[body] > 1} <= set(run.possible_duplicates)
    assert world.bodies() == []
    assert (run.sent, run.deleted) == (len(ids), len(ids))


HARMLESS = {
    "throttled": [replace(THROTTLED, operation="*Message*", times=6)],
    "send entries fail": [Fault("entries", "SendMessageBatch", share=0.5, code="InternalError")],
    "delete entries fail": [Fault("entries", "DeleteMessageBatch", share=0.5, code="InternalError")],
    "delete answers are lost": [Fault("cut after", "DeleteMessageBatch", times=2)],
    "deletes fail after the deed": [Fault("refuse after", "DeleteMessageBatch", times=2)],
    "receives fail": [Fault("refuse", "ReceiveMessage", times=2)],
    "receives find nothing": [Fault("empty", "ReceiveMessage", share=0.4)],
    "leases end while sending": [Fault("end leases", "SendMessageBatch", share=0.5)],
    "the letters' leases end while sending": [Fault("end leases", "ReceiveMessage", share=0.3)],
    "letters come twice": [Fault("twice", "ReceiveMessage", share=0.5)],
    "all at once": [
        Fault("twice", "ReceiveMessage", share=0.2),
        Fault("entries", "*MessageBatch", share=0.2, code="InternalError"),
        replace(THROTTLED, operation="*Message*", share=0.1),
        Fault("end leases", "*Batch", share=0.1),
    ],
}


@pytest.mark.parametrize("faults", HARMLESS.values(), ids=HARMLESS)
def test_harmless_faults_duplicate_nothing(world: World, faults: list[Fault]) -> None:
    ids, plan = planned(world)
    world.aws.fault(*faults)
    run = go(world, plan)
    ensure_whole(world, run, ids)
    assert run.possible_duplicates == ()


DOUBTFUL = {
    "send answers are lost": Fault("cut after", "SendMessageBatch", times=2),
    "half an answer": Fault("cut within", "SendMessageBatch", times=2),
    "a burst of 5xx after the deed": Fault("refuse after", "SendMessageBatch", times=3, status=503),
    "a burst of 5xx before it": Fault("refuse", "SendMessageBatch", times=3, status=500),
    "cut before it": Fault("cut", "SendMessageBatch", times=2),
    "an answer that leaves some out": Fault("forget", "SendMessageBatch", times=2),
}


@pytest.mark.parametrize("fault", DOUBTFUL.values(), ids=DOUBTFUL)
def test_possible_duplicates_are_listed(world: World, fault: Fault) -> None:
    ids, plan = planned(world)
    world.aws.fault(fault)
    run = go(world, plan)
    ensure_whole(world, run, ids)
    assert run.possible_duplicates


def test_a_stalled_response_times_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, read_timeout=1.0)
    ids, plan = planned(world)
    world.aws.fault(Fault("stall after", "SendMessageBatch", times=1, seconds=4))
    before = world.aws.counts().get("SendMessageBatch", 0)
    run = go(world, plan)
    ensure_whole(world, run, ids)
    unanswered = world.aws.counts()["SendMessageBatch"] - before - LETTERS // 10  # at most; on a slow machine more
    assert 1 <= len(run.possible_duplicates) <= 10 * unanswered


@pytest.mark.parametrize(
    "weather",
    [Weather(cut_request=0.1), Weather(cut_answer=0.05), Weather(cut_within=0.05), Weather(stall=0.1, stall_s=0.05)],
    ids=["requests are cut", "answers are cut", "answers are cut in the middle", "stalls"],
)
def test_cut_and_stalled_connections(world: World, weather: Weather, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, lease=2)  # of letters whose receive was answered into nowhere
    ids, plan = planned(world)
    with proxy(world.aws.endpoint, weather, seed=3) as between:
        target = world.source.aws.target
        through = _Through(Aws(replace(target, endpoint=between.endpoint)), target)
        run = go(replace(world, source=replace(world.source, aws=through)), plan)
    ensure_whole(world, run, ids)


class _Through(Aws):
    """The engine's calls go through the proxy; who asks and where its files lie stays as it is."""

    def __init__(self, engine_door: Aws, target: Target) -> None:
        super().__init__(target, max_attempts=RETRIES)
        self._engine_door = engine_door

    def without_retries(self, read_timeout_s: float) -> Aws:
        return self._engine_door.without_retries(read_timeout_s)


def test_missing_messages_are_reported(world: World) -> None:
    ids, plan = planned(world)
    world.dlq.remove(ids[:3])
    run = go(world, plan)
    assert (run.state, run.sent, run.missing) == (RunState.DONE, LETTERS - 3, 3)
    assert arrived(world.jobs) == Counter(f"letter {number}" for number in range(3, LETTERS))
    assert "3" in run.status_text


def test_messages_that_go_missing_during_the_run_are_sent_once_or_reported(world: World) -> None:
    ids, plan = planned(world)
    world.aws.fault(Fault("vanish", "*", "jobs-dlq", share=0.3))
    run = go(world, plan)
    assert run.state is RunState.DONE
    assert run.sent + run.missing == len(ids) and not run.possible_duplicates
    assert all(count == 1 for count in arrived(world.jobs).values())
    assert arrived(world.jobs).total() == run.sent


def test_a_message_that_the_destination_rejects_stays(world: World) -> None:
    _, plan = planned(world)
    refusal = Fault(
        "entries", "SendMessageBatch", times=1, code="InvalidMessageContents", entry_share=1, sender_fault=True,
        message="Invalid characters found.",
    )  # fmt: skip
    world.aws.fault(refusal)
    run = go(world, plan)
    assert run.state is RunState.DONE and run.failed == len(world.bodies()) > 0
    assert run.sent == LETTERS - run.failed == arrived(world.jobs).total()
    assert not set(world.bodies()) & set(arrived(world.jobs))
    assert not any(message["hidden"] for message in world.dlq.messages())
    (sentence, letters), *_ = run.failures
    assert "InvalidMessageContents" in sentence and letters == run.failed


REFUSALS = {
    "denied": (DENIED, AccessDenied, "sqs:sendmessage"),
    "encrypted without the key": (KMS_DENIED, AwsError, "(?i)key"),
    "missing": (
        Fault("refuse", code="QueueDoesNotExist", message="The specified queue does not exist.", status=400,
              query_code="AWS.SimpleQueueService.NonExistentQueue"),
        NotFound,
        "There is no queue jobs",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "kind", "says"), REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("after", [0, 2], ids=["from the start", "in the middle"])
def test_a_destination_that_rejects_ends_the_run_and_resume_finishes(
    world: World, fault: Fault, kind: type[AwsError], says: str, after: int
) -> None:
    ids, plan = planned(world, pace=Pace(1000, headroom=False))
    world.aws.fault(replace(fault, operation="SendMessage*", queue="jobs", skip=after))
    with pytest.raises(kind, match=says) as refused:
        go(world, plan)
    assert "\n" not in str(refused.value)
    run = read_run(world.source, plan.id)
    assert run.state is RunState.FAILED and str(refused.value) in run.status_text
    assert arrived(world.jobs).total() + len(world.bodies()) == LETTERS
    assert not any(message["hidden"] for message in world.dlq.messages())
    world.aws.heal()
    ensure_whole(world, redrive.resume_redrive(world.source, plan.id), ids)
    assert arrived(world.jobs).total() == LETTERS


def test_messages_that_may_not_be_deleted_are_sent_once_and_deleted_by_resume(world: World) -> None:
    ids, plan = planned(world)
    world.aws.fault(replace(DENIED, operation="DeleteMessage*", message="not authorized to perform: sqs:deletemessage"))
    with pytest.raises(AccessDenied, match="sqs:deletemessage"):
        go(world, plan)
    assert len(world.bodies()) == LETTERS
    world.aws.heal()
    world.aws.advance(60)
    run = redrive.resume_redrive(world.source, plan.id)
    ensure_whole(world, run, ids)
    assert arrived(world.jobs).total() == LETTERS and run.possible_duplicates == ()


def test_messages_that_the_counts_do_not_show_are_not_taken_for_deleted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQS counts approximately, and up to a minute late (SQS API, GetQueueAttributes)."""
    set_timing(monkeypatch, lease=3)
    ids, plan = planned(world)
    world.aws.fault(replace(DENIED, operation="DeleteMessage*"))
    with pytest.raises(AccessDenied):
        go(world, plan)
    world.aws.fault(Fault("miscount", "GetQueueAttributes"))
    ensure_whole(world, redrive.resume_redrive(world.source, plan.id), ids)
    assert arrived(world.jobs).total() == LETTERS


def test_an_interrupted_run_is_finished_before_another_plan_starts(world: World) -> None:
    _, plan = planned(world)
    world.aws.fault(replace(DENIED, operation="DeleteMessage*"))
    with pytest.raises(AccessDenied):
        go(world, plan)
    world.aws.heal()
    world.aws.advance(60)
    world.add_to_snapshot()
    with pytest.raises(UsageError, match=f"{plan.id} was interrupted") as refused:
        go(world, a_plan(world))
    assert f"ops dlq resume {plan.id}" in refused.value.next_step


def test_a_destination_of_the_wrong_type_or_missing_is_rejected_by_the_plan(world: World) -> None:
    world.put(["a"])
    world.aws.queue("ordered.fifo", FifoQueue="true")
    for name, kind, says in (
        ("ordered.fifo", UsageError, "ordered.fifo is a FIFO queue and jobs-dlq is a standard queue"),
        ("nowhere", NotFound, "There is no queue nowhere"),
        ("jobs-dlq", UsageError, "is the queue that holds the messages"),
    ):
        with pytest.raises(kind, match=says):
            a_plan(world, destination=Destination("queue", name))
    assert world.bodies() == ["a"]


def test_messages_held_by_another_process_are_waited_for_and_then_reported(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_timing(monkeypatch, lease=1)
    _, plan = planned(world)
    sqs = world.source.aws.sqs
    sqs.receive_message(QueueUrl=world.dlq.url, MaxNumberOfMessages=5, VisibilityTimeout=600)
    run = go(world, plan)
    assert run.state is not RunState.DONE and run.missing == 0 and "held by another process" in run.status_text
    assert (run.sent, len(world.bodies())) == (LETTERS - 5, 5)
    world.aws.advance(600)
    assert redrive.resume_redrive(world.source, plan.id).state is RunState.DONE
    assert all(count == 1 for count in arrived(world.jobs).values()) and arrived(world.jobs).total() == LETTERS


def test_a_lost_network_ends_the_run_in_one_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, retry_timeout=2.0)
    ids, plan = planned(world)
    world.aws.fault(Fault("cut", "*Message*", skip=5))
    with pytest.raises(OpsError) as gone:
        go(world, plan)
    assert "\n" not in str(gone.value)
    world.aws.heal()
    world.aws.advance(60)
    run = redrive.resume_redrive(world.source, plan.id)
    ensure_whole(world, run, ids)
