"""For each rule a workload that breaks it and one that just does not."""

from __future__ import annotations

from dataclasses import replace

from ops.doctor.settings import ObservedMetrics, WorkloadSettings
from tests.cases.doctor.healthy import (
    AGE_ALARM,
    BOUNDED,
    DLQ_ALARM,
    ERRORS_ALARM,
    HEALTHY,
    THROTTLES_ALARM,
    alarm,
    changed,
    function,
    mapping,
    on_dlq,
    on_function,
    on_mapping,
    on_queue,
    on_topic,
    with_alarms,
    without_alarm,
)

Pair = tuple[WorkloadSettings, WorkloadSettings]
FIFO = {"fifo": True, "max_receive_count": 3}
SMALL = function(reserved=10)
DLQ = ("QueueName", "orders-dlq")
DLQ_READER = mapping(function("replayer"), "mapping-2")
URL = "https://sqs.eu-west-1.amazonaws.com/111122223333/orders-dlq"


def _observed(**changes: float | None) -> WorkloadSettings:
    assert isinstance(HEALTHY.observed, ObservedMetrics)
    return changed(observed=replace(HEALTHY.observed, **changes))


def _init(ms: float) -> WorkloadSettings:
    return replace(_observed(init_ms=ms), mappings=(mapping(replace(BOUNDED, snap_start=False)),))


def _fifo(**changes: object) -> WorkloadSettings:
    return replace(on_queue(**FIFO, **changes), dlq=on_dlq(fifo=True).dlq)


QUEUES: dict[str, Pair] = {
    "visibility-timeout": (on_queue(visibility_s=179), on_queue(visibility_s=180)),
    "retries-outlast-retention": (
        on_queue(visibility_s=43_200, max_receive_count=8),
        on_queue(visibility_s=43_200, max_receive_count=7),
    ),
    "short-retention": (on_queue(retention_s=86_399), on_queue(retention_s=86_400)),
    "retention-headroom": (_observed(oldest_max_s=172_800.0), _observed(oldest_max_s=172_799.0)),
    "fifo-retry-time": (_fifo(visibility_s=301), _fifo(visibility_s=300)),
    "queue-encryption": (on_dlq(encrypted=False), HEALTHY),
    "public-queue": (on_dlq(public=True), HEALTHY),
    "queue-key": (on_dlq(shut_out=("sns",)), HEALTHY),
    "in-flight-quota": (
        on_mapping(batch_size=97, window_s=1, maximum_concurrency=1_250),
        on_mapping(batch_size=96, window_s=1, maximum_concurrency=1_250),
    ),
    "dlq-missing": (changed(dlq=None), HEALTHY),
    "dlq-on-function": (replace(on_function(dead_letter_target=True), dlq=None), on_function(dead_letter_target=True)),
    "dlq-retention": (on_dlq(retention_s=345_600), on_dlq(retention_s=345_601)),
    "dlq-type": (on_queue(fifo=True), _fifo(visibility_s=300)),
    "max-receive-count": (
        replace(on_queue(max_receive_count=4), mappings=(mapping(SMALL), mapping(SMALL, "mapping-2"))),
        on_queue(max_receive_count=2),
    ),
    "redrive-allow-policy": (on_dlq(redrive_permission=None), HEALTHY),
    "redrive-denied": (on_dlq(allowed_sources=("arn:aws:sqs:eu-west-1:111122223333:other",)), HEALTHY),
    "dlq-consumer-shares-function": (
        changed(dlq_mappings=(mapping(BOUNDED, "mapping-2"),)),
        changed(dlq_mappings=(DLQ_READER,)),
    ),
}

MAPPINGS: dict[str, Pair] = {
    "mapping-disabled": (on_mapping(enabled=False), HEALTHY),
    "partial-batch-responses": (
        on_mapping(partial_batches=False, batch_size=2),
        on_mapping(partial_batches=False, batch_size=1),
    ),
    "batch-limits": (on_mapping(batch_size=11), on_mapping(batch_size=11, window_s=1)),
    "provisioned-or-maximum": (on_mapping(minimum_pollers=2, maximum_concurrency=5), on_mapping(minimum_pollers=2)),
    "competing-mappings": (
        changed(mappings=(mapping(BOUNDED), mapping(BOUNDED, "mapping-2"))),
        changed(mappings=(mapping(BOUNDED), mapping(BOUNDED, "mapping-2", enabled=False))),
    ),
    "function-on-latest": (on_mapping(qualifier=""), HEALTHY),
    "mapping-metrics": (on_mapping(event_count=False), HEALTHY),
    "reserved-below-maximum": (
        changed(
            mappings=(mapping(SMALL, maximum_concurrency=8),),
            other_mappings=(mapping(SMALL, "mapping-2", maximum_concurrency=3),),
        ),
        changed(
            mappings=(mapping(SMALL, maximum_concurrency=8),),
            other_mappings=(mapping(SMALL, "mapping-2", maximum_concurrency=2),),
        ),
    ),
    "reserved-without-maximum": (
        changed(mappings=(mapping(SMALL),)),
        changed(mappings=(mapping(SMALL, maximum_concurrency=10),)),
    ),
    "reserved-zero": (on_function(reserved=0), on_function(reserved=1)),
    "unbounded-concurrency": (on_function(reserved=None), HEALTHY),
    "account-concurrency": (
        changed(mappings=(mapping(maximum_concurrency=1_000),)),
        changed(mappings=(mapping(maximum_concurrency=999),)),
    ),
    "idle-polling": (on_mapping(maximum_concurrency=5), HEALTHY),
    "provisioned-pollers": (on_mapping(minimum_pollers=2), HEALTHY),
    "pollers-above-reserved": (
        changed(mappings=(mapping(function(reserved=19), minimum_pollers=2),)),
        changed(mappings=(mapping(function(reserved=20), minimum_pollers=2),)),
    ),
}

