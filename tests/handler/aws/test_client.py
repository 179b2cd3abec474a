from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from handler.aws import AwsError, Client
from tests.fakes.handler_aws import FakeAws


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(aws: FakeAws, slept: list[float]) -> Iterator[Client]:
    client = Client(sleep=slept.append)
    yield client
    client.close()


def test_objects_go_out_and_come_back(client: Client, aws: FakeAws) -> None:
    client.put_object("results", "a b/ü.json", b"{}", "application/json")
    assert client.get_object("results", "a b/ü.json", 10) == b"{}"


def test_an_object_over_the_limit_is_not_read(client: Client, aws: FakeAws) -> None:
    aws.objects["results", "big"] = bytes(11)
    with pytest.raises(OverflowError, match="11 bytes, and 10 is the most"):
        client.get_object("results", "big", 10)
    assert len(client.get_object("results", "big", 11)) == 11


@pytest.mark.parametrize(
    ("status", "code"), [(500, "InternalError"), (503, "SlowDown"), (429, ""), (400, "Throttling")]
)
def test_what_passes_is_tried_again_with_growing_pauses(
    client: Client, aws: FakeAws, slept: list[float], status: int, code: str
) -> None:
    aws.fail("PutObject", status, code, times=3)
    client.put_object("results", "a", b"", "text/plain")
    assert aws.calls["PutObject"] == 4
    assert all(0 <= pause <= limit for pause, limit in zip(slept, (0.1, 0.2, 0.4), strict=True))


@pytest.mark.parametrize(("operation", "service"), [("PutItem", "dynamodb"), ("SendMessage", "sqs")])
def test_a_refusal_is_not_tried_again_and_is_named(client: Client, aws: FakeAws, operation: str, service: str) -> None:
    aws.fail(operation, 400, "com.amazonaws.example#ValidationException")
    with pytest.raises(AwsError, match=f"{operation}: ValidationException as the test wants") as caught:
        client.call(service, operation, {})
    assert (caught.value.status, caught.value.code, aws.calls[operation]) == (400, "ValidationException", 1)


def test_no_one_there_is_an_error_after_all_attempts(
    aws: FakeAws, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")
    with pytest.raises(AwsError, match="cannot be reached") as caught:
        Client(sleep=slept.append).call("sqs", "SendMessage", {})
    assert caught.value.status == 0 and len(slept) == 3


def test_nothing_is_begun_after_the_deadline(client: Client, aws: FakeAws) -> None:
    client.deadline = time.monotonic()
    with pytest.raises(AwsError, match="PutItem: 0 no time is left"):
        client.call("dynamodb", "PutItem", {})
    assert not aws.calls


def test_only_a_few_connections_are_kept(client: Client, aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"{aws.url}/{number}")
        client.put_object("results", "a", b"", "text/plain")
        client.call("events", "PutEvents", {"Entries": []})
    give_up = time.monotonic() + 60
    while aws.connections > 8 and time.monotonic() < give_up:  # the other side notices a little later
        time.sleep(0.01)
    assert aws.connections == 8


def test_each_call_is_observed(aws: FakeAws) -> None:
    from contextlib import contextmanager

    seen: list[tuple[str, str]] = []

    @contextmanager
    def observe(service: str, operation: str) -> Iterator[None]:
        seen.append((service, operation))
        yield

    client = Client(observe)
    client.call("events", "PutEvents", {"Entries": []})
    client.put_object("results", "a", b"", "text/plain")
    client.close()
    assert seen == [("events", "PutEvents"), ("s3", "PutObject")]


def test_addresses_of_queues_and_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    client = Client()
    arn = "arn:aws:sqs:eu-west-1:123456789012:jobs"
    assert client.queue_url(arn) == "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4566/")
    assert client.queue_url(arn) == "http://localhost:4566/123456789012/jobs"


def test_a_role_of_a_container_is_asked_for_credentials_once(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    aws.documents["/role"] = json.dumps(role()).encode()
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{aws.url}/role")
    client = Client()
    client.put_object("results", "a", b"", "text/plain")
    client.put_object("results", "b", b"", "text/plain")
    client.close()
    assert aws.calls["/role"] == 1 and len(aws.objects) == 2


def test_a_role_of_an_instance_is_asked_with_a_token(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", aws.url)
    prefix = "/latest/meta-data/iam/security-credentials/"
    aws.documents |= {"/latest/api/token": b"t", prefix: b"web-role", f"{prefix}web-role": json.dumps(role()).encode()}
    client = Client()
    client.put_object("results", "a", b"", "text/plain")
    client.close()
    assert aws.objects


def test_no_credentials_anywhere_is_said(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", aws.url)
    with pytest.raises(LookupError, match="no AWS credentials"):
        Client().put_object("results", "a", b"", "text/plain")


def role() -> dict[str, str]:
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    return {"AccessKeyId": "AKID", "SecretAccessKey": "secret", "Token": "token", "Expiration": expires}
