"""A workload's settings as the rules read them, from an account or from a template.

A value that could not be read or resolved is ``Unknown``: ``known`` turns it into ``NotChecked``, so that no rule passes
on a setting that it did not see. None means that the setting is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ops.pricing import PRICE_REGION

T = TypeVar("T")


@dataclass(frozen=True)
class Unknown:
    """``why`` is a clause: "parameter Env has no default". ``symbol`` stands for the value where it is part of a text."""

    why: str
    symbol: str = "${?}"


class NotChecked(Exception):
    """A rule cannot answer. ``str()`` is the reason, a clause."""


def known(value: T | Unknown) -> T:
    """The value. Raises NotChecked."""
    if isinstance(value, Unknown):
        raise NotChecked(value.why)
    return value


@dataclass(frozen=True)
class SettingOrigin:
    """Where a setting is. ``name``: the logical ID in a template, else the resource's own name. ``id``: what the AWS CLI
    needs (a URL, UUID or ARN); empty in a template. ``line`` and ``lines`` (of properties) start at 1; 0: not in a file."""

    kind: str
    name: str
    id: str = ""
    line: int = 0
    lines: Mapping[str, int] = field(default_factory=dict)

    def line_of(self, setting: str) -> int:
        return self.lines.get(setting, self.line)


KEY_USERS = {"sns": "SNS", "events": "EventBridge", "s3": "S3"}
"""Services that send to a queue by themselves, and need its KMS key for that; by their names in ARNs."""


@dataclass(frozen=True)
class SqsQueueSettings:
    """Durations in seconds. ``metric_names``: how alarms may name it in the dimension QueueName; ``no_metric_names``: its
    URL and ARN, which they may not. ``allowed_sources``: names or references of its redrive allow policy. ``shut_out``: of
    ``KEY_USERS``, those that its policy lets send, and its KMS key does not."""

    origin: SettingOrigin
    metric_names: frozenset[str]
    no_metric_names: frozenset[str]
    visibility_s: int | Unknown
    retention_s: int | Unknown
    fifo: bool | Unknown
    max_receive_count: int | Unknown | None
    redrive_permission: str | Unknown | None
    allowed_sources: tuple[str, ...] | Unknown
    encrypted: bool | Unknown
    public: bool | Unknown
    shut_out: tuple[str, ...] | Unknown


@dataclass(frozen=True)
class FunctionSettings:
    """``variables``: names of environment variables. ``log_retention_days`` None: kept forever. ``reserved`` None: none.
    ``durable_s``: execution timeout of a durable function, else None. ``managed``: it runs on Lambda Managed Instances."""

    origin: SettingOrigin
    metric_names: frozenset[str]
    no_metric_names: frozenset[str]
    timeout_s: int | Unknown
    memory_mb: int | Unknown
    ephemeral_mb: int | Unknown
    package: str | Unknown
    runtime: str | Unknown
    reserved: int | Unknown | None
    tracing: bool | Unknown
    layers: tuple[str, ...] | Unknown
    variables: frozenset[str] | Unknown
    snap_start: bool | Unknown
    file_system: bool | Unknown
    log_format: str | Unknown
    log_retention_days: int | Unknown | None
    dead_letter_target: bool | Unknown
    durable_s: int | Unknown | None
    managed: bool | Unknown
    tenant_isolation: bool | Unknown
    log_group: str = "LOG_GROUP"
    """The log group's name, or a placeholder where a template does not give it."""
    undelivered: str | Unknown | None = None
    """The queue of its failed asynchronous invocations, as a dimension names it; None without one."""


@dataclass(frozen=True)
class MappingSettings:
    """An event source mapping. ``qualifier``: an alias or a version; empty for $LATEST. ``filters``: patterns as JSON.
    ``minimum_pollers`` and ``maximum_pollers``: of provisioned mode, else None."""

    origin: SettingOrigin
    function: FunctionSettings | Unknown
    qualifier: str | Unknown
    enabled: bool | Unknown
    batch_size: int | Unknown
    window_s: int | Unknown
    maximum_concurrency: int | Unknown | None
    partial_batches: bool | Unknown
    minimum_pollers: int | Unknown | None
    filters: tuple[str, ...] | Unknown
    event_count: bool | Unknown


@dataclass(frozen=True)
class Series:
    """A metric that an alarm reads. ``dimensions``: values by name."""

    namespace: str | Unknown
    metric: str | Unknown
    dimensions: Mapping[str, str | Unknown]
    statistic: str | Unknown
    period_s: int | Unknown


@dataclass(frozen=True)
class AlarmSettings:
    """Settings of a metric, PromQL, composite or log alarm. Only a metric alarm has series, a comparison and a threshold.

    ``rule``: of a composite alarm. ``math``: whether a metric alarm evaluates an expression. ``promql``: the query of a PromQL
    alarm. ``log_query``: the query of a log alarm with its log groups.
    """

    origin: SettingOrigin
    name: str
    actions: tuple[str, ...] | Unknown
    actions_enabled: bool | Unknown
    series: tuple[Series, ...] = ()
    periods: int | Unknown = 1
    to_alarm: int | Unknown = 1
    comparison: str | Unknown = ""
    threshold: float | Unknown | None = None
    missing: str | Unknown = ""
    rule: str | Unknown = ""
    math: bool = False
    promql: str | Unknown = ""
    log_query: str = ""


@dataclass(frozen=True)
class TopicSettings:
    """A topic that alarms publish to. ``key``: its KMS key, None without one. ``key_admits`` and ``policy_admits``: whether
    the key's and the topic's policies allow CloudWatch. ``subscribed``, ``pending``: numbers of subscriptions."""

    origin: SettingOrigin
    arn: str
    key: str | Unknown | None
    key_admits: bool | Unknown
    policy_admits: bool | Unknown
    subscribed: int | Unknown
    pending: int | Unknown


@dataclass(frozen=True)
class ObservedMetrics:
    """What metrics show of the last two weeks; None where there is no data. Milliseconds and seconds."""

    duration_p99_ms: float | None = None
    duration_max_ms: float | None = None
    oldest_max_s: float | None = None
    init_ms: float | None = None


NEEDS_METRICS = Unknown("needs metrics of a running workload")


@dataclass(frozen=True)
class WorkloadSettings:
    """``dlq`` None: none. ``mappings``: of the queue; ``other_mappings``: of the same functions, on other queues;
    ``dlq_mappings``: what reads the dead-letter queue. ``scope``: where alarms were looked for ("this template").
    ``price_region``: whose prices it is shown at; a template is of no region, and shown at us-east-1's."""

    name: str
    scope: str
    queue: SqsQueueSettings | Unknown
    dlq: SqsQueueSettings | Unknown | None
    mappings: tuple[MappingSettings, ...] | Unknown
    other_mappings: tuple[MappingSettings, ...] | Unknown
    dlq_mappings: tuple[MappingSettings, ...] | Unknown
    alarms: tuple[AlarmSettings, ...] | Unknown
    topics: tuple[TopicSettings, ...] | Unknown
    account_concurrency: int | Unknown
    observed: ObservedMetrics | Unknown = NEEDS_METRICS
    dlq_gone: str = ""
    """The dead-letter queue that the queue names, where that does not exist."""
    metric_period_s: int = 60
    """How often its metrics are published; AWS does by the minute."""
    deadline_s: int | None = None
    """How long a message may take, where the user says so."""
    price_region: str = PRICE_REGION
