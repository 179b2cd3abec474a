"""``ops ramp``: concurrency against the scaling law, from the same report as the dashboard's Concurrency page."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting, workload
from ops.aws import Aws
from ops.cli import options, time_args
from ops.cli.commands_base.option_groups import with_groups
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import place, safe
from ops.cli.output.styles import LEVEL_STYLES
from ops.errors import UsageError
from ops.insight import time_window
from ops.insight.report_types import Level, Window
from ops.target import Target

if TYPE_CHECKING:
    from ops.insight.reports.concurrency import ConcurrencyReport
    from ops.insight.rules.concurrency.ramp import RampPeriod

COLUMNS = ("time", "observed", "law", "allowed", "binding", "waiting", "throttles", "errors", "backed_off")

Since = Annotated[
    str | None, typer.Option("--since", help="Start: 2h (ago), 02:10 (UTC), 2026-11-24T02:10, in place of --minutes.")
]
Until = Annotated[str | None, typer.Option("--until", help="Its end (same formats as --since). Default: now.")]


@with_groups
def ramp(
    where: options.WorkloadOptions,
    minutes: options.Minutes = None,
    since: Since = None,
    until: Until = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show how concurrency grew, and which limit held work up.

    Observed concurrency against what the event source mapping's scaling law and each limit allowed, with throttles and
    back-off. Exits with 1 when something needs attention.
    """
    from ops.insight.reports import concurrency  # with pandas, for which the help is not to wait

    form = chosen_format(output, as_json)
    target = where.target()
    now = datetime.now(UTC)
    window = _window(target, now, minutes, *time_args.time_range(since, until, now))
    aws = Aws(target)
    described = workload.describe(aws, target)
    report = concurrency.report(aws, described, window)
    answer = as_plain(report, window)
    if not print_as(form, answer, COLUMNS, answer["periods"]):
        show(Console(highlight=False), place(described, target), report, window)
    if report.finding.level in (Level.WARNING, Level.CRITICAL):
        raise typer.Exit(1)


def _window(
    target: Target, now: datetime, minutes: float | None, start: datetime | None, end: datetime | None
) -> Window:
    if minutes is not None and (start is not None or end is not None):
        raise UsageError("The time range is given in two ways.", "Use --minutes, or --since and --until.")
    if end is not None and start is None:
        raise UsageError("--until needs a start.", "Add --since.")
    if start is not None:
        return time_window.between(start, end or now, target.finest_period, now)
    return time_window.last(minutes or time_window.usual_minutes(target.is_twin), target.finest_period, now)


def _periods(report: ConcurrencyReport) -> list[tuple[datetime, RampPeriod]]:
    times = [time.to_pydatetime() for time in report.concurrency.index]
    return list(zip(times, report.ramp, strict=True))


def _known(period: RampPeriod) -> dict[str, Any]:
    """The period's fields; None where a number is not known."""
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(period).items()
    }


def as_plain(report: ConcurrencyReport, window: Window) -> dict[str, Any]:
    """The report for scripts: every period, with None for what is not known."""
    return {
        "finding": report.finding,
        "binding": report.binding,
        "running": report.running,
        "limits": report.limits,
        "period_s": window.period,
        "periods": [{"time": time, **_known(period)} for time, period in _periods(report)],
        "look": report.look,
    }


def show(console: Console, where: str, report: ConcurrencyReport, window: Window) -> None:
    """Prints the report: a line for each stretch with the same limiting factor."""
    console.print(Text(safe(report.finding.text), style=LEVEL_STYLES[report.finding.level]))
    console.print(Text(where, style="dim"))
    console.print()
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("From", "For", "Running", "Allowed", "Limited by", "Queued", "Throttled", "Failed"):
        left = name in ("From", "For", "Limited by")
        table.add_column(name, justify="left" if left else "right", no_wrap=name != "Limited by", overflow="fold")
    for stretch in _stretches(_periods(report)):
        ones = [period for _, period in stretch]
        table.add_row(
            formatting.clock(stretch[0][0], window.end, seconds=window.period < 60),
            formatting.duration(len(stretch) * window.period),
            _span([period.observed for period in ones]),
            _span([period.allowed for period in ones]),
            (ones[0].binding or "nothing") + (", backs off" if ones[0].backed_off else ""),
            _span([period.waiting for period in ones]),
            formatting.count(sum(period.throttles for period in ones)),
            formatting.count(sum(period.errors for period in ones)),
        )
    console.print(table)
    console.print()
    limits = ", ".join(f"{line.name} {formatting.count(line.value)}" for line in report.limits)
    for line in (f"limits: {limits or 'none known'}", *report.look.partial):
        console.print(Text(safe(line), style="dim"))


def _stretches(periods: list[tuple[datetime, RampPeriod]]) -> Iterator[list[tuple[datetime, RampPeriod]]]:
    """Neighboring periods in which the same held work up; those without a metric are left out."""
    known = [(time, period) for time, period in periods if not math.isnan(period.observed)]
    for _, stretch in itertools.groupby(known, lambda at: (at[1].binding, at[1].backed_off)):
        yield list(stretch)


def _span(values: list[float]) -> str:
    """``2 to 305``, or one number."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return ""
    least, most = formatting.count(min(known)), formatting.count(max(known))
    return least if least == most else f"{least} to {most}"
