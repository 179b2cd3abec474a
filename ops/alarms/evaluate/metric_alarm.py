"""A metric alarm's definition, read from what PutMetricAlarm takes, DescribeAlarms answers or a template declares.

Limits: botocore 1.44.5, PutMetricAlarm; the evaluation interval: CloudWatch user guide, alarm-evaluation (both read
2026-11). Alarms on AWS/DynamoDB ignore missing data unless told otherwise (alarms-and-missing-data, read 2026-11).

Refused, since nothing here could say what CloudWatch would do: log alarms, PromQL, anomaly detection, Metrics Insights queries,
metrics of other accounts, and wall clock windows other than those of UTC up to a day.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ops.alarms.evaluate.definition.fields import (
    Definition,
    check_resolved,
    is_true,
    list_of,
    mapping_of,
    number_of,
    whole_number_of,
)
from ops.alarms.evaluate.definition.rules import check_definition
from ops.alarms.evaluate.errors import AlarmError
from ops.alarms.evaluate.metric_math.program import Program, program
from ops.alarms.evaluate.points import Metric, dimensions_of
from ops.alarms.evaluate.quotas import NO_QUOTAS, Quotas
from ops.alarms.evaluate.statistics import low_sample_limit, statistic
from ops.alarms.evaluate.threshold import ALARM, COMPARISONS, INSUFFICIENT_DATA, OK, TREATMENTS, ThresholdRule

DAY = 86_400
MAX_SPAN_S = 7 * DAY
WALL_CLOCK_PERIODS = (60, 300, 3600, DAY)


@dataclass(frozen=True)
class MetricStat:
    metric: Metric
    statistic: str
    period: int  # seconds
    unit: str = ""


Inputs = tuple[tuple[str, MetricStat], ...]


@dataclass(frozen=True)
class MetricAlarm:
    name: str
    rule: ThresholdRule
    inputs: Inputs  # by query ID; all have one period
    program: Program | None = None  # of metric math; None: the alarm watches its only input
    low_sample_limit: float = 0.0  # samples below which the state stays; 0: evaluated however few there are
    wall_clock: bool = False
    warm_up: int = 0  # seconds after its creation
    whole_warm_up: bool = False  # it lasts even if there is enough data before its end
    actions_enabled: bool = True
    actions: tuple[tuple[str, tuple[str, ...]], ...] = ()  # by state

    @cached_property
    def period(self) -> int:
        return self.inputs[0][1].period

    @cached_property
    def interval(self) -> int:
        """Seconds between two evaluations."""
        if self.period * self.rule.periods > DAY:
            return 3600
        return 60 if self.period >= 60 else 10

    @cached_property
    def cell(self) -> int:
        """Seconds of which both the period and the interval are multiples."""
        return math.gcd(self.period, self.interval)


def metric_alarm(definition: Definition, quotas: Quotas = NO_QUOTAS) -> MetricAlarm:
    """Raises AlarmError when CloudWatch would refuse it, or the evaluator does not model it."""
    name = str(definition.get("AlarmName") or "(no name)")
    try:
        if definition.get("ScheduledQueryConfiguration"):
            raise AlarmError("log alarms are not modeled.", "Keep a metric alarm beside it.")
        check_resolved(definition)
        check_definition(definition)
        return _read(name, definition, quotas)
    except AlarmError as error:
        raise AlarmError(f'Alarm "{name}": {error}', error.next_step, error.field) from error


def _read(name: str, definition: Definition, quotas: Quotas) -> MetricAlarm:
    if definition.get("EvaluationCriteria"):
        raise AlarmError("PromQL alarms are not modeled.")
    comparison = str(definition.get("ComparisonOperator"))
    if definition.get("ThresholdMetricId") or "UpperThreshold" in comparison or "LowerThreshold" in comparison:
        raise AlarmError("anomaly detection is not modeled.", "Use a static threshold to evaluate it here.")
    if comparison not in COMPARISONS:
        raise AlarmError(
            f"{comparison} is not a comparison operator.", f"Use one of {', '.join(COMPARISONS)}.", "ComparisonOperator"
        )
    if definition.get("Threshold") is None:
        raise AlarmError("the threshold is missing.")
    inputs, expressions = _watched(definition, quotas)
    period = inputs[0][1].period
    warm_up = mapping_of(definition.get("WarmUpConfiguration"), "WarmUpConfiguration")
    low = definition.get("EvaluateLowSampleCountPercentile") == "ignore" and not expressions
    return MetricAlarm(
        name=name,
        rule=_rule(definition, comparison, inputs),
        inputs=inputs,
        program=expressions,
        low_sample_limit=low_sample_limit(inputs[0][1].statistic) if low else 0.0,
        wall_clock=_wall_clock(definition, period),
        warm_up=60 * whole_number_of(warm_up.get("WarmUpPeriodDurationInMinutes"), "WarmUpPeriodDurationInMinutes"),
        whole_warm_up=is_true(warm_up.get("OnlyStartEvaluatingAfterWarmUpPeriodEnds", False)),
        actions_enabled=is_true(definition.get("ActionsEnabled", True)),
        actions=actions_of(definition),
    )


def actions_of(definition: Definition) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The actions by state; a state without actions is left out."""
    fields = ((ALARM, "AlarmActions"), (OK, "OKActions"), (INSUFFICIENT_DATA, "InsufficientDataActions"))
    return tuple(
        (state, tuple(map(str, list_of(definition[field], field)))) for state, field in fields if definition.get(field)
    )


