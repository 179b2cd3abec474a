"""Templates: intrinsics, SAM's defaults and events, references, and the lines of findings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ops.doctor.examination import examine
from ops.doctor.settings import SqsQueueSettings, Unknown
from ops.doctor.template import workloads
from ops.errors import UsageError
from tests.ops.doctor.examined_templates import own_mapping, own_queue, why_not_checked, workload_of

SAM = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Timeout: {Type: Number, Default: 20}
  Env: {Type: String}
  Batch: {Type: Number}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsSlow: !Equals [!Ref Timeout, "20"]
Globals:
  Function:
    Timeout: !Ref Timeout
    Runtime: python3.13
    Environment: {Variables: {A: 1}}
Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub "${Env}-orders"
      VisibilityTimeout: !If [IsSlow, 120, 30]
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: !If [IsProd, 5, 3]}
  Dead:
    Type: AWS::SQS::Queue
    Properties: {MessageRetentionPeriod: 1209600}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      AutoPublishAlias: live
      Environment: {Variables: {B: 2}}
      Events:
        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn, BatchSize: !Ref Batch}}
"""


def test_sam_defaults_events_and_conditions() -> None:
    workload = workload_of(SAM)
    mapping = own_mapping(workload)
    assert own_queue(workload).visibility_s == 120
    assert not isinstance(mapping.function, Unknown)
    assert (mapping.function.timeout_s, mapping.function.runtime) == (20, "python3.13")
    assert mapping.function.variables == frozenset({"A", "B"})
    assert mapping.qualifier == "live"
    assert isinstance(workload.dlq, SqsQueueSettings) and workload.dlq.retention_s == 1_209_600


def test_what_cannot_be_resolved_is_said_rule_by_rule() -> None:
    found = examine(workload_of(SAM))
    assert "parameter Batch has no default" in why_not_checked(found, "partial-batch-responses")
    assert "parameter Env has no default" in why_not_checked(found, "max-receive-count")
    assert "partial-batch-responses" not in found.fine and "max-receive-count" not in found.fine


def test_parameters_may_be_given() -> None:
    found = examine(workload_of(SAM, Batch="5", Env="prod", Timeout="21"))
    assert "partial-batch-responses" in {finding.rule for finding in found.findings}
    assert "max-receive-count" in found.fine
    assert "visibility-timeout" in {finding.rule for finding in found.findings}, "the other branch: 30 s"
    with pytest.raises(UsageError, match="no parameter Nope"):
        workload_of(SAM, Nope="1")


def test_a_finding_has_the_line_of_its_setting() -> None:
    found = examine(workload_of(SAM, Timeout="21", Batch="1", Env="dev"))
    lines = SAM.splitlines()
    assert (
        "VisibilityTimeout"
        in lines[next(finding.line for finding in found.findings if finding.rule == "visibility-timeout") - 1]
    )
    assert (
        "Dead:" in lines[next(finding.line for finding in found.findings if finding.rule == "redrive-allow-policy") - 1]
    )


def test_changes_refer_to_resources() -> None:
    found = {finding.rule: finding.change for finding in examine(workload_of(SAM, Batch="1", Env="dev")).findings}
    allowed = found["redrive-allow-policy"]
    assert '"sourceQueueArns": [{"Fn::GetAtt": ["Orders", "Arn"]}]' in allowed.cloudformation
    assert "QUEUE_ARN" in allowed.cli and "GetAtt" not in allowed.cli
    assert '{"Fn::Sub": "/aws/lambda/${Worker}"}' in found["log-retention"].cloudformation


FED = """
Resources:
  Topic: {{Type: AWS::SNS::Topic}}
  Key: {{Type: AWS::KMS::Key, Properties: {{KeyPolicy: {{Statement: [{{Effect: Allow, Principal: {{Service: {admitted}}},
    Action: [kms:Decrypt, 'kms:GenerateDataKey*'], Resource: '*'}}]}}}}}}
  Orders: {{Type: AWS::SQS::Queue, Properties: {{{key}}}}}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Orders]
      PolicyDocument: {{Statement: [{{Effect: Allow, Principal: {principal}, Action: 'sqs:SendMessage', Resource: '*',
        Condition: {{ArnEquals: {{'aws:SourceArn': {source}}}}}}}]}}
  Worker: {{Type: AWS::Lambda::Function}}
  Reads: {{Type: AWS::Lambda::EventSourceMapping, Properties: {{EventSourceArn: !GetAtt Orders.Arn, FunctionName: !Ref Worker}}}}
"""
OWN, MANAGED = "KmsMasterKeyId: !Ref Key", "KmsMasterKeyId: alias/aws/sqs"
SNS, EVERYONE = "{Service: sns.amazonaws.com}", "'*'"
THIS, A_TOPIC = "!Ref Topic", "'arn:aws:sns:eu-west-1:111122223333:orders'"


