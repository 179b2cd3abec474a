"""A scan of real queues of the twin, and of a job that the real handler rejected."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops import workload
from ops.aws import Aws
from ops.deadletters.messages.model import Kind, SnapshotMessage
from ops.deadletters.messages.parse import carried_cause
from ops.deadletters.queue import DeadLetterQueue, open_queue
from ops.deadletters.scan.scan import scan_queue
from ops.deadletters.snapshot import Snapshot
from ops.target import resolve
from tests.twins import Twin, wait_for

pytestmark = pytest.mark.twin


def source(queue: str | None = None, letters: str | None = None) -> DeadLetterQueue:
    target = resolve(queue=queue, environ={})
    aws = Aws(target)
    return open_queue(aws, workload.describe(aws, target), letters)


def test_a_queue_is_read_and_returned(twin: Twin) -> None:
    sqs, name = twin.client("sqs"), f"look-{uuid.uuid4().hex[:8]}"
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    queue = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"})[
        "QueueUrl"
    ]
    blob = {"Blob": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    for number in range(23):
        sqs.send_message(QueueUrl=queue, MessageBody=f"body {number}", MessageAttributes=blob)
    wait_for(lambda: bury(sqs, queue) == 0, 180, "the messages did not die")
    done = scan_queue(source(name))
    assert (done.messages, done.new, done.complete) == (23, 23, True)
    names = ["ApproximateNumberOfMessages"]
    assert sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=names)["Attributes"][names[0]] == "23"
    with Snapshot.open(source(name)) as snapshot:
        first = snapshot.find()[0].message
    assert (first.kind, first.source_arn.rsplit(":", 1)[-1]) == (Kind.SQS, name)
    assert (first.attributes["Blob"].data_type, first.attributes["Blob"].value) == ("Binary", "AP8=")
    sqs.delete_queue(QueueUrl=queue)
    sqs.delete_queue(QueueUrl=dead)


def bury(sqs: Any, queue: str) -> int:
    """Receive, so that what was received too often goes to the dead-letter queue; how many came."""
    return len(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []))


def test_a_job_that_failed_carries_its_cause(twin: Twin) -> None:
    job: dict[str, Any] = {
        "schema": contract.JOB_SCHEMA,
        "job_id": uuid.uuid4().hex,
        "kind": "cluster",
        "data": {"columns": {"a": [1]}},
    }
    assert twin.post(job).status == 202
    queue = source()

    def buried() -> SnapshotMessage | None:
        scan_queue(queue)
        with Snapshot.open(queue) as snapshot:
            return next((found for found in snapshot.iterate() if job["job_id"] in found.message.body), None)

    found = wait_for(buried, 180, "the job did not come to the dead-letter queue")
    cause = carried_cause(found.message)
    assert cause is not None
    assert found.message.kind is Kind.REJECTED
    assert cause.source == "attribute"
    assert "cluster" in cause.error_message
    assert found.message.request_id
    assert found.message.original_message_id != found.message.message_id
    twin.receive(queue.queue.url, lambda message: job["job_id"] in message["Body"])


def test_the_twins_snapshot_goes_with_the_twin(twin: Twin) -> None:
    assert Path(source().folder).is_relative_to(twin.folder / "ops")
