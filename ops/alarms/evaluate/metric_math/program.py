"""The expressions of one alarm, in the order of their computation.

Limits: ten metrics, all with one period (CloudWatch user guide, alarm-data-queries, read 2026-11); exactly one query is
returned and it is one time series (PutMetricAlarm, botocore 1.44.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ops.alarms.evaluate.errors import AlarmError
from ops.alarms.evaluate.metric_math.evaluation import Evaluation, depends_on_range
from ops.alarms.evaluate.metric_math.functions import CLOCK, Grid
from ops.alarms.evaluate.metric_math.syntax import FunctionCall, Name, Node, parse, walk
from ops.alarms.evaluate.metric_math.values import Series, Value, kind

MAX_METRICS = 10
_ID = re.compile(r"[a-z][A-Za-z0-9_]*", re.ASCII)
_INSIGHTS = re.compile(r"\s*SELECT\s", re.IGNORECASE)


@dataclass(frozen=True)
class Step:
    query: str  # ID
    expression: str
    node: Node


@dataclass(frozen=True)
class Program:
    steps: tuple[Step, ...]  # the last one is what the alarm watches
    metrics: frozenset[str]  # IDs of the queries that name a metric
    depends_on_range: bool  # whether a datapoint may change with how many were retrieved
    depends_on_clock: bool = False  # whether equal values at another time may give another result
    quotas: Mapping[str, float] = field(default_factory=dict)  # of the metrics that have one, by ID

    def series(self, inputs: Mapping[str, Series], grid: Grid) -> Series:
        """The series that the alarm watches, from those of its metrics by ID."""
        values: dict[str, Value] = dict(inputs)
        for step in self.steps:
            values[step.query] = Evaluation(step.expression, values, grid, self.metrics, self.quotas).value(step.node)
        result = values[self.steps[-1].query]
        if not isinstance(result, list):
            raise AlarmError(f"The expression returns {kind(result)}, not one time series: {self.steps[-1].expression}")
        return result


def program(queries: Sequence[Mapping[str, Any]], quotas: Mapping[str, float] = MappingProxyType({})) -> Program:
    """Compiles the ``Metrics`` of an alarm, at least one of which is an expression. ``quotas``: by ID, for
    SERVICE_QUOTA.

    Raises AlarmError for a syntax error (with its position), an unknown ID, a cycle, a quota that is not known, or what an
    alarm cannot use.
    """
    by_id = _by_id(queries)
    returned = [name for name, query in by_id.items() if str(query.get("ReturnData", True)).lower() != "false"]
    if len(returned) != 1:
        raise AlarmError(
            f"{len(returned)} queries are returned ({', '.join(returned) or 'none'}); an alarm watches exactly one.",
            "Set ReturnData to false for all others.",
        )
    metrics = frozenset(name for name, query in by_id.items() if not query.get("Expression"))
    if len(metrics) > MAX_METRICS:
        raise AlarmError(f"The expression uses {len(metrics)} metrics; at most {MAX_METRICS} are allowed.")
    steps = tuple(_ordered(returned[0], by_id))
    by_range = any(depends_on_range(step.node) for step in steps)
    by_clock = any(
        isinstance(each, FunctionCall) and each.function in CLOCK for step in steps for each in walk(step.node)
    )
    made = Program(steps, metrics, by_range, by_clock, dict(quotas))
    _check(made)
    return made


def _by_id(queries: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    by_id: dict[str, Mapping[str, Any]] = {}
    for query in queries:
        name = str(query.get("Id") or "")
        if not _ID.fullmatch(name):
            raise AlarmError(f'"{name}" is not an ID of a query.', "It begins with a lowercase letter.")
        if name in by_id:
            raise AlarmError(f"The ID {name} is used twice.")
        by_id[name] = query
    return by_id


def _ordered(last: str, by_id: Mapping[str, Mapping[str, Any]]) -> Iterator[Step]:
    """The expressions that ``last`` needs, each after those that it names."""
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> Iterator[Step]:
        if name in path:
            raise AlarmError(f"The expressions form a cycle: {' → '.join((*path[path.index(name) :], name))}.")
        if name in done or name not in by_id or not by_id[name].get("Expression"):
            return
        expression = str(by_id[name]["Expression"])
        if _INSIGHTS.match(expression):
            raise AlarmError(f"Metrics Insights queries are not modeled: {expression}")
        node = parse(expression)
        for needed in sorted({each.name for each in walk(node) if isinstance(each, Name)}):
            yield from visit(needed, (*path, name))
        done.add(name)
        yield Step(name, expression, node)

    yield from visit(last, ())


def _check(made: Program) -> None:
    """Compute it once: names, arguments and the kind of the result do not depend on the data."""
    empty: dict[str, Series] = {name: [1.0, 1.0] for name in made.metrics}
    made.series(empty, Grid((0.0, 60.0), 60))