@pytest.mark.parametrize(
    ("key", "admitted", "principal", "source", "answer"),
    [
        (MANAGED, "sns.amazonaws.com", SNS, THIS, "found"),
        (OWN, "events.amazonaws.com", SNS, THIS, "found"),
        (OWN, "events.amazonaws.com", EVERYONE, A_TOPIC, "found"),
        (OWN, "sns.amazonaws.com", SNS, THIS, "fine"),
        (OWN, "events.amazonaws.com", "{Service: pipes.amazonaws.com}", THIS, "fine"),
        ("SqsManagedSseEnabled: true", "events.amazonaws.com", SNS, THIS, "fine"),
        (OWN, "events.amazonaws.com", EVERYONE, THIS, "not checked"),
        ("KmsMasterKeyId: alias/shared", "sns.amazonaws.com", SNS, THIS, "not checked"),
    ],
)
def test_a_service_that_may_send_but_not_use_the_key(
    key: str, admitted: str, principal: str, source: str, answer: str
) -> None:
    found = examine(workload_of(FED.format(key=key, admitted=admitted, principal=principal, source=source)))
    texts = [finding.text for finding in found.findings if finding.rule == "queue-key"]
    assert texts == ["the policy of Orders lets SNS send, and its KMS key does not"] * (answer == "found")
    assert ("queue-key" in found.fine) == (answer == "fine")
    assert bool(why_not_checked(found, "queue-key")) == (answer == "not checked")


def test_json_is_the_same_as_yaml() -> None:
    template: Any = {
        "Resources": {
            "Q": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 10}},
            "F": {"Type": "AWS::Lambda::Function", "Properties": {"Timeout": 60}},
            "M": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {"EventSourceArn": {"Fn::GetAtt": ["Q", "Arn"]}, "FunctionName": {"Ref": "F"}},
            },
        }
    }
    for indent in (2, "\t"):
        found = examine(workload_of(json.dumps(template, indent=indent)))
        visibility = next(finding for finding in found.findings if finding.rule == "visibility-timeout")
        assert (visibility.severity, visibility.line) == ("critical", 6)


MATH = """
Resources:
  Q: {Type: AWS::SQS::Queue}
  F: {Type: AWS::Lambda::Function, Properties: {FunctionName: !Join ["-", [a, !Ref AWS::Region]]}}
  V: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref F}}
  M: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: !GetAtt Q.Arn, FunctionName: VALUE}}
"""


@pytest.mark.parametrize(
    ("named", "qualifier"),
    [
        ("!Ref F", ""),
        ("!GetAtt F.Arn", ""),
        ("!Sub '${F.Arn}:live'", "live"),
        ("!Sub '${F}:$LATEST'", ""),
        ("!Ref V", "V"),
        ("!Sub 'a-${AWS::Region}'", ""),
    ],
)
def test_what_a_mapping_invokes(named: str, qualifier: str) -> None:
    mapping = own_mapping(workload_of(MATH.replace("VALUE", named)))
    assert not isinstance(mapping.function, Unknown)
    assert (mapping.function.origin.name, mapping.qualifier) == ("F", qualifier)


def test_a_queue_of_another_template_is_not_passed() -> None:
    text = MATH.replace("!GetAtt Q.Arn", "arn:aws:sqs:eu-west-1:111122223333:elsewhere").replace("VALUE", "!Ref F")
    found = examine(workload_of(text))
    assert found.workload == "arn:aws:sqs:eu-west-1:111122223333:elsewhere"
    assert why_not_checked(found, "visibility-timeout") == "the queue is not in this template"
    assert "partial-batch-responses" in {finding.rule for finding in found.findings}


def test_the_repositorys_own_template_has_advice_only() -> None:
    from tests.template.resources import TEMPLATE

    found = workloads.read(TEMPLATE, {})
    assert [workload.name for workload in found.workloads] == ["JobQueue"]
    assert {finding.rule for finding in examine(found.workloads[0]).findings} == {"function-on-latest", "idle-polling"}


def test_how_a_function_runs_binds_itsown_mapping() -> None:
    durable = SAM.replace(
        "AutoPublishAlias: live", "AutoPublishAlias: live\n      DurableConfig: {ExecutionTimeout: 1800}"
    )
    found = {finding.rule: finding for finding in examine(workload_of(durable, Env="prod", Batch="5")).findings}
    assert "--durable-config ExecutionTimeout=900" in found["durable-execution-timeout"].change.cli
    assert "(120 s) is less than an execution of Worker may take (1800 s)" in found["durable-visibility-timeout"].text
    managed = durable.replace("DurableConfig:", "CapacityProviderConfig: {Arn: x}\n      DurableConfig:")
    assert "durable-execution-timeout" not in {
        finding.rule for finding in examine(workload_of(managed, Env="prod", Batch="5")).findings
    }
    isolated = SAM.replace("AutoPublishAlias: live", "TenancyConfig: {TenantIsolationMode: PER_TENANT}")
    assert "tenant-isolation" in {
        finding.rule for finding in examine(workload_of(isolated, Env="prod", Batch="5")).findings
    }
