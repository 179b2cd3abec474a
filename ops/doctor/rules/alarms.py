"""Rules about single alarms: that each can fire, in time, and only when it should."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ops import formatting
from ops.doctor import changes, sources
from ops.doctor.rule import Check, Problem, RuleSeverity, each, rule
from ops.doctor.rules.coverage import DEPTH
from ops.doctor.rules.workload_facts import AGE, watching
from ops.doctor.settings import (
    AlarmSettings,
    FunctionSettings,
    NotChecked,
    Series,
    SqsQueueSettings,
    Unknown,
    WorkloadSettings,
    known,
)

INVOCATION_METRICS = ("Errors", "Duration", "Invocations")


Part = SqsQueueSettings | FunctionSettings
AlarmPair = tuple[AlarmSettings, Series]


def own_alarms(workload: WorkloadSettings) -> list[AlarmPair]:
    """The alarms on the parts that are known, each with its first such series. What they watch may be named wrongly."""
    names = {name for part, _ in _parts(workload) for name in (*part.metric_names, *part.no_metric_names)}
    found = []
    for alarm in known(workload.alarms):
        for series in alarm.series:
            if any(isinstance(value, str) and value in names for value in series.dimensions.values()):
                found.append((alarm, series))
                break
    return found


def ensure_parts_known(workload: WorkloadSettings) -> None:
    """Raises NotChecked when a part is not known, or what an alarm watches: ``own_alarms`` lacks such alarms."""
    known(workload.queue)
    if workload.dlq is not None:
        known(workload.dlq)
    for mapping in known(workload.mappings):
        known(mapping.function)
    for alarm in known(workload.alarms):
        for series in alarm.series:
            unclear = next((value for value in series.dimensions.values() if isinstance(value, Unknown)), None)
            if unclear is not None:
                raise NotChecked(f"what alarm {alarm.name} watches is not known: {unclear.why}")


def _parts(workload: WorkloadSettings) -> list[tuple[Part, str]]:
    """The queue, its dead-letter queue and its functions, as far as they are known, with their alarms' dimension."""
    queues: list[Part] = [queue for queue in (workload.queue, workload.dlq) if isinstance(queue, SqsQueueSettings)]
    mappings = () if isinstance(workload.mappings, Unknown) else workload.mappings
    functions = [mapping.function for mapping in mappings if isinstance(mapping.function, FunctionSettings)]
    once = {function.origin.name: function for function in functions}
    return [*((part, "QueueName") for part in queues), *((part, "FunctionName") for part in once.values())]


def _each_alarm(find: Callable[[AlarmSettings, Series, WorkloadSettings], Iterator[Problem]]) -> Check:
    """Every alarm on a part of the workload."""

    def check(workload: WorkloadSettings) -> Iterator[Problem]:
        yield from each(own_alarms(workload), lambda pair: find(*pair, workload))
        ensure_parts_known(workload)

    return check


@rule(
    "alarm-dimension",
    RuleSeverity.CRITICAL,
    "alarms name queues and functions as CloudWatch does",
    "The metric has no data under that name, so the alarm never fires. In a template, Ref of a queue is its URL.",
    sources.SQS_METRICS,
)
def dimension(workload: WorkloadSettings) -> Iterator[Problem]:
    alarms = own_alarms(workload)
    for part, name in _parts(workload):
        for alarm, series in alarms:
            if series.dimensions.get(name) in part.no_metric_names:
                right = [{"Name": name, "Value": sorted(part.metric_names)[-1]}]
                text = f"{alarm.name} names {part.origin.name} by its URL or ARN"
                change = changes.alarm(alarm.origin, f"--dimensions Name={name},Value=NAME", "Dimensions", right)
                yield Problem(text, alarm.origin, "Dimensions", change)
    ensure_parts_known(workload)


