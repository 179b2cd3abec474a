"""Alarms, topics and destinations of failed asynchronous invocations in a template."""

from __future__ import annotations

import pytest

from ops.doctor.examination import examine
from ops.doctor.settings import Unknown, known
from tests.ops.doctor.examined_templates import own_mapping, why_not_checked, workload_of

ALARM = """
Resources:
  Q: {Type: AWS::SQS::Queue, Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt D.Arn, maxReceiveCount: 5}}}
  D: {Type: AWS::SQS::Queue}
  F: {Type: AWS::Lambda::Function}
  M: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: !GetAtt Q.Arn, FunctionName: !Ref F}}
  A:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: DIMENSION}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: [!Ref T]
  T: {Type: AWS::SNS::Topic, Properties: {KmsMasterKeyId: alias/aws/sns, Subscription: [{Protocol: email}]}}
"""


def test_alarms_topics_and_how_they_name_aown_queue() -> None:
    right = examine(workload_of(ALARM.replace("DIMENSION", "!GetAtt D.QueueName")))
    rules = {finding.rule for finding in right.findings}
    assert "topic-key" in rules and not {"dlq-alarm", "alarm-dimension"} & rules
    wrong = examine(workload_of(ALARM.replace("DIMENSION", "!Ref D")))
    assert {"dlq-alarm", "alarm-dimension"} <= {finding.rule for finding in wrong.findings}
    unclear = examine(workload_of(ALARM.replace("DIMENSION", "!ImportValue dead-queue")))
    assert "Fn::ImportValue" in why_not_checked(unclear, "dlq-alarm")


EVENT_CONFIG = """
  E:
    Type: AWS::Lambda::EventInvokeConfig
    Properties: {FunctionName: !Ref F, Qualifier: $LATEST, DestinationConfig: {OnFailure: {Destination: TARGET}}}
  U: {Type: AWS::SQS::Queue}
"""


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("!GetAtt U.Arn", "${U.QueueName}"),
        ("arn:aws:sqs:eu-west-1:111122223333:failed", "failed"),
        ("!Ref T", None),
        ("arn:aws:events:eu-west-1:111122223333:event-bus/default", None),
    ],
)
def test_the_queue_of_failed_asynchronous_invocations(target: str, name: str | None) -> None:
    workload = workload_of(ALARM.replace("DIMENSION", "x") + EVENT_CONFIG.replace("TARGET", target))
    assert known(own_mapping(workload).function).undelivered == name


@pytest.mark.parametrize(
    ("own", "name"),
    [
        ("DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt U.Arn}", "${U.QueueName}"),
        (
            "EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt U.Arn}}}",
            "${U.QueueName}",
        ),
        ("EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS}}}", "SAM makes the queue"),
        ("EventInvokeConfig: {DestinationConfig: {OnFailure: {Destination: !ImportValue a}}}", "Fn::ImportValue"),
        (
            "DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt U.Arn}\n      "
            "EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Q.Arn}}}",
            "several queues keep",
        ),
        ("MemorySize: 512", None),
    ],
)
def test_the_same_of_a_sam_function(own: str, name: str | None) -> None:
    text = f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  Q: {{Type: AWS::SQS::Queue}}
  U: {{Type: AWS::SQS::Queue}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      {own}
      Events: {{Jobs: {{Type: SQS, Properties: {{Queue: !GetAtt Q.Arn}}}}}}
"""
    found = known(own_mapping(workload_of(text)).function).undelivered
    assert name in found.why if isinstance(found, Unknown) and name else found == name


def test_a_promql_alarm_of_a_template_is_not_ignored() -> None:
    head, _, tail = ALARM.partition("      Namespace: AWS/SQS")
    query = "      EvaluationCriteria: {PromQLCriteria: {Query: !Sub 'max({QueueName=\"QUEUE\"}) > 0', PendingPeriod: 60}}\n"
    promql = head + query + tail[tail.index("      AlarmActions") :]
    assert "PromQL alarm" in why_not_checked(
        examine(workload_of(promql.replace("QUEUE", "${D.QueueName}"))), "dlq-alarm"
    )
    other = examine(workload_of(promql.replace("QUEUE", "${Q.QueueName}")))
    assert "dlq-alarm" in {finding.rule for finding in other.findings}
