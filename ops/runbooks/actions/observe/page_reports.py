"""What the pages say of errors, cold starts and cost, as checks: the same numbers from the same reports.

Each asks Logs Insights once, which bills what it scans; the lines say what that cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from ops import formatting
from ops.runbooks.actions.action import ActionContext, Effect, Outputs, Paper
from ops.runbooks.actions.reads import Repeatable

if TYPE_CHECKING:
    import pandas as pd

    from ops.insight.report_types import QueryCost, Window

MAX_ROWS = 8
"""Rows of a table that a step shows."""
_PERMISSIONS = ("logs:StartQuery", "logs:GetQueryResults", "cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms")


class PeriodInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``minutes``: how far back, up to 3 days."""

    minutes: Annotated[int, Meta(ge=5, le=4_320)] = 60


@dataclass(frozen=True)
class PageReport(Repeatable):
    """``query``: on paper, of Logs Insights."""

    name: str
    summary: str
    outputs: tuple[str, ...]
    read: Callable[[ActionContext, Window], Outputs]
    query: str

    effect = Effect.READ
    inputs = PeriodInputs
    permissions = _PERMISSIONS

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        minutes = values.get("minutes") or str(PeriodInputs().minutes)
        ago = str(int(minutes) * 60) if minutes.isdigit() else f"{minutes} * 60"
        return Paper(
            (
                f"QUERY=$(aws logs start-query --log-group-name /aws/lambda/$FN --start-time $(($(date +%s) - {ago})) "
                f"--end-time $(date +%s) --output text --query-string '{self.query}')",
                "sleep 5; aws logs get-query-results --query-id $QUERY --output json",
            )
        )

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        from ops.insight import time_window

        return self.read(context, time_window.last(inputs.minutes, context.aws.target.finest_period))


def _errors(context: ActionContext, window: Window) -> Outputs:
    from ops.insight.reports import failures

    report = failures.report(context.aws, context.workload, window)
    failed = report.invocations[~report.invocations["status"].isin(("success", ""))]
    newest = failed.iloc[-1] if len(failed) else None
    leading = report.by_type.iloc[0] if len(report.by_type) else None
    lines = [
        f"{row['error_type']}: {formatting.count(row['invocations'], 'invocation')}, "
        f"{formatting.percent(row['share'])} of the logged failures, first {formatting.clock(row['first'], window.end)}, "
        f"last {formatting.clock(row['last'], window.end)}"
        for row in _rows(report.by_type)
    ]
    lines += [
        f"version {row['version'] or 'unknown'}: {row['failed']:,} of {formatting.count(row['invocations'], 'invocation')} failed"
        for row in _rows(report.by_version)
    ]
    if report.failed and not len(failed):
        lines.append("no log line explains these errors: the function may not start; read its newest log lines")
    if report.failed is None or report.total is None:
        summary = "no invocation in this time left a metric, a record or a REPORT line"
    else:
        summary = f"{report.failed:,.0f} of {formatting.count(report.total, 'invocation')} failed"
    return {
        "failed": report.failed,
        "invocations": report.total,
        "leading": str(leading["error_type"]) if leading is not None else None,
        "request": str(newest["request_id"]) if newest is not None else None,
        "lines": [summary, *lines, *_asked(report.look)],
    }


def _starts(context: ActionContext, window: Window) -> Outputs:
    from ops.insight.reports import cold_starts

    report = cold_starts.report(context.aws, context.workload, window)
    lines = [
        f"version {row['version'] or 'unknown'}: {formatting.count(row['cold'], 'cold start')} in "
        f"{formatting.count(row['invocations'], 'invocation')}, p95 init {_latency(row['init_p95_ms'])}"
        for row in _rows(report.by_version)
    ]
    phases = [f"{row['phase']} {formatting.latency(row['duration_ms'])}" for row in _rows(report.phases)]
    lines += [f"latest cold start: {', '.join(phases)}"] if phases else []
    return {
        "cold": report.cold,
        "share": report.share,
        "p95_ms": report.init_p95_ms,
        "lines": [report.finding.text, *lines, *_asked(report.look)],
    }


def _costs(context: ActionContext, window: Window) -> Outputs:
    from ops.insight.reports import cost

    report = cost.report(context.aws, context.workload, window)
    parts = report.parts.sort_values("usd", ascending=False)
    lines = [f"{row['component']}: {formatting.price(row['usd'])}" for row in _rows(parts) if row["usd"]]
    failures = formatting.price(report.failures_usd)
    share = report.failures_usd / report.total_usd if report.total_usd else None
    of_it = f", {formatting.percent(share)} of it" if share is not None else ""
    return {
        "total_usd": report.total_usd,
        "failed_usd": report.failures_usd,
        "failed_share": share,
        "per_1000_usd": report.usd_per_1000,
        "lines": [report.finding.text, *lines, f"on work that failed: {failures}{of_it}", *_asked(report.look)],
    }


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.head(MAX_ROWS).to_dict("records")]


def _latency(ms: float) -> str:
    return "unknown" if ms != ms else formatting.latency(ms)  # NaN


def _asked(look: QueryCost) -> list[str]:
    """What is missing, and what asking cost."""
    return [*look.partial, f"these queries cost {formatting.price(look.usd)}"]


_RECORDS = 'filter record = "invocation"'
ERRORS = PageReport(
    "function.errors",
    "Look at failed invocations by error type and version",
    ("failed", "invocations", "leading", "request", "lines"),
    _errors,
    f'{_RECORDS} and status != "success" | stats count(*), min(@timestamp), max(@timestamp), latest(request_id) '
    "by error_type, function_version | sort count(*) desc",
)
STARTS = PageReport(
    "function.starts",
    "Look at cold starts by version",
    ("cold", "share", "p95_ms", "lines"),
    _starts,
    f"{_RECORDS} | stats pct(InitDuration, 95), sum(ColdStarts), count(*) by function_version",
)
COSTS = PageReport(
    "cost.look",
    "Look at what was spent, and how much of it on work that failed",
    ("total_usd", "failed_usd", "failed_share", "per_1000_usd", "lines"),
    _costs,
    f"{_RECORDS} | stats sum(EstimatedCost), count(*), max(BilledDuration) by error_type, function_version "
    "| sort sum(EstimatedCost) desc",
)
