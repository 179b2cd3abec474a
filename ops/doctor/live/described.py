"""The settings that a described workload has, without a call to AWS. What it lacks is Unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops.aws import lambda_, sqs
from ops.doctor.settings import (
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
        other_mappings=tuple(_other(one, workload) for one in workload.other_mappings),
        dlq_mappings=() if workload.dlq is None and not dlq_gap else NOT_ASKED,
        alarms=alarms if isinstance(alarms, Unknown) else tuple(map(alarm, alarms)),
        topics=NOT_ASKED,
        account_concurrency=_account(workload),
        observed=NOT_ASKED,
        metric_period_s=metric_period_s,
        dlq_gone=gone,
    )


def unknown(gap: Gap) -> Unknown:
    """As a clause, without the full stop."""
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
        mapping(one, own if own and one.function and one.function.arn == own.arn else one.function) for one in readers
    )


def _account(workload: Workload) -> int | Unknown:
    quota = workload.account_concurrency
    return Unknown("the account's concurrency could not be read") if quota is None else quota


def queue(found: sqs.Queue) -> SqsQueueSettings:
    return SqsQueueSettings(
        origin=SettingOrigin("AWS::SQS::Queue", found.name, found.url),
        metric_names=frozenset({found.name}),
        no_metric_names=frozenset({found.url, found.arn}),
        visibility_s=found.visibility_s,
        retention_s=found.retention_s,
        fifo=found.fifo,
        max_receive_count=found.max_receive_count,
        redrive_permission=found.redrive_permission,
        allowed_sources=found.allowed_sources,
        encrypted=Unknown("SQS does not say whether it is encrypted") if found.encrypted is None else found.encrypted,
        public=found.public,
    )


def mapping(reader: Reader, function: lambda_.Function | None) -> MappingSettings:
    """``function``: with its reserved concurrency where that was read."""
    missing = unknown(reader.gap) if reader.gap else Unknown("the function could not be read")
    return _mapping(reader.mapping, function_settings(function) if function else missing)


def _other(found: lambda_.EventSourceMapping, workload: Workload) -> MappingSettings:
    own = workload.function
    same = own is not None and lambda_.bare_arn(own.arn) == lambda_.bare_arn(found.function_arn)
    return _mapping(found, function_settings(own) if own and same else Unknown("the function could not be read"))


def _mapping(found: lambda_.EventSourceMapping, function: FunctionSettings | Unknown) -> MappingSettings:
    qualifier = lambda_.qualified_name(found.function_arn).partition(":")[2]
    filters = Unknown(found.unreadable_filters) if found.unreadable_filters else found.filters
    return MappingSettings(
        origin=SettingOrigin("AWS::Lambda::EventSourceMapping", found.uuid, found.uuid),
        function=function,
        qualifier="" if qualifier == "$LATEST" else qualifier,
        enabled=found.enabled,
        batch_size=found.batch_size,
        window_s=found.window_s,
        maximum_concurrency=found.maximum_concurrency,
        partial_batches=found.partial_batches,
        minimum_pollers=found.minimum_pollers,
        filters=filters,
        event_count=found.event_count,
    )


def function_settings(found: lambda_.Function) -> FunctionSettings:
    image = found.package == "Image"
    in_image = Unknown("what an image holds cannot be seen in settings")
    return FunctionSettings(
        origin=SettingOrigin("AWS::Lambda::Function", found.name, found.arn),
        metric_names=frozenset({found.name}),
        no_metric_names=frozenset({found.arn, lambda_.bare_arn(found.arn)}),
        timeout_s=found.timeout_s,
        memory_mb=found.memory_mb,
        ephemeral_mb=found.ephemeral_mb,
        package=found.package,
        runtime=in_image if image else found.runtime or Unknown("Lambda names no runtime"),
        reserved=found.reserved,
        tracing=found.tracing,
        layers=in_image if image else found.layers,
        variables=frozenset(found.variables),
        snap_start=found.snap_start,
        file_system=found.file_system,
        log_format=found.log_format,
        log_retention_days=NOT_ASKED,
        dead_letter_target=found.dead_letter_arn is not None,
        log_group=found.log_group,
    )


def alarm(found: Alarm) -> AlarmSettings:
    return AlarmSettings(
        origin=SettingOrigin("AWS::CloudWatch::Alarm", found.name, found.name),
        name=found.name,
        series=tuple(
            Series(one.namespace, one.metric, dict(one.dimensions), one.statistic, one.period_s)
            for one in found.metrics
        ),
        periods=found.periods,
        to_alarm=found.to_alarm,
        comparison=found.comparison,
        threshold=found.threshold,
        missing=found.missing_data,
        actions=found.actions,
        actions_enabled=found.actions_enabled,
        math=found.math,
    )


def composite(found: CompositeAlarm) -> AlarmSettings:
    return AlarmSettings(
        origin=SettingOrigin("AWS::CloudWatch::CompositeAlarm", found.name, found.name),
        name=found.name,
        series=(),
        periods=1,
        to_alarm=1,
        comparison="",
        threshold=None,
        missing="",
        actions=found.actions,
        actions_enabled=found.actions_enabled,
        rule=found.rule,
    )
