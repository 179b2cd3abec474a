"""Alarms to rehearse, as PutMetricAlarm takes them."""

from __future__ import annotations

from typing import Any

from ops.alarms.rehearsal import WorkloadRoles

TOPIC = "arn:aws:sns:eu-west-1:111122223333:pages"
ROLES = WorkloadRoles(queue=frozenset({"jobs"}), dlq=frozenset({"jobs-dlq"}), function=frozenset({"worker"}))


def alarm(name: str, metric: str, threshold: float, **more: Any) -> dict[str, Any]:
    """On a metric of the queue "jobs", by the minute, Maximum > threshold, unless ``more`` says otherwise."""
    return {
        "AlarmName": name,
        "Namespace": "AWS/SQS",
        "MetricName": metric,
        "Dimensions": [{"Name": "QueueName", "Value": "jobs"}],
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": threshold,
        "TreatMissingData": "notBreaching",
        "AlarmActions": [TOPIC],
    } | more


def composite(name: str, rule: str, **more: Any) -> dict[str, Any]:
    return {"AlarmName": name, "AlarmRule": rule, "AlarmActions": [TOPIC]} | more
