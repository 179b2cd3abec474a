"""``ops runbook record``: everything that a run recorded, event by event."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting
from ops.cli import options, time_args
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.json_output import dumps
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.cli.runbook.run import Run
from ops.errors import UsageError
from ops.runbooks import record_archive
from ops.runbooks.record import find_record
from ops.target import state_folder

COLUMNS = ("at", "event", "step", "data")


def record(
    run: Run = None,
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    prune: Annotated[
        str | None,
        typer.Option("--prune", metavar="AGE", help="Archive the runs that ended longer ago, such as 90d."),
    ] = None,
    restore: Annotated[bool, typer.Option("--restore", help="Put an archived run back among the runs.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Print one line of JSON per event.")] = False,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show the record of a run, event by event.

    Each intent before its call, each outcome after it, with inputs, outputs, changes and texts. The report tells the
    same for people. --prune moves old runs to one file per month, and --restore RUN gets one back.
    """
    home = state_folder(options.target_or_here(stack, queue, function, profile, region))
    if prune is not None and (run or restore):
        raise UsageError("--prune is about every old run.", "Omit RUN and --restore.")
    if prune is not None:
        _prune(home, prune)
        return
    if restore:
        typer.echo(f"{record_archive.restore_run(home, run or '').run} is among the runs again.")
        return
    form = chosen_format(output, as_json)
    if jsonl and form is not OutputFormat.TABLE:
        raise UsageError("--jsonl and --output exclude each other.", "Omit one of them.")
    found = find_record(home, run or "")
    rows = [
        {"at": event.at.isoformat(timespec="milliseconds"), "event": event.kind, "step": event.step, "data": event.data}
        for event in found.events()
    ]
    if jsonl:
        for row in rows:
            typer.echo(json.dumps(json.loads(dumps(row))))
        return
    if print_as(form, rows, COLUMNS, rows):
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("UTC", "EVENT", "STEP", "DATA"):
        table.add_column(title, overflow="fold", no_wrap=title != "DATA")
    for row in rows:
        cells = (str(row["at"])[11:23], row["event"], row["step"], json.dumps(row["data"], ensure_ascii=False))
        table.add_row(*(Text(safe(str(cell))) for cell in cells))
    console = Console(highlight=False)
    console.print(Text(safe(found.run), style="bold"))
    console.print(table)


def _prune(home: Path, age: str) -> None:
    found = record_archive.archive_runs(home, time_args.moment(age, datetime.now(UTC)))
    typer.echo(f"{formatting.count(len(found.runs), 'run')} archived in {home / record_archive.ARCHIVE}.")
    for line in found.left:
        typer.echo(f"Left: {safe(line)}")
