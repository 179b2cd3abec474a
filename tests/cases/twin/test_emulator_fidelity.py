"""Templates, names and rules behave in the emulator as on AWS."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.twin.emulator.cloudformation import enabled
from tests.fakes.lambda_host import Reply
from tests.ops.twin.emulator.conftest import ACCOUNT, REGION, Emulator, eventually


def deploy(emulator: Emulator, resources: dict[str, Any], name: str = "") -> tuple[str, dict[str, str]]:
    """The stack's name, and physical ids by logical id. With a name: update that stack."""
    cloudformation = emulator.client("cloudformation")
    body = json.dumps({"Resources": resources})
    if name:
        cloudformation.update_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    else:
        name = f"s-{uuid.uuid4().hex[:8]}"
        cloudformation.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])

    def status() -> str:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])

    eventually(lambda: status().endswith("_COMPLETE"))
    assert status() in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    described = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    return name, {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in described}


def a_function(**more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "PackageType": "Image",
            "Code": {"ImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/it:1"},
            "Role": f"arn:aws:iam::{ACCOUNT}:role/it",
            **more,
        },
    }


QUEUE = {"Type": "AWS::SQS::Queue"}
SENDER = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                }
            ],
        },
        "Policies": [
            {
                "PolicyName": "send",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}],
                },
            }
        ],
    },
}


def a_workload(**mapping: Any) -> dict[str, Any]:
    about = {"EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}, "FunctionName": {"Ref": "Function"}, **mapping}
    return {
        "Queue": QUEUE,
        "Function": a_function(),
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": about},
    }


@pytest.mark.parametrize("said", [False, "false"])
def test_a_template_may_disable_a_mapping_and_enable_it_later(emulator: Emulator, said: object) -> None:
    stack, ids = deploy(emulator, a_workload(Enabled=said))
    client = emulator.client("lambda")
    assert client.get_event_source_mapping(UUID=ids["Mapping"])["State"] == "Disabled"
    emulator.host.functions[ids["Function"]] = lambda event: Reply()
    emulator.client("sqs").send_message(QueueUrl=ids["Queue"], MessageBody="stays")
    deploy(emulator, a_workload(Enabled=True), stack)
    assert client.get_event_source_mapping(UUID=ids["Mapping"])["State"] == "Enabled"
    eventually(lambda: any(name == ids["Function"] for name, *_ in emulator.host.calls))


@pytest.mark.parametrize(("said", "on"), [(True, True), ("true", True), (False, False), ("False", False)])
def test_enabled_is_read_however_it_is_spelled(said: object, on: bool) -> None:
    assert enabled({"Enabled": said}) is on
    assert enabled({}) is True


def test_a_function_of_a_template_has_its_dead_letter_queue(emulator: Emulator) -> None:
    config = {"DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}}}
    role = {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}
    common = {"Queue": QUEUE, "Role": SENDER}
    stack, ids = deploy(emulator, {**common, "Function": a_function(**config, **role)})
    client = emulator.client("lambda")
    told = client.get_function_configuration(FunctionName=ids["Function"])["DeadLetterConfig"]["TargetArn"]
    assert told.endswith(ids["Queue"].rpartition("/")[2])
    emulator.host.functions[ids["Function"]] = lambda event: Reply({"errorMessage": "no"}, "Unhandled")
    client.invoke(FunctionName=ids["Function"], InvocationType="Event", Payload=b'{"n": 1}')
    sqs = emulator.client("sqs")
    dead: list[Any] = []

    def arrived() -> bool:
        dead.extend(
            sqs.receive_message(QueueUrl=ids["Queue"], MessageAttributeNames=["All"], WaitTimeSeconds=1).get(
                "Messages", []
            )
        )
        return bool(dead)

    eventually(arrived)
    assert json.loads(dead[0]["Body"]) == {"n": 1}
    assert "RequestID" in dead[0]["MessageAttributes"]
    deploy(emulator, {**common, "Function": a_function(Timeout=4, **role)}, stack)
    assert "DeadLetterConfig" not in client.get_function_configuration(FunctionName=ids["Function"])


@pytest.mark.parametrize("form", ["{name}", "{account}:function:{name}", "{arn}", "{account}:function:{name}:live"])
def test_a_function_is_found_by_every_form_of_its_name(emulator: Emulator, form: str) -> None:
    name = emulator.function(lambda event: Reply("fine"))
    client = emulator.client("lambda")
    arn = client.get_function_configuration(FunctionName=name)["FunctionArn"]
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    emulator.host.functions[f"{name}:1"] = lambda event: Reply("fine")
    given = form.format(name=name, account=ACCOUNT, arn=arn)
    assert client.get_function_configuration(FunctionName=given)["FunctionName"] == name
    assert json.loads(client.invoke(FunctionName=given)["Payload"].read()) == "fine"


def test_a_partial_arn_of_another_account_is_not_found(emulator: Emulator) -> None:
    name = emulator.function(lambda event: Reply())
    with pytest.raises(ClientError, match=r"ResourceNotFound|AccessDenied"):
        emulator.client("lambda").get_function_configuration(FunctionName=f"999999999999:function:{name}")


def test_mappings_are_listed_by_exact_qualifier(emulator: Emulator) -> None:
    name = emulator.function(lambda event: Reply())
    client = emulator.client("lambda")
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    plain, alias = (emulator.queue()[2] for _ in range(2))
    client.create_event_source_mapping(EventSourceArn=plain, FunctionName=name, Enabled=False)
    client.create_event_source_mapping(EventSourceArn=alias, FunctionName=f"{name}:live", Enabled=False)

    def sources(given: str) -> list[str]:
        pages = client.get_paginator("list_event_source_mappings").paginate(
            FunctionName=given, PaginationConfig={"PageSize": 1}
        )
        return [mapping["EventSourceArn"] for page in pages for mapping in page["EventSourceMappings"]]

    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    assert sources(name) == sources(arn) == sources(f"{ACCOUNT}:function:{name}") == [plain]
    assert sources(f"{name}:live") == sources(f"{arn}:live") == [alias]
    assert sources(f"{name}:1") == []
    by_queue = client.list_event_source_mappings(EventSourceArn=alias)["EventSourceMappings"]
    assert [mapping["FunctionArn"] for mapping in by_queue] == [f"{arn}:live"]


@pytest.mark.parametrize("target", ["lambda:{region}:{account}:function:gone", "sqs:{region}:{account}:gone"])
def test_an_event_that_a_rule_cannot_deliver_goes_to_its_queue(emulator: Emulator, target: str) -> None:
    arn = f"arn:aws:{target.format(region=REGION, account=ACCOUNT)}"
    name, url, dead = emulator.queue()
    events = emulator.client("events")
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, "DeadLetterConfig": {"Arn": dead}}])
    events.put_events(Entries=[{"Source": name, "DetailType": "order", "Detail": '{"id": 7}'}])
    found: list[Any] = []

    def arrived() -> bool:
        found.extend(
            emulator.client("sqs")
            .receive_message(QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=1)
            .get("Messages", [])
        )
        return bool(found)

    eventually(arrived)
    body = json.loads(found[0]["Body"])
    attributes = {key: value["StringValue"] for key, value in found[0]["MessageAttributes"].items()}
    assert (body["source"], body["detail-type"], body["detail"]) == (name, "order", {"id": 7})
    assert (attributes["RULE_ARN"], attributes["TARGET_ARN"]) == (rule, arn)
    assert attributes["ERROR_CODE"] == "NO_RESOURCE"
