"""``ops tenants``: who fills the queue, from a stated sample."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting, workload
from ops.aws import Aws
from ops.cli import options, time_args
from ops.cli.commands_base.option_groups import with_groups
from ops.cli.output import log_view
from ops.cli.output.confirmation import confirm
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import place, safe
from ops.cli.output.stderr_console import StderrConsole
from ops.cli.output.styles import LEVEL_STYLES
from ops.errors import UsageError
from ops.insight import time_window
from ops.insight.report_types import Level
from ops.tenants import Grouping, Source, tenants_report
from ops.tenants.live_peek import peek_effect
from ops.tenants.report import TenantQuestion

if TYPE_CHECKING:
    from ops.tenants import TenantReport

COLUMNS = (
    "key",
    "messages",
    "share",
    "share_low",
    "share_high",
    "peak",
    "backlog_share",
    "wait_p50_s",
    "wait_p95_s",
    "wait_p95_others_s",
)
SHOWN = 20


@with_groups
def tenants(
    where: options.WorkloadOptions,
    by: Annotated[
        Grouping | None,
        typer.Option("--by", help="What tells them apart. Default: message group, else tenant, else sender."),
    ] = None,
    body: Annotated[
        str,
        typer.Option("--body", metavar="EXPRESSION", help="By a field of the body, as JMESPath: params.tenant."),
    ] = "",
    source: Annotated[
        Source | None,
        typer.Option("--source", help="Where the sample is from. Default: logs; for --body dead-letters."),
    ] = None,
    peek: Annotated[
        int,
        typer.Option(
            "--peek",
            metavar="N",
            min=0,
            help="Receive up to N messages of the live queue and release them: each uses up one receive.",
        ),
    ] = 0,
    yes: Annotated[bool, typer.Option("--yes", help="Peek without a confirmation.")] = False,
    minutes: options.Minutes = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Start: 2h (ago), 02:10 (UTC), in place of --minutes.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Its end (same formats as --since). Default: now.")
    ] = None,
    max_cost: options.MaxCost = 0.5,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show who fills the queue: message groups, senders, tenants or values in the body, with their shares and waits.

    Read from log lines or dead letters, so that the queue is not touched; how the sample was taken is said. Exits with 1
    when one of them holds most of what waits.
    """
    form = chosen_format(output, as_json)
    if peek and source not in (None, Source.PEEK):
        raise UsageError("--peek is a source of its own.", "Omit --source.")
    if source is Source.PEEK and not peek:
        raise UsageError("How many messages?", "Use --peek N.")
    target, now = where.target(), datetime.now(UTC)
    start, end = _range(target.is_twin, minutes, *time_args.time_range(since, until, now), now)
    aws = Aws(target)
    described = workload.describe(aws, target)
    progress = StderrConsole()
    if peek:
        effect = Text(safe(peek_effect(described.queue, peek)), style="yellow")
        confirm("Receive them?", yes, "Add --yes.", lambda: progress.print(effect))
    report = tenants_report(
        aws,
        described,
        TenantQuestion(start, end, by, body, Source.PEEK if peek else source, peek),
        max_usd=max_cost,
        say=lambda line: log_view.print_progress(progress, line),
    )
    if not print_as(form, report, COLUMNS, [vars(tenant) for tenant in report.tenants]):
        _show(Console(highlight=False), place(described, target), report)
    if report.finding.level in (Level.WARNING, Level.CRITICAL):
        raise typer.Exit(1)


def _range(
    twin: bool, minutes: float | None, start: datetime | None, end: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    if minutes is not None and (start is not None or end is not None):
        raise UsageError("The time range is given in two ways.", "Use --minutes, or --since and --until.")
    if end is not None and start is None:
        raise UsageError("--until needs a start.", "Add --since.")
    last = end or now
    return start or last - timedelta(minutes=minutes or time_window.usual_minutes(twin)), last


def _show(console: Console, heading: str, report: TenantReport) -> None:
    console.print(Text(safe(report.finding.text), style=LEVEL_STYLES[report.finding.level]))
    console.print(Text(heading, style="dim"))
    if report.tenants:
        console.print()
        console.print(_table(report))
    console.print()
    console.print(Text(safe(f"sample: {report.method}"), style="dim"))
    console.print(Text(safe(report.waiting), style="dim"))
    if report.peak:
        at = formatting.clock(report.peak.at, datetime.now(UTC), seconds=True)
        console.print(Text(f"most waited at {at}: {formatting.count(report.peak.waiting)} of the sample", style="dim"))
    if report.unnamed and report.tenants:
        console.print(Text(f"{formatting.count(report.unnamed, 'message')} without one", style="dim"))
    for note in report.look.partial:
        console.print(Text(f"note: {safe(note)}", style="dim"))


def _table(report: TenantReport) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    name = report.expression if report.by is Grouping.BODY else report.by.value.capitalize()
    table.add_column(Text(safe(name)), overflow="fold")
    for column in ("Messages", "Share", "95%\ninterval", "At the\npeak", "Of the\nbacklog", "Wait\np50", "Wait\np95"):
        table.add_column(column, justify="right", no_wrap=True)
    for tenant in report.tenants[:SHOWN]:
        table.add_row(
            Text(safe(tenant.key)),
            formatting.count(tenant.messages),
            formatting.percent(tenant.share),
            f"{formatting.percent(tenant.share_low)} to {formatting.percent(tenant.share_high)}",
            formatting.count(tenant.peak) if report.peak else "",
            "" if tenant.backlog_share is None else formatting.percent(tenant.backlog_share),
            "" if tenant.wait_p50_s is None else formatting.duration(tenant.wait_p50_s),
            "" if tenant.wait_p95_s is None else formatting.duration(tenant.wait_p95_s),
        )
    more = report.tenants[SHOWN:]
    others, messages = len(more) + report.others, sum(tenant.messages for tenant in more) + report.other_messages
    if others:
        share = formatting.percent(messages / report.sampled)
        table.add_row(f"{formatting.count(others)} others", formatting.count(messages), share, "", "", "", "", "")
    return table
