"""Reads all settings of a workload in an account, part by part: what AWS denies is Unknown, the rest is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from handler import contract
from ops.aws import cloudwatch, kms, lambda_, logs, policies, sns
from ops.aws.cloudwatch import MetricQuery
from ops.aws.parallel_calls import parallel_map
from ops.doctor.live import described_settings
from ops.doctor.settings import (
    AlarmSettings,
    MappingSettings,
    ObservedMetrics,
    SettingOrigin,
    SqsQueueSettings,
    TopicSettings,
    Unknown,
    WorkloadSettings,
)
from ops.workload import consumers
from ops.workload.gaps import Gap, Part, Why, attempt

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.lambda_ import Function
    from ops.aws.sqs import Queue
    from ops.workload import Reader, Workload

DAYS, DAY_S = 14, 86_400
CLOUDWATCH = "cloudwatch.amazonaws.com"
T = TypeVar("T")


@dataclass(frozen=True)
class LiveSettings:
    """``refused``: whether AWS refused to show a part that a rule needs. ``undelivered_gap``: why the destination of failed
    asynchronous invocations could not be read, which only one alarm of the catalogue needs."""

    workload: WorkloadSettings
    refused: bool
    undelivered_gap: Gap | None = None


def read(aws: Aws, workload: Workload) -> LiveSettings:
    """Five metrics of two weeks are asked for, which costs $0.00005. Raises CredentialsError and Unreachable."""
    reading = _Reading(aws)
    alarms = reading.alarms(workload)
    base = described_settings.settings(workload, (), aws.target.finest_period)
    readers = parallel_map(reading.reader, workload.readers)
    own = {lambda_.bare_arn(reader.function.arn) for reader in workload.readers if reader.function}
    settings = replace(
        base,
        queue=base.queue if isinstance(base.queue, Unknown) else reading.with_key(base.queue, workload.queue),
        dlq=reading.with_key(base.dlq, workload.dlq)
        if isinstance(base.dlq, SqsQueueSettings) and workload.dlq
        else base.dlq,
        mappings=tuple(readers) if readers else base.mappings,
        other_mappings=reading.others(workload, own),
        dlq_mappings=reading.dlq_mappings(workload),
        alarms=alarms,
        topics=reading.topics(alarms),
        observed=reading.observed(workload),
    )
    denied = reading.refused or any(gap.why is Why.DENIED for gap in workload.gaps)
    return LiveSettings(settings, denied, reading.undelivered_gap)


class _Reading:
    """``refused`` is set by the first refusal, ``undelivered_gap`` by one of what no rule needs."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.refused = False
        self.undelivered_gap: Gap | None = None

    def _ask(self, name: str, question: Callable[[], T]) -> T | Unknown:
        answer = attempt(Part.DETAIL, name, question)
        if not isinstance(answer, Gap):
            return answer
        self.refused |= answer.why is not Why.GONE
        return described_settings.unknown(answer)

    def with_key(self, settings: SqsQueueSettings, resource: Queue) -> SqsQueueSettings:
        """The settings with what the KMS key's policy allows the services that send to the queue."""
        if settings.shut_out != described_settings.NOT_ASKED:
            return settings
        policy = self._ask(str(resource.kms_key), partial(kms.key_policy, self._aws, str(resource.kms_key)))
        if isinstance(policy, Unknown):
            return replace(settings, shut_out=policy)
        users = described_settings.key_users(resource)
        out = (service for service in users if not policies.allows(policy, f"{service}.amazonaws.com", kms.USE_ACTIONS))
        return replace(settings, shut_out=tuple(out))

    def alarms(self, workload: Workload) -> tuple[AlarmSettings, ...] | Unknown:
        """Alarms on a part of the workload, including those that name it wrongly, and all composite and log alarms."""
        queues = [queue for queue in (workload.queue, workload.dlq) if queue]
        functions = [reader.function for reader in workload.readers if reader.function]
        names = [name for queue in queues for name in (queue.name, queue.url, queue.arn)]
        names += [
            name for function in functions for name in (function.name, function.arn, lambda_.bare_arn(function.arn))
        ]
        alarms = self._ask("alarms", partial(cloudwatch.find_alarms_on, self._aws, names))
        composites = self._ask("alarms", partial(cloudwatch.composite_alarms, self._aws))
        if isinstance(alarms, Unknown):
            return alarms
        if isinstance(composites, Unknown):
            return composites
        logged = self._ask("alarms", partial(cloudwatch.log_alarms, self._aws))
        if isinstance(logged, Unknown):
            return logged
        return (
            *map(described_settings.alarm, alarms),
            *map(described_settings.composite, composites),
            *map(described_settings.log_alarm, logged),
        )

    def reader(self, reader: Reader) -> MappingSettings:
        """The mapping with its function's reserved concurrency, log retention and queue of failed asynchronous invocations."""
        if reader.function is None:
            return described_settings.mapping(reader, None)
        function: Function = reader.function
        name = function.name
        reserved = self._ask(name, partial(lambda_.with_reserved_concurrency, self._aws, function))
        days = self._ask(function.log_group, partial(logs.retention_days, self._aws, function.log_group))
        settings = described_settings.function_settings(function if isinstance(reserved, Unknown) else reserved)
        if isinstance(reserved, Unknown):
            settings = replace(settings, reserved=reserved)
        settings = replace(settings, log_retention_days=days, undelivered=self._undelivered(function))
        return replace(described_settings.mapping(reader, function), function=settings)

    def _undelivered(self, function: Function) -> str | Unknown | None:
        targets = attempt(Part.DETAIL, function.name, partial(lambda_.failure_targets, self._aws, function))
        if isinstance(targets, Gap):
            if targets.why is not Why.GONE:
                self.undelivered_gap = targets
            return described_settings.unknown(targets)
        return described_settings.undelivered(targets, function.arn)

    def others(self, workload: Workload, own: Iterable[str]) -> tuple[MappingSettings, ...] | Unknown:
        """The mappings of these functions on other queues."""
        known = {
            lambda_.bare_arn(reader.function.arn): reader.function for reader in workload.readers if reader.function
        }
        settings: list[MappingSettings] = []
        for arn in own:
            mappings = self._ask(arn, partial(consumers.mappings_of, self._aws, arn))
            if isinstance(mappings, Unknown):
                return mappings
            others = [mapping for mapping in mappings if mapping.source_arn != workload.queue.arn]
            settings += [
                described_settings.mapping(consumers.Reader(mapping, known[arn]), known[arn]) for mapping in others
            ]
        return tuple(settings)

    def dlq_mappings(self, workload: Workload) -> tuple[MappingSettings, ...] | Unknown:
        if workload.dlq is None:
            return ()
        arn = workload.dlq.arn
        readers = self._ask(workload.dlq.name, partial(consumers.readers, self._aws, arn))
        return (
            readers
            if isinstance(readers, Unknown)
            else tuple(described_settings.mapping(reader, reader.function) for reader in readers)
        )

    def topics(self, alarms: tuple[AlarmSettings, ...] | Unknown) -> tuple[TopicSettings, ...] | Unknown:
        """The topics that the alarms publish to. A topic that may not be read has unknown settings."""
        if isinstance(alarms, Unknown):
            return alarms
        actions = {arn for alarm in alarms if not isinstance(alarm.actions, Unknown) for arn in alarm.actions}
        return tuple(map(self._topic, sorted(arn for arn in actions if ":sns:" in arn)))

    def _topic(self, arn: str) -> TopicSettings:
        origin = SettingOrigin("AWS::SNS::Topic", arn.rpartition(":")[2], arn)
        topic = self._ask(arn, partial(sns.topic_attributes, self._aws, arn))
        if isinstance(topic, Unknown):
            return TopicSettings(origin, arn, topic, topic, topic, topic, topic)
        return TopicSettings(
            origin=origin,
            arn=arn,
            key=topic.kms_key or None,
            key_admits=self._key_admits(topic.kms_key),
            policy_admits=_topic_admits(topic),
            subscribed=topic.confirmed,
            pending=topic.pending,
        )

    def _key_admits(self, key: str) -> bool | Unknown:
        if not key:
            return True
        if kms.AWS_MANAGED_PREFIX in key:
            return False
        policy = self._ask(key, partial(kms.key_policy, self._aws, key))
        return policy if isinstance(policy, Unknown) else policies.allows(policy, CLOUDWATCH, kms.USE_ACTIONS)

    def observed(self, workload: Workload) -> ObservedMetrics | Unknown:
        end = datetime.now(UTC)
        start = end - timedelta(days=DAYS)
        question = partial(cloudwatch.get_metric_data, self._aws, _queries(workload), start, end, DAY_S)
        answer = self._ask("metrics", question)
        if isinstance(answer, Unknown):
            return answer
        most = {key: max((value for _, value in points), default=None) for key, points in answer.series.items()}
        total = {key: sum(value for _, value in points) for key, points in answer.series.items()}
        cold = total.get("cold", 0.0)
        return ObservedMetrics(
            duration_p99_ms=most.get("p99"),
            duration_max_ms=most.get("longest"),
            oldest_max_s=most.get("oldest"),
            init_ms=total["init"] / cold if cold else None,
        )


def _topic_admits(topic: sns.TopicAttributes) -> bool:
    """SNS's own policy lets the account's alarms publish: every principal, if the account owns the topic."""
    return policies.allows(topic.policy, CLOUDWATCH, ("sns:Publish",))


def _queries(workload: Workload) -> list[MetricQuery]:
    queue = (("QueueName", workload.queue.name),)
    queries = [MetricQuery("oldest", "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", queue)]
    if workload.function is not None:
        own = (("FunctionName", workload.function.name),)
        recorded = ((contract.INVOCATION_DIMENSION, workload.function.name),)
        queries += [
            MetricQuery("p99", "AWS/Lambda", "Duration", "p99", own),
            MetricQuery("longest", "AWS/Lambda", "Duration", "Maximum", own),
            MetricQuery("init", contract.INVOCATION_NAMESPACE, contract.INV_INIT, "Sum", recorded),
            MetricQuery("cold", contract.INVOCATION_NAMESPACE, contract.INV_COLD, "Sum", recorded),
        ]
    return queries
