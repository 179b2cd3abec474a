"""Redriving on the real twin: fixed messages succeed, the others fail again, and the canary tells them apart."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from handler import contract
from ops import target, workload
from ops.alarms import muting
from ops.aws import Aws, cloudwatch, sqs
from ops.deadletters import plans
from ops.deadletters.archive import audit_log
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.plan_model import Destination, Pace, Plan, Selection, Steps
from ops.deadletters.queue import DeadLetterQueue, open_queue
from ops.deadletters.redrive import redrive
from ops.deadletters.scan import scan as looking
from ops.target import state_folder
from ops.twin.workload.jobs import JobMaker, Shares
from tests.twins import Twin, wait_for

pytestmark = pytest.mark.twin

TABLE = "respond,avggift\n0,10\n1,20\n0,12.5\n1,30\n1,18\n0,9\n"


@pytest.fixture
def source(twin: Twin) -> Iterator[DeadLetterQueue]:
    twin.no_dead_letters()
    aim = target.resolve()
    aws = Aws(aim)
    queue = open_queue(aws, workload.describe(aws, aim))
    for path in queue.folder.glob("shelf.db*"):
        path.unlink()
    yield queue


def dies(twin: Twin, count: int, **params: Any) -> list[str]:
    """Jobs whose data is not there, until they are in the dead-letter queue; their job IDs."""
    kind = f"redrive-{uuid.uuid4().hex[:8]}"
    ids = [f"{kind}-{number:03}" for number in range(count)]
    with_data = {"schema": 1, "kind": "describe", "params": {"outcome": "respond", **params}}
    for job_id in ids:
        where = f"s3://{twin.outputs[contract.OUTPUT_BUCKET]}/inputs/{job_id}.csv"
        assert twin.post({**with_data, "job_id": job_id, "data": where}).status == 202
    return ids


def given_up(twin: Twin, source: DeadLetterQueue, post: Callable[[], list[str]]) -> list[str]:
    """Jobs (of ``post``) that SQS itself moved, because nobody finished them in three receives; their ids."""
    client, mapping = twin.client("lambda"), source.workload.mapping
    assert mapping is not None

    def reading(enabled: bool) -> None:
        client.update_event_source_mapping(UUID=mapping.uuid, Enabled=enabled)
        state = "Enabled" if enabled else "Disabled"
        wait_for(lambda: client.get_event_source_mapping(UUID=mapping.uuid)["State"] == state, 180, f"not {state}")

    reading(False)
    try:
        jobs = post()
        queue = source.workload.queue
        wait_for(
            lambda: sqs.queue_depth(source.aws, queue).visible == len(jobs), 180, "the jobs are not in their queue"
        )
        wait_for(
            lambda: (
                not sqs.receive_messages(source.aws, queue, 0, 0) and sqs.queue_depth(source.aws, queue).visible == 0
            ),
            180,
            "the jobs stay in their queue",
            pause=0.0,
        )
    finally:
        reading(True)
    return jobs


def fix(twin: Twin, job_ids: list[str]) -> None:
    """Put the data where the jobs look for it."""
    for job_id in job_ids:
        twin.client("s3").put_object(
            Bucket=twin.outputs[contract.OUTPUT_BUCKET], Key=f"inputs/{job_id}.csv", Body=TABLE.encode()
        )


def look(source: DeadLetterQueue, expected: int) -> None:
    """Into the snapshot with all of them, once they are there."""
    wait_for(lambda: sqs.queue_depth(source.aws, source.queue).visible == expected, 180, f"not {expected} dead letters")
    assert looking.scan_queue(source).complete


def a_plan(source: DeadLetterQueue, **more: Any) -> Plan:
    return plans.make_plan(source, Selection(), **{"pace": Pace(100), "engine": "ledger", **more})


def jobs_in(source: DeadLetterQueue) -> set[str]:
    messages: list[sqs.Message] = []
    while batch := sqs.receive_messages(source.aws, source.queue, 5, 0):
        messages += batch
    return {json.loads(message.body)["job_id"] for message in messages}


def test_what_was_fixed_succeeds_and_is_counted(twin: Twin, source: DeadLetterQueue) -> None:
    jobs = dies(twin, 12)
    look(source, 12)
    fix(twin, jobs)
    seen: list[Run] = []
    run = redrive.start_redrive(source, a_plan(source), reason="the data is there now", progress=seen.append)
    assert run.status_text == "12 messages were sent, 12 succeeded."
    assert (run.state, run.succeeded, run.failed_again, run.waiting, run.possible_duplicates) == (
        RunState.DONE,
        12,
        0,
        0,
        (),
    )
    assert [(step.upto, step.succeeded, step.state) for step in run.steps] == [(5, 5, "passed"), (12, 7, "passed")]
    assert all(twin.result(job_id)["job_id"] == job_id for job_id in jobs[:2])
    assert sqs.queue_depth(source.aws, source.queue).visible == 0
    assert any("keeps up" in run.rate_reason for run in seen), "the rate's reason is shown"


def test_what_fails_again_stops_the_canary_with_its_cause(twin: Twin, source: DeadLetterQueue) -> None:
    jobs = dies(twin, 12)
    look(source, 12)
    run = redrive.start_redrive(source, a_plan(source), reason="a hope")
    assert run.state is RunState.STOPPED
    assert run.status_text.startswith("Stopped in stage 1 of 2: 5 of 5 failed again, more than 20% (")
    assert run.status_text.endswith("7 messages were not sent.")
    ((cause, number),) = run.failed_again_causes
    assert number == 5
    assert cause.startswith("DataNotFound: s3://")
    assert "….csv is not there" in cause
    wait_for(lambda: sqs.queue_depth(source.aws, source.queue).visible == 12, 180, "not all messages are in the queue")
    assert jobs_in(source) == set(jobs)


def test_some_fixed_and_some_not(twin: Twin, source: DeadLetterQueue) -> None:
    jobs = dies(twin, 10)
    look(source, 10)
    fix(twin, jobs[:9])
    plan = a_plan(source, steps=Steps(sizes=("100%",)))
    run = redrive.start_redrive(source, plan, reason="nine of ten")
    assert (run.state, run.succeeded, run.failed_again) == (RunState.DONE, 9, 1)
    assert "9 succeeded, 1 failed again (1: " in run.status_text


def test_a_whole_queue_is_moved_by_sqs_after_the_canary(twin: Twin, source: DeadLetterQueue) -> None:
    jobs = given_up(twin, source, lambda: dies(twin, 30))
    look(source, 30)
    fix(twin, jobs[:29])
    pace = Pace(5, headroom=False)  # so slow that the task is seen at work
    plan = plans.make_plan(source, Selection(), pace=pace, steps=Steps(sizes=("5", "100%")), margin=1.0)
    assert (plan.engine, len(plan.ids)) == ("move task", 30)
    texts: list[str] = []
    run = redrive.start_redrive(
        source, plan, reason="the data is there", progress=lambda now: texts.append(now.status_text)
    )
    assert (run.state, run.sent, run.deleted, run.missing) == (RunState.DONE, 30, 30, 0), run
    assert (run.succeeded, run.failed_again, run.waiting) == (29, 1, 0), run.status_text
    assert any(text.startswith("SQS moves the messages at up to 5 per second") for text in texts)
    assert "assumed to have succeeded" in run.status_text
    assert jobs_in(source) == {jobs[29]}


def test_a_move_task_whose_messages_fail_again_is_stopped(twin: Twin, source: DeadLetterQueue) -> None:
    """Nothing is watched, so that only the task's own count tells."""
    given_up(twin, source, lambda: dies(twin, 40))
    look(source, 40)
    unwatched = Steps(sizes=("100%",), watch=False)
    there = Destination("queue", source.workload.queue.name)
    assert plans.make_plan(source, Selection(), destination=there, steps=unwatched).engine == "ledger"
    pace = Pace(20, headroom=False)
    plan = plans.make_plan(source, Selection(), destination=there, pace=pace, steps=unwatched, engine="move task")
    assert len(plan.ids) == 40
    texts: list[str] = []
    run = redrive.start_redrive(source, plan, reason="a hope", progress=lambda now: texts.append(now.status_text))
    assert (run.state, run.sent) == (RunState.STOPPED, 40), run.status_text
    assert run.moved > 50  # how many more depends on how soon the task's count is read
    assert run.status_text.startswith(f"Stopped SQS's move task after about {run.moved} moves of 40 messages: ")
    assert any("of 40 so far" in text for text in texts)
    record = audit_log.read_records(state_folder(source.aws.target))[0]
    assert (record.outcome, record.counts["moved"], record.note) == ("stopped", run.moved, run.status_text)
    wait_for(lambda: sqs.queue_depth(source.aws, source.queue).visible == 40, 180, "not all messages are in the queue")