def _rule(definition: Definition, comparison: str, inputs: Inputs) -> ThresholdRule:
    watched = inputs[0][1]
    periods = whole_number_of(definition.get("EvaluationPeriods"), "EvaluationPeriods")
    to_alarm = whole_number_of(definition.get("DatapointsToAlarm") or periods, "DatapointsToAlarm")
    default = "ignore" if watched.metric.namespace == "AWS/DynamoDB" else "missing"
    missing = str(definition.get("TreatMissingData") or default)
    if periods < 1:
        raise AlarmError("EvaluationPeriods is missing or below 1.", field="EvaluationPeriods")
    if not 1 <= to_alarm <= periods:
        raise AlarmError(
            f"DatapointsToAlarm ({to_alarm}) is not between 1 and EvaluationPeriods ({periods}).",
            field="DatapointsToAlarm",
        )
    if missing not in TREATMENTS:
        raise AlarmError(
            f"{missing} is not a treatment of missing data.", f"Use one of {', '.join(TREATMENTS)}.", "TreatMissingData"
        )
    if periods * watched.period > (MAX_SPAN_S if watched.period >= 3600 else DAY):
        raise AlarmError(
            f"{periods} periods of {watched.period} seconds are longer than an alarm may look back.",
            "Up to one day, or seven days with periods of at least an hour.",
            "EvaluationPeriods",
        )
    return ThresholdRule(comparison, number_of(definition["Threshold"], "Threshold"), periods, to_alarm, missing)


def _watched(definition: Definition, quotas: Quotas) -> tuple[Inputs, Program | None]:
    queries = [mapping_of(each, "An entry of Metrics") for each in list_of(definition.get("Metrics"), "Metrics")]
    if not queries:
        stat = str(definition.get("ExtendedStatistic") or definition.get("Statistic") or "")
        unit = str(definition.get("Unit") or "")
        return (("m1", metric_stat(definition, stat, definition.get("Period"), unit)),), None
    inputs = tuple((str(each.get("Id")), stat_of_query(each)) for each in queries if not each.get("Expression"))
    periods = {stat.period for _, stat in inputs}
    if len(periods) > 1:
        raise AlarmError(f"its metrics have different periods ({', '.join(map(str, sorted(periods)))} seconds).")
    known = {name: quotas[stat.metric] for name, stat in inputs if stat.metric in quotas}
    expressions = None if len(queries) == len(inputs) == 1 else program(queries, known)
    if not inputs:
        raise AlarmError("its expression uses no metric.")
    return inputs, expressions


def stat_of_query(query: Definition) -> MetricStat:
    """The statistic of an entry of ``Metrics`` that names a metric."""
    if query.get("AccountId"):
        raise AlarmError("metrics of other accounts are not modeled.")
    stat = mapping_of(query.get("MetricStat"), "MetricStat")
    metric = mapping_of(stat.get("Metric"), "MetricStat.Metric")
    return metric_stat(metric, str(stat.get("Stat") or ""), stat.get("Period"), str(stat.get("Unit") or ""))


def metric_stat(metric: Definition, stat: str, period: Any, unit: str) -> MetricStat:
    if not metric.get("Namespace") or not metric.get("MetricName"):
        raise AlarmError("it names no metric (Namespace and MetricName).")
    seconds = whole_number_of(period, "Period")
    if seconds not in (10, 20, 30) and (seconds < 60 or seconds % 60):
        raise AlarmError(
            f"a period of {seconds} seconds is not allowed.", "Use 10, 20, 30 or a multiple of 60.", "Period"
        )
    if not stat:
        raise AlarmError("the statistic is missing.")
    statistic(stat)
    dimensions = [mapping_of(each, "A dimension") for each in list_of(metric.get("Dimensions"), "Dimensions")]
    if not all(each.get("Name") and each.get("Value") for each in dimensions):
        raise AlarmError("a dimension has no Name or no Value.")
    named = Metric(str(metric["Namespace"]), str(metric["MetricName"]), dimensions_of(dimensions))
    return MetricStat(named, stat, seconds, "" if unit == "None" else unit)


def _wall_clock(definition: Definition, period: int) -> bool:
    """Whether periods begin at multiples of themselves instead of sliding with each evaluation."""
    windows = mapping_of(definition.get("EvaluationWindow"), "EvaluationWindow")
    if windows.get("WallClockWindow") is None:
        return False
    window = mapping_of(windows["WallClockWindow"], "WallClockWindow")
    if str(window.get("Timezone") or "UTC") != "UTC" or period not in WALL_CLOCK_PERIODS:
        raise AlarmError(
            "of wall clock windows only those in UTC of a minute, 5 minutes, an hour or a day are modeled."
        )
    return True
