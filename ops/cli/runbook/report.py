"""``ops runbook runs`` and ``report``: what was done, and the incident around it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops.cli import options
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.json_output import dumps, plain
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.cli.runbook.run import Run, run_as_json
from ops.runbooks import record_archive
from ops.runbooks import report as incident
from ops.runbooks import runs as engine
from ops.runbooks.locking import is_interrupted
from ops.runbooks.record import find_record
from ops.runbooks.report.files import write_report
from ops.target import state_folder

COLUMNS = ("id", "runbook", "phase", "began", "ended", "workload", "actor", "reason", "text", "interrupted")
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE|FOLDER",
        help="Write it to a new file, or to a folder under the run's name, with a picture of the metrics beside it.",
    ),
]


def runs(
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    archived: Annotated[bool, typer.Option("--archived", help="List the archived runs instead.")] = False,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """List the runs on this machine.

    Latest first. One that is interrupted was killed: ops runbook resume continues it.
    """
    home = state_folder(options.target_or_here(stack, queue, function, profile, region))
    if archived:
        ids = record_archive.archived_runs(home)
        if not print_as(chosen_format(output, as_json), ids, ("run",), ({"run": each} for each in ids)):
            for each in ids:
                typer.echo(safe(each))
        return
    states, unreadable = engine.list_runs(home)
    rows = [
        {**{name: getattr(state, name) for name in COLUMNS[:-1]}, "interrupted": is_interrupted(home, state)}
        for state in states
    ]
    if print_as(chosen_format(output, as_json), rows, COLUMNS, rows):
        return
    console = Console(highlight=False)
    if not states and not unreadable:
        console.print("No runbook has been run on this machine.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("RUN", "STATE", "WORKLOAD", "REASON"):
        table.add_column(title, overflow="fold")
    for state in states:
        phase = "interrupted" if is_interrupted(home, state) else state.phase.value
        cells = (state.id, phase, state.workload, state.reason)
        table.add_row(*(Text(safe(cell)) for cell in cells))
    console.print(table)
    for line in unreadable:
        console.print(Text(f"warning: {safe(line)}", style="yellow"))


def report(
    run: Run = None,
    out: Out = None,
    record_only: Annotated[
        bool, typer.Option("--record-only", help="Ask no account: the record and the audit log alone.")
    ] = False,
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    as_json: options.Json = False,
) -> None:
    """Write the incident report of a run as Markdown.

    One timeline of alarms, deploys, redrives and the run's steps, with metrics, cost and what is still open. What
    cannot be read is named in its place.
    """
    target = options.target_or_here(stack, queue, function, profile, region)
    record = find_record(state_folder(target), run or "")
    built = incident.build(record, None if record_only else target)
    if as_json:
        typer.echo(dumps({**plain(built), "run": run_as_json(built.run), "events": record.events()}))
    if out is not None:
        written = write_report(built, out)
        if not as_json:
            typer.echo(f"Written: {safe(', '.join(map(str, written.paths)))}.")
        if written.no_picture:
            typer.echo(f"No picture: {safe(written.no_picture)}", err=True)
    elif not as_json:
        typer.echo(incident.markdown(built), nl=False)
