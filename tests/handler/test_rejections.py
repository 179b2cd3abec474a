"""Jobs that can never succeed: each becomes a dead-letter message that names its cause; the rest of the batch completes."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from handler import contract
from tests.fakes.handler_aws import FakeAws
from tests.handler.batches import announced, handle
from tests.handler.worlds import MODEL, QUEUE_ARN, TRACE_HEADER, Context, cause, job, of_tenant, record


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{", "NotJson"),
        ("[1]", "NotJson"),
        ("[" * 100_000, "NotJson"),
        ("\x07 no\x00 json", "NotJson"),
        ('{"schema": 1}', "WrongSchema"),
        (job().replace('"schema": 1', '"schema": true', 1), "WrongSchema"),
        (job().replace('"schema": 1', '"schema": 2', 1), "WrongSchema"),
        (job(job_id="../x"), "WrongSchema"),
        (job(job_id="x" * 129), "WrongSchema"),
        (job(data=[1]), "WrongSchema"),
        (job(params={"model": MODEL, "speed": 1}), "WrongSchema"),
        (job(params={}), "WrongSchema"),
        (job(params={"model": {**MODEL, "scale": [1, 0]}}), "WrongSchema"),
        (job(params={"model": {**MODEL, "mean": [1]}}), "WrongSchema"),
        (job(params={"model": {**MODEL, "schema": 99}}), "UnknownModelSchema"),
        (job(kind="cluster"), "UnknownJob"),
        (job(data={"columns": {"a": [1], "b": []}}), "WrongSchema"),
        (job(data={"columns": {"a": [[1]], "b": [[2]]}}), "WrongSchema"),
        (job(data={"columns": {"a": [{}], "b": [1]}}), "WrongSchema"),
        (job(data={"columns": {"a": [10**400], "b": [1]}}), "WrongSchema"),
        (job(data={"columns": {"a": [], "b": []}}), "UnusableData"),
        (job(data={"columns": {"a": ["x"], "b": [1]}}), "UnusableData"),
        (job(data={"columns": {"a": [1]}}), "UnusableData"),
        (job(data="s3://inputs/none.csv"), "DataNotFound"),
        (job(data="s3://secrets/table.csv"), "DataDenied"),
        (job(data="s3://inputs"), "WrongSchema"),
        (job(data="table.csv"), "WrongSchema"),
        (job(data="/etc/passwd"), "PathOutsideMount"),
        (
            job("train", data={"columns": {"y": [1] * 50, "x": list(range(50))}}, params={"outcome": "y"}),
            "UnusableData",
        ),
    ],
)
def test_poison_goes_to_the_dead_letter_queue_and_the_rest_completes(
    app: ModuleType, aws: FakeAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, expected: str
) -> None:
    monkeypatch.setenv(contract.ENV_DATA_MOUNT, str(tmp_path))
    aws.denied.add("secrets")
    before, after = record("before", job(job_id="before")), record("after", job(job_id="after"))
    assert handle(app, before, record("poison", body), after) == []
    assert [event["job_id"] for event in announced(aws)] == ["before", "after"]
    [letter] = aws.sent
    assert (letter["MessageBody"], cause(letter)) == (body, expected)
    [rejected] = announced(aws, contract.EVENT_JOB_REJECTED)
    assert rejected["error_type"] == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"[" * 100_000, "UnusableData"), (b"{", "UnusableData"), (b"[]", "WrongSchema"), (b"{}", "UnknownModelSchema")],
)
def test_a_named_model_that_is_none_is_poison(app: ModuleType, aws: FakeAws, content: bytes, expected: str) -> None:
    aws.objects["models", "m.json"] = content
    assert handle(app, record("m1", job(params={"model": "s3://models/m.json"}))) == []
    assert [cause(letter) for letter in aws.sent] == [expected]


def test_a_dead_letter_names_its_message_queue_and_invocation(app: ModuleType, aws: FakeAws) -> None:
    own = {"tenant": {"stringValue": "a", "dataType": "String", "stringListValues": [], "binaryListValues": []}}
    handle(app, record("m1", "nonsense", attributes=own))
    [letter] = aws.sent
    found = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert found.pop(contract.DLQ_ERROR_MESSAGE).startswith("the body is not JSON")
    assert found == {
        contract.DLQ_ERROR_TYPE: "NotJson",
        contract.DLQ_ORIGINAL_MESSAGE_ID: "m1",
        contract.DLQ_REQUEST_ID: Context.aws_request_id,
        contract.DLQ_SOURCE_ARN: record("m1", "")["eventSourceARN"],
        "tenant": "a",
    }


def test_a_dead_letter_keeps_its_tenant_and_trace(app: ModuleType, aws: FakeAws) -> None:
    handle(app, of_tenant(record("m1", "nonsense"), "tenant-a"), record("m2", "nonsense"))
    kept, plain = aws.sent
    assert kept["MessageGroupId"] == "tenant-a"
    assert kept["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"] == TRACE_HEADER
    assert not {"MessageGroupId", "MessageSystemAttributes"} & plain.keys()


def test_a_dead_letter_of_a_fifo_queue_is_never_sent_with_its_group_alone(app: ModuleType, aws: FakeAws) -> None:
    handle(app, of_tenant(record("m1", "nonsense"), "group-1", f"{QUEUE_ARN}.fifo"))
    assert all("MessageGroupId" not in letter for letter in aws.sent)


def test_a_cause_with_characters_that_sqs_refuses_is_sent_all_the_same(app: ModuleType, aws: FakeAws) -> None:
    params = {"columns": ["\ud800\x07\uffff\U0001f600"]}
    assert handle(app, record("m1", job("describe", data={"columns": {"a": [1]}}, params=params))) == []
    assert handle(app, record("m2", job("describe", data="s3://inputs/\ud800"))) == []
    assert [cause(letter) for letter in aws.sent] == ["UnusableData", "WrongSchema"]


def test_a_rejection_with_a_huge_cause_is_cut_and_does_the_others_no_harm(app: ModuleType, aws: FakeAws) -> None:
    poison = json.dumps({"x" * 300_000: 1})
    assert handle(app, record("poison", poison), *(record(f"m{n}", job(job_id=f"j{n}")) for n in range(3))) == []
    [letter], [rejected] = aws.sent, announced(aws, contract.EVENT_JOB_REJECTED)
    message = letter["MessageAttributes"][contract.DLQ_ERROR_MESSAGE]["StringValue"]
    assert message == rejected["error_message"] and message.startswith("unknown member") and len(message) == 500
    assert len(announced(aws)) == 3


def test_rejections_that_the_bus_does_not_take_do_the_results_no_harm(app: ModuleType, aws: FakeAws) -> None:
    aws.refused_types.add(contract.EVENT_JOB_REJECTED)
    assert handle(app, record("m1", job()), record("poison", "{")) == []
    assert [event["job_id"] for event in announced(aws)] == ["job-1"] and len(aws.sent) == 1


def test_a_dead_letter_that_is_not_taken_is_an_ordinary_failure(app: ModuleType, aws: FakeAws) -> None:
    aws.fail("SendMessage", 500, "InternalFailure")
    assert handle(app, record("poison", "{"), record("good", job())) == ["poison"]
    assert aws.sent == [] and aws.result("job-1")