@pytest.mark.slow
def test_a_job_that_kills_its_environment_comes_back_with_that_as_its_cause(
    twin: Twin, source: DeadLetterQueue
) -> None:
    """Three receives of 20 s each: SQS moves it again, and only the invocations' records tell why."""
    maker = JobMaker("s3://nowhere/model.json", Shares(), prefix=f"endless-{uuid.uuid4().hex[:8]}")

    def post() -> list[str]:
        job = maker.make("timeout")
        assert twin.post(job.body).status == 202
        return [job.job_id]

    jobs = given_up(twin, source, post)
    look(source, 1)
    run = redrive.start_redrive(source, a_plan(source), reason="does it end now?")
    assert (run.failed_again, run.waiting) == (1, 0), run.status_text
    ((cause, _),) = run.failed_again_causes
    assert "timeout" in cause.lower()
    wait_for(lambda: jobs_in(source) == set(jobs), 180, "the job is not in the dead-letter queue")


def test_asynchronous_invocations_are_made_again_and_watched(twin: Twin, source: DeadLetterQueue) -> None:
    function = source.workload.function
    assert function is not None
    undelivered = open_queue(source.aws, source.workload, f"{twin.state.stack}-undelivered")
    twin.client("sqs").purge_queue(QueueUrl=undelivered.queue.url)
    undelivered.snapshot_path.unlink(missing_ok=True)
    jobs = [f"later-{uuid.uuid4().hex[:8]}-{number}" for number in range(3)]
    for job_id in jobs:
        data = f"s3://{twin.outputs[contract.OUTPUT_BUCKET]}/inputs/{job_id}.csv"
        event = {"schema": 1, "kind": "describe", "params": {"outcome": "respond"}, "job_id": job_id, "data": data}
        twin.client("lambda").invoke(
            FunctionName=function.name, InvocationType="Event", Payload=json.dumps(event).encode()
        )
    look(undelivered, 3)
    fix(twin, jobs[:2])
    run = redrive.start_redrive(
        undelivered, a_plan(undelivered, steps=Steps(sizes=("100%",), patience_s=300)), reason="two of three"
    )
    assert (run.state, run.succeeded, run.failed_again, run.waiting) == (RunState.DONE, 2, 1, 0), run.status_text
    assert twin.result(jobs[0])["job_id"] == jobs[0]
    wait_for(lambda: sqs.queue_depth(source.aws, undelivered.queue).visible == 1, 180, "the third is not back")


