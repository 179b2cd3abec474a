"""The exact change for a problem: a command of the AWS CLI and the properties of CloudFormation.

What a template does not tell (a queue's URL, a mapping's UUID) is a placeholder in capitals.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from ops.doctor.rule import SettingChange
from ops.doctor.settings import SettingOrigin, SqsQueueSettings


def queue(origin: SettingOrigin, attribute: str, value: Any) -> SettingChange:
    """One attribute of a queue, which has the same name in CloudFormation. ``value``: a number, a word or a policy."""
    is_policy = isinstance(value, dict)
    policy = json.dumps(value, default=str)
    for reference in re.findall(r'\{"Fn::GetAtt": \["[^"]*", "Arn"\]\}', policy):
        policy = policy.replace(reference, '"QUEUE_ARN"')
    attributes = json.dumps({attribute: policy}) if is_policy else f"{attribute}={_word(value)}"
    cli = (
        f"aws sqs set-queue-attributes --queue-url {id_of(origin, 'QUEUE_URL')} --attributes {shlex.quote(attributes)}"
    )
    return SettingChange(cli, _property(origin, attribute, value))


def arn(settings: SqsQueueSettings) -> Any:
    """A queue's ARN, or what stands for it in a template."""
    known = next((name for name in settings.no_metric_names if name.startswith("arn:")), None)
    return known or {"Fn::GetAtt": [settings.origin.name, "Arn"]}


def function(origin: SettingOrigin, options: str, setting: str, value: Any) -> SettingChange:
    """``options``: of update-function-configuration."""
    cli = f"aws lambda update-function-configuration --function-name {name(origin)} {options}"
    return SettingChange(cli, _property(origin, setting, value))


def reserved(origin: SettingOrigin, number: int) -> SettingChange:
    cli = (
        f"aws lambda put-function-concurrency --function-name {name(origin)} --reserved-concurrent-executions {number}"
    )
    return SettingChange(cli, _property(origin, "ReservedConcurrentExecutions", number))


def mapping(origin: SettingOrigin, options: str, setting: str, value: Any) -> SettingChange:
    """``options``: of update-event-source-mapping."""
    cli = f"aws lambda update-event-source-mapping --uuid {id_of(origin, 'MAPPING_UUID')} {options}"
    return SettingChange(cli, _property(origin, setting, value))


def alarm(origin: SettingOrigin, options: str, setting: str, value: Any) -> SettingChange:
    """``options``: of put-metric-alarm, which takes all settings of the alarm again."""
    cli = f"aws cloudwatch put-metric-alarm --alarm-name {name(origin)} … {options}"
    return SettingChange(cli, _property(origin, setting, value))


def new_alarm(
    name: str, namespace: str, metric: str, dimension: tuple[str, str], statistic: str, how: str
) -> SettingChange:
    """``how``: ``M/N > THRESHOLD`` or ``M/N >= THRESHOLD``, of minutes."""
    ratio, sign, threshold = how.split()
    most, of = ratio.split("/")
    comparison = {">": "GreaterThanThreshold", ">=": "GreaterThanOrEqualToThreshold"}[sign]
    options = (
        f"--namespace {namespace} --metric-name {metric} --dimensions {shlex.quote(f'Name={dimension[0]},Value={dimension[1]}')} "
        f"--statistic {statistic} --period 60 --evaluation-periods {of} --datapoints-to-alarm {most} "
        f"--comparison-operator {comparison} --threshold {threshold} --treat-missing-data notBreaching --alarm-actions TOPIC_ARN"
    )
    properties = {
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": dimension[0], "Value": dimension[1]}],
        "Statistic": statistic,
        "Period": 60,
        "EvaluationPeriods": int(of),
        "DatapointsToAlarm": int(most),
        "ComparisonOperator": comparison,
        "Threshold": float(threshold),
        "TreatMissingData": "notBreaching",
        "AlarmActions": ["TOPIC_ARN"],
    }
    command = f"aws cloudwatch put-metric-alarm --alarm-name {shlex.quote(name)} {options}"
    return SettingChange(command, f"AWS::CloudWatch::Alarm: {json.dumps(properties, ensure_ascii=False)}")


def both(first: SettingChange, second: SettingChange) -> SettingChange:
    """Two changes, the second only after the first."""
    return SettingChange(f"{first.cli} && {second.cli}", f"{first.cloudformation}; {second.cloudformation}")


def id_of(origin: SettingOrigin, placeholder: str) -> str:
    """What the AWS CLI needs, quoted; the placeholder in a template."""
    return shlex.quote(origin.id) if origin.id else placeholder


def other(cli: str, cloudformation: str) -> SettingChange:
    return SettingChange(cli, cloudformation)


def _property(origin: SettingOrigin, setting: str, value: Any) -> str:
    text = _word(value) if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)
    return f"{origin.name} ({origin.kind}): {setting}: {text}"


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def name(origin: SettingOrigin) -> str:
    """The name of a function or an alarm. In a template, the logical ID stands for it."""
    return shlex.quote(origin.name)
