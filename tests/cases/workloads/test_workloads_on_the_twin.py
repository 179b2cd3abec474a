"""Stacks of other shapes than this project's own, deployed to the twin and found there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ops import workload
from ops.aws import Aws
from ops.cli.app import run
from ops.target import Target, resolve
from ops.workload import Part, Why, Workload
from tests.twins import Twin

pytestmark = pytest.mark.twin

ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    },
}


def att(name: str, attribute: str = "Arn") -> Any:
    return {"Fn::GetAtt": [name, attribute]}


def queue(name: str = "", dlq: str = "") -> Any:
    properties: dict[str, Any] = {"QueueName": name} if name else {}
    if dlq:
        properties["RedrivePolicy"] = {"deadLetterTargetArn": att(dlq), "maxReceiveCount": 3}
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def function(name: str) -> Any:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": name,
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Role": att("Role"),
            "Code": {"ZipFile": "def handler(event, context): pass"},
            "Timeout": 5,
        },
    }


def mapping(source: Any, reader: Any) -> Any:
    return {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {"EventSourceArn": source, "FunctionName": reader, "BatchSize": 1},
    }


def exported(name: str, value: Any) -> Any:
    return {"Value": value, "Export": {"Name": name}}


@contextmanager
def deployed(twin: Twin, stacks: dict[str, dict[str, Any]]) -> Iterator[None]:
    """The stacks, one after the other; taken away in reverse."""
    cloudformation = twin.client("cloudformation")
    made: list[str] = []
    try:
        for name, template in stacks.items():
            cloudformation.create_stack(
                StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
            )
            made.append(name)
            while (status := _status(cloudformation, name)).endswith("IN_PROGRESS"):
                time.sleep(0.1)
            assert status == "CREATE_COMPLETE"
        yield
    finally:
        for name in reversed(made):
            cloudformation.delete_stack(StackName=name)


def _status(cloudformation: Any, name: str) -> str:
    return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])


def described(twin: Twin, **named: Any) -> Workload:
    keys: dict[str, Any] = {
        "access_key_id": twin.state.access_key_id,
        "secret_access_key": twin.state.secret_access_key,
    }
    target = Target(endpoint=twin.state.endpoint, region=twin.state.region, **keys, **named)
    return workload.describe(Aws(target), target)


def names(found: Workload) -> tuple[str, str, str]:
    return (
        found.queue.name,
        found.dlq.name if found.dlq else "",
        found.readers[0].name if found.readers else "",
    )


def test_queue_function_and_mapping_in_three_stacks(twin: Twin) -> None:
    stacks = {
        "three-q": {
            "Resources": {"D": queue("three-dlq"), "Q": queue("three", "D")},
            "Outputs": {"Q": exported("three-q-arn", att("Q"))},
        },
        "three-f": {
            "Resources": {"Role": ROLE, "F": function("three-worker")},
            "Outputs": {"F": exported("three-f-arn", att("F"))},
        },
        "three-m": {
            "Resources": {"M": mapping({"Fn::ImportValue": "three-q-arn"}, {"Fn::ImportValue": "three-f-arn"})}
        },
    }
    with deployed(twin, stacks):
        for name in stacks:
            assert names(described(twin, stack=name)) == ("three", "three-dlq", "three-worker")


def test_a_monitor_and_a_nested_stack(twin: Twin) -> None:
    inner = {
        "Resources": {
            "Role": ROLE,
            "D": queue("nest-dlq"),
            "Q": queue("nest", "D"),
            "Monitor": function("nest-monitor"),
            "Worker": function("nest-worker"),
            "MM": mapping(att("D"), att("Monitor")),
            "MW": mapping(att("Q"), att("Worker")),
        }
    }
    s3 = twin.client("s3")
    s3.create_bucket(Bucket="nest-templates")
    s3.put_object(Bucket="nest-templates", Key="inner.json", Body=json.dumps(inner).encode())
    outer = {
        "Resources": {
            "Inner": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"TemplateURL": f"{twin.state.endpoint}/nest-templates/inner.json"},
            }
        }
    }
    try:
        with deployed(twin, {"nest": outer}):
            assert names(described(twin, stack="nest")) == ("nest", "nest-dlq", "nest-worker")
            assert names(described(twin, queue="nest-dlq")) == ("nest", "nest-dlq", "nest-worker")
    finally:
        s3.delete_object(Bucket="nest-templates", Key="inner.json")
        s3.delete_bucket(Bucket="nest-templates")


def test_a_dead_letter_queue_that_was_deleted(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    resources = {"D": queue("lost-dlq"), "Q": queue("lost", "D")}
    with deployed(twin, {"lost": {"Resources": resources}}):
        sqs = twin.client("sqs")
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="lost-dlq")["QueueUrl"])
        gap = described(twin, queue="lost").gap(Part.DLQ)
        assert gap is not None
        assert (gap.name, gap.why) == ("lost-dlq", Why.GONE)
        assert run(["status", "--queue", "lost"]) == 1
        assert run(["dlq", "scan", "--queue", "lost"]) == 3
        said = capsys.readouterr()
        assert "lost-dlq does not exist" in " ".join((said.out + said.err).split())
        assert "redrive policy" not in said.out + said.err


def test_a_queue_for_what_a_rule_could_not_deliver(twin: Twin) -> None:
    target = resolve(queue="scilearn-undelivered", environ={})
    found = workload.describe(Aws(target), target)
    assert found.dlq == found.queue
    (serves,) = found.serves
    assert serves.startswith("EventBridge rule scilearn-ResultsRule")
