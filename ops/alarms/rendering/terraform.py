"""Alarms as Terraform's JSON configuration, for the provider hashicorp/aws.

References of a CloudFormation template (``${JobQueue.QueueName}``) become variables (``var.job_queue_queue_name``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ops.alarms.catalogue import RecommendedAlarm
from ops.alarms.rendering.unique_names import unique_names

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9]+")
_BETWEEN_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
FIELDS = (
    "AlarmName",
    "AlarmDescription",
    "Namespace",
    "MetricName",
    "Statistic",
    "ExtendedStatistic",
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "ComparisonOperator",
    "Threshold",
    "TreatMissingData",
    "AlarmActions",
    "AlarmRule",
)


def terraform(alarms: Iterable[RecommendedAlarm]) -> str:
    """One file ``….tf.json``."""
    known = tuple(alarms)
    variables: dict[str, str] = {}
    names = unique_names(known, lambda alarm: _snake(alarm.name), "_")
    metric = {names[alarm.name]: _metric(alarm.definition, variables) for alarm in known if not alarm.composite}
    composite = {names[alarm.name]: _composite(alarm, known, names, variables) for alarm in known if alarm.composite}
    resources = {"aws_cloudwatch_metric_alarm": metric, "aws_cloudwatch_composite_alarm": composite}
    declared = {
        name: {"type": "string", "description": f"CloudFormation: {reference}"}
        for name, reference in sorted(variables.items())
    }
    document = {"variable": declared, "resource": {kind: found for kind, found in resources.items() if found}}
    return json.dumps({key: value for key, value in document.items() if value}, indent=2, ensure_ascii=False) + "\n"


def _common(definition: Mapping[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    fields = {_snake(field): _resolved(definition[field], variables) for field in FIELDS if field in definition}
    for field, name in (("OKActions", "ok_actions"), ("InsufficientDataActions", "insufficient_data_actions")):
        if field in definition:
            fields[name] = _resolved(definition[field], variables)
    return fields


def _metric(definition: Mapping[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    fields = _common(definition, variables)
    if "Dimensions" in definition:
        fields["dimensions"] = _dimensions(definition["Dimensions"], variables)
    if "Metrics" in definition:
        fields["metric_query"] = [_query(each, variables) for each in definition["Metrics"]]
    return fields


def _query(query: Mapping[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    if "Expression" in query:
        return {
            "id": query["Id"],
            "expression": _resolved(query["Expression"], variables),
            "label": query["Label"],
            "return_data": True,
        }
    stat = query["MetricStat"]
    metric = {
        "namespace": stat["Metric"]["Namespace"],
        "metric_name": stat["Metric"]["MetricName"],
        "period": _resolved(stat["Period"], variables),
        "stat": stat["Stat"],
    }
    if "Dimensions" in stat["Metric"]:
        metric["dimensions"] = _dimensions(stat["Metric"]["Dimensions"], variables)
    return {"id": query["Id"], "metric": [metric]}


def _composite(
    alarm: RecommendedAlarm,
    known: Iterable[RecommendedAlarm],
    names: Mapping[str, str],
    variables: dict[str, str],
) -> dict[str, Any]:
    """A composite alarm, which depends on the alarms that its rule names."""
    rule = str(alarm.definition["AlarmRule"])
    needed = [
        f"aws_cloudwatch_{'composite' if each.composite else 'metric'}_alarm.{names[each.name]}"
        for each in known
        if f'ALARM("{each.name}")' in rule
    ]
    return {**_common(alarm.definition, variables), "depends_on": needed}


def _dimensions(named: Iterable[Mapping[str, str]], variables: dict[str, str]) -> dict[str, Any]:
    return {each["Name"]: _resolved(each["Value"], variables) for each in named}


def _resolved(value: Any, variables: dict[str, str]) -> Any:
    """The value with references as Terraform variables, which are added to ``variables``."""
    if isinstance(value, list):
        return [_resolved(each, variables) for each in value]
    if not isinstance(value, str):
        return value

    def variable(found: re.Match[str]) -> str:
        name = _snake(found[1])
        variables[name] = found[0]
        return f"${{var.{name}}}"

    return _REFERENCE.sub(variable, value)


def _snake(name: str) -> str:
    plain = _NOT_A_NAME.sub("_", _BETWEEN_WORDS.sub("_", name)).strip("_").lower()
    return plain if not plain[:1].isdigit() else f"alarm_{plain}"
