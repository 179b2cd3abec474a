"""Rules about missing alarms: what could happen without anyone being notified."""

from __future__ import annotations

from collections.abc import Iterator

from ops.doctor import changes, sources
from ops.doctor.rule import Problem, RuleSeverity, rule
from ops.doctor.rules.workload_facts import AGE, watching
from ops.doctor.settings import FunctionSettings, SqsQueueSettings, WorkloadSettings, known

VISIBLE, RECEIVED, SENT = "ApproximateNumberOfMessagesVisible", "NumberOfMessagesReceived", "NumberOfMessagesSent"
DEPTH = (VISIBLE, AGE, "ApproximateNumberOfMessages")


def _name(queue: SqsQueueSettings) -> str:
    """The queue's name as an alarm's dimension has it, in CloudFormation or on AWS."""
    return f"!GetAtt {queue.origin.name}.QueueName" if queue.origin.line else queue.origin.name


def _function_name(function: FunctionSettings) -> str:
    return f"!Ref {function.origin.name}" if function.origin.line else function.origin.name


def _dlq(workload: WorkloadSettings) -> SqsQueueSettings | None:
    return None if workload.dlq is None else known(workload.dlq)


@rule(
    "dlq-alarm",
    RuleSeverity.CRITICAL,
    "an alarm watches the dead-letter queue",
    "Dead letters expire before anyone has seen them.",
    sources.RECOMMENDED_ALARMS,
)
def dlq_alarm(workload: WorkloadSettings) -> Iterator[Problem]:
    dlq = _dlq(workload)
    if dlq is None or watching(workload, "QueueName", dlq.metric_names):
        return
    name = f"{dlq.origin.name}-not-empty"
    change = changes.new_alarm(name, "AWS/SQS", VISIBLE, ("QueueName", _name(dlq)), "Maximum", "1/1 > 0")
    yield Problem(f"no alarm of {workload.scope} watches {dlq.origin.name}", dlq.origin, "QueueName", change)


@rule(
    "dlq-alarm-received",
    RuleSeverity.WARNING,
    "a dead-letter queue with a consumer has an alarm on received messages",
    "The consumer empties the queue between two samples of its depth: the alarm stays green.",
    sources.DRAINED_UNSEEN,
)
def dlq_alarm_received(workload: WorkloadSettings) -> Iterator[Problem]:
    dlq = _dlq(workload)
    if dlq is None or not known(workload.dlq_mappings):
        return
    if watching(workload, "QueueName", dlq.metric_names, (RECEIVED, "NumberOfMessagesDeleted")):
        return
    name = f"{dlq.origin.name}-received"
    change = changes.new_alarm(name, "AWS/SQS", RECEIVED, ("QueueName", _name(dlq)), "Sum", "1/1 > 0")
    text = f"a function reads {dlq.origin.name}, and no alarm of {workload.scope} is on {RECEIVED}"
    yield Problem(text, dlq.origin, "QueueName", change)


@rule(
    "dlq-alarm-sent",
    RuleSeverity.CRITICAL,
    "no alarm relies on the number of messages sent to the dead-letter queue",
    "SQS does not count the messages that it moves there itself: the alarm never fires.",
    sources.SQS_METRICS,
)
def dlq_alarm_sent(workload: WorkloadSettings) -> Iterator[Problem]:
    dlq = _dlq(workload)
    if dlq is None:
        return
    seen = watching(workload, "QueueName", dlq.metric_names)
    if any(series.metric != SENT for _, series in seen):
        return
    for alarm, _ in seen:
        change = changes.alarm(alarm.origin, f"--metric-name {VISIBLE} --statistic Maximum", "MetricName", VISIBLE)
        yield Problem(f"{alarm.name} is on {SENT} of {dlq.origin.name}", alarm.origin, "MetricName", change)


@rule(
    "age-alarm",
    RuleSeverity.WARNING,
    "an alarm watches the age of the oldest message",
    "A backlog, or a consumer that has stopped, is noticed by those who wait for the results.",
    sources.LATE_DEADLINE,
)
def age_alarm(workload: WorkloadSettings) -> Iterator[Problem]:
    queue = known(workload.queue)
    if watching(workload, "QueueName", queue.metric_names, (AGE,)):
        return
    name, threshold = f"{queue.origin.name}-oldest-message-age", round(known(queue.visibility_s) * 1.5)
    change = changes.new_alarm(name, "AWS/SQS", AGE, ("QueueName", _name(queue)), "Maximum", f"15/15 >= {threshold}")
    yield Problem(f"no alarm of {workload.scope} is on {AGE} of {queue.origin.name}", queue.origin, "QueueName", change)


@rule(
    "errors-alarm",
    RuleSeverity.WARNING,
    "an alarm watches the function's errors",
    "Crashes, timeouts and out-of-memory kills show only when their messages are dead letters.",
    sources.RECOMMENDED_ALARMS,
)
def errors_alarm(workload: WorkloadSettings) -> Iterator[Problem]:
    yield from _on_function(workload, "Errors", "3/3 > 0")


@rule(
    "throttles-alarm",
    RuleSeverity.WARNING,
    "an alarm watches the function's throttles",
    "Messages reach the dead-letter queue without one invocation, and without one log line.",
    sources.THROTTLED_TO_DLQ,
)
def throttles_alarm(workload: WorkloadSettings) -> Iterator[Problem]:
    yield from _on_function(workload, "Throttles", "5/5 >= 1")


def _on_function(workload: WorkloadSettings, metric: str, how: str) -> Iterator[Problem]:
    functions = [known(mapping.function) for mapping in known(workload.mappings)]
    for function in {function.origin.name: function for function in functions}.values():
        if not watching(workload, "FunctionName", function.metric_names, (metric,)):
            name = f"{function.origin.name}-{metric.lower()}"
            at = ("FunctionName", _function_name(function))
            change = changes.new_alarm(name, "AWS/Lambda", metric, at, "Sum", how)
            text = f"no alarm of {workload.scope} is on {metric} of {function.origin.name}"
            yield Problem(text, function.origin, "FunctionName", change)


RULES = (dlq_alarm, dlq_alarm_received, dlq_alarm_sent, age_alarm, errors_alarm, throttles_alarm)
