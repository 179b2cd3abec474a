"""The roles and policies of template.yaml: each allows exactly its work."""

from __future__ import annotations

from typing import Any

from handler import contract
from tests.template.resources import actions, of_type, statements

FUNCTION_ACTIONS = {
    "TakeJobs": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
    "SendAgain": {"sqs:SendMessage"},
    "BuryAtOnce": {"sqs:SendMessage"},
    "WriteResults": {"s3:PutObject"},
    "ReadInputsAndModels": {"s3:GetObject"},
    "TellMissingFromDenied": {"s3:ListBucket"},
    "AnnounceResults": {"events:PutEvents"},
    "RememberJobs": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"},
    "WriteLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    "Trace": {"xray:PutTraceSegments", "xray:PutTelemetryRecords"},
    "ReadData": {"s3:GetObject"},
    "TellMissingDataFromDenied": {"s3:ListBucket"},
    "MountData": {"elasticfilesystem:ClientMount"},
}


def test_each_role_may_do_exactly_its_work(resources: dict[str, Any]) -> None:
    roles = of_type(resources, "AWS::IAM::Role")
    assert set(roles) == {"FunctionRole", "ApiRole"}
    assert {statement["Sid"]: actions(statement) for statement in statements(roles["FunctionRole"])} == FUNCTION_ACTIONS
    assert [actions(statement) for statement in statements(roles["ApiRole"])] == [{"sqs:SendMessage"}]
    sender = resources["JobSenderPolicy"]["Properties"]
    assert [actions(statement) for statement in statements(sender)] == [{"execute-api:Invoke"}]


def test_only_what_has_no_resource_to_name_is_allowed_on_everything(resources: dict[str, Any]) -> None:
    everywhere = {
        statement.get("Sid")
        for role in of_type(resources, "AWS::IAM::Role").values()
        for statement in statements(role)
        if statement["Resource"] == "*"
    }
    assert everywhere == {"Trace", "MountData"}


def test_objects_are_read_and_written_below_their_prefixes_only(resources: dict[str, Any]) -> None:
    by_sid = {statement["Sid"]: statement for statement in statements(resources["FunctionRole"]["Properties"])}
    results = {"Fn::Sub": f"${{ResultsBucket.Arn}}/{contract.RESULT_PREFIX}*"}
    assert by_sid["WriteResults"]["Resource"] == results
    assert by_sid["ReadInputsAndModels"]["Resource"] == [{"Fn::Sub": "${ResultsBucket.Arn}/inputs/*"}, results]


def test_a_service_acts_for_this_account_only(resources: dict[str, Any]) -> None:
    """Whom a key, a topic and the function's role let in. Queues name the one rule that may send to them."""
    key = resources["AlarmTopicKey"]["Properties"]["KeyPolicy"]["Statement"]
    topic = resources["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    role = resources["FunctionRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    services = [statement for statement in [*key, *topic, *role] if "Service" in statement.get("Principal", {})]
    assert len(services) == 3
    for statement in services:
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    for queue in ("ResultsQueuePolicy", "UndeliveredQueuePolicy"):
        allowed = resources[queue]["Properties"]["PolicyDocument"]["Statement"][0]
        assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["ResultsRule", "Arn"]}}}