def test_the_trace_header_travels(twin: Twin, source: DeadLetterQueue) -> None:
    """So that one trace shows the job's first attempt and its redrive."""
    header = "Root=1-5759e988-bd862e3fe1be46a994272793"
    client = twin.client("sqs")
    url = client.create_queue(QueueName=f"copies-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    client.send_message(
        QueueUrl=source.queue.url,
        MessageBody="{}",
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": header}},
    )
    look(source, 1)
    plan = a_plan(source, destination=Destination("queue", url), steps=Steps(watch=False))
    assert redrive.start_redrive(source, plan, reason="to follow it").sent == 1
    [message] = client.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
    assert message["Attributes"]["AWSTraceHeader"] == header
    client.delete_queue(QueueUrl=url)


def test_the_alarms_that_it_trips_are_muted_meanwhile(twin: Twin, source: DeadLetterQueue) -> None:
    jobs = dies(twin, 3)
    look(source, 3)
    fix(twin, jobs)
    plan = a_plan(source, steps=Steps(("100%",)))
    stack = source.workload.stack
    assert f"{stack}-function-errors" in plan.mutes
    assert f"{stack}-dead-letters" not in plan.mutes
    assert a_plan(source, mute=False).mutes == ()
    seen: set[str] = set()

    def watch(_: Run) -> None:
        seen.update(cloudwatch.active_mute_rules(source.aws))

    run = redrive.start_redrive(source, plan, reason="fixed", progress=watch)
    assert run.state is RunState.DONE, run.status_text
    assert f"ops-redrive-{plan.id}" in seen
    record = next(
        record for record in audit_log.read_records(state_folder(source.aws.target)) if record.outcome == "began"
    )
    assert "Muted while it runs" in record.note
    home = state_folder(source.aws.target)
    records = muting.of_place(home, source.workload.account, source.workload.region)
    muted = next(record for record in records if plan.id in record.id)
    assert muted.until < record.at + timedelta(seconds=plan.mute_s), "the rest of the time that the plan allowed"
    muting.lift(source.aws, home, muted)
