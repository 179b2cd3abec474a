"""A redrive against an SQS that throttles, stalls, cuts, forgets and answers in parts: nothing is lost, and what may have
gone twice is listed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.aws import Aws
from ops.aws.clients import READ_TIMEOUT_S
from ops.deadletters.redrive import redrive
from ops.errors import OpsError
from ops.target import Target
from tests.chaos.proxy import Weather, proxy
from tests.fakes.dlq_world import World
from tests.fakes.sqs.faults import THROTTLED, Fault
from tests.ops.deadletters.bad_network.redriven import ensure_complete, put_and_plan
from tests.ops.deadletters.redrives_without_rollout import LETTERS, start_run
from tests.timing import set_timing

pytestmark = pytest.mark.slow  # half a second each, and many of them

RETRIES = 1
WAITS_S = 0.05
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
    ids, plan = put_and_plan(world)
    world.aws.fault(*faults)
    run = start_run(world, plan)
    ensure_complete(world, run, ids)
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
    ids, plan = put_and_plan(world)
    world.aws.fault(fault)
    run = start_run(world, plan)
    ensure_complete(world, run, ids)
    assert run.possible_duplicates


def test_a_stalled_response_times_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, read_timeout=1.0)
    ids, plan = put_and_plan(world)
    world.aws.fault(Fault("stall after", "SendMessageBatch", times=1, seconds=4))
    before = world.aws.counts().get("SendMessageBatch", 0)
    run = start_run(world, plan)
    ensure_complete(world, run, ids)
    unanswered = world.aws.counts()["SendMessageBatch"] - before - LETTERS // 10  # at most; on a slow machine more
    assert 1 <= len(run.possible_duplicates) <= 10 * unanswered


@pytest.mark.parametrize(
    "weather",
    [Weather(cut_request=0.1), Weather(cut_answer=0.05), Weather(cut_within=0.05), Weather(stall=0.1, stall_s=0.05)],
    ids=["requests are cut", "answers are cut", "answers are cut in the middle", "stalls"],
)
def test_cut_and_stalled_connections(world: World, weather: Weather, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, lease=2)  # of letters whose receive was answered into nowhere
    ids, plan = put_and_plan(world)
    with proxy(world.aws.endpoint, weather, seed=3) as between:
        target = world.source.aws.target
        through = _Through(Aws(replace(target, endpoint=between.endpoint)), target)
        run = start_run(replace(world, source=replace(world.source, aws=through)), plan)
    ensure_complete(world, run, ids)


class _Through(Aws):
    """The engine's calls go through the proxy; who asks and where its files lie stays as it is."""

    def __init__(self, engine_door: Aws, target: Target) -> None:
        super().__init__(target, max_attempts=RETRIES)
        self._engine_door = engine_door

    def without_retries(self, read_timeout_s: float = READ_TIMEOUT_S, *, fast_sqs: bool = True) -> Aws:
        return self._engine_door.without_retries(read_timeout_s, fast_sqs=fast_sqs)


def test_a_lost_network_ends_the_run_in_one_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, retry_timeout=2.0)
    ids, plan = put_and_plan(world)
    world.aws.fault(Fault("cut", "*Message*", skip=5))
    with pytest.raises(OpsError) as gone:
        start_run(world, plan)
    assert "\n" not in str(gone.value)
    world.aws.heal()
    world.aws.advance(60)
    run = redrive.resume_redrive(world.source, plan.id)
    ensure_complete(world, run, ids)
