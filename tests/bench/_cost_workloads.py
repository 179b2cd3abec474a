"""Workloads priced by hand (``_cost_workloads.toml``), and what the cost model makes of the same usage."""

from __future__ import annotations

import ast
import math
import operator
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ops import pricing
from ops.aws.cloudwatch import Alarm, AlarmMetric
from ops.insight.report_types import QueryCost, Window
from ops.insight.reports.cost import prices_of
from ops.insight.rules.cost import cost_model
from ops.insight.rules.cost.cost_model import Assumptions
from ops.insight.sources.function_usage import FunctionUsage
from ops.insight.sources.metrics import Readings
from tests.ops.insight.world import DLQ, FUNCTION, MAPPING, QUEUE, WORKLOAD

START = datetime(2026, 11, 1, tzinfo=UTC)
GAUGES = ("message_bytes",)
_SUMS: Mapping[type, Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class PricedByHand:
    """``worked``: dollars by component; ``slips``: components whose arithmetic does not give those dollars."""

    name: str
    worked: Mapping[str, float]
    slips: tuple[str, ...]
    _case: Mapping[str, Any]

    def spent(self) -> dict[str, float]:
        """Dollars by component, as the Cost page and `ops costs` have them."""
        case = self._case
        mapping = case.get("mapping", {})
        pollers = {"maximum_pollers": 200, "minimum_pollers": mapping.get("minimum_pollers")}
        alarms = _alarms(case.get("alarms", {}))
        metric_alarms = tuple(alarm.name for alarm in alarms if alarm.name != "page-me")
        function = case.get("function")
        workload = replace(
            WORKLOAD,
            queue=replace(QUEUE, **case.get("queue", {})),
            dlq=DLQ,
            function=replace(FUNCTION, **function) if function else None,
            mapping=replace(MAPPING, **pollers) if mapping.get("provisioned") else MAPPING,
            api_url="https://api/v1" if case.get("api") else None,
            alarms=metric_alarms,
            composite_alarms=("page-me",) if len(alarms) > len(metric_alarms) else (),
        )
        assumptions = Assumptions(
            api=case.get("api", "none"),
            log_bytes_per_invocation=float(case.get("log_bytes", 3_000)),
            volume_tiers=case.get("volume_tiers", False),
            free_tier=case.get("free_tier", False),
        )
        use, readings = FunctionUsage(**case.get("use", {})), self._readings()
        listed = replace(pricing.load(), **case.get("prices", {}))
        prices = prices_of(workload, readings, assumptions, use, alarms, listed)
        spent = cost_model.spend(readings, workload, assumptions, prices, use, alarms)
        return {component: math.fsum(usd) for component, usd in spent.items()}

    def _readings(self) -> Readings:
        hours = self._case.get("hours", 1)
        period = 60 if hours == 1 else 3_600
        window = Window(START, START + timedelta(hours=hours), period)
        periods = hours * 3_600 // period
        columns = {
            name: [value if name in GAUGES else value * period / 3_600] * periods
            for name, value in self._case["usage"].items()
        }
        return Readings(columns, tuple(name for name in columns if name not in GAUGES), window, QueryCost())


def read() -> list[PricedByHand]:
    data = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
    return [
        PricedByHand(
            case["name"],
            {component: part["usd"] for component, part in case["worked"].items()},
            tuple(
                component
                for component, part in case["worked"].items()
                if not math.isclose(worked_out(part["arithmetic"]), part["usd"], rel_tol=1e-9, abs_tol=1e-15)
            ),
            case,
        )
        for case in data["workload"]
    ]


def worked_out(arithmetic: str) -> float:
    """What a sum of plain numbers makes, in decimals."""

    def value(node: ast.expr) -> Decimal:
        if isinstance(node, ast.BinOp):
            return _SUMS[type(node.op)](value(node.left), value(node.right))
        return Decimal(str(ast.get_source_segment(arithmetic, node)))

    return float(value(ast.parse(arithmetic, mode="eval").body))


def _alarms(counts: Mapping[str, int]) -> tuple[Alarm, ...]:
    metric = AlarmMetric("AWS/SQS", "ApproximateNumberOfMessagesVisible", (), "Maximum", 60)
    plain = Alarm("", "OK", "", "", None, "", "", threshold=0.0, metrics=(metric,))
    found = [replace(plain, name=f"plain-{number}") for number in range(counts.get("plain", 0))]
    if of := counts.get("math_metrics"):
        found.append(replace(plain, name="math", metrics=(metric,) * of, math=True))
    found += [
        replace(plain, name=f"fast-{number}", metrics=(replace(metric, period_s=10),))
        for number in range(counts.get("fast", 0))
    ]
    if counts.get("composite"):
        found.append(replace(plain, name="page-me", metrics=()))
    return tuple(found)