@rule(
    "alarm-without-action",
    RuleSeverity.CRITICAL,
    "each alarm notifies someone",
    "The alarm turns red in the console, and no one is notified.",
    sources.ALARMS,
)
def action(workload: WorkloadSettings) -> Iterator[Problem]:
    composites = [alarm for alarm in known(workload.alarms) if alarm.rule]

    def check(pair: tuple[AlarmSettings, Series]) -> Iterator[Problem]:
        alarm = pair[0]
        if not known(alarm.actions) and not any(_mentions(composite, alarm) for composite in composites):
            change = changes.alarm(alarm.origin, "--alarm-actions TOPIC_ARN", "AlarmActions", ["TOPIC_ARN"])
            yield Problem(f"{alarm.name} has no action", alarm.origin, "AlarmActions", change)

    yield from each(own_alarms(workload), check)
    ensure_parts_known(workload)


def _mentions(composite: AlarmSettings, alarm: AlarmSettings) -> bool:
    """Whether a composite alarm that notifies someone depends on ``alarm``."""
    text = known(composite.rule)
    return bool(known(composite.actions)) and (alarm.name in text or f"${{{alarm.origin.name}" in text)


@rule(
    "alarm-actions-disabled",
    RuleSeverity.CRITICAL,
    "the actions of each alarm are enabled",
    "The alarm turns red in the console, and no one is notified.",
    sources.ALARMS,
)
@_each_alarm
def actions_enabled(alarm: AlarmSettings, series: Series, workload: WorkloadSettings) -> Iterator[Problem]:
    if not known(alarm.actions_enabled):
        cli = f"aws cloudwatch enable-alarm-actions --alarm-names {changes.name(alarm.origin)}"
        change = changes.other(cli, f"{alarm.origin.name} ({alarm.origin.kind}): ActionsEnabled: true")
        yield Problem(f"the actions of {alarm.name} are disabled", alarm.origin, "ActionsEnabled", change)


