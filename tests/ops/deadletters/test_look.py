"""A look takes nothing away: on the twin, with real queues; and against an AWS that says no half-way."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from handler import contract
from ops import deadletters, workload
from ops.aws import Aws
from ops.aws import sqs as queues
from ops.errors import UsageError
from ops.target import Target, resolve
from ops.workload import Workload
from tests.ops.fake_aws import Refusal, serve
from tests.ops.insight.world import WORKLOAD, without
from tests.twins import Twin, wait_for


@pytest.fixture
def pair(twin: Twin) -> Iterator[tuple[Any, str, str]]:
    """A queue of its own with its dead-letter queue: SQS client, queue name, URL of the dead-letter queue."""
    sqs, name = twin.client("sqs"), f"look-{uuid.uuid4().hex[:8]}"
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    queue = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    yield sqs, name, dead
    sqs.delete_queue(QueueUrl=queue)
    sqs.delete_queue(QueueUrl=dead)


def described(name: str) -> tuple[Aws, Workload]:
    target = resolve(queue=name, environ={})
    aws = Aws(target)
    return aws, workload.describe(aws, target)


def bury(sqs: Any, dead: str, count: int, kind: str = "UnknownJob") -> None:
    for number in range(count):
        attributes = {
            contract.DLQ_ERROR_TYPE: {"DataType": "String", "StringValue": kind},
            contract.DLQ_ERROR_MESSAGE: {"DataType": "String", "StringValue": f"no job of kind '{number}'"},
        }
        sqs.send_message(QueueUrl=dead, MessageBody=f"body {number}", MessageAttributes=attributes)


def visible(sqs: Any, dead: str) -> int:
    names = ["ApproximateNumberOfMessages"]
    return int(sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=names)["Attributes"][names[0]])


@pytest.mark.twin
def test_every_letter_is_read_and_given_back(pair: tuple[Any, str, str]) -> None:
    sqs, name, dead = pair
    bury(sqs, dead, 23)
    bury(sqs, dead, 2, "DataNotFound")
    seen: list[tuple[int, int]] = []
    aws, found = described(name)
    look = deadletters.look(aws, found, progress=lambda read, there: seen.append((read, there)))
    assert visible(sqs, dead) == 25, "all are visible again at once"
    assert len(look.letters) == len({letter.message_id for letter in look.letters}) == 25
    assert look.complete
    assert list(look.causes["letters"]) == [23, 2]
    assert look.finding.text == (
        "Act: 25 dead letters, 23 of one cause: UnknownJob: no job of kind '…' (1 other cause)."
    )
    assert {letter.receives for letter in look.letters} == {1}
    assert "raised the receive count of 25 letters by one" in look.notes[0]
    assert seen[-1] == (25, 25)
    again = deadletters.look(aws, found)
    assert {letter.receives for letter in again.letters} == {2}
    assert len(again.letters) == 25


@pytest.mark.twin
def test_a_limit_is_kept(pair: tuple[Any, str, str]) -> None:
    sqs, name, dead = pair
    bury(sqs, dead, 15)
    look = deadletters.look(*described(name), limit=12)
    assert len(look.letters) == 12
    assert not look.complete
    assert any("limit of 12; the queue holds about 15" in note for note in look.notes)
    assert visible(sqs, dead) == 15
    with pytest.raises(UsageError, match="limit of 0"):
        deadletters.look(*described(name), limit=0)


@pytest.mark.twin
def test_letters_that_somebody_else_holds(pair: tuple[Any, str, str]) -> None:
    sqs, name, dead = pair
    bury(sqs, dead, 3)
    sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=2, VisibilityTimeout=60)
    look = deadletters.look(*described(name))
    assert len(look.letters) == 1
    assert not look.complete
    assert any("2 letters are held by somebody else" in note for note in look.notes)


@pytest.mark.twin
def test_an_empty_queue(pair: tuple[Any, str, str]) -> None:
    _, name, _ = pair
    look = deadletters.look(*described(name))
    assert look.finding.text == "Fine: no dead letters."
    assert look.complete
    assert look.letters == ()


@pytest.mark.twin
def test_a_queue_that_a_look_would_change_is_not_looked_at(pair: tuple[Any, str, str]) -> None:
    sqs, name, dead = pair
    bury(sqs, dead, 1)
    third = sqs.create_queue(QueueName=f"{name}-third")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=third, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedrivePolicy": policy})
    try:
        with pytest.raises(UsageError, match="redrive policy of its own") as caught:
            deadletters.look(*described(name))
        assert caught.value.next_step
    finally:
        sqs.delete_queue(QueueUrl=third)


@pytest.mark.twin
def test_another_queue_of_dead_letters(pair: tuple[Any, str, str]) -> None:
    """The workload's own dead-letter queue is not the only one: its bus and asynchronous invocations have theirs."""
    sqs, _, dead = pair
    record = {"requestContext": {"requestId": "r", "condition": "RetriesExhausted"}, "responsePayload": {}}
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps(record))
    aws, found = described("scilearn-jobs")
    look = deadletters.look(aws, found, queue=queues.find(aws, dead))
    assert look.finding.text == "Act: 1 dead letter: RetriesExhausted."
    assert look.letters[0].cause_from == "body"


