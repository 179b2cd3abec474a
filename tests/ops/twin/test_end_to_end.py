"""Success and failure paths on the real twin: API, queue, mapping, environment, handler, results, dead letters."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from handler import contract
from ops.twin import deploy
from ops.twin.workload import generator, model
from ops.twin.workload.jobs import DISTINCT_DONORS, JobMaker, Shares
from tests.twins import Twin, wait_for

pytestmark = pytest.mark.twin

TABLE = {"columns": {"respond": [0, 1, 0, 1, 1, 0], "avggift": [10, 20, 12.5, 30, 18, 9]}}


def describe(job_id: str, data: Any = TABLE, **params: Any) -> dict[str, Any]:
    return {"schema": 1, "job_id": job_id, "kind": "describe", "data": data, "params": {"outcome": "respond", **params}}


def fresh(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:12]}"


def dead_letters(twin: Twin, job_ids: set[str], timeout: float) -> dict[str, Any]:
    """The letters of these jobs by job id, taken out of the dead-letter queue."""
    messages = twin.receive(
        twin.outputs[contract.OUTPUT_DLQ_URL],
        lambda message: json.loads(message["Body"]).get("job_id") in job_ids,
        count=len(job_ids),
        timeout=timeout,
    )
    return {json.loads(letter["Body"])["job_id"]: letter for letter in messages}


def test_a_dead_letter_reaches_the_subscriber_of_the_alarm_topic(twin: Twin, subscriber: str) -> None:
    """First in this file: the alarm speaks only when it changes, so it needs an empty dead-letter queue before it."""
    alarm = f"{twin.state.stack}-dead-letters"
    cloudwatch = twin.client("cloudwatch")
    twin.no_dead_letters()

    def state() -> str:
        return str(cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"])

    wait_for(lambda: state() == "OK", 180, f"{alarm} is not OK although its queue is empty")
    twin.post(describe(fresh("lost"), data=f"s3://{twin.outputs[contract.OUTPUT_BUCKET]}/inputs/nowhere.csv"))

    def about_alarm(message: Any) -> bool:
        told = json.loads(json.loads(message["Body"])["Message"])
        return bool(told["AlarmName"] == alarm and told["NewStateValue"] == "ALARM")

    (notice,) = twin.receive(subscriber, about_alarm, timeout=180)
    told = json.loads(json.loads(notice["Body"])["Message"])
    assert told["AlarmDescription"].endswith("Runbook: runbooks/dead-letters.md")
    assert state() == "ALARM"


@pytest.fixture
def subscriber(twin: Twin) -> Iterator[str]:
    """A queue subscribed to the alarm topic, as an operator's tool would be."""
    sqs, sns = twin.client("sqs"), twin.client("sns")
    url = sqs.create_queue(QueueName=fresh("operator"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = twin.outputs[contract.OUTPUT_ALARM_TOPIC]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
    )
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    yield url
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=url)


def test_a_posted_job_becomes_a_result_and_a_pointer(twin: Twin) -> None:
    job_id = fresh("describe")
    answer = twin.post(describe(job_id))
    assert answer.status == 202
    message_id = json.loads(answer.text)["message_id"]
    result = twin.result(job_id)
    assert (result["job_id"], result["kind"], result["schema"]) == (job_id, "describe", contract.RESULT_SCHEMA)

    def about_job(message: Any) -> bool:
        return bool(json.loads(message["Body"])["detail"].get("job_id") == job_id)

    (pointer,) = twin.receive(twin.outputs[contract.OUTPUT_RESULTS_QUEUE_URL], about_job)
    event = json.loads(pointer["Body"])
    assert (event["source"], event["detail-type"]) == (contract.EVENT_SOURCE, contract.EVENT_JOB_SUCCEEDED)
    assert event["detail"]["key"] == f"{contract.RESULT_PREFIX}{job_id}.json"
    assert event["detail"]["message_id"] == message_id


def unsigned(twin: Twin, headers: dict[str, str] | None = None) -> int:
    request = AWSRequest("POST", deploy.api_url(twin.state, twin.outputs) + "/jobs", data=b"{}", headers=headers or {})
    return int(URLLib3Session().send(request.prepare()).status_code)


