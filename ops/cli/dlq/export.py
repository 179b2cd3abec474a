"""``ops dlq export``: messages of the snapshot in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops import formatting
from ops.cli import options
from ops.cli.dlq import printing
from ops.cli.dlq.shared_options import DlqContext, with_dlq_options
from ops.cli.output.json_output import dumps
from ops.cli.output.sanitize import safe
from ops.deadletters.archive import exports
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError


@with_dlq_options(filters=True)
def export(
    context: DlqContext,
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="A new file: .jsonl, or .csv for a spreadsheet. Default: a file beside the snapshot."
        ),
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", help="jsonl (complete, can be imported) or csv. Default: by the file's name."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write messages of the snapshot to a file.

    One message per line. Only JSONL is complete and can be imported again. Exits with 1 when the whole queue was
    requested and the last scan did not reach all of it.
    """
    source = context.open()

    wanted = format_ or _format(path)
    done = exports.export_messages(source, context.selection(source), path, format=wanted)
    if as_json:
        typer.echo(dumps(done))
        raise typer.Exit(1 if done.unreached else 0)

    console = printing.output_console()
    written = f"{formatting.count(done.messages, 'message')} written to {safe(str(done.path))}."
    console.print(written, markup=False, soft_wrap=True)
    for note in done.notes:
        console.print(safe(note), markup=False, soft_wrap=True)
    with Snapshot.open(source) as snapshot:
        printing.head(console, source, snapshot.info())
    console.print(f"SHA-256 {done.sha256}", style="dim", soft_wrap=True)
    if done.unreached:
        more = formatting.count(done.unreached, "message is", "messages are")
        printing.warnings(console, [f"About {more} not in this file: the queue holds more than the last scan reached."])
    if wanted == "jsonl" and done.messages:
        printing.next_steps(
            console,
            (
                context.command_line("purge", "--export", str(done.path), "--reason", "WHY"),
                "delete them, if they can never succeed",
            ),
            (context.command_line("import", str(done.path)), "add them to a snapshot again"),
        )
    if done.unreached:
        raise typer.Exit(1)


FORMATS = {"": "jsonl", ".jsonl": "jsonl", ".csv": "csv"}


def _format(path: Path | None) -> str:
    """The format by the file's name. Raises UsageError for another suffix, such as that of a workbook."""
    suffix = path.suffix.lower() if path else ""
    if suffix not in FORMATS:
        raise UsageError(
            f"{suffix} is not an export format.", "Name the file .jsonl or .csv, or specify the format: --format csv."
        )
    return FORMATS[suffix]
