"""``ops workloads``: what the account has in this region, the worst first, and how to choose one."""

from __future__ import annotations

from typing import Annotated

import typer

from ops import formatting
from ops.aws import Aws
from ops.cli import options
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.cli.output.styles import LEVEL_STYLES
from ops.errors import AwsError
from ops.insight.report_types import Level
from ops.insight.reports import workload_list
from ops.insight.reports.workload_list import WorkloadListReport, WorkloadStatus
from ops.target import Target, resolve_place

COLUMNS = ("name", "stack", "queue", "region", "functions", "level", "why", "queued", "dead", "alarms")
"""Columns of the CSV, which has a row for each workload."""


def workloads(
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=500, help="How many queues to check; the others are listed only.")
    ] = workload_list.MAX_CHECKED,
    profile: options.Profile = None,
    region: options.Region = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """List the workloads of the account and region.

    A workload is a queue that Lambda functions read. The level is from alarms, dead letters and settings; ops status
    checks more. Exits with 1 when a workload is Critical, and with 3 when a part could not be read.
    """
    form = chosen_format(output, as_json)
    target = resolve_place(profile=profile, region=region)
    report = workload_list.report(Aws(target), limit)
    if not print_as(form, report, COLUMNS, map(vars, report.workloads)):
        _show(report, target)
    if any(row.level is Level.CRITICAL for row in report.workloads):
        raise typer.Exit(1)
    if report.unread:
        raise typer.Exit(AwsError.exit_code)


def _show(report: WorkloadListReport, target: Target) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    where = f"{report.region} · {'local twin' if target.is_twin else 'AWS'}"
    if not report.workloads and not report.unread:
        console.print(Text(f"No workloads in {safe(where)}: no event source mapping reads an SQS queue."))
        console.print(Text("Check --region and --profile. A queue that something else reads: ops status --queue NAME."))
    else:
        console.print(Text(f"{formatting.count(len(report.workloads), 'workload')} · {safe(where)}", style="dim"))
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for title in ("LEVEL", "WORKLOAD", "QUEUE", "FUNCTIONS", "WHY"):
            table.add_column(title, overflow="fold")
        for row in report.workloads:
            level = Text(row.level.label, style=LEVEL_STYLES[row.level]) if row.level else Text("–")
            table.add_row(level, *(Text(safe(text)) for text in _cells(row)))
        console.print(table)
    for note in (*report.unread, *report.limits):
        console.print(Text(f"note: {safe(note)}", style="dim"))
    if report.workloads:
        console.print(Text(f"Show one: ops status {safe(_options(report.workloads[0]))}", style="dim"))


def _cells(row: WorkloadStatus) -> tuple[str, ...]:
    return _options(row), row.queue, ", ".join(row.functions), row.why


def _options(row: WorkloadStatus) -> str:
    """The command-line options that select the workload."""
    chosen = (("--stack", row.select_stack), ("--queue", row.select_queue))
    return " ".join(f"{option} {name}" for option, name in chosen if name)