def test_an_unsigned_request_is_refused(twin: Twin) -> None:
    assert unsigned(twin, {"Content-Type": "application/json"}) == 403


def test_a_signature_with_the_wrong_secret_is_refused(twin: Twin) -> None:
    request = AWSRequest("POST", deploy.api_url(twin.state, twin.outputs) + "/jobs", data=b"{}")
    SigV4Auth(Credentials(twin.state.access_key_id, "not-the-secret"), "execute-api", twin.state.region).add_auth(
        request
    )
    assert unsigned(twin, dict(request.headers.items())) == 403


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        "[]",
        '{"schema": 1}',
        json.dumps(describe("x") | {"schema": 2}),
        json.dumps(describe("has a space")),
        json.dumps(describe("x") | {"priority": "high"}),
    ],
)
def test_the_api_refuses_what_is_not_a_job(twin: Twin, body: str) -> None:
    answer = twin.post(body)
    assert answer.status == 400
    assert "message" in json.loads(answer.text)


def test_a_body_beyond_the_queues_limit_is_refused_with_a_reason(twin: Twin) -> None:
    answer = twin.post(describe("big", data="s3://" + "x" * 1_048_576))
    assert answer.status == 400
    assert "1 MiB" in json.loads(answer.text)["message"]


def test_poison_goes_to_the_dead_letter_queue_at_once_with_its_cause(twin: Twin) -> None:
    job_id = fresh("poison")
    message_id = json.loads(twin.post(describe(job_id) | {"kind": "cluster"}).text)["message_id"]
    letter = dead_letters(twin, {job_id}, timeout=300)[job_id]
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes[contract.DLQ_ERROR_TYPE] == "UnknownJob"
    assert attributes[contract.DLQ_ORIGINAL_MESSAGE_ID] == message_id
    assert "cluster" in attributes[contract.DLQ_ERROR_MESSAGE]
    assert attributes[contract.DLQ_SOURCE_ARN].endswith("-jobs")
    batches = wait_for(lambda: batches_with(twin, message_id), 180, "its batch is not in the log")
    assert len(batches) == 1, "at once: at its first receive"


def batches_with(twin: Twin, message_id: str) -> list[str]:
    """The log lines of the batches that a message was in, one for each of its receives."""
    lines: list[str] = []
    pages = twin.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(
        logGroupName=f"/aws/lambda/{twin.outputs[contract.OUTPUT_FUNCTION]}", filterPattern=f'"{message_id}"'
    ):
        lines += [event["message"] for event in page["events"] if contract.LOG_BATCH in event["message"]]
    return lines


