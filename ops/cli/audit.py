"""``ops audit``: who moved or deleted which messages, ran a runbook or a memory sweep, when and why; recorded on this machine."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from ops import formatting
from ops.cli import options
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.deadletters.archive import audit_log
from ops.deadletters.archive.audit_log import Record
from ops.files import atomic_file
from ops.target import state_folder


def audit(
    limit: Annotated[int, typer.Option("--limit", min=1, help="Maximum number of records, latest first.")] = 20,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write all records to a new CSV file.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check the audit log for edited or missing records.")
    ] = False,
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show who moved or deleted messages, ran a runbook or a memory sweep from this machine, and why.

    With --verify, exits with 1 when the audit log has gaps or edits.
    """
    form = chosen_format(output, as_json)
    target = options.target_or_here(stack, queue, function, profile, region)

    folder = state_folder(target)
    if verify:
        checked = audit_log.verify_records(folder)
        clean = "" if checked.problems or not checked.lines else ": no gaps or edits found"
        lines = [*checked.problems, f"{formatting.count(checked.lines, 'record')}{clean}.", audit_log.VERIFY_LIMITS]
        _print(checked, lines, form)
        if checked.problems:
            raise typer.Exit(1)
    elif csv is not None:
        records = audit_log.read_records(folder)
        _write(csv, audit_log.records_csv(records))
        lines = [f"{formatting.count(len(records), 'record')} written to {csv}."]
        _print({"path": csv, "records": len(records)}, lines, form)
    else:
        records = audit_log.read_records(folder, limit + 1)
        rows = ({name: getattr(record, name) for name in audit_log.COLUMNS} for record in records[:limit])
        if not print_as(form, records[:limit], audit_log.COLUMNS, rows):
            _show(records, limit, folder / audit_log.FILE)


def _print(value: Any, lines: list[str], form: OutputFormat) -> None:
    """A result that is not a list: CSV shows it as the table does."""
    if form is OutputFormat.CSV or not print_as(form, value, (), ()):
        for line in lines:
            typer.echo(safe(line))


def _write(path: Path, text: str) -> None:

    with atomic_file.atomic_write(path) as stream:
        stream.write(text.encode("utf-8", "surrogatepass"))


def _show(records: tuple[Record, ...], limit: int, path: Path) -> None:

    console = Console(highlight=False)
    if not records:
        console.print("No messages were moved or deleted, and no runbook or memory sweep was run, from this machine.")
        console.print(Text(f"Audit log: {path}", style="dim"), soft_wrap=True)
        return
    for record in records[:limit]:
        at = record.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        counted = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in record.counts.items() if number)
        line = Text(f"{at}  ", style="dim").append(safe(f"{record.action} {record.outcome}".strip()), style="bold")
        line.append(f"  {safe(record.queue)}", style="").append(f"  {safe(counted)}" if counted else "", style="")
        console.print(line)
        source = {audit_log.SWEEP: "sweep", **dict.fromkeys(audit_log.RUNBOOK_ACTIONS, "run")}.get(
            record.action, "plan"
        )
        who = f"{record.who} · reason: {record.reason}" + (f" · {source} {record.plan}" if record.plan else "")
        console.print(Padding(Text(safe(who), style="dim"), (0, 0, 0, 2)))
        if record.note:
            console.print(Padding(Text(safe(record.note, 300), style="dim"), (0, 0, 0, 2)))
    if len(records) > limit:
        console.print(
            f"The latest {formatting.count(limit, 'record')}; more: --limit, or all: --csv FILE.", style="dim"
        )
    console.print(Text(f"{path}", style="dim"), soft_wrap=True)
