"""The settings of single resources of a template. Defaults are CloudFormation's, of November 2026."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ops.aws import policies
from ops.doctor.settings import (
    AlarmSettings,
    FunctionSettings,
    MappingSettings,
    Series,
    SettingOrigin,
    SqsQueueSettings,
    TopicSettings,
    Unknown,
)
from ops.doctor.template.resources import SAM_FUNCTION, Resource, Resources, own_name, whole

QUEUE, FUNCTION, ALIAS, VERSION = (
    "AWS::SQS::Queue",
    "AWS::Lambda::Function",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Version",
)
FUNCTIONS = (FUNCTION, SAM_FUNCTION)
TOPIC, SUBSCRIPTION, TOPIC_POLICY = "AWS::SNS::Topic", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy"
KEY, KEY_ALIAS, LOG_GROUP, QUEUE_POLICY = (
    "AWS::KMS::Key",
    "AWS::KMS::Alias",
    "AWS::Logs::LogGroup",
    "AWS::SQS::QueuePolicy",
)
CLOUDWATCH = "cloudwatch.amazonaws.com"
KEY_ACTIONS, PUBLISH = ("kms:Decrypt", "kms:GenerateDataKey"), ("sns:Publish",)
IN_IMAGE = Unknown("what an image holds cannot be seen in a template")


def queue(resource: Resource, resources: Resources) -> SqsQueueSettings:
    redrive, allow = resource.inner("RedrivePolicy"), resource.inner("RedriveAllowPolicy")
    name = own_name(resource)
    return SqsQueueSettings(
        origin=resource.origin(),
        metric_names=_names(f"${{{resource.name}.QueueName}}", name),
        no_metric_names=_names(f"${{{resource.name}}}", f"${{{resource.name}.Arn}}", f"${{{resource.name}.QueueUrl}}"),
        visibility_s=resource.whole("VisibilityTimeout", 30),
        retention_s=resource.whole("MessageRetentionPeriod", 345_600),
        fifo=resource.flag("FifoQueue", False),
        max_receive_count=_within(redrive, "maxReceiveCount", lambda found: whole(found, "maxReceiveCount")),
        redrive_permission=_within(allow, "redrivePermission", str),
        allowed_sources=_texts(_within(allow, "sourceQueueArns", lambda found: found)),
        encrypted=_encrypted(resource),
        public=_public(resource, resources),
    )


def _within(block: Mapping[str, Any] | Unknown, key: str, take: Callable[[Any], Any]) -> Any:
    """``take`` of one value; None when it is absent."""
    if isinstance(block, Unknown):
        return block
    found = block.get(key)
    return found if found is None or isinstance(found, Unknown) else take(found)


def _encrypted(resource: Resource) -> bool | Unknown:
    """SQS encrypts with its own keys unless that is switched off."""
    return True if resource.get("KmsMasterKeyId") is not None else resource.flag("SqsManagedSseEnabled", True)


def _public(resource: Resource, resources: Resources) -> bool | Unknown:
    for policy in resources.of(QUEUE_POLICY):
        if _lists(policy, "Queues", resource, resources):
            document = policy.inner("PolicyDocument")
            if isinstance(document, Unknown) or policies.open_to_all(document):
                return document if isinstance(document, Unknown) else True
    return False


def _lists(policy: Resource, setting: str, resource: Resource, resources: Resources) -> bool:
    listed = policy.listed(setting)
    return not isinstance(listed, Unknown) and any(resources.find(one, resource.kind) is resource for one in listed)


def function(resource: Resource, resources: Resources) -> FunctionSettings:
    logging, environment = resource.inner("LoggingConfig"), resource.inner("Environment")
    package = resource.text("PackageType", "Zip")
    image = package == "Image"
    name = own_name(resource)
    return FunctionSettings(
        origin=resource.origin(),
        metric_names=_names(f"${{{resource.name}}}", name),
        no_metric_names=_names(f"${{{resource.name}.Arn}}"),
        timeout_s=resource.whole("Timeout", 3),
        memory_mb=resource.whole("MemorySize", 128),
        ephemeral_mb=_within(resource.inner("EphemeralStorage"), "Size", lambda found: whole(found, "Size")) or 512,
        package=package,
        runtime=IN_IMAGE if image else resource.text("Runtime") or Unknown("the function names no runtime"),
        reserved=resource.whole("ReservedConcurrentExecutions", None),
        tracing=_traced(resource),
        layers=IN_IMAGE if image else _texts(resource.listed("Layers")),
        variables=_within(environment, "Variables", _variables) or frozenset(),
        snap_start=(_within(resource.inner("SnapStart"), "ApplyOn", str) or "None") != "None",
        file_system=bool(resource.get("FileSystemConfigs")),
        log_format=_within(logging, "LogFormat", str) or "Text",
        log_retention_days=_retention(resource, logging, name, resources),
        log_group=f"/aws/lambda/{name}" if name else "LOG_GROUP",
        dead_letter_target=any(resource.get(key) for key in ("DeadLetterConfig", "DeadLetterQueue")),
    )


def _variables(found: Any) -> frozenset[str] | Unknown:
    return frozenset(found) if isinstance(found, dict) else Unknown("Variables is not a mapping")


def _traced(resource: Resource) -> bool | Unknown:
    if resource.kind == SAM_FUNCTION:
        found = resource.get("Tracing", "PassThrough")
        return found if isinstance(found, Unknown) else found == "Active"
    return _within(resource.inner("TracingConfig"), "Mode", lambda found: found == "Active") or False


def _retention(
    resource: Resource, logging: Mapping[str, Any] | Unknown, name: str, resources: Resources
) -> int | Unknown | None:
    """Of the log group that the template declares for the function; Lambda makes one that is kept forever otherwise."""
    named = logging if isinstance(logging, Unknown) else logging.get("LogGroup")
    if isinstance(named, Unknown):
        return named
    group = resources.find(named, LOG_GROUP)
    if named is not None and group is None:
        return Unknown(f"log group {named} is not in this template")
    usual = {f"/aws/lambda/${{{resource.name}}}", f"/aws/lambda/{name}"}
    group = group or next((one for one in resources.of(LOG_GROUP) if own_name(one) in usual), None)
    found: int | Unknown | None = group.whole("RetentionInDays", None) if group else None
    return found


def mapping(resource: Resource, resources: Resources) -> MappingSettings:
    invoked, qualifier = target(resource, resources)
    pollers, scaling = resource.inner("ProvisionedPollerConfig"), resource.inner("ScalingConfig")
    filters = _within(resource.inner("FilterCriteria"), "Filters", lambda found: found)
    responses, metrics = resource.listed("FunctionResponseTypes"), resource.inner("MetricsConfig")
    least = 2 if isinstance(pollers, dict) and pollers else None
    return MappingSettings(
        origin=resource.origin(),
        function=function(invoked, resources) if invoked else Unknown("the function is not in this template"),
        qualifier=qualifier,
        enabled=resource.flag("Enabled", True),
        batch_size=resource.whole("BatchSize", 10),
        window_s=resource.whole("MaximumBatchingWindowInSeconds", 0),
        maximum_concurrency=_within(scaling, "MaximumConcurrency", lambda found: whole(found, "MaximumConcurrency")),
        partial_batches=responses if isinstance(responses, Unknown) else "ReportBatchItemFailures" in responses,
        minimum_pollers=_within(pollers, "MinimumPollers", lambda found: whole(found, "MinimumPollers")) or least,
        filters=_texts(
            [one.get("Pattern") if isinstance(one, dict) else one for one in filters]
            if isinstance(filters, list)
            else filters
        ),
        event_count=_within(metrics, "Metrics", lambda found: "EventCount" in str(found)) or False,
    )


def target(resource: Resource, resources: Resources) -> tuple[Resource | None, str | Unknown]:
    """The function that a mapping invokes, and the alias or version; an empty one is $LATEST."""
    named = resource.get("FunctionName")
    if isinstance(named, Unknown) or not isinstance(named, str):
        return None, Unknown("the function that it invokes is not known")
    indirect = resources.find(named, ALIAS, VERSION)
    if indirect is not None:
        return resources.find(indirect.get("FunctionName"), *FUNCTIONS), indirect.name
    found = resources.find(named, *FUNCTIONS)
    if found is None and ":" in named:
        bare, _, qualifier = named.rpartition(":")
        return resources.find(bare, *FUNCTIONS), "" if qualifier == "$LATEST" else qualifier
    if found is not None and found.kind == SAM_FUNCTION:
        rest = named.partition("}")[0].partition(".")[2]
        alias = found.text("AutoPublishAlias") if resource.kind != "AWS::Lambda::EventSourceMapping" else None
        return found, alias or (rest if rest in ("Alias", "Version") else _after(named))
    return found, _after(named)


def _after(named: str) -> str:
    """The qualifier of ``${Function.Arn}:live``."""
    qualifier = named.rpartition("}:")[2] if "}:" in named else ""
    return "" if qualifier == "$LATEST" else qualifier


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
        actions=_texts(resource.listed("AlarmActions")),
        actions_enabled=resource.flag("ActionsEnabled", True),
        rule=resource.text("AlarmRule"),
        math=bool(resource.get("Metrics")),
    )


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
    stats = [one.get("MetricStat") for one in several if isinstance(one, dict)]
    return tuple(
        _one_series(stat["Metric"], stat)
        for stat in stats
        if isinstance(stat, dict) and isinstance(stat.get("Metric"), dict)
    )


def _one_series(metric: Mapping[str, Any], stat: Mapping[str, Any]) -> Series:
    dimensions = metric.get("Dimensions") or []
    pairs = [one for one in dimensions if isinstance(one, dict)] if isinstance(dimensions, list) else []
    statistic = stat.get("Stat") or stat.get("Statistic") or stat.get("ExtendedStatistic") or ""
    period = stat.get("Period", 60)
    return Series(
        namespace=_text(metric.get("Namespace")),
        metric=_text(metric.get("MetricName")),
        dimensions={str(one.get("Name")): _text(one.get("Value")) for one in pairs},
        statistic=_text(statistic),
        period_s=period if isinstance(period, Unknown) else whole(period, "Period"),
    )


def _text(value: Any) -> str | Unknown:
    if isinstance(value, dict | list):
        return Unknown("a value that should be a text is not")
    return value if isinstance(value, str | Unknown) else str(value or "")


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
    others = [one for one in resources.of(SUBSCRIPTION) if resources.find(one.get("TopicArn"), TOPIC) is resource]
    absent = [name for name, kind in resources.absent_kinds.items() if kind == SUBSCRIPTION]
    number = len(inline) + len(others) if isinstance(inline, list) else len(others)
    optional = (
        Unknown(f"subscription {absent[0]} is created only where {resources.absent[absent[0]]} holds") if absent else 0
    )
    return TopicSettings(
        origin=resource.origin(),
        arn=f"${{{resource.name}}}",
        key=key,
        key_admits=_key_admits(key, resources),
        policy_admits=_topic_policy(resource, resources),
        subscribed=number or optional,
        pending=0,
    )


def _key_admits(key: Any, resources: Resources) -> bool | Unknown:
    if key is None:
        return True
    if isinstance(key, Unknown):
        return key
    if str(key).rpartition(":")[2].startswith("alias/aws/"):
        return False
    alias = resources.find(key, KEY_ALIAS)
    found = resources.find(alias.get("TargetKeyId") if alias else key, KEY)
    if found is None:
        return Unknown(f"KMS key {key} is not in this template")
    document = found.inner("KeyPolicy")
    return document if isinstance(document, Unknown) else policies.allows(document, CLOUDWATCH, KEY_ACTIONS)


def _topic_policy(resource: Resource, resources: Resources) -> bool | Unknown:
    """The policy that SNS gives a topic lets alarms of its account publish; one of the template replaces it."""
    for policy in resources.of(TOPIC_POLICY):
        if _lists(policy, "Topics", resource, resources):
            document = policy.inner("PolicyDocument")
            return document if isinstance(document, Unknown) else policies.allows(document, CLOUDWATCH, PUBLISH)
    return True


def _texts(value: Any) -> tuple[str, ...] | Unknown:
    if isinstance(value, Unknown):
        return value
    items: Iterable[Any] = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(one.symbol if isinstance(one, Unknown) else str(one) for one in items)


def _names(*names: str) -> frozenset[str]:
    return frozenset(name for name in names if name)
