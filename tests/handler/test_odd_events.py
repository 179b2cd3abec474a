"""Events that SQS never sends: each is rejected or returned, and no other message of the batch is lost."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest

from handler.errors import Rejected
from tests.fakes.handler_aws import FakeAws
from tests.handler.worlds import Context, cause, failed, job, record


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in record("m1", job()).items() if key != name}


def changed(**members: Any) -> dict[str, Any]:
    return {**record("m1", job()), **members}


@pytest.mark.parametrize(
    "event",
    [
        None, [], "x", 5, True, {}, "", [job()], {"Records": None}, {"Records": "x"}, {"Records": {}},
        {"Records": []}, {"Records": [None]}, {"Records": ["x"]}, {"Records": [{}]},
        {"Records": [without("messageId")]},
        {"Records": [without("receiptHandle")]}, {"Records": [without("eventSourceARN")]},
        {"Records": [changed(body=None)]}, {"Records": [changed(body=5)]}, {"Records": [record("m0", job()), None]},
        {"Records": [changed(eventSourceARN="x")]},
        {"Records": [changed(eventSourceARN="arn:aws:sqs:evil.example/#:000000000000:q")]},
        {"Records": [changed(eventSourceARN="arn:aws:sns:us-east-1:000000000000:q")]},
        {**json.loads(job()), "Records": {}},
    ],
)  # fmt: skip
def test_an_event_that_is_neither_a_batch_nor_a_job_is_rejected(
    app: ModuleType,
    aws: FakeAws,
    event: Any,
) -> None:
    with pytest.raises(Rejected):
        app.lambda_handler(event, Context())
    assert not aws.calls["SendMessage"] and not aws.objects


@pytest.mark.parametrize(
    ("odd", "given_back", "dead"),
    [
        (
            changed(messageId="odd", body="no JSON", messageAttributes={"a": {"stringValue": 5}, "b": None}),
            [],
            ["NotJson"],
        ),
        (changed(messageId="odd", attributes={}, body=job(job_id="odd")), [], []),
        (changed(messageId="odd", attributes=None, body=job(job_id="odd")), [], []),
        (changed(messageId="odd", attributes={"ApproximateReceiveCount": "x"}, body=job(job_id="odd")), [], []),
    ],
)
def test_an_odd_record_does_its_batch_no_harm(
    app: ModuleType,
    aws: FakeAws,
    odd: dict[str, Any],
    given_back: list[str],
    dead: list[str],
) -> None:
    answer = app.lambda_handler({"Records": [record("m0", job(job_id="good")), odd]}, Context())
    assert failed(answer) == given_back
    assert aws.result("good")
    assert [cause(message) for message in aws.sent] == dead


@pytest.mark.parametrize("job_id", [".", "..", "", "a/b", "a\n", "a b", "\u00e9", "x" * 129])
def test_an_id_that_is_no_name_of_an_object_is_rejected(app: ModuleType, aws: FakeAws, job_id: str) -> None:
    assert failed(app.lambda_handler({"Records": [record("m1", job(job_id=job_id))]}, Context())) == []
    assert [cause(message) for message in aws.sent] == ["WrongSchema"]
    assert not aws.objects


@pytest.mark.parametrize("job_id", ["...", ".a", "a..b", "-", "x" * 128])
def test_dots_within_an_id_are_allowed(app: ModuleType, aws: FakeAws, job_id: str) -> None:
    assert failed(app.lambda_handler({"Records": [record("m1", job(job_id=job_id))]}, Context())) == []
    assert aws.result(job_id)
