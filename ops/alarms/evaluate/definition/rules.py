"""Validation of a definition as PutMetricAlarm does it: mutually exclusive fields and ranges, also of what this
evaluator does not model.

From the model of PutMetricAlarm and its structures (botocore 1.43.106 and 1.44.5, read 2026-11). An empty value counts as
absent: DescribeAlarms and templates may have one. The period, M of N and how far an alarm looks back are checked where
they are read, in ``metric_alarm``.
"""

from __future__ import annotations

import re

from ops.alarms.evaluate.definition.fields import Definition, list_of, mapping_of, whole_number_of
from ops.alarms.evaluate.errors import AlarmError

BASIC = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
OF_ONE_METRIC = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
ONE_OF = ("Metrics", "EvaluationCriteria")
LOW_SAMPLES = ("evaluate", "ignore")
MAX_CHARS = {"AlarmName": 255, "AlarmDescription": 1024, "MetricName": 255, "Namespace": 255}
MAX_ITEMS = {"AlarmActions": 5, "OKActions": 5, "InsufficientDataActions": 5, "Dimensions": 30, "Tags": 50}
WARM_UP_MINUTES = range(1, 2881)
_SIZES = (
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
)
UNITS = (
    *("Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None"),
    *_SIZES,
    *(f"{size}/Second" for size in _SIZES),
)
_SHARES = re.compile(r"(?:TC|TM|TS|WM)\((-?[\d.]*)%?:(-?[\d.]*)%?\)")


def check_definition(definition: Definition) -> None:
    """Raises AlarmError, with the field."""
    if definition.get("Metrics"):
        for number, query in enumerate(list_of(definition["Metrics"], "Metrics"), 1):
            _check_query(number, mapping_of(query, "An entry of Metrics"))
        if extra := next((field for field in OF_ONE_METRIC if definition.get(field)), None):
            raise _refused(extra, f"{extra} is not allowed beside Metrics.", "State it in the entry of Metrics.")
    elif not definition.get("EvaluationCriteria"):
        _check_statistic(definition)
        _check_series(definition)
    _check_options(definition)
    _check_sizes(definition)
    given = [field for field in ONE_OF if definition.get(field)]
    if len(given) > 1:
        raise _refused(given[1], f"it has {' and '.join(given)}; an alarm has MetricName or one of them.")


def _check_statistic(definition: Definition) -> None:
    basic, extended = definition.get("Statistic"), definition.get("ExtendedStatistic")
    if basic and extended:
        raise _refused(
            "ExtendedStatistic",
            "it has Statistic and ExtendedStatistic.",
            "Keep one: ExtendedStatistic for a percentile.",
        )
    if basic and basic not in BASIC:
        raise _refused("Statistic", f"Statistic is {basic}: it takes {', '.join(BASIC)}.", "Use ExtendedStatistic.")
    if extended in BASIC:
        raise _refused(
            "ExtendedStatistic",
            f"ExtendedStatistic is {extended}, which is not an extended statistic.",
            "Use Statistic.",
        )
    shares = _SHARES.fullmatch(str(extended or ""))
    if shares and "%" in str(extended) and not all(_is_share(bound) for bound in shares.groups()):
        raise _refused(
            "ExtendedStatistic", f"ExtendedStatistic is {extended}: an alarm takes percentages between 10 and 90."
        )


def _is_share(bound: str) -> bool:
    """Empty is no bound."""
    try:
        return not bound or 10 <= float(bound) <= 90
    except ValueError:
        return False


def _check_series(metric: Definition) -> None:
    namespace, unit = str(metric.get("Namespace") or ""), metric.get("Unit")
    if namespace.startswith(":"):
        raise _refused("Namespace", f"Namespace {namespace} begins with a colon.")
    if unit and unit not in UNITS:
        raise _refused("Unit", f"{unit} is not a unit of CloudWatch.")
    names = [each.get("Name") for each in _entries(metric, "Dimensions")]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise _refused("Dimensions", f"dimension {twice} is given twice.")


def _check_query(number: int, query: Definition) -> None:
    name = f"query {query.get('Id') or number}"
    if bool(query.get("Expression")) == bool(query.get("MetricStat")):
        raise _refused("Metrics", f"{name} must have Expression or MetricStat, and not both.")
    if len(str(query.get("Expression") or "")) > 2048:
        raise _refused("Metrics", f"the expression of {name} is longer than 2,048 characters.")
    if query.get("MetricStat"):
        stat = mapping_of(query["MetricStat"], "MetricStat")
        _check_series({**mapping_of(stat.get("Metric"), "MetricStat.Metric"), "Unit": stat.get("Unit")})


def _check_options(definition: Definition) -> None:
    low = definition.get("EvaluateLowSampleCountPercentile")
    if low and low not in LOW_SAMPLES:
        raise _refused(
            "EvaluateLowSampleCountPercentile",
            f"EvaluateLowSampleCountPercentile is {low}.",
            f"Use one of {', '.join(LOW_SAMPLES)}.",
        )
    if definition.get("EvaluationInterval") and not definition.get("EvaluationCriteria"):
        raise _refused("EvaluationInterval", "EvaluationInterval is for alarms with EvaluationCriteria.", "Omit it.")
    windows = mapping_of(definition.get("EvaluationWindow"), "EvaluationWindow")
    if len([each for each in windows.values() if each is not None]) > 1:
        raise _refused("EvaluationWindow", "EvaluationWindow has several windows.", "Keep one of them.")
    if definition.get("WarmUpConfiguration"):
        field = "WarmUpConfiguration"
        minutes = mapping_of(definition[field], field).get("WarmUpPeriodDurationInMinutes")
        if whole_number_of(minutes, "WarmUpPeriodDurationInMinutes") not in WARM_UP_MINUTES:
            raise _refused(field, f"a warm-up of {minutes} minutes is not allowed.", "Use 1 to 2,880 minutes.")


def _check_sizes(definition: Definition) -> None:
    for field, most in MAX_CHARS.items():
        value = definition.get(field)
        if isinstance(value, str) and len(value) > most:
            raise _refused(field, f"{field} has {len(value):,} characters; at most {most:,} are allowed.")
    for field, most in MAX_ITEMS.items():
        value = definition.get(field)
        if isinstance(value, list | tuple) and len(value) > most:
            raise _refused(field, f"{field} has {len(value)} entries; at most {most} are allowed.")


def _entries(structure: Definition, field: str) -> list[Definition]:
    return [mapping_of(each, "A dimension") for each in list_of(structure.get(field), field)]


def _refused(field: str, text: str, next_step: str = "") -> AlarmError:
    return AlarmError(text, next_step, field)
