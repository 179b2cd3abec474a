"""SQS without boto3's overhead: the same answers, the same errors, and each call made once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ops.aws import Aws, call_effect, sqs
from ops.aws.call_effect import CallEffect
from ops.aws.fast_sqs import sqs_client
from ops.errors import AccessDenied, AwsError, CredentialsError, NotFound, OverLimit, Throttled, Unreachable
from ops.target import Target
from tests.fakes.sqs.client import FakeSqs as Server
from tests.fakes.sqs.faults import DENIED, THROTTLED, Fault
from tests.fakes.sqs.messages import REGION
from tests.fakes.sqs.server import serve

TARGET = Target(queue="q", region=REGION)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch, serve() as running:
        for name, value in running.environ().items():
            patch.setenv(name, value)
        yield running


@pytest.fixture(scope="module")
def door(server: Server) -> Iterator[Aws]:
    server.queue("q")
    single = Aws(TARGET).without_retries(60.0)
    yield single
    single.disconnect()


@pytest.fixture
def queue(server: Server, door: Aws) -> sqs.Queue:
    server.heal()
    server.queue("q")
    return sqs.find_queue(door, "q")


ATTRIBUTES: Any = {
    "Text": {"DataType": "String", "StringValue": "blue ☃"},
    "Number": {"DataType": "Number.int", "StringValue": "7"},
    "Raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
}


def send(door: Aws, queue: sqs.Queue, body: str = "body") -> Any:
    entry: Any = {"Id": "0", "MessageBody": body, "MessageAttributes": ATTRIBUTES}
    with door.translate_errors("sqs", "queue q"):
        return door.sqs.send_message_batch(QueueUrl=queue.url, Entries=[entry])


def test_it_is_lean(door: Aws) -> None:
    assert isinstance(door.sqs, sqs_client.FastSqsClient)


def test_what_is_sent_is_received_as_boto3_receives_it(door: Aws, queue: sqs.Queue) -> None:
    answer = send(door, queue, 'a "body" with ☃ and \t')
    ordinary = Aws(TARGET)
    [ours] = sqs.receive_messages(door, queue, 0, 0)
    [theirs] = sqs.receive_messages(ordinary, queue, 0, 0)
    ordinary.disconnect()
    assert (ours.message_id, ours.body, ours.attributes) == (theirs.message_id, theirs.body, theirs.attributes)
    assert ours.message_id == answer["Successful"][0]["MessageId"]
    assert ours.body == 'a "body" with ☃ and \t'


def test_leases_and_deletes(door: Aws, queue: sqs.Queue, server: Server) -> None:
    send(door, queue)
    [message] = sqs.receive_messages(door, queue, 30, 0)
    assert sqs.change_visibility_batch(door, queue, [message.receipt], 0) == (None,)
    [message] = sqs.receive_messages(door, queue, 30, 0)
    [refused] = sqs.delete_batch(door, queue, ["no receipt"])
    assert refused is not None
    assert sqs.delete_batch(door, queue, [message.receipt]) == (None,)
    assert sqs.receive_messages(door, queue, 30, 0) == ()


@pytest.mark.parametrize(
    ("fault", "error", "known"),
    [
        (DENIED, AccessDenied, CallEffect.REJECTED),
        (THROTTLED, Throttled, CallEffect.NOT_APPLIED),
        (Fault("refuse", code="QueueDoesNotExist", status=400), NotFound, CallEffect.REJECTED),
        (Fault("refuse", code="OverLimit", status=403), OverLimit, CallEffect.REJECTED),
        (Fault("refuse", code="ExpiredToken", status=403), CredentialsError, CallEffect.REJECTED),
        (Fault("refuse", code="InvalidMessageContents", status=400), AwsError, CallEffect.REJECTED),
        (Fault("refuse", code="ServiceUnavailable", status=503), AwsError, CallEffect.UNKNOWN),
        (Fault("cut after"), Unreachable, CallEffect.UNKNOWN),
        (Fault("cut within"), Unreachable, CallEffect.UNKNOWN),
        (Fault("stall", seconds=60), Unreachable, CallEffect.UNKNOWN),
    ],
    ids=lambda value: f"{value.kind} {value.code}" if isinstance(value, Fault) else "",
)
def test_what_goes_wrong_is_known_for_what_it_is(
    server: Server, door: Aws, queue: sqs.Queue, fault: Fault, error: type[AwsError], known: CallEffect
) -> None:
    before = server.counts().get("SendMessageBatch", 0)
    server.fault(replace(fault, operation="SendMessageBatch"))
    impatient = Aws(TARGET).without_retries(1.0) if fault.seconds else door
    with pytest.raises(error) as caught:
        send(impatient, queue)
    impatient.disconnect()
    server.heal()
    assert call_effect.classify(caught.value) is known
    assert server.counts()["SendMessageBatch"] == before + 1, "each call is made once"
    assert send(door, queue)["Successful"]


def test_no_one_answers(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{probe.getsockname()[1]}")
    aws = Aws(TARGET).without_retries(60.0)
    with pytest.raises(Unreachable) as caught, aws.translate_errors("sqs", "queue q"):
        aws.sqs.receive_message(QueueUrl="http://q")
    assert call_effect.classify(caught.value) is CallEffect.NOT_APPLIED


def test_no_answer_of_sqs(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    """A captive portal, say: whether SQS got the call is not known."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>")

        thread = threading.Thread(target=answer)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{listening.getsockname()[1]}")
        aws = Aws(TARGET).without_retries(60.0)
        with pytest.raises(Unreachable, match="is not from AWS") as caught, aws.translate_errors("sqs", "queue q"):
            aws.sqs.receive_message(QueueUrl="http://q")
        thread.join()
    assert call_effect.classify(caught.value) is CallEffect.UNKNOWN


def test_a_connection_that_the_other_side_closed_is_not_used(server: Server, door: Aws, queue: sqs.Queue) -> None:
    """Between two calls, that is: it would look like a call of which nothing is known."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        answered: list[bytes] = []
        closed = threading.Semaphore(0)

        def answer() -> None:
            for _ in range(2):
                connection, _ = listening.accept()
                with connection:
                    answered.append(connection.recv(65_536))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                closed.release()

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", url)
            aws = Aws(TARGET).without_retries(60.0)
            for _ in range(2):
                aws.sqs.receive_message(QueueUrl="http://q")
                closed.acquire()
        thread.join()
        aws.disconnect()
    assert len(answered) == 2


def test_behind_a_proxy_boto3_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://sqs.example:80")
    assert not isinstance(Aws(TARGET).without_retries(60.0).sqs, sqs_client.FastSqsClient)
