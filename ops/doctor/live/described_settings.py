"""The settings that a described workload already has, without a call to AWS. Missing settings are Unknown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ops.aws import kms, lambda_, policies, sqs
from ops.doctor.settings import (
    KEY_USERS,
    AlarmSettings,
    FunctionSettings,
    MappingSettings,
    Series,
    SettingOrigin,
    SqsQueueSettings,
    Unknown,
    WorkloadSettings,
)
from ops.workload import Reader
from ops.workload.gaps import Gap, Part, Why

if TYPE_CHECKING:
    from ops.aws.cloudwatch import Alarm, CompositeAlarm
    from ops.workload import Workload

NOT_ASKED = Unknown("ops doctor reads it, this page does not")
SCOPE = "this account and region"


def settings(workload: Workload, alarms: Sequence[Alarm] | Unknown, metric_period_s: int = 60) -> WorkloadSettings:
    """``metric_period_s``: how often its metrics are published."""
    dlq_gap = workload.gap(Part.DLQ)
    gone = dlq_gap.name if dlq_gap is not None and dlq_gap.why is Why.GONE else ""
    return WorkloadSettings(
        name=workload.queue.name,
        scope=SCOPE,
        queue=queue(workload.queue),
        dlq=unknown(dlq_gap) if dlq_gap is not None and not gone else queue(workload.dlq) if workload.dlq else None,
        mappings=_mappings(workload),
        other_mappings=tuple(_other(mapping, workload) for mapping in workload.other_mappings),
        dlq_mappings=() if workload.dlq is None and not dlq_gap else NOT_ASKED,
        alarms=alarms if isinstance(alarms, Unknown) else tuple(map(alarm, alarms)),
        topics=NOT_ASKED,
        account_concurrency=_account(workload),
        observed=NOT_ASKED,
        metric_period_s=metric_period_s,
        price_region=workload.region,
        dlq_gone=gone,
    )


def unknown(gap: Gap) -> Unknown:
    """The reason as a clause, without the full stop."""
    return Unknown(gap.text.rstrip("."))


def _mappings(workload: Workload) -> tuple[MappingSettings, ...] | Unknown:
    gap = workload.gap(Part.MAPPING)
    if gap is not None and workload.mapping is None:
        return unknown(gap)
    if workload.mapping is None:
        return Unknown("no function of this account and region reads the queue")
    own = workload.function
    readers = workload.readers or (Reader(workload.mapping, own),)
    return tuple(
        mapping(reader, own if own and reader.function and reader.function.arn == own.arn else reader.function)
        for reader in readers
    )


def _account(workload: Workload) -> int | Unknown:
    quota = workload.account_concurrency
    return Unknown("the account's concurrency could not be read") if quota is None else quota


def queue(resource: sqs.Queue) -> SqsQueueSettings:
    return SqsQueueSettings(
        origin=SettingOrigin("AWS::SQS::Queue", resource.name, resource.url),
        metric_names=frozenset({resource.name}),
        no_metric_names=frozenset({resource.url, resource.arn}),
        visibility_s=resource.visibility_s,
        retention_s=resource.retention_s,
        fifo=resource.fifo,
        max_receive_count=resource.max_receive_count,
        redrive_permission=resource.redrive_permission,
        allowed_sources=resource.allowed_sources,
        encrypted=Unknown("SQS does not say whether it is encrypted")
        if resource.encrypted is None
        else resource.encrypted,
        public=resource.public,
        shut_out=_shut_out(resource),
    )


def key_users(resource: sqs.Queue) -> tuple[str, ...]:
    """Services that its policy lets send, and that need its KMS key for that."""
    return tuple(sorted(policies.senders(resource.policy) & KEY_USERS.keys())) if resource.kms_key else ()


def _shut_out(resource: sqs.Queue) -> tuple[str, ...] | Unknown:
    """The AWS managed key admits no service; the policy of another one has to be asked for."""
    users = key_users(resource)
    return users if not users or kms.AWS_MANAGED_PREFIX in str(resource.kms_key) else NOT_ASKED


def mapping(reader: Reader, function: lambda_.Function | None) -> MappingSettings:
    """``function``: with its reserved concurrency where that was read."""
    missing = unknown(reader.gap) if reader.gap else Unknown("the function could not be read")
    return mapping_settings(reader.mapping, function_settings(function) if function else missing)


def _other(resource: lambda_.EventSourceMapping, workload: Workload) -> MappingSettings:
    own = workload.function
    same = own is not None and lambda_.bare_arn(own.arn) == lambda_.bare_arn(resource.function_arn)
    return mapping_settings(
        resource, function_settings(own) if own and same else Unknown("the function could not be read")
    )


def mapping_settings(resource: lambda_.EventSourceMapping, function: FunctionSettings | Unknown) -> MappingSettings:
    qualifier = lambda_.qualified_name(resource.function_arn).partition(":")[2]
    filters = Unknown(resource.unreadable_filters) if resource.unreadable_filters else resource.filters
    return MappingSettings(
        origin=SettingOrigin("AWS::Lambda::EventSourceMapping", resource.uuid, resource.uuid),
        function=function,
        qualifier="" if qualifier == "$LATEST" else qualifier,
        enabled=Unknown(f"it is {resource.state or 'in no state'}") if resource.enabled is None else resource.enabled,
        batch_size=resource.batch_size,
        window_s=resource.window_s,
        maximum_concurrency=resource.maximum_concurrency,
        partial_batches=resource.partial_batches,
        minimum_pollers=resource.minimum_pollers,
        filters=filters,
        event_count=resource.event_count,
    )


def function_settings(resource: lambda_.Function) -> FunctionSettings:
    image = resource.package == "Image"
    in_image = Unknown("what an image holds cannot be seen in settings")
    return FunctionSettings(
        origin=SettingOrigin("AWS::Lambda::Function", resource.name, resource.arn),
        metric_names=frozenset({resource.name}),
        no_metric_names=frozenset({resource.arn, lambda_.bare_arn(resource.arn)}),
        timeout_s=resource.timeout_s,
        memory_mb=resource.memory_mb,
        ephemeral_mb=resource.ephemeral_mb,
        package=resource.package,
        runtime=in_image if image else resource.runtime or Unknown("Lambda names no runtime"),
        reserved=resource.reserved,
        tracing=resource.tracing,
        layers=in_image if image else resource.layers,
        variables=frozenset(resource.variables),
        snap_start=resource.snap_start,
        file_system=resource.file_system,
        log_format=resource.log_format,
        log_retention_days=NOT_ASKED,
        dead_letter_target=resource.dead_letter_arn is not None,
        durable_s=_durable(resource),
        managed=resource.managed,
        tenant_isolation=resource.tenant_isolation,
        log_group=resource.log_group,
    )


def undelivered(targets: tuple[str, ...], function_arn: str) -> str | Unknown | None:
    """The queue among ``targets`` of failed asynchronous invocations. The metrics of another account's or region's are not
    here."""
    home = tuple(function_arn.split(":")[3:5])
    queues = [arn.split(":") for arn in targets if ":sqs:" in arn]
    found = sorted({parts[-1] for parts in queues if tuple(parts[3:5]) == home})
    if len(found) > 1:
        return Unknown(f"several queues keep failed asynchronous invocations: {', '.join(found)}")
    if queues and not found:
        return Unknown("the queue of failed asynchronous invocations is in another account or region")
    return found[0] if found else None


def _durable(resource: lambda_.Function) -> int | Unknown | None:
    if not resource.durable:
        return None
    return Unknown("Lambda names no execution timeout") if resource.durable_s is None else resource.durable_s


def alarm(resource: Alarm) -> AlarmSettings:
    return AlarmSettings(
        origin=SettingOrigin("AWS::CloudWatch::Alarm", resource.name, resource.name),
        name=resource.name,
        series=tuple(
            Series(metric.namespace, metric.metric, dict(metric.dimensions), metric.statistic, metric.period_s)
            for metric in resource.metrics
        ),
        periods=resource.periods,
        to_alarm=resource.to_alarm,
        comparison=resource.comparison,
        threshold=resource.threshold,
        missing=resource.missing_data,
        actions=resource.actions,
        actions_enabled=resource.actions_enabled,
        math=resource.math,
        promql=resource.promql,
    )


def log_alarm(resource: Mapping[str, Any]) -> AlarmSettings:
    """``resource``: a log alarm as DescribeAlarms returns it. Its actions are not read: no rule looks at them."""
    name = str(resource.get("AlarmName") or "")
    return AlarmSettings(
        origin=SettingOrigin("log alarm", name, name),
        name=name,
        actions=(),
        actions_enabled=True,
        log_query=json.dumps(resource.get("ScheduledQueryConfiguration") or {}),
    )


def composite(resource: CompositeAlarm) -> AlarmSettings:
    return AlarmSettings(
        origin=SettingOrigin("AWS::CloudWatch::CompositeAlarm", resource.name, resource.name),
        name=resource.name,
        actions=resource.actions,
        actions_enabled=resource.actions_enabled,
        rule=resource.rule,
    )
