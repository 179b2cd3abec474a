"""The statements that policies of topics, keys, queues and functions need on the way of a notification."""

from __future__ import annotations

from typing import Any

CLOUDWATCH, SNS = "cloudwatch.amazonaws.com", "sns.amazonaws.com"
KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")


def topic_statement(topic_arn: str, alarm_arn: str) -> dict[str, Any]:
    """A policy statement that lets every alarm of the account and region publish, including alarms that are created
    later."""
    return {
        "Sid": "AllowCloudWatchAlarms",
        "Effect": "Allow",
        "Principal": {"Service": CLOUDWATCH},
        "Action": "sns:Publish",
        "Resource": topic_arn,
        "Condition": _of_alarms(alarm_arn),
    }


def topic_key_statement(alarm_arn: str) -> dict[str, Any]:
    return {
        "Sid": "AllowCloudWatchAlarms",
        "Effect": "Allow",
        "Principal": {"Service": CLOUDWATCH},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": _of_alarms(alarm_arn),
    }


def queue_statement(queue_arn: str, topic_arn: str) -> dict[str, Any]:
    return _of_topic("sqs:SendMessage", queue_arn, {"ArnEquals": {"aws:SourceArn": topic_arn}})


def queue_key_statement(topic_arn: str) -> dict[str, Any]:
    return _of_topic(["kms:Decrypt", "kms:GenerateDataKey*"], "*", {"ArnEquals": {"aws:SourceArn": topic_arn}})


def function_statement(function_arn: str, topic_arn: str) -> dict[str, Any]:
    return _of_topic("lambda:InvokeFunction", function_arn, {"ArnLike": {"AWS:SourceArn": topic_arn}})


def _of_topic(action: str | list[str], resource: str, condition: dict[str, Any]) -> dict[str, Any]:
    return {
        "Sid": "AllowAlarmTopic",
        "Effect": "Allow",
        "Principal": {"Service": SNS},
        "Action": action,
        "Resource": resource,
        "Condition": condition,
    }


def _of_alarms(alarm_arn: str) -> dict[str, Any]:
    """``alarm_arn``: of any alarm of the account and region."""
    head = alarm_arn.rpartition(":")[0]
    return {
        "StringEquals": {"aws:SourceAccount": alarm_arn.split(":")[4]},
        "ArnLike": {"aws:SourceArn": f"{head}:*"},
    }
