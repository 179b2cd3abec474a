"""Computes one expression over a grid, from the values of the queries that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.alarms.evaluate.metric_math import functions
from ops.alarms.evaluate.metric_math.functions import Grid
from ops.alarms.evaluate.metric_math.syntax import (
    FunctionCall,
    Listing,
    MathError,
    Name,
    Negation,
    Node,
    Number,
    Operation,
    Text,
    walk,
)
from ops.alarms.evaluate.metric_math.values import (
    ARITHMETIC,
    OPERATORS,
    Array,
    Scalar,
    Series,
    Value,
    combined,
    kind,
    series_of,
)

REFUSED = {
    "SEARCH": "An alarm cannot use SEARCH, which may return any number of time series",
    "ANOMALY_DETECTION_BAND": "Anomaly detection is not modeled",
    "INSIGHT_RULE_METRIC": "Contributor Insights is not modeled",
    "LAMBDA": "Data sources of Lambda functions are not modeled",
    "DB_PERF_INSIGHTS": "Performance Insights is not modeled",
}
NEXT_STEPS = {"SEARCH": "Name each metric as a query of its own."}
OF_A_METRIC = ("PERIOD", "SERVICE_QUOTA")
"""Functions of a metric itself, not of its values."""
FILLERS = {"REPEAT": functions.repeated, "LINEAR": functions.interpolated}
OF_THE_RANGE = ("DIFF", "DIFF_TIME", "RATE", "RUNNING_SUM", "FILL", "SORT", "REMOVE_EMPTY")
"""Functions whose result at one time depends on how many datapoints were retrieved."""


def depends_on_range(expression: Node) -> bool:
    """Whether it must be computed again for each evaluation of the alarm."""
    return any(isinstance(each, FunctionCall) and _of_the_range(each) for each in walk(expression))


def _of_the_range(call: FunctionCall) -> bool:
    first, last = (call.arguments[0], call.arguments[-1]) if call.arguments else (None, None)
    if call.function in functions.SUMMARIES:
        listed = isinstance(first, Listing) or (isinstance(first, FunctionCall) and first.function == "METRICS")
        return not listed
    return call.function in OF_THE_RANGE and not (call.function == "FILL" and last is not None and not _words(last))


def _words(node: Node) -> bool:
    """Whether it is a way to fill instead of a value."""
    return isinstance(node, Name) and node.name in FILLERS


@dataclass
class Evaluation:
    expression: str
    values: Mapping[str, Value]  # by query ID
    grid: Grid
    metrics: frozenset[str] = field(default_factory=frozenset)  # IDs that name a metric, not an expression
    quotas: Mapping[str, float] = field(default_factory=dict)  # of the metrics that have one, by ID

    def value(self, node: Node) -> Value:
        match node:
            case Number(number):
                return Scalar(number)
            case Name(name, at):
                if name not in self.values:
                    raise self._error(at, f"There is no query with the ID {name}")
                return self.values[name]
            case Listing(items, at):
                return self._array(items, at)
            case Negation(operand):
                return self._operation("-", Scalar(0.0), self.value(operand), node.at)
            case Operation():
                return self._chain(node)
            case FunctionCall():
                return self._call(node)
            case Text(_, at):
                raise self._error(at, "A text is not a value")

    def _array(self, items: tuple[Node, ...], at: int) -> Array:
        series: list[Series] = []
        for item in items:
            value = self.value(item)
            if isinstance(value, Scalar):
                raise self._error(item.at, "An array holds time series, not numbers")
            series += value.series if isinstance(value, Array) else [value]
        if not series:
            raise self._error(at, "The array is empty")
        return Array(tuple(series))

    def _chain(self, last: Operation) -> Value:
        """Operations that group from the left, without a call for each: an expression may have hundreds of them."""
        operations = [last]
        while isinstance(operations[-1].left, Operation):
            operations.append(operations[-1].left)
        value = self.value(operations[-1].left)
        for each in reversed(operations):
            value = self._operation(each.operator, value, self.value(each.right), each.at)
        return value

    def _operation(self, operator: str, left: Value, right: Value, at: int) -> Value:
        combine = OPERATORS[operator]
        if operator in ARITHMETIC and isinstance(left, Array) and not isinstance(right, Array):
            return functions.mapped(left, lambda series: series_of(combine, series, right))
        if operator in ARITHMETIC and isinstance(right, Array) and not isinstance(left, Array):
            return functions.mapped(right, lambda series: series_of(combine, left, series))
        if isinstance(left, Array) or isinstance(right, Array):
            raise self._error(at, f"{operator} does not combine {kind(left)} and {kind(right)}")
        return combined(combine, left, right)

    def _call(self, call: FunctionCall) -> Value:
        name, count = call.function, len(call.arguments)
        if name in REFUSED:
            raise MathError(self.expression, call.at, REFUSED[name], NEXT_STEPS.get(name, ""))
        of_several = {
            "SLICE": self._slice,
            "SORT": self._sort,
            "FILL": self._fill,
            "IF": self._if,
            "METRICS": self._metrics,
        }
        if name in of_several:
            return of_several[name](call)
        if name not in _OF_ONE:
            raise self._error(call.at, f"{name} is not a function of metric math")
        if count != 1:
            raise self._error(call.at, f"{name} takes one argument, not {count}")
        if name in OF_A_METRIC and not (isinstance(call.arguments[0], Name) and call.arguments[0].name in self.metrics):
            raise self._error(call.arguments[0].at, f"{name} takes the ID of a metric")
        if name == "SERVICE_QUOTA":
            return self._quota(call)
        return self._of_one(name, self.value(call.arguments[0]), call.arguments[0].at)

    def _metrics(self, call: FunctionCall) -> Array:
        """All metrics of the alarm, or those whose ID contains a text; expressions are not among them (CloudWatch user guide,
        using-metric-math, copy of 2023). ⚠ Their order is not published: by ID here."""
        if len(call.arguments) > 1 or not all(isinstance(each, Text) for each in call.arguments):
            raise self._error(call.at, "METRICS takes nothing, or a text that the IDs contain")
        part = "".join(each.value for each in call.arguments if isinstance(each, Text))
        chosen = [self.values[name] for name in sorted(self.metrics) if part in name]
        series = tuple(each for each in chosen if isinstance(each, list))
        if not series:
            raise self._error(call.at, f'No metric has an ID that contains "{part}"')
        return Array(series)

    def _quota(self, call: FunctionCall) -> Series:
        """Where the metric has data. ⚠ What CloudWatch has where it has none is not published: an alarm on all of N periods may
        wait for a minute that is not there yet, M of N does not."""
        metric = next(each.name for each in call.arguments if isinstance(each, Name))
        if metric not in self.quotas:
            raise MathError(
                self.expression,
                call.at,
                f"The quota of {metric} is not known",
                "Give it in an incident's table workload (account_concurrency), or write it as a number.",
            )
        series = self.values[metric]
        quota = self.quotas[metric]
        return [None if each is None else quota for each in series] if isinstance(series, list) else []

    def _of_one(self, name: str, value: Value, at: int) -> Value:
        if name == "TIME_SERIES":
            if not isinstance(value, Scalar):
                raise self._error(at, f"TIME_SERIES takes a number, not {kind(value)}")
            return [value.value] * len(self.grid.begins)
        if isinstance(value, Scalar):
            raise self._error(at, f"{name} takes a time series, not a number")
        if name in functions.SUMMARIES:
            return functions.summarize(name, value)
        if name in functions.SERIES:
            return functions.mapped(value, lambda series: functions.SERIES[name](name, series, self.grid))
        if name in ("FIRST", "LAST", "METRIC_COUNT", "REMOVE_EMPTY"):
            if not isinstance(value, Array):
                raise self._error(at, f"{name} takes an array of time series, not {kind(value)}")
            if name == "METRIC_COUNT":
                return Scalar(float(len(value.series)))
            if name == "REMOVE_EMPTY":
                return Array(tuple(each for each in value.series if any(number is not None for number in each)))
            empty: Series = [None] * len(self.grid.begins)
            return (value.series or (empty,))[0 if name == "FIRST" else -1]
        if isinstance(value, Array):
            raise self._error(at, f"{name} takes a time series, not {kind(value)}")
        return Scalar(float(self.grid.period)) if name == "PERIOD" else functions.clock(name, self.grid)

    def _fill(self, call: FunctionCall) -> Value:
        value, second = self._arguments(call, 2, 2)[0], call.arguments[1]
        if isinstance(value, Scalar):
            raise self._error(call.at, "FILL takes a time series, not a number")
        if isinstance(second, Name) and second.name in FILLERS:
            return functions.mapped(value, FILLERS[second.name])
        filler = self.value(second)
        if isinstance(filler, Array):
            raise self._error(second.at, "FILL fills with a number, a time series, REPEAT or LINEAR")
        return functions.mapped(value, lambda series: functions.filled(series, filler))

    def _if(self, call: FunctionCall) -> Value:
        if not 2 <= len(call.arguments) <= 3:
            raise self._error(call.at, f"IF takes two or three arguments, not {len(call.arguments)}")
        condition, true, *rest = [self.value(each) for each in call.arguments]
        false = rest[0] if rest else None
        if isinstance(condition, Array) or isinstance(true, Array) or isinstance(false, Array):
            raise self._error(call.at, "IF takes time series and numbers, not arrays")
        if not isinstance(condition, Scalar):
            return functions.chosen(condition, true, false)
        if isinstance(true, Scalar):
            raise self._error(call.arguments[1].at, "IF with a number as its condition chooses between time series")
        if condition.value:
            return true
        return [None] * len(self.grid.begins) if false is None else self._as_series(false)

    def _as_series(self, value: Scalar | Series) -> Series:
        return [value.value] * len(self.grid.begins) if isinstance(value, Scalar) else value

    def _slice(self, call: FunctionCall) -> Value:
        array, *bounds = self._arguments(call, 2, 3)
        if not isinstance(array, Array) or not all(isinstance(each, Scalar) for each in bounds):
            raise self._error(call.at, "SLICE takes an array of time series and one or two numbers")
        first, *last = [int(each.value or 0) for each in bounds if isinstance(each, Scalar)]
        return Array(array.series[first : last[0] if last else None])

    def _sort(self, call: FunctionCall) -> Value:
        if not 3 <= len(call.arguments) <= 4:
            raise self._error(call.at, f"SORT takes three or four arguments, not {len(call.arguments)}")
        by, direction = (each.name if isinstance(each, Name) else "" for each in call.arguments[1:3])
        limit = self.value(call.arguments[3]) if len(call.arguments) == 4 else Scalar(None)
        array = self.value(call.arguments[0])
        known = by in ("AVG", "MIN", "MAX", "SUM") and direction in ("ASC", "DESC")
        if not isinstance(array, Array) or not known or not isinstance(limit, Scalar):
            raise self._error(call.at, "SORT takes an array, AVG, MIN, MAX or SUM, ASC or DESC, and perhaps a limit")
        return functions.ordered(array, by, direction == "DESC", None if limit.value is None else int(limit.value))

    def _arguments(self, call: FunctionCall, least: int, most: int) -> list[Value]:
        if not least <= len(call.arguments) <= most:
            takes = f"{least} arguments" if least == most else f"{least} or {most} arguments"
            raise self._error(call.at, f"{call.function} takes {takes}, not {len(call.arguments)}")
        return [self.value(each) for each in call.arguments if not _words(each)]

    def _error(self, at: int, problem: str) -> MathError:
        return MathError(self.expression, at, problem)


_OF_ONE = (
    *functions.SUMMARIES,
    *functions.SERIES,
    *functions.CLOCK,
    *("FIRST", "LAST", "METRIC_COUNT", "REMOVE_EMPTY", "PERIOD", "SERVICE_QUOTA", "TIME_SERIES"),
)
