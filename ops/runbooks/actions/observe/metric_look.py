"""``metrics.look``: what the workload's metrics show over the last minutes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ops import formatting
from ops.runbooks.actions.action import ActionContext, Effect, Outputs, Paper
from ops.runbooks.actions.observe.measures import METRICS, MetricName, paper, query
from ops.runbooks.actions.reads import Repeatable


class MetricsInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``minutes``: how far back, up to 14 days."""

    metrics: Annotated[tuple[MetricName, ...], Meta(min_length=1, max_length=8)]
    minutes: Annotated[int, Meta(ge=5, le=20_160)] = 60


class LookAtMetrics(Repeatable):
    """Names have underscores in the outputs, so that ``totals.dlq_received`` needs no quotes. A metric without data is
    null: Lambda and SQS do not publish every zero."""

    name = "metrics.look"
    summary = "Look at metrics of the last minutes: sums, or the latest and the highest value"
    effect = Effect.READ
    inputs = MetricsInputs
    outputs = ("totals", "highest", "latest", "lines")
    permissions = ("cloudwatch:GetMetricData",)

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        names = str(values["metrics"]).split(",")
        return Paper(tuple(paper(name, str(values.get("minutes") or MetricsInputs(()).minutes)) for name in names))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        from ops.insight import time_window
        from ops.insight.sources import metrics

        window = time_window.last(inputs.minutes, context.aws.target.finest_period)
        asked = {name: found for name in inputs.metrics if (found := query(context.workload, name)) is not None}
        readings = metrics.read(context.aws, list(asked.values()), window)
        totals: dict[str, float | None] = {}
        highest: dict[str, float | None] = {}
        latest: dict[str, float | None] = {}
        lines = []
        for name in inputs.metrics:
            watched, key = METRICS[name], name.replace("-", "_")
            known = [(at, value) for at, value in readings.points(name) if not math.isnan(value)]
            values = [value for _, value in known]
            totals[key] = math.fsum(values) if watched.counts and values else None
            highest[key] = max(values, default=None)
            latest[key] = values[-1] if values else None
            if name not in asked:
                lines.append(f"{watched.words}: the workload has no {watched.subject}")
            elif not values:
                lines.append(f"{watched.words}: no data in {formatting.duration(inputs.minutes * 60)}")
            elif watched.counts:
                lines.append(f"{watched.words}: {watched.write(math.fsum(values))}")
            else:
                at = formatting.clock(known[-1][0], window.end)
                lines.append(
                    f"{watched.words}: {watched.write(values[-1])} ({at}), highest {watched.write(max(values))}"
                )
        return {"totals": totals, "highest": highest, "latest": latest, "lines": lines}
