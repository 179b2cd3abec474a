"""A workload in which no rule finds anything, and how to change a part of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ops.doctor.settings import (
    AlarmSettings,
    FunctionSettings,
    MappingSettings,
    ObservedMetrics,
    Series,
    SettingOrigin,
    SqsQueueSettings,
    TopicSettings,
    WorkloadSettings,
)

TOPIC = "arn:aws:sns:eu-west-1:111122223333:oncall"
ACCOUNT_ARN = "arn:aws:sqs:eu-west-1:111122223333"


def queue(name: str, **changes: Any) -> SqsQueueSettings:
    url = f"https://sqs.eu-west-1.amazonaws.com/111122223333/{name}"
    settings = SqsQueueSettings(
        origin=SettingOrigin("AWS::SQS::Queue", name, url),
        metric_names=frozenset({name}),
        no_metric_names=frozenset({url, f"{ACCOUNT_ARN}:{name}"}),
        visibility_s=180,
        retention_s=345_600,
        fifo=False,
        max_receive_count=5,
        redrive_permission=None,
        allowed_sources=(),
        encrypted=True,
        public=False,
        shut_out=(),
    )
    return replace(settings, **changes)


def function(name: str = "worker", **changes: Any) -> FunctionSettings:
    settings = FunctionSettings(
        origin=SettingOrigin("AWS::Lambda::Function", name, f"arn:aws:lambda:eu-west-1:111122223333:function:{name}"),
        metric_names=frozenset({name}),
        no_metric_names=frozenset({f"arn:aws:lambda:eu-west-1:111122223333:function:{name}"}),
        timeout_s=30,
        memory_mb=512,
        ephemeral_mb=512,
        package="Zip",
        runtime="python3.13",
        reserved=None,
        tracing=False,
        layers=("arn:aws:lambda:eu-west-1:111122223333:layer:records:3",),
        variables=frozenset(),
        snap_start=True,
        file_system=False,
        log_format="JSON",
        log_retention_days=30,
        dead_letter_target=False,
        durable_s=None,
        managed=False,
        tenant_isolation=False,
    )
    return replace(settings, **changes)


def mapping(target: FunctionSettings | None = None, name: str = "mapping-1", **changes: Any) -> MappingSettings:
    settings = MappingSettings(
        origin=SettingOrigin("AWS::Lambda::EventSourceMapping", name, "00000000-0000-4000-8000-000000000001"),
        function=target or function(),
        qualifier="live",
        enabled=True,
        batch_size=10,
        window_s=0,
        maximum_concurrency=None,
        partial_batches=True,
        minimum_pollers=None,
        filters=(),
        event_count=True,
    )
    return replace(settings, **changes)


def alarm(name: str, metric: str, at: tuple[str, str], **changes: Any) -> AlarmSettings:
    """``period``, ``statistic``: of its one series."""
    series = Series(
        namespace="AWS/SQS" if at[0] == "QueueName" else "AWS/Lambda",
        metric=metric,
        dimensions={at[0]: at[1]},
        statistic=changes.pop("statistic", "Maximum" if at[0] == "QueueName" else "Sum"),
        period_s=changes.pop("period_s", 60),
    )
    settings = AlarmSettings(
        origin=SettingOrigin("AWS::CloudWatch::Alarm", name),
        name=name,
        series=(series,),
        periods=1,
        to_alarm=1,
        comparison="GreaterThanThreshold",
        threshold=0.0,
        missing="notBreaching",
        actions=(TOPIC,),
        actions_enabled=True,
    )
    return replace(settings, **changes)


DLQ_ALARM = alarm("dead-letters", "ApproximateNumberOfMessagesVisible", ("QueueName", "orders-dlq"))
AGE_ALARM = alarm("age", "ApproximateAgeOfOldestMessage", ("QueueName", "orders"), threshold=900.0)
ERRORS_ALARM = alarm("errors", "Errors", ("FunctionName", "worker"))
THROTTLES_ALARM = alarm("throttles", "Throttles", ("FunctionName", "worker"))
ALARMS = (DLQ_ALARM, AGE_ALARM, ERRORS_ALARM, THROTTLES_ALARM)


def topic(**changes: Any) -> TopicSettings:
    settings = TopicSettings(
        origin=SettingOrigin("AWS::SNS::Topic", "oncall", TOPIC),
        arn=TOPIC,
        key=None,
        key_admits=True,
        policy_admits=True,
        subscribed=1,
        pending=0,
    )
    return replace(settings, **changes)


BOUNDED = function(reserved=1_250)
SEEN = ObservedMetrics(duration_p99_ms=4_000.0, duration_max_ms=9_000.0, oldest_max_s=600.0, init_ms=900.0)
HEALTHY = WorkloadSettings(
    name="orders",
    scope="the account",
    queue=queue("orders"),
    dlq=queue(
        "orders-dlq",
        retention_s=1_209_600,
        max_receive_count=None,
        redrive_permission="byQueue",
        allowed_sources=(f"{ACCOUNT_ARN}:orders",),
    ),
    mappings=(mapping(BOUNDED),),
    other_mappings=(),
    dlq_mappings=(),
    alarms=ALARMS,
    topics=(topic(),),
    account_concurrency=1_000,
    observed=SEEN,
)
"""Bounded by its reserved concurrency, which is as much as a mapping ever uses."""


def changed(**parts: Any) -> WorkloadSettings:
    return replace(HEALTHY, **parts)


def on_queue(**changes: Any) -> WorkloadSettings:
    return changed(queue=replace(HEALTHY.queue, **changes))


def on_dlq(**changes: Any) -> WorkloadSettings:
    return changed(dlq=replace(HEALTHY.dlq, **changes))  # type: ignore[type-var]


def on_function(**changes: Any) -> WorkloadSettings:
    return changed(mappings=(mapping(replace(BOUNDED, **changes)),))


def on_mapping(**changes: Any) -> WorkloadSettings:
    return changed(mappings=(mapping(BOUNDED, **changes),))


def with_alarms(*alarms: AlarmSettings) -> WorkloadSettings:
    """In place of the healthy alarms of the same names."""
    own = {alarm.name: alarm for alarm in (*ALARMS, *alarms)}
    return changed(alarms=tuple(own.values()))


def without_alarm(name: str, *others: AlarmSettings) -> WorkloadSettings:
    return changed(alarms=(*(alarm for alarm in ALARMS if alarm.name != name), *others))


def on_topic(**changes: Any) -> WorkloadSettings:
    return changed(topics=(topic(**changes),))
