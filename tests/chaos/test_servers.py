"""The in-memory SQS and the proxy do what the chaos tests take for granted."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError, ReadTimeoutError

from tests.chaos.proxy import Weather, proxy
from tests.fakes.sqs.client import FakeSqs
from tests.fakes.sqs.faults import DENIED, KMS_DENIED, Fault
from tests.fakes.sqs.server import serve


@pytest.fixture
def aws() -> Iterator[FakeSqs]:
    with serve() as running:
        yield running


@pytest.fixture
def client(aws: FakeSqs) -> Iterator[Callable[..., Any]]:
    made = []

    def make(endpoint: str = "", read_timeout: float = 60) -> Any:
        variables = aws.environ()
        client = boto3.client(
            "sqs",
            endpoint_url=endpoint or aws.endpoint,
            region_name=variables["AWS_REGION"],
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="example",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout),
        )
        made.append(client)
        return client

    yield make
    for one in made:
        one.close()


def receive(sqs: Any, queue: Any, visibility: int = 30, most: int = 10) -> list[Any]:
    answer = sqs.receive_message(
        QueueUrl=queue.url,
        MaxNumberOfMessages=most,
        VisibilityTimeout=visibility,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
    )
    found: list[Any] = answer.get("Messages", [])
    return found


def test_a_message_is_hidden_for_its_lease_and_an_old_receipt_deletes_nothing(aws: FakeSqs, client: Any) -> None:
    sqs, queue = client(), aws.queue("jobs")
    sent = sqs.send_message(QueueUrl=queue.url, MessageBody="one")["MessageId"]
    first = receive(sqs, queue)[0]
    assert first["MessageId"] == sent and not receive(sqs, queue)
    aws.advance(31)
    second = receive(sqs, queue)[0]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=first["ReceiptHandle"])  # accepted …
    assert len(queue.messages()) == 1  # … and without effect
    with pytest.raises(ClientError, match="not available for visibility timeout change"):
        sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=second["ReceiptHandle"])
    assert not queue.messages()


def test_attributes_travel_with_their_types_and_sums(aws: FakeSqs, client: Any) -> None:
    sqs, queue = client(), aws.queue("jobs")
    attributes = {
        "Text": {"DataType": "String.x", "StringValue": "ä"},
        "Raw": {"DataType": "Binary", "BinaryValue": b"\0\xff"},
    }
    sqs.send_message(QueueUrl=queue.url, MessageBody="ü", MessageAttributes=attributes)
    message = receive(sqs, queue)[0]
    assert message["MessageAttributes"] == attributes
    assert message["MD5OfBody"] == hashlib.md5("ü".encode(), usedforsecurity=False).hexdigest()
    assert queue.messages()[0]["MessageAttributes"]["Raw"]["BinaryValue"] == base64.b64encode(b"\0\xff").decode()


def test_limits_are_those_of_sqs(aws: FakeSqs, client: Any) -> None:
    sqs, queue = client(), aws.queue("jobs")
    many = {f"a{n}": {"DataType": "String", "StringValue": "x"} for n in range(11)}
    entries = [
        {"Id": "long", "MessageBody": "x" * 1_048_570},
        {"Id": "many", "MessageBody": "x", "MessageAttributes": many},
        {"Id": "odd", "MessageBody": "\0"},
        {"Id": "good", "MessageBody": "x"},
    ]
    with pytest.raises(ClientError, match="BatchRequestTooLong"):
        sqs.send_message_batch(QueueUrl=queue.url, Entries=entries)
    answer = sqs.send_message_batch(QueueUrl=queue.url, Entries=entries[1:])
    assert [entry["Id"] for entry in answer["Successful"]] == ["good"]
    assert {entry["Id"]: entry["SenderFault"] for entry in answer["Failed"]} == {"many": True, "odd": True}
    with pytest.raises(ClientError, match="Maximum number of entries"):
        sqs.delete_message_batch(
            QueueUrl=queue.url, Entries=[{"Id": str(n), "ReceiptHandle": "x#1"} for n in range(11)]
        )
    queue.limit(0)
    with pytest.raises(ClientError, match="OverLimit"):
        receive(sqs, queue)
    with pytest.raises(ClientError, match="NonExistentQueue"):
        sqs.get_queue_url(QueueName="nowhere")


def test_a_fifo_queue_keeps_groups_in_order_and_drops_a_repeat(aws: FakeSqs, client: Any) -> None:
    sqs, queue = client(), aws.queue("jobs.fifo", FifoQueue="true")
    sent = [
        sqs.send_message(QueueUrl=queue.url, MessageBody=f"{n}", MessageGroupId="g", MessageDeduplicationId=f"{n}")
        for n in (1, 2, 3, 1)
    ]
    assert sent[3]["MessageId"] == sent[0]["MessageId"]
    first = receive(sqs, queue, most=1)[0]
    assert first["Body"] == "1" and not receive(sqs, queue)  # the group is locked
    sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    assert [message["Body"] for message in receive(sqs, queue)] == ["1", "2", "3"]


def test_a_redrive_policy_moves_what_was_received_too_often(aws: FakeSqs, client: Any) -> None:
    sqs, dlq, queue = client(), aws.queue("dead"), aws.queue("jobs", dlq="dead", receives=1)
    sent = sqs.send_message(QueueUrl=queue.url, MessageBody="one")["MessageId"]
    receive(sqs, queue, visibility=0)
    assert not receive(sqs, queue)
    message = receive(sqs, dlq)[0]
    assert message["MessageId"] == sent and message["Attributes"]["DeadLetterQueueSourceArn"] == queue.arn
    assert sqs.list_dead_letter_source_queues(QueueUrl=dlq.url)["queueUrls"] == [queue.url]


@pytest.mark.parametrize(
    ("fault", "sent", "raised"),
    [
        (Fault("refuse"), 0, ClientError),
        (Fault("refuse after"), 1, ClientError),
        (DENIED, 0, ClientError),
        (KMS_DENIED, 0, ClientError),
        (Fault("cut"), 0, ConnectionClosedError),
        (Fault("cut after"), 1, ConnectionClosedError),
        (Fault("stall after", seconds=60), 1, ReadTimeoutError),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_a_fault_comes_before_or_after_the_deed(
    aws: FakeSqs, client: Any, fault: Fault, sent: int, raised: type[Exception]
) -> None:
    queue = aws.queue("jobs")
    aws.fault(fault)
    with pytest.raises(raised):
        client(read_timeout=1 if fault.seconds else 60).send_message(QueueUrl=queue.url, MessageBody="x")
    assert len(queue.messages()) == sent
    aws.heal()
    client().send_message(QueueUrl=queue.url, MessageBody="x")
    assert len(queue.messages()) == sent + 1 and aws.counts()[f"fault: {fault.kind}"] == 1


@pytest.mark.parametrize(
    ("weather", "sent", "raised"),
    [
        (Weather(cut_request=1), 0, HTTPClientError),
        (Weather(cut_answer=1), 1, HTTPClientError),
        (Weather(cut_within=1), 1, HTTPClientError),
        (Weather(stall=1, stall_s=60), 1, ReadTimeoutError),
    ],
    ids=["request", "answer", "within", "stall"],
)
def test_the_proxy_strikes_before_or_after_the_deed(
    aws: FakeSqs, client: Any, weather: Weather, sent: int, raised: type[Exception]
) -> None:
    queue = aws.queue("jobs")
    with proxy(aws.endpoint, weather) as between:
        if weather.stall:
            between.weather = Weather()
            client(between.endpoint).get_queue_attributes(QueueUrl=queue.url)
            between.moment = lambda turn, kind: setattr(between, "weather", weather if kind == "answer" else Weather())
        with pytest.raises(raised):
            patience = 1 if weather.stall else 60
            client(between.endpoint, read_timeout=patience).send_message(QueueUrl=queue.url, MessageBody="x")
        assert sum(between.hits.values()) == 1
    assert len(queue.messages()) == sent