def test_killed_jobs_die_after_three_receives_and_take_no_batch_mate_along(twin: Twin) -> None:
    """A timeout and an out-of-memory among ordinary jobs: exactly those two die."""
    endless, greedy = fresh("endless"), fresh("greedy")
    maker = JobMaker("s3://unused/model.json", Shares(), prefix=fresh("mate"))
    rows = json.loads(maker.make("timeout").body)["data"]
    donors = {"columns": {"donor": [f"recipient-{number}" for number in range(DISTINCT_DONORS)]}}
    doomed = [
        describe(endless, data=rows, resamples=2_000_000_000),
        {"schema": 1, "job_id": greedy, "kind": "prepare", "data": donors, "params": {"max_categories": 100_000}},
    ]
    mates = [describe(fresh("mate")) for _ in range(18)]
    sqs, queue = twin.client("sqs"), twin.outputs[contract.OUTPUT_QUEUE_URL]
    for first in range(0, 20, 10):
        batch = [doomed[first // 10], *mates[first // 10 * 9 : first // 10 * 9 + 9]]
        entries = [{"Id": str(number), "MessageBody": json.dumps(job)} for number, job in enumerate(batch)]
        assert not sqs.send_message_batch(QueueUrl=queue, Entries=entries).get("Failed")

    messages = dead_letters(twin, {endless, greedy}, timeout=600)
    for letter in messages.values():
        assert int(letter["Attributes"]["ApproximateReceiveCount"]) > 3
    for mate in mates:
        assert twin.result(mate["job_id"], timeout=180)["kind"] == "describe"


def test_the_same_job_sent_twice_gives_one_result_and_no_message(twin: Twin) -> None:
    job_id = fresh("twice")
    for _ in range(2):
        assert twin.post(describe(job_id)).status == 202
    twin.result(job_id)
    s3, bucket = twin.client("s3"), twin.outputs[contract.OUTPUT_BUCKET]
    first = s3.head_object(Bucket=bucket, Key=f"{contract.RESULT_PREFIX}{job_id}.json")["LastModified"]
    sqs, queue = twin.client("sqs"), twin.outputs[contract.OUTPUT_QUEUE_URL]

    def drained() -> bool:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return not any(int(value) for value in found.values())

    wait_for(drained, 180, "the queue is not drained")
    assert s3.head_object(Bucket=bucket, Key=f"{contract.RESULT_PREFIX}{job_id}.json")["LastModified"] == first


def test_a_failed_asynchronous_invocation_is_reported_to_its_destination(twin: Twin) -> None:
    """Straight to the function, as Event: what is not a batch fails, is tried twice more, and is then recorded."""
    mark = fresh("async")
    twin.client("lambda").invoke(
        FunctionName=twin.outputs[contract.OUTPUT_FUNCTION],
        InvocationType="Event",
        Payload=json.dumps({"Records": [{"messageId": mark, "body": None}]}),
    )

    def about_mark(message: Any) -> bool:
        return mark in json.dumps(json.loads(message["Body"])["requestPayload"])

    (record,) = twin.receive(twin.outputs["UndeliveredQueueUrl"], about_mark, timeout=600)
    body = json.loads(record["Body"])
    assert body["requestContext"]["condition"] == "RetriesExhausted"
    assert body["responseContext"]["functionError"]


def test_a_successful_asynchronous_invocation_is_announced_on_the_bus(twin: Twin) -> None:
    sqs, events, bus = twin.client("sqs"), twin.client("events"), twin.outputs[contract.OUTPUT_BUS]
    mark, name = fresh("async"), fresh("listener")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = events.put_rule(
        Name=name,
        EventBusName=bus,
        EventPattern=json.dumps({"detail-type": ["Lambda Function Invocation Result - Success"]}),
    )["RuleArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "listener", "Arn": arn}])
    try:
        queue = sqs.get_queue_attributes(QueueUrl=twin.outputs[contract.OUTPUT_QUEUE_URL], AttributeNames=["QueueArn"])
        record = {
            "messageId": str(uuid.uuid4()),
            "receiptHandle": "none",
            "body": json.dumps(describe(mark)),
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": queue["Attributes"]["QueueArn"],
            "awsRegion": twin.state.region,
        }
        twin.client("lambda").invoke(
            FunctionName=twin.outputs[contract.OUTPUT_FUNCTION],
            InvocationType="Event",
            Payload=json.dumps({"Records": [record]}),
        )
        (told,) = twin.receive(url, lambda message: mark in message["Body"], timeout=180)
        detail = json.loads(told["Body"])["detail"]
        assert detail["requestContext"]["condition"] == "Success"
        assert detail["responsePayload"] == {"batchItemFailures": []}
    finally:
        events.remove_targets(Rule=name, EventBusName=bus, Ids=["listener"])
        events.delete_rule(Name=name, EventBusName=bus)
        sqs.delete_queue(QueueUrl=url)


def test_traffic_is_accepted_counted_and_stopped(twin: Twin) -> None:
    stop = threading.Event()
    report = generator.run(twin.state, generator.TrafficSettings(rate=20, minutes=10, count=40), stop=stop)
    assert (report.sent, report.accepted, report.failed) == (40, 40, 0)
    stop.set()
    assert generator.run(twin.state, generator.TrafficSettings(rate=20, minutes=1), stop=stop).sent == 0
    # The model that score jobs use is a real one, trained on the whole table.
    address = model.ensure(twin.state, lambda line: pytest.fail(f"the model is there, yet: {line}"))
    assert address is not None
    key = address.removeprefix("s3://").partition("/")[2]
    stored = twin.client("s3").get_object(Bucket=twin.outputs[contract.OUTPUT_BUCKET], Key=key)["Body"].read()
    assert json.loads(stored)["schema"] == contract.MODEL_SCHEMA
