"""The settings of a template's alarms, and of the topics that they publish to. Defaults are CloudFormation's, of November
2026."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.aws import policies
from ops.doctor.settings import AlarmSettings, Series, SettingOrigin, TopicSettings, Unknown
from ops.doctor.template import keys
from ops.doctor.template.resources import Resource, Resources, own_name, whole
from ops.doctor.template.values import lists, text, texts

TOPIC, SUBSCRIPTION, TOPIC_POLICY = "AWS::SNS::Topic", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy"
CLOUDWATCH = "cloudwatch.amazonaws.com"
PUBLISH = ("sns:Publish",)


def alarm(resource: Resource) -> AlarmSettings:
    periods = resource.whole("EvaluationPeriods", 1)
    return AlarmSettings(
        origin=resource.origin(),
        name=own_name(resource) or resource.name,
        series=_series(resource),
        periods=periods,
        to_alarm=resource.whole("DatapointsToAlarm", None) or periods,
        comparison=resource.text("ComparisonOperator") or Unknown("the alarm has no comparison"),
        threshold=_number(resource.get("Threshold")),
        missing=resource.text("TreatMissingData", "missing"),
        actions=texts(resource.listed("AlarmActions")),
        actions_enabled=resource.flag("ActionsEnabled", True),
        rule=resource.text("AlarmRule"),
        math=bool(resource.get("Metrics")),
        promql=_promql(resource.inner("EvaluationCriteria")),
    )


def _promql(criteria: Mapping[str, Any] | Unknown) -> str | Unknown:
    """The query of a PromQL alarm; empty of any other. Names in it are as ``Sub`` has them."""
    if isinstance(criteria, Unknown):
        return criteria
    promql = criteria.get("PromQLCriteria")
    return text(promql.get("Query")) if isinstance(promql, dict) else promql if isinstance(promql, Unknown) else ""


def absent_alarm(name: str, why: str) -> AlarmSettings:
    """An alarm of which nothing is known."""
    unknown = Unknown(why)
    series = Series(unknown, unknown, {"QueueName": unknown, "FunctionName": unknown}, unknown, unknown)
    return AlarmSettings(
        origin=SettingOrigin("AWS::CloudWatch::Alarm", name),
        name=name,
        series=(series,),
        periods=unknown,
        to_alarm=unknown,
        comparison=unknown,
        threshold=unknown,
        missing=unknown,
        actions=(),
        actions_enabled=unknown,
    )


def _series(resource: Resource) -> tuple[Series, ...]:
    several = resource.get("Metrics")
    if not isinstance(several, list):
        own = resource.properties
        return (_one_series(own, own),) if "MetricName" in own else ()
    stats = [entry.get("MetricStat") for entry in several if isinstance(entry, dict)]
    return tuple(
        _one_series(stat["Metric"], stat)
        for stat in stats
        if isinstance(stat, dict) and isinstance(stat.get("Metric"), dict)
    )


def _one_series(metric: Mapping[str, Any], stat: Mapping[str, Any]) -> Series:
    dimensions = metric.get("Dimensions") or []
    pairs = (
        [dimension for dimension in dimensions if isinstance(dimension, dict)] if isinstance(dimensions, list) else []
    )
    statistic = stat.get("Stat") or stat.get("Statistic") or stat.get("ExtendedStatistic") or ""
    period = stat.get("Period", 60)
    return Series(
        namespace=text(metric.get("Namespace")),
        metric=text(metric.get("MetricName")),
        dimensions={str(pair.get("Name")): text(pair.get("Value")) for pair in pairs},
        statistic=text(statistic),
        period_s=period if isinstance(period, Unknown) else whole(period, "Period"),
    )


def _number(value: Any) -> float | Unknown | None:
    if value is None or isinstance(value, Unknown):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return Unknown("the threshold is not a number")


def topic(resource: Resource, resources: Resources) -> TopicSettings:
    key = resource.text("KmsMasterKeyId") or None
    inline = resource.listed("Subscription")
    others = [
        subscription
        for subscription in resources.of(SUBSCRIPTION)
        if resources.find(subscription.get("TopicArn"), TOPIC) is resource
    ]
    absent = [name for name, kind in resources.absent_kinds.items() if kind == SUBSCRIPTION]
    number = len(inline) + len(others) if isinstance(inline, list) else len(others)
    optional = (
        Unknown(f"subscription {absent[0]} is created only where {resources.absent[absent[0]]} holds") if absent else 0
    )
    return TopicSettings(
        origin=resource.origin(),
        arn=f"${{{resource.name}}}",
        key=key,
        key_admits=keys.admits(key, CLOUDWATCH, resources),
        policy_admits=_topic_policy(resource, resources),
        subscribed=number or optional,
        pending=0,
    )


def _topic_policy(resource: Resource, resources: Resources) -> bool | Unknown:
    """The policy that SNS gives a topic lets alarms of its account publish; one of the template replaces it."""
    for policy in resources.of(TOPIC_POLICY):
        if lists(policy, "Topics", resource, resources):
            document = policy.inner("PolicyDocument")
            return document if isinstance(document, Unknown) else policies.allows(document, CLOUDWATCH, PUBLISH)
    return True
