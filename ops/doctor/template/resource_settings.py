"""The settings of a template's queues, functions and mappings. Defaults are CloudFormation's, of November 2026."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.aws import policies
from ops.doctor.settings import KEY_USERS, FunctionSettings, MappingSettings, SqsQueueSettings, Unknown
from ops.doctor.template import keys
from ops.doctor.template.resources import SAM_FUNCTION, Resource, Resources, own_name, whole
from ops.doctor.template.undelivered import undelivered_queue
from ops.doctor.template.values import lists, names, texts, within

QUEUE, FUNCTION, ALIAS, VERSION = (
    "AWS::SQS::Queue",
    "AWS::Lambda::Function",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Version",
)
FUNCTIONS = (FUNCTION, SAM_FUNCTION)
LOG_GROUP, QUEUE_POLICY = "AWS::Logs::LogGroup", "AWS::SQS::QueuePolicy"
IN_IMAGE = Unknown("what an image holds cannot be seen in a template")
NO_EXECUTION_TIMEOUT = Unknown("DurableConfig has no ExecutionTimeout")


def queue(resource: Resource, resources: Resources) -> SqsQueueSettings:
    redrive, allow = resource.inner("RedrivePolicy"), resource.inner("RedriveAllowPolicy")
    name = own_name(resource)
    return SqsQueueSettings(
        origin=resource.origin(),
        metric_names=names(f"${{{resource.name}.QueueName}}", name),
        no_metric_names=names(f"${{{resource.name}}}", f"${{{resource.name}.Arn}}", f"${{{resource.name}.QueueUrl}}"),
        visibility_s=resource.whole("VisibilityTimeout", 30),
        retention_s=resource.whole("MessageRetentionPeriod", 345_600),
        fifo=resource.flag("FifoQueue", False),
        max_receive_count=within(redrive, "maxReceiveCount", lambda value: whole(value, "maxReceiveCount")),
        redrive_permission=within(allow, "redrivePermission", str),
        allowed_sources=texts(within(allow, "sourceQueueArns", lambda value: value)),
        encrypted=_encrypted(resource),
        public=_public(resource, resources),
        shut_out=_shut_out(resource, resources),
    )


def _encrypted(resource: Resource) -> bool | Unknown:
    """SQS encrypts with its own keys unless that is switched off."""
    return True if resource.get("KmsMasterKeyId") is not None else resource.flag("SqsManagedSseEnabled", True)


def _shut_out(resource: Resource, resources: Resources) -> tuple[str, ...] | Unknown:
    key = resource.get("KmsMasterKeyId")
    if key is None:
        return ()
    found = []
    for policy in resources.of(QUEUE_POLICY):
        document = policy.inner("PolicyDocument") if lists(policy, "Queues", resource, resources) else None
        if isinstance(document, Unknown):
            return document
        users = policies.senders(document)
        if "" in users:
            return Unknown(f"{policy.name} does not name the service that it lets send")
        for service in sorted(users & KEY_USERS.keys()):
            admitted = keys.admits(key, f"{service}.amazonaws.com", resources)
            if isinstance(admitted, Unknown):
                return admitted
            if not admitted:
                found.append(service)
    return tuple(dict.fromkeys(found))


def _public(resource: Resource, resources: Resources) -> bool | Unknown:
    for policy in resources.of(QUEUE_POLICY):
        if lists(policy, "Queues", resource, resources):
            document = policy.inner("PolicyDocument")
            if isinstance(document, Unknown) or policies.open_to_all(document):
                return document if isinstance(document, Unknown) else True
    return False


def function(resource: Resource, resources: Resources) -> FunctionSettings:
    logging, environment = resource.inner("LoggingConfig"), resource.inner("Environment")
    package = resource.text("PackageType", "Zip")
    image = package == "Image"
    name = own_name(resource)
    return FunctionSettings(
        origin=resource.origin(),
        metric_names=names(f"${{{resource.name}}}", name),
        no_metric_names=names(f"${{{resource.name}.Arn}}"),
        timeout_s=resource.whole("Timeout", 3),
        memory_mb=resource.whole("MemorySize", 128),
        ephemeral_mb=within(resource.inner("EphemeralStorage"), "Size", lambda value: whole(value, "Size")) or 512,
        package=package,
        runtime=IN_IMAGE if image else resource.text("Runtime") or Unknown("the function names no runtime"),
        reserved=resource.whole("ReservedConcurrentExecutions", None),
        tracing=_traced(resource),
        layers=IN_IMAGE if image else texts(resource.listed("Layers")),
        variables=within(environment, "Variables", _variables) or frozenset(),
        snap_start=(within(resource.inner("SnapStart"), "ApplyOn", str) or "None") != "None",
        file_system=bool(resource.get("FileSystemConfigs")),
        log_format=within(logging, "LogFormat", str) or "Text",
        log_retention_days=_retention(resource, logging, name, resources),
        log_group=f"/aws/lambda/{name}" if name else "LOG_GROUP",
        undelivered=undelivered_queue(resource, resources),
        dead_letter_target=any(resource.get(key) for key in ("DeadLetterConfig", "DeadLetterQueue")),
        durable_s=_durable(resource.inner("DurableConfig")),
        managed=bool(resource.get("CapacityProviderConfig")),
        tenant_isolation=bool(resource.get("TenancyConfig")),
    )


def _durable(config: Mapping[str, Any] | Unknown) -> int | Unknown | None:
    if isinstance(config, Unknown):
        return config
    if not config:
        return None
    return (
        whole(config["ExecutionTimeout"], "ExecutionTimeout") if "ExecutionTimeout" in config else NO_EXECUTION_TIMEOUT
    )


def _variables(value: Any) -> frozenset[str] | Unknown:
    return frozenset(value) if isinstance(value, dict) else Unknown("Variables is not a mapping")


def _traced(resource: Resource) -> bool | Unknown:
    if resource.kind == SAM_FUNCTION:
        value = resource.get("Tracing", "PassThrough")
        return value if isinstance(value, Unknown) else value == "Active"
    return within(resource.inner("TracingConfig"), "Mode", lambda value: value == "Active") or False


def _retention(
    resource: Resource, logging: Mapping[str, Any] | Unknown, name: str, resources: Resources
) -> int | Unknown | None:
    """The retention of the log group that the template declares for the function. Without one, Lambda creates a group
    that never expires."""
    named = logging if isinstance(logging, Unknown) else logging.get("LogGroup")
    if isinstance(named, Unknown):
        return named
    group = resources.find(named, LOG_GROUP)
    if named is not None and group is None:
        return Unknown(f"log group {named} is not in this template")
    usual = {f"/aws/lambda/${{{resource.name}}}", f"/aws/lambda/{name}"}
    group = group or next((resource for resource in resources.of(LOG_GROUP) if own_name(resource) in usual), None)
    days: int | Unknown | None = group.whole("RetentionInDays", None) if group else None
    return days


def mapping(resource: Resource, resources: Resources) -> MappingSettings:
    invoked, qualifier = target(resource, resources)
    pollers, scaling = resource.inner("ProvisionedPollerConfig"), resource.inner("ScalingConfig")
    filters = within(resource.inner("FilterCriteria"), "Filters", lambda value: value)
    responses, metrics = resource.listed("FunctionResponseTypes"), resource.inner("MetricsConfig")
    least = 2 if isinstance(pollers, dict) and pollers else None
    return MappingSettings(
        origin=resource.origin(),
        function=function(invoked, resources) if invoked else Unknown("the function is not in this template"),
        qualifier=qualifier,
        enabled=resource.flag("Enabled", True),
        batch_size=resource.whole("BatchSize", 10),
        window_s=resource.whole("MaximumBatchingWindowInSeconds", 0),
        maximum_concurrency=within(scaling, "MaximumConcurrency", lambda value: whole(value, "MaximumConcurrency")),
        partial_batches=responses if isinstance(responses, Unknown) else "ReportBatchItemFailures" in responses,
        minimum_pollers=within(pollers, "MinimumPollers", lambda value: whole(value, "MinimumPollers")) or least,
        filters=texts(
            [entry.get("Pattern") if isinstance(entry, dict) else entry for entry in filters]
            if isinstance(filters, list)
            else filters
        ),
        event_count=within(metrics, "Metrics", lambda value: "EventCount" in str(value)) or False,
    )


def target(resource: Resource, resources: Resources) -> tuple[Resource | None, str | Unknown]:
    """The function that a mapping invokes, and the alias or version; an empty one is $LATEST."""
    named = resource.get("FunctionName")
    if isinstance(named, Unknown) or not isinstance(named, str):
        return None, Unknown("the function that it invokes is not known")
    indirect = resources.find(named, ALIAS, VERSION)
    if indirect is not None:
        return resources.find(indirect.get("FunctionName"), *FUNCTIONS), indirect.name
    function = resources.find(named, *FUNCTIONS)
    if function is None and ":" in named:
        bare, _, qualifier = named.rpartition(":")
        return resources.find(bare, *FUNCTIONS), "" if qualifier == "$LATEST" else qualifier
    if function is not None and function.kind == SAM_FUNCTION:
        rest = named.partition("}")[0].partition(".")[2]
        alias = function.text("AutoPublishAlias") if resource.kind != "AWS::Lambda::EventSourceMapping" else None
        return function, alias or (rest if rest in ("Alias", "Version") else _after(named))
    return function, _after(named)


def _after(named: str) -> str:
    """The qualifier of ``${Function.Arn}:live``."""
    qualifier = named.rpartition("}:")[2] if "}:" in named else ""
    return "" if qualifier == "$LATEST" else qualifier