@pytest.mark.twin
def test_a_job_that_died_is_explained(twin: Twin) -> None:
    """The whole way: a real job that can never succeed, buried by the real handler."""
    job = {
        "schema": contract.JOB_SCHEMA,
        "job_id": uuid.uuid4().hex,
        "kind": "cluster",
        "data": {"columns": {"a": [1]}},
    }
    assert twin.post(job).status == 202
    target = resolve(environ={})
    aws = Aws(target)
    found = workload.describe(aws, target)

    def buried() -> Any:
        letters = deadletters.look(aws, found).letters
        return next((letter for letter in letters if job["job_id"] in letter.body), None)

    letter = wait_for(buried, 60, "the job did not come to the dead-letter queue")
    assert letter.cause_from == "attribute"
    assert "cluster" in letter.error_message
    assert letter.request_id
    assert letter.original_message_id != letter.message_id
    twin.receive(found.dlq.url if found.dlq else "", lambda message: job["job_id"] in message["Body"])


def test_no_dead_letter_queue() -> None:
    with pytest.raises(UsageError, match="jobs has no dead-letter queue to look at") as caught:
        deadletters.look(Aws(Target()), without(dlq=None))
    assert "redrive policy" in caught.value.next_step


def test_when_aws_says_no_half_way_the_letters_still_go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    returned: list[str] = []

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation == "GetQueueAttributes":
            return {"Attributes": {"ApproximateNumberOfMessages": "20"}}
        if operation == "ChangeMessageVisibilityBatch":
            assert {entry["VisibilityTimeout"] for entry in asked["Entries"]} == {0}
            returned.extend(entry["ReceiptHandle"] for entry in asked["Entries"])
            return {"Successful": [], "Failed": []}
        if returned or calls.count("ReceiveMessage"):
            raise Refusal("ThrottlingException")
        calls.append(operation)
        return {"Messages": [{"MessageId": str(n), "ReceiptHandle": f"r{n}", "Body": ""} for n in range(10)]}

    calls: list[str] = []
    with serve(answer, monkeypatch), pytest.raises(Exception, match="too many requests"):
        deadletters.look(Aws(Target(), max_attempts=1), WORKLOAD)
    assert len(returned) == 10


def test_letters_are_shown_when_the_logs_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if service == "logs":
            raise Refusal("AccessDeniedException")
        if operation == "GetQueueAttributes":
            return {"Attributes": {"ApproximateNumberOfMessages": "1"}}
        if operation == "ChangeMessageVisibilityBatch":
            return {"Successful": [], "Failed": [{"Id": "0", "SenderFault": False, "Code": "x"}]}
        return {"Messages": [{"MessageId": "m", "ReceiptHandle": "r", "Body": "b"}]}

    with serve(answer, monkeypatch):
        look = deadletters.look(Aws(Target(), max_attempts=1), WORKLOAD, limit=1)
    assert look.letters[0].error_type == "unknown"
    assert any("logs:StartQuery" in text for text in look.look.partial)
    assert any("could not be given back at once" in note for note in look.notes)
