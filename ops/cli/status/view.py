"""The workload on one screen, as text."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting, pricing, runbook_files
from ops.cli.output import live_screen
from ops.cli.output.sanitize import place, safe
from ops.cli.output.styles import LEVEL_STYLES
from ops.insight.report_types import Level
from ops.insight.reports.alarms import AlarmState, count_ok
from ops.insight.reports.overview import OverviewReport
from ops.insight.reports.overview_parts.overview_cards import Card
from ops.target import Target
from ops.workload import Workload
from ops.workload.notes import reads

Status = tuple[Workload, OverviewReport]


def show(workload: Workload, report: OverviewReport, target: Target, minutes: float) -> None:
    """Prints it once, with what the metrics cost."""
    console = Console(highlight=False)
    _print(console, workload, report, target, minutes)
    cost = f"Queried {report.look.metrics_requested} metrics ({pricing.in_words(report.look.usd, workload.region)})."
    console.print(Text(cost, style="dim"))


def watch(status: Status, read: Callable[[], Status], target: Target, minutes: float, interval_s: float) -> Status:
    """Refreshes it every ``interval_s`` seconds; returns the last one, at Ctrl-C."""
    cost = live_screen.refresh_cost(status[1].look.usd, interval_s, status[0].region)
    return live_screen.watch(
        status, read, lambda console, now: _print(console, *now, target, minutes), interval_s, f"{cost} Ctrl-C ends."
    )


def _print(console: Console, workload: Workload, report: OverviewReport, target: Target, minutes: float) -> None:
    console.print(Text(safe(runbook_files.placed(report.finding.text)), style=LEVEL_STYLES[report.finding.level]))
    console.print(Text(f"{place(workload, target)} · last {formatting.duration(minutes * 60)}", style="dim"))
    console.print()
    console.print(_cards(report.cards))
    console.print(Text(path_text(report)))
    for reader in workload.readers:
        console.print(Text(f"  {safe(reader.name)}: {safe(reads(reader.mapping))}", style="dim"))
    for queue in report.watched:
        messages = "unknown" if queue.messages is None else formatting.count(queue.messages, "message")
        console.print(Text(f"  {safe(queue.queue)}: {messages}", style="dim"))
    _print_alarms(console, report.alarms, target)
    if report.settings is not None and report.settings.text:
        console.print(
            Text(f"  Settings: {report.settings.text}. {safe(report.settings.command)}", style="dim"), soft_wrap=True
        )
    for note in (*workload.notes, *report.look.partial):
        console.print(Text(f"  note: {safe(note)}", style="dim"))


def _print_alarms(console: Console, alarms: Sequence[AlarmState], target: Target) -> None:
    """One line for each that is not OK, with what to do in ALARM; and the number of those that are."""
    for alarm in alarms:
        if alarm.state != "OK":
            todo = f": {safe(_runbook(alarm, target))}" if alarm.state == "ALARM" and alarm.runbook else ""
            style = LEVEL_STYLES[Level.CRITICAL if alarm.state == "ALARM" else Level.NO_DATA]
            console.print(Text(f"  {alarm.state:<17} {safe(alarm.name)}{todo}", style=style), soft_wrap=True)
    if fine := count_ok(alarms):
        console.print(Text(f"  {fine}", style=LEVEL_STYLES[Level.OK]))


def _runbook(alarm: AlarmState, target: Target) -> str:
    """The command that finds the alarm's runbooks, and how they are run; or the page that its description names."""
    match = runbook_files.RUNBOOK_PATH.search(alarm.runbook)
    if match is None or runbook_files.file(match[1]) is None:
        return alarm.runbook
    return " ".join(["ops runbook for", *map(shlex.quote, (alarm.name, *target.place_words))])


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


def path_text(report: OverviewReport) -> str:
    path, stops = report.path, report.stops
    parts = (stops.senders, (stops.queue,), stops.readers, stops.results)
    names = safe(" → ".join(", ".join(map(str, some)) for some in parts if some))

    done = ("processed", path.finished) if path.succeeded is None else ("succeeded", path.succeeded)
    steps = [
        f"{name} {'–' if rate is None else formatting.rate(rate)}"
        for name, rate in (
            ("sent", path.accepted),
            ("received", path.started),
            done,
            ("failed", path.failed),
            ("moved to DLQ", path.died),
        )
    ]
    mean = f" ({formatting.mean_of(path.over)})" if path.over else ""
    *passing, moved = steps  # the rate of what is moved is of the DLQ's depth, over minutes of its own
    return f"\n  {names}\n  {' → '.join(passing[:3])} · {passing[3]}{mean} · {moved}\n"
