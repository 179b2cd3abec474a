"""``ops runbook rehearse``: tests runbooks on separate twins, and reports whether they ended the incident."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ops import clock, formatting
from ops.cli import options
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.cli.output.stderr_console import StderrConsole
from ops.cli.runbook.terminal import SYMBOLS
from ops.errors import UsageError
from ops.rehearsals import library
from ops.rehearsals.model import RunbookRehearsal
from ops.rehearsals.parallel import RehearsalSinks, rehearse_all
from ops.rehearsals.rehearse import RehearsalResult

LIST_COLUMNS = ("name", "runbook", "alarm", "about", "alarm_change", "short", "problems")
COLUMNS = (
    *("name", "runbook", "alarm", "healthy", "alarm_s", "run_s", "healthy_s", "minutes"),
    *("sent", "results", "dead", "queued", "lost", "findings", "notes", "run"),
)


def rehearse(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Rehearsals, or runbooks. Default: all.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the rehearsals; run none.")] = False,
    short: Annotated[bool, typer.Option("--short", help="Only those of them that take about two minutes.")] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, max=8, metavar="N", help="How many at a time. Each has a twin of its own.")
    ] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the twin's logs and the records of the runs.")] = False,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Rehearse runbooks on a twin of their own.

    Each time a twin is started, the incident is brought about, and the alarm is waited for; then the runbook runs with
    the answers of a file. Afterwards the workload must be healthy, and no job lost. Takes minutes. The twin is stopped
    and removed at the end, also after Ctrl-C. Exits with 1 unless every runbook ended its incident.
    """
    form = chosen_format(output, as_json)
    if list_:
        _list(form)
        return
    if os.environ.get("OPS_TARGET") == "aws":
        raise UsageError(
            "A rehearsal breaks what it works on and runs on a twin of its own, and OPS_TARGET=aws selects AWS.",
            "Unset OPS_TARGET.",
        )
    chosen = [each for each in map(library.load, library.matching(names or [])) if each.short or not short]
    console = StderrConsole()
    results: list[RehearsalResult] = []
    began = clock.elapsed_s()
    try:
        for result in rehearse_all(chosen, jobs, lambda each: _sinks(console, each, jobs > 1, keep)):
            results.append(result)
    except KeyboardInterrupt:
        console.print("\nStopped. Every twin is stopped and removed.")
        _print(form, results, clock.elapsed_s() - began)
        raise typer.Exit(1) from None
    results.sort(key=lambda result: [each.name for each in chosen].index(result.name))
    _print(form, results, clock.elapsed_s() - began)
    if not all(result.is_healthy for result in results):
        raise typer.Exit(1)


def _list(form: OutputFormat) -> None:
    read = [(name, *library.read_file(name)) for name in library.names()]
    rows = [
        {
            "name": name,
            "runbook": found.runbook if found else None,
            "alarm": found.alarm if found else None,
            "about": found.about if found else None,
            "alarm_change": found.alarm_change.text() if found else None,
            "short": found.short if found else None,
            "problems": [str(problem) for problem in problems],
        }
        for name, found, problems in read
    ]
    if print_as(form, rows, LIST_COLUMNS, rows):
        return
    console = Console(highlight=False)
    for name, found, problems in read:
        console.print(Text(name, style="bold").append(f"  {_where(found)}", style="dim"))
        lines = [found.about, found.alarm_change.text()] if found else map(str, problems)
        for line in filter(None, lines):
            console.print(Padding(Text(safe(line)), (0, 0, 0, 2)))


def _where(rehearsal: RunbookRehearsal | None) -> str:
    return f"runbook {rehearsal.runbook}, alarm {rehearsal.alarm}" if rehearsal else "cannot be run"


def _sinks(console: StderrConsole, rehearsal: RunbookRehearsal, several: bool, keep: bool) -> RehearsalSinks:
    """Callbacks that print progress lines and the run's events. ``several``: each line begins with the name."""
    console.print(Text(f"{rehearsal.name}: {safe(rehearsal.about)}", style="bold"))
    last, name = "", f"{rehearsal.name}: " if several else ""

    def say(line: str) -> None:
        nonlocal last
        if line != last:
            last = line
            console.print(Padding(Text(f"{name}{safe(line)}", style="dim"), (0, 0, 0, 2)))

    def on_event(step: Any, event: Any) -> None:
        if step is not None and event.kind in SYMBOLS:
            symbol, style = SYMBOLS[event.kind]
            line = Text(name, style="dim").append(f"{symbol} ", style=style).append(safe(step.id), style="bold")
            console.print(Padding(line.append(f"  {safe(str(event.data.get('text', '')))}", style=""), (0, 0, 0, 2)))

    def kept(folder: Path) -> None:
        console.print(Text(f"  {name}Kept: {folder}", style="dim"), soft_wrap=True)

    return RehearsalSinks(say, on_event, kept if keep else None)


def _print(form: OutputFormat, results: list[RehearsalResult], seconds: float) -> None:
    rows = [_row(result) for result in results]
    if print_as(form, rows, COLUMNS, rows) or not results:
        return
    console = Console(highlight=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("REHEARSAL", "RESULT", "ALARM AFTER", "RUN", "HEALTHY AFTER", "JOBS", "TOTAL"):
        table.add_column(title, overflow="fold", no_wrap=title == "REHEARSAL")
    for result in results:
        style = "green" if result.is_healthy else "red"
        table.add_row(
            Text(safe(result.name)),
            Text("healthy" if result.is_healthy else "not healthy", style=style),
            *map(_seconds, (result.alarm_s, result.run_s, result.healthy_s)),
            _jobs(result),
            formatting.duration(result.minutes * 60),
        )
    console.print(table)
    for result in results:
        for line, style in (*((each, "red") for each in result.findings), *((each, "dim") for each in result.notes)):
            console.print(Text(f"{safe(result.name)}: {safe(line)}", style=style), soft_wrap=True)
    healthy = sum(result.is_healthy for result in results)
    lost = formatting.count(sum(len(result.jobs.lost) for result in results), "job")
    console.print(
        f"{healthy} of {formatting.count(len(results), 'rehearsal')} healthy, {lost} lost, {formatting.duration(seconds)}."
    )


def _row(result: RehearsalResult) -> dict[str, Any]:
    jobs = {**vars(result.jobs), "lost": list(result.jobs.lost)}
    rounded = {
        name: value and round(value, 1)
        for name in ("alarm_s", "run_s", "healthy_s", "minutes")
        for value in (getattr(result, name),)
    }
    found = {name: getattr(result, name) for name in ("name", "runbook", "alarm", "run", "findings", "notes")}
    return {**found, "healthy": result.is_healthy, **rounded, **jobs}


def _seconds(value: float | None) -> str:
    return "–" if value is None else formatting.duration(round(value))


def _jobs(result: RehearsalResult) -> str:
    jobs = result.jobs
    parts = [f"{jobs.sent} sent", f"{jobs.results} results"]
    others = (("dead", jobs.dead), ("in queue", jobs.queued), ("purged", len(jobs.purged)))
    parts += [f"{number} {name}" for name, number in others if number]
    return ", ".join([*parts, f"{len(jobs.lost)} lost"])
