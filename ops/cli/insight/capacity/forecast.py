"""``ops forecast``: when a backlog is drained, what breaks before that, and what other settings would do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting, workload
from ops.aws import Aws
from ops.cli import options
from ops.cli.commands_base.option_groups import with_groups
from ops.cli.insight.capacity.forecast_options import LoadOptions, WhatIfOptions
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import place, safe
from ops.cli.output.styles import LEVEL_STYLES
from ops.errors import UsageError
from ops.insight import time_window

if TYPE_CHECKING:
    from ops.insight.forecast.what_if import VariantForecast
    from ops.insight.reports.forecast import ForecastReport

COLUMNS = (
    "setting",
    "concurrency_limit",
    "limited_by",
    "drained_s",
    "drained_low_s",
    "drained_high_s",
    "peak_age_s",
    "peak_in_flight",
    "usd",
    "usd_month",
    "usd_month_idle",
    "note",
)


@with_groups
def forecast(
    where: options.WorkloadOptions,
    load: LoadOptions,
    what_if: WhatIfOptions,
    minutes: options.Minutes = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show when the backlog is drained, and what other settings would change.

    A forecast from the rates of the time range, with an interval from the 10th to the 90th percentile. Exits with 1 when
    the backlog is never drained, or messages expire first.
    """
    from ops.insight.forecast import scaling_laws
    from ops.insight.reports import forecast as forecasts  # with pandas, for which the help is not to wait

    assumed = load.assumed(what_if.changes())
    assumed.changes.ensure_possible()
    form = chosen_format(output, as_json)
    target = where.target()
    aws = Aws(target)
    described = workload.describe(aws, target)
    if scaling_laws.of_workload(described) is None:
        raise UsageError(
            f"No function of this account reads {described.queue.name}: how fast it is drained is not known.",
            "Choose another queue with --queue.",
        )
    minutes = minutes or time_window.usual_minutes(target.is_twin)
    report = forecasts.report(aws, described, time_window.last(minutes, target.finest_period), assumed)
    if report.now is None:
        raise UsageError(
            "No message was processed in this time range, so the time per message is not known.",
            "Choose a longer range with --minutes, or give the time with --seconds-per-message.",
        )
    if not print_as(form, _plain(report, report.now), COLUMNS, map(_row, report.variants)):
        _show(Console(highlight=False), place(described, target), report)
    if not report.in_time:
        raise typer.Exit(1)


def _row(variant: VariantForecast) -> dict[str, Any]:
    found = variant.forecast
    drained = found.drained_s
    return {
        "setting": variant.name,
        "concurrency_limit": found.law.limit,
        "limited_by": found.law.limited_by,
        "drained_s": drained.mid if drained else None,
        "drained_low_s": drained.low if drained else None,
        "drained_high_s": drained.high if drained and math.isfinite(drained.high) else None,
        "peak_age_s": found.peak_age_s,
        "peak_in_flight": variant.in_flight,
        "usd": variant.usd,
        "usd_month": variant.usd_month,
        "usd_month_idle": variant.usd_month_idle,
        "note": variant.note,
    }


def _plain(report: ForecastReport, first: VariantForecast) -> dict[str, Any]:
    now = first.forecast
    return {
        "finding": report.finding,
        "drained_either_s": now.drained_s.either if now.drained_s else None,
        "backlog": report.backlog,
        "arrivals_per_min": report.arrivals_per_min,
        "seconds_per_message": report.seconds_per_message,
        "deadline_s": report.deadline_s,
        "deadline_missed_s": now.deadline_missed_s,
        "retention_s": report.retention_s,
        "expires_s": now.expires_s,
        "concurrency_needed": now.needed,
        "needed_within_s": now.goal_s,
        "settings": [_row(variant) for variant in report.variants],
        "basis": report.basis,
        "look": report.look,
    }


def _show(console: Console, where: str, report: ForecastReport) -> None:
    console.print(Text(safe(report.finding.text), style=LEVEL_STYLES[report.finding.level]))
    console.print(Text(where, style="dim"))
    console.print()
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for name, side in (("Setting", "left"), ("Limit", "right"), ("Drained in", "left"), ("Peak age", "right")):
        table.add_column(name, justify=side)  # type: ignore[arg-type]  # literals of rich
    table.add_column("USD until drained", justify="right")
    table.add_column("USD/month", justify="right")
    for variant in report.variants:
        found = variant.forecast
        table.add_row(
            variant.name,
            f"{formatting.count(found.law.limit)}",
            found.drained_text,
            formatting.duration(found.peak_age_s) if found.drained_s else "",
            formatting.usd(variant.usd) if variant.usd is not None else "",
            formatting.usd(variant.usd_month) if variant.usd_month is not None else "",
        )
    console.print(table)
    console.print()
    for line in (*report.notes, *report.basis, *report.look.partial):
        console.print(Text(safe(line), style="dim"))
