"""``ops costs``: what a successful request costs, by the same report as the dashboard's Cost page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting, workload
from ops.aws import Aws
from ops.cli import options
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import place, safe
from ops.cli.output.styles import LEVEL_STYLES
from ops.errors import AwsError
from ops.insight import time_window
from ops.insight.rules import cost_model
from ops.target import Target
from ops.workload import Workload

if TYPE_CHECKING:
    from ops.insight.reports.cost import CostReport


COLUMNS = ("component", "usd")


def costs(
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    minutes: options.Minutes = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show what a successful request costs.

    An estimate, not a bill: usage × list price. Exits with 3 when the function could not be read, so that its cost is
    unknown.
    """
    from ops.insight.reports import cost  # with pandas, for which the help is not to wait

    form = chosen_format(output, as_json)
    target = options.target(stack, queue, function, profile, region)
    minutes = minutes or time_window.usual_minutes(target.is_twin)
    aws = Aws(target)
    described = workload.describe(aws, target)
    report = cost.report(aws, described, time_window.last(minutes, target.finest_period))
    parts = zip(report.parts["component"], report.parts["usd"], strict=True)
    if not print_as(form, report, COLUMNS, ({"component": component, "usd": usd} for component, usd in parts)):
        _show(Console(highlight=False), described, target, report, minutes)
    if cost_model.unpriced_reason(described):
        raise typer.Exit(AwsError.exit_code)


def _show(console: Console, workload: Workload, target: Target, report: CostReport, minutes: float) -> None:

    console.print(Text(safe(report.finding.text), style=LEVEL_STYLES[report.finding.level]))
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right", style="dim")
    for component, usd in sorted(zip(report.parts["component"], report.parts["usd"], strict=True), key=lambda p: -p[1]):
        share = formatting.percent(usd / report.total_usd) if report.total_usd else ""
        table.add_row(component, formatting.usd(usd), share)
    table.add_row("Total", formatting.usd(report.total_usd), "")
    if report.total_usd:
        wasted = formatting.percent(report.failures_usd / report.total_usd)
        table.add_row("of which failed jobs", formatting.usd(report.failures_usd), wasted)
    console.print(Text(f"{place(workload, target)} · last {formatting.duration(minutes * 60)}", style="dim"))
    console.print()
    console.print(table)
    console.print()
    if report.break_even_jobs_per_hour is not None:
        jobs = formatting.count(report.break_even_jobs_per_hour)
        console.print(f"An always-on worker is cheaper from {jobs} jobs per hour.")
    console.print(Text(f"Prices as of {report.prices_dated}. Excluded: {'; '.join(report.left_out)}.", style="dim"))
    for note in (*report.inferred, *report.look.partial):
        console.print(Text(f"note: {safe(note)}", style="dim"))