FUNCTIONS: dict[str, Pair] = {
    "timeout-headroom": (_observed(duration_p99_ms=24_000.0), _observed(duration_p99_ms=23_999.0)),
    "log-retention": (on_function(log_retention_days=None), HEALTHY),
    "structured-logs": (
        on_function(log_format="Text"),
        on_function(log_format="Text", variables=frozenset({"POWERTOOLS_SERVICE_NAME"})),
    ),
    "telemetry-extension": (on_function(layers=()), HEALTHY),
    "xray-sdk": (
        on_function(
            tracing=True, layers=("arn:aws:lambda:eu-west-1:017000801446:layer:AWSLambdaPowertoolsPythonV3:7",)
        ),
        on_function(tracing=False),
    ),
    "durable-execution-timeout": (on_function(durable_s=901), on_function(durable_s=5_400, managed=True)),
    "durable-visibility-timeout": (on_function(durable_s=181), on_function(durable_s=180)),
    "tenant-isolation": (on_function(tenant_isolation=True), HEALTHY),
    "snapstart": (_init(2_000.0), _init(499.0)),
}

ALARMS: dict[str, Pair] = {
    "dlq-alarm": (without_alarm("dead-letters"), HEALTHY),
    "dlq-alarm-received": (
        changed(dlq_mappings=(DLQ_READER,)),
        replace(with_alarms(alarm("drained", "NumberOfMessagesReceived", DLQ)), dlq_mappings=(DLQ_READER,)),
    ),
    "dlq-alarm-sent": (
        without_alarm("dead-letters", alarm("sent", "NumberOfMessagesSent", DLQ)),
        with_alarms(alarm("sent", "NumberOfMessagesSent", DLQ)),
    ),
    "age-alarm": (without_alarm("age"), HEALTHY),
    "errors-alarm": (without_alarm("errors"), HEALTHY),
    "throttles-alarm": (without_alarm("throttles"), HEALTHY),
    "alarm-dimension": (
        with_alarms(alarm("mute", "ApproximateNumberOfMessagesVisible", ("QueueName", URL))),
        HEALTHY,
    ),
    "alarm-without-action": (
        with_alarms(replace(ERRORS_ALARM, actions=())),
        with_alarms(
            replace(ERRORS_ALARM, actions=()),
            replace(ERRORS_ALARM, name="page", series=(), rule="ALARM(errors) OR ALARM(age)"),
        ),
    ),
    "alarm-actions-disabled": (with_alarms(replace(AGE_ALARM, actions_enabled=False)), HEALTHY),
    "alarm-window": (
        replace(on_function(timeout_s=61), alarms=HEALTHY.alarms, queue=on_queue(visibility_s=900).queue),
        replace(on_function(timeout_s=60), alarms=HEALTHY.alarms, queue=on_queue(visibility_s=900).queue),
    ),
    "alarm-period": (
        with_alarms(alarm("throttles", "Throttles", ("FunctionName", "worker"), period_s=30)),
        with_alarms(THROTTLES_ALARM),
    ),
    "alarm-missing-data": (
        with_alarms(replace(AGE_ALARM, missing="breaching")),
        with_alarms(replace(AGE_ALARM, missing="ignore")),
    ),
    "dlq-alarm-threshold": (
        with_alarms(replace(DLQ_ALARM, threshold=1.0)),
        with_alarms(replace(DLQ_ALARM, threshold=1.0, comparison="GreaterThanOrEqualToThreshold")),
    ),
    "alarm-statistic": (
        with_alarms(
            alarm("age", "ApproximateAgeOfOldestMessage", ("QueueName", "orders"), threshold=900.0, statistic="Average")
        ),
        with_alarms(
            alarm("age", "ApproximateAgeOfOldestMessage", ("QueueName", "orders"), threshold=900.0, statistic="p99")
        ),
    ),
    "age-threshold": (
        with_alarms(replace(AGE_ALARM, threshold=172_740.0)),
        with_alarms(replace(AGE_ALARM, threshold=172_739.0)),
    ),
    "topic-key": (on_topic(key="alias/aws/sns", key_admits=False), on_topic(key="key-1")),
    "topic-policy": (on_topic(policy_admits=False), HEALTHY),
    "topic-subscription": (on_topic(subscribed=0, pending=1), on_topic(subscribed=1)),
}

CASES: dict[str, Pair] = {**QUEUES, **MAPPINGS, **FUNCTIONS, **ALARMS}
