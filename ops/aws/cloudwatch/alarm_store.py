"""Puts, deletes and tags alarms by their definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ops.aws.cloudwatch.alarms import alarm_types
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.aws.clients import Aws

Definition = Mapping[str, Any]
NO_OPERATION = ("UnknownOperationException", "InvalidAction", "InvalidActionException")
"""Codes of an endpoint that does not have an operation."""
MAX_NAMES = 100
"""Limit of DescribeAlarms and DeleteAlarms (botocore 1.44.5 model, 2026-11)."""


def definitions_named(aws: Aws, names: Sequence[str]) -> dict[str, Definition]:
    """The alarms with these names as DescribeAlarms answers, by name; those that do not exist are left out."""
    found: list[Definition] = []
    types = alarm_types(aws)
    with aws.translate_errors("cloudwatch", "alarms"):
        for start in range(0, len(names), MAX_NAMES):
            batch = list(names[start : start + MAX_NAMES])
            found += _items(aws.cloudwatch.describe_alarms(AlarmNames=batch, AlarmTypes=types, MaxRecords=MAX_NAMES))
    return {definition["AlarmName"]: definition for definition in found}


def definitions_with_prefix(aws: Aws, prefix: str) -> dict[str, Definition]:
    with aws.translate_errors("cloudwatch", "alarms"):
        pages = aws.cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=prefix, AlarmTypes=alarm_types(aws)
        )
        found = [definition for page in pages for definition in _items(page)]
    return {definition["AlarmName"]: definition for definition in found}


def is_log_alarm(definition: Definition) -> bool:
    return "ScheduledQueryConfiguration" in definition


def _items(answer: Any) -> list[Definition]:
    return [
        definition for kind in ("MetricAlarms", "CompositeAlarms", "LogAlarms") for definition in answer.get(kind, [])
    ]


def alarm_tags(aws: Aws, alarm_arn: str) -> dict[str, str]:
    """Needs cloudwatch:ListTagsForResource."""
    with aws.translate_errors("cloudwatch", f"tags of alarm {alarm_arn.partition(':alarm:')[2]}"):
        found = aws.cloudwatch.list_tags_for_resource(ResourceARN=alarm_arn)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def put_alarm(aws: Aws, definition: Definition, tags: Mapping[str, str]) -> None:
    """A metric, composite or log alarm, made or replaced as a whole. Tags are set only on one that is new (PutMetricAlarm, API
    reference, 2026-11). Needs cloudwatch:PutMetricAlarm, PutCompositeAlarm or PutLogAlarm, and TagResource."""
    put: Any = {**definition, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
    with aws.translate_errors("cloudwatch", f"alarm {definition['AlarmName']}"):
        if "AlarmRule" in definition:
            aws.cloudwatch.put_composite_alarm(**put)
        elif is_log_alarm(definition):
            if "PutLogAlarm" not in aws.cloudwatch.meta.service_model.operation_names:
                error = AwsError("The installed botocore has no PutLogAlarm.")
                error.code = NO_OPERATION[0]
                raise error
            aws.cloudwatch.put_log_alarm(**put)
        else:
            aws.cloudwatch.put_metric_alarm(**put)


def tag_alarm(aws: Aws, alarm_arn: str, tags: Mapping[str, str], removed: Sequence[str] = ()) -> None:
    """Needs cloudwatch:TagResource, and UntagResource where some are removed."""
    with aws.translate_errors("cloudwatch", f"tags of alarm {alarm_arn.partition(':alarm:')[2]}"):
        every: Any = [{"Key": key, "Value": value} for key, value in tags.items()]
        aws.cloudwatch.tag_resource(ResourceARN=alarm_arn, Tags=every)
        if removed:
            aws.cloudwatch.untag_resource(ResourceARN=alarm_arn, TagKeys=list(removed))


def delete_alarms(aws: Aws, names: Sequence[str]) -> None:
    """At most 100 metric alarms, or one composite or log alarm. Needs cloudwatch:DeleteAlarms."""
    with aws.translate_errors("cloudwatch", f"alarm {names[0]}" if len(names) == 1 else "alarms"):
        aws.cloudwatch.delete_alarms(AlarmNames=list(names))
