"""``ops status``: the workload on one screen, by the same report as the dashboard's Overview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting, runbooks, workload
from ops.aws import Aws
from ops.cli import options
from ops.cli.output import live_screen
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import place, safe
from ops.cli.output.styles import LEVEL_STYLES
from ops.errors import AwsError, UsageError
from ops.insight import time_window
from ops.insight.report_types import Level
from ops.insight.reports import overview
from ops.target import Target
from ops.workload import Workload
from ops.workload.notes import reads

if TYPE_CHECKING:
    from ops.insight.reports.overview import OverviewReport
    from ops.insight.reports.overview_cards import Card


COLUMNS = ("key", "title", "value", "unit", "level", "note")
"""Of the CSV: a row for each number."""
MIN_INTERVAL_S, INTERVAL_S, TWIN_INTERVAL_S = 5.0, 30.0, 5.0
"""Between refreshes of --watch. CloudWatch has a metric's new value once a minute."""


def status(
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    minutes: options.Minutes = None,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh the screen until Ctrl-C.")] = False,
    interval: Annotated[
        float | None,
        typer.Option(
            "--interval",
            metavar="SECONDS",
            min=MIN_INTERVAL_S,
            max=3_600,
            help="Time between refreshes (default: 30, or 5 on the twin).",
        ),
    ] = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show the workload on one screen.

    Exits with 1 when the workload needs attention, and with 3 when a part of it could not be read.
    """
    form = chosen_format(output, as_json)
    if watch and form is not OutputFormat.TABLE:
        raise UsageError("--watch is for a screen.", "Omit --output and --json, or --watch.")
    target = options.target(stack, queue, function, profile, region)
    minutes = minutes or time_window.usual_minutes(target.is_twin)
    aws = Aws(target)

    def read() -> tuple[Workload, OverviewReport]:
        described = workload.describe(aws, target)
        return described, overview.report(aws, described, time_window.last(minutes, target.finest_period))

    described, report = read()
    cards = ({name: getattr(card, name) for name in COLUMNS} for card in report.cards)
    if watch:
        seconds = interval or (TWIN_INTERVAL_S if target.is_twin else INTERVAL_S)
        cost = live_screen.refresh_cost(report.look.usd, seconds)
        described, report = live_screen.watch(
            (described, report),
            read,
            lambda console, now: _show(console, *now, target, minutes),
            seconds,
            f"{cost} Ctrl-C ends.",
        )
    elif not print_as(form, {"workload": described, "minutes": minutes, **vars(report)}, COLUMNS, cards):
        console = Console(highlight=False)
        _show(console, described, report, target, minutes)
        cost = f"Queried {report.look.metrics_requested} metrics ({formatting.price(report.look.usd)} at AWS prices)."
        console.print(Text(cost, style="dim"))
    if report.finding.level is Level.ACT:
        raise typer.Exit(1)
    if described.unknown or report.alarms_missing:
        raise typer.Exit(AwsError.exit_code)


def _show(console: Console, workload: Workload, report: OverviewReport, target: Target, minutes: float) -> None:

    console.print(Text(safe(runbooks.placed(report.finding.text)), style=LEVEL_STYLES[report.finding.level]))
    console.print(Text(f"{place(workload, target)} · last {formatting.duration(minutes * 60)}", style="dim"))
    console.print()
    console.print(_cards(report.cards))
    console.print(Text(_path(report)))
    for reader in workload.readers:
        console.print(Text(f"  {safe(reader.name)}: {safe(reads(reader.mapping))}", style="dim"))
    for queue in report.watched:
        messages = "unknown" if queue.messages is None else formatting.count(queue.messages, "message")
        console.print(Text(f"  {safe(queue.queue)}: {messages}", style="dim"))
    for alarm in report.alarms:
        style = {"ALARM": LEVEL_STYLES["act"], "OK": LEVEL_STYLES["ok"]}.get(alarm.state, LEVEL_STYLES["unknown"])
        todo = f": {safe(runbooks.placed(alarm.runbook))}" if alarm.state == "ALARM" and alarm.runbook else ""
        console.print(Text(f"  {alarm.state:<17} {safe(alarm.name)}{todo}", style=style), soft_wrap=True)
    for note in (*workload.notes, *report.look.partial):
        console.print(Text(f"  note: {safe(note)}", style="dim"))


def _cards(cards: tuple[Card, ...]) -> Table:

    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    for card in cards:
        table.add_row(card.title, Text(_value(card), style=LEVEL_STYLES[card.level]), safe(card.note))
    return table


def _value(card: Card) -> str:

    if card.value is None:
        return "–"
    if card.unit == "s":
        return formatting.duration(card.value)
    if card.unit == "USD":
        return formatting.usd(card.value)
    if card.unit == "%":
        return formatting.percent(card.value / 100)
    return formatting.count(card.value)


def _path(report: OverviewReport) -> str:

    path, stops = report.path, report.stops
    parts = (stops.senders, (stops.queue,), stops.readers, stops.results)
    names = safe(" → ".join(", ".join(map(str, some)) for some in parts if some))

    passing = (path.accepted, path.started, path.finished, path.failed, path.died)
    known = iter(formatting.rates(*(value for value in passing if value is not None), 0.0))
    accepted, started, finished, failed, died = ("–" if value is None else next(known) for value in passing)
    return (
        f"\n  {names}\n  in {accepted} → started {started} → done {finished} · failed {failed} · moved to DLQ {died}\n"
    )