@rule(
    "alarm-window",
    RuleSeverity.WARNING,
    "an alarm on errors or durations looks back at least as long as a job may take",
    "The alarm clears itself while the job still fails: invocations are counted when they start, or when they end.",
    sources.SELF_CLEARING,
)
@_each_alarm
def window(alarm: AlarmSettings, series: Series, workload: WorkloadSettings) -> Iterator[Problem]:
    if known(series.metric) not in INVOCATION_METRICS:
        return
    span = known(series.period_s) * known(alarm.periods)
    timeouts = [known(known(mapping.function).timeout_s) for mapping in known(workload.mappings)]
    longest = max(timeouts, default=0)
    if span >= longest:
        return
    periods = -(-longest // known(series.period_s))
    text = f"{alarm.name} looks back {formatting.duration(span)}, and an invocation may take {formatting.duration(longest)}"
    change = changes.alarm(alarm.origin, f"--evaluation-periods {periods}", "EvaluationPeriods", periods)
    yield Problem(text, alarm.origin, "EvaluationPeriods", change)


@rule(
    "alarm-period",
    RuleSeverity.WARNING,
    "the period of each alarm is at least a minute",
    "AWS publishes these metrics by the minute: most periods have no data, and the alarm is late or never fires.",
    sources.SQS_METRICS,
)
@_each_alarm
def period(alarm: AlarmSettings, series: Series, workload: WorkloadSettings) -> Iterator[Problem]:
    if known(series.namespace) in ("AWS/SQS", "AWS/Lambda") and known(series.period_s) < workload.metric_period_s:
        change = changes.alarm(alarm.origin, "--period 60", "Period", 60)
        text = f"{alarm.name} has a period of {known(series.period_s)} s"
        yield Problem(text, alarm.origin, "Period", change)


@rule(
    "alarm-missing-data",
    RuleSeverity.WARNING,
    "missing data of a queue is not taken for a breach",
    "SQS stops publishing metrics of a queue that has been idle for six hours: the alarm pages every quiet night.",
    sources.SQS_METRICS,
)
@_each_alarm
def missing_data(alarm: AlarmSettings, series: Series, workload: WorkloadSettings) -> Iterator[Problem]:
    rises = str(known(alarm.comparison)).startswith("GreaterThan")
    if known(alarm.missing) == "breaching" and known(series.namespace) in ("AWS/SQS", "AWS/Lambda") and rises:
        change = changes.alarm(alarm.origin, "--treat-missing-data notBreaching", "TreatMissingData", "notBreaching")
        yield Problem(f"{alarm.name} treats missing data as breaching", alarm.origin, "TreatMissingData", change)


@rule(
    "dlq-alarm-threshold",
    RuleSeverity.WARNING,
    "the alarm on the dead-letter queue fires at the first message",
    "A few dead letters stay below the threshold until they expire.",
    sources.RECOMMENDED_ALARMS,
)
def dlq_threshold(workload: WorkloadSettings) -> Iterator[Problem]:
    dlq = known(workload.dlq) if workload.dlq is not None else None
    if dlq is None:
        return
    seen = [pair for pair in watching(workload, "QueueName", dlq.metric_names, DEPTH) if known(pair[1].metric) != AGE]
    plain = [alarm for alarm, _ in seen if not alarm.math]
    if any(_first(alarm) <= 1 for alarm in plain):
        return
    on_math = next((alarm for alarm, _ in seen if alarm.math), None)
    if on_math is not None:
        raise NotChecked(f"{on_math.name} is on an expression")
    if plain:
        alarm = plain[0]
        change = changes.alarm(alarm.origin, "--comparison-operator GreaterThanThreshold --threshold 0", "Threshold", 0)
        text = f"{alarm.name} fires at {formatting.count(_first(alarm))} dead letters"
        yield Problem(text, alarm.origin, "Threshold", change)


def _first(alarm: AlarmSettings) -> float:
    """The depth from which it fires."""
    threshold = _threshold(alarm)
    return threshold + 1 if known(alarm.comparison) == "GreaterThanThreshold" else threshold


def _threshold(alarm: AlarmSettings) -> float:
    threshold = known(alarm.threshold)
    if threshold is None:
        raise NotChecked(f"{alarm.name} has no threshold")
    return threshold


@rule(
    "alarm-statistic",
    RuleSeverity.WARNING,
    "alarms on age and depth use the maximum",
    "An average or a minimum hides the one old message among the new ones.",
    sources.RECOMMENDED_ALARMS,
)
@_each_alarm
def statistic(alarm: AlarmSettings, series: Series, workload: WorkloadSettings) -> Iterator[Problem]:
    used = known(series.statistic)
    poor = ("Minimum", "Average", "SampleCount") if known(series.metric) == AGE else ("Minimum", "SampleCount")
    if known(series.metric) in DEPTH and used in poor:
        change = changes.alarm(alarm.origin, "--statistic Maximum", "Statistic", "Maximum")
        yield Problem(f"{alarm.name} is on the {used} of {known(series.metric)}", alarm.origin, "Statistic", change)


@rule(
    "age-threshold",
    RuleSeverity.CRITICAL,
    "the alarm on the age of the oldest message fires long before messages expire",
    "Messages are deleted before anyone learns that they wait.",
    sources.LATE_DEADLINE,
)
def age_threshold(workload: WorkloadSettings) -> Iterator[Problem]:
    queue = known(workload.queue)
    retention = known(queue.retention_s)
    seen = watching(workload, "QueueName", queue.metric_names, (AGE,))
    plain = [pair for pair in seen if not pair[0].math]
    if seen and not plain:
        raise NotChecked(f"{seen[0][0].name} is on an expression")
    for alarm, series in plain:
        threshold = _threshold(alarm)
        late = threshold + known(series.period_s) * known(alarm.to_alarm)
        if late >= retention / 2:
            better = max(60, retention // 4)
            text = f"{alarm.name} fires at {formatting.duration(threshold)}, and messages expire after {formatting.duration(retention)}"
            change = changes.alarm(alarm.origin, f"--threshold {better}", "Threshold", better)
            yield Problem(text, alarm.origin, "Threshold", change, None if late >= retention else RuleSeverity.WARNING)


RULES = (
    dimension,
    action,
    actions_enabled,
    window,
    period,
    missing_data,
    dlq_threshold,
    statistic,
    age_threshold,
)
