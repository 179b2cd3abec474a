"""``ops costs``: what a successful request costs, by the same report as the dashboard's Cost page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting, workload
from ops.aws import Aws
from ops.cli import options, time_args
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import place, safe
from ops.cli.output.styles import LEVEL_STYLES
from ops.errors import AwsError, UsageError
from ops.insight import time_window
from ops.insight.report_types import Window
from ops.insight.rules.cost import cost_model
from ops.insight.rules.cost.comparison import compared
from ops.insight.sources import incident_time
from ops.target import Target

if TYPE_CHECKING:
    from ops.insight.reports.cost import CostReport


COLUMNS = ("component", "usd")

Since = Annotated[
    str | None,
    typer.Option(
        "--since", help="Start of an incident: 2h (ago), 02:10 (UTC), 2026-11-24T02:10, in place of --minutes."
    ),
]
Until = Annotated[str | None, typer.Option("--until", help="Its end (same formats as --since). Default: now.")]
AlarmName = Annotated[
    str | None,
    typer.Option(
        "--alarm",
        metavar="NAME",
        help="The last incident of this alarm: from the first datapoint that breached, until it left ALARM, or --until.",
    ),
]
VolumeTiers = Annotated[
    bool, typer.Option("--volume-tiers", help="Price a month at this rate, where later units cost less.")
]
FreeTier = Annotated[
    bool, typer.Option("--free-tier", help="Take a month's free tier off, all of it for this workload.")
]


def costs(
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    minutes: options.Minutes = None,
    since: Since = None,
    until: Until = None,
    alarm: AlarmName = None,
    volume_tiers: VolumeTiers = False,
    free_tier: FreeTier = False,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show what a successful request costs.

    An estimate, not a bill: usage × list price. --since, --until and --alarm give the cost of an incident. Exits with 3
    when the function could not be read, so that its cost is unknown.
    """
    from ops.insight.reports import cost  # with pandas, for which the help is not to wait

    form = chosen_format(output, as_json)
    target = options.target(stack, queue, function, profile, region)
    aws = Aws(target)
    now = datetime.now(UTC)
    given = _given(minutes, time_args.time_range(since, until, now), alarm)
    described = workload.describe(aws, target)
    window, said, why = _window(aws, target, described.queue.name, now, minutes, given, alarm)
    assumptions = cost_model.Assumptions(volume_tiers=volume_tiers, free_tier=free_tier)
    report = cost.report(aws, described, window, assumptions)
    parts = zip(report.parts["component"], report.parts["usd"], strict=True)
    report = replace(report, inferred=(*why, *report.inferred))
    if not print_as(form, report, COLUMNS, ({"component": component, "usd": usd} for component, usd in parts)):
        _show(Console(highlight=False), (f"{place(described, target)} · {said}", *why), report)
    if cost_model.unpriced_reason(described):
        raise typer.Exit(AwsError.exit_code)


def _given(
    minutes: float | None, times: tuple[datetime | None, datetime | None], alarm: str | None
) -> tuple[datetime | None, datetime | None]:
    """The times. Raises UsageError where the time range is given in two ways."""
    start, end = times
    if sum((minutes is not None, start is not None or (end is not None and alarm is None), alarm is not None)) > 1:
        raise UsageError(
            "The time range is given in two ways.",
            "Use --minutes, or --since and --until, or --alarm, which --until may extend.",
        )
    if end is not None and start is None and alarm is None:
        raise UsageError("--until needs a start.", "Add --since, or --alarm.")
    return times


def _window(
    aws: Aws,
    target: Target,
    queue: str,
    now: datetime,
    minutes: float | None,
    given: tuple[datetime | None, datetime | None],
    alarm: str | None,
) -> tuple[Window, str, tuple[str, ...]]:
    """The time range, the same in words, and for an alarm which times these are. Raises UsageError where the alarm has not
    been in ALARM, or not before the given end."""
    start, end = given
    why: tuple[str, ...] = ()
    if alarm is not None:
        incident = incident_time.latest(aws, alarm, queue, now)
        why = incident.why if end is None else (incident.why[0], "Until the given time.")
        start, end = incident.start, end or incident.end
    if start is None:
        length = minutes or time_window.usual_minutes(target.is_twin)
        return time_window.last(length, target.finest_period, now), f"last {formatting.duration(length * 60)}", why
    window = time_window.between(start, end or now, target.finest_period, now)
    whose = f"incident of {safe(alarm)}, " if alarm else ""
    until = formatting.clock(window.end, now) if end else "now"
    return window, f"{whose}{formatting.clock(start, now)} to {until}", why


def _show(console: Console, where: Sequence[str], report: CostReport) -> None:
    """``where``: the place and the range, and what is to be said of them."""
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
        failures = report.failures
        for cause, what, usd in zip(failures["cause"], failures["what"], failures["usd"], strict=True):
            table.add_row(
                Text(f"  {safe(cause)} ({what})"), formatting.usd(usd), formatting.percent(usd / report.total_usd)
            )
    for line in where:
        console.print(Text(safe(line), style="dim"))
    console.print()
    console.print(table)
    console.print()
    console.print(compared(report.usd_per_1000, report.week_before))
    if report.break_even_jobs_per_hour is not None:
        jobs = formatting.count(report.break_even_jobs_per_hour)
        console.print(f"An always-on worker is cheaper from {jobs} jobs per hour.")
    console.print(Text(f"Prices as of {report.prices_dated}. Excluded: {'; '.join(report.left_out)}.", style="dim"))
    for note in (note for note in (*report.inferred, *report.look.partial) if note not in where):
        console.print(Text(f"note: {safe(note)}", style="dim"))
