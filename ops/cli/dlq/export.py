"""``ops dlq export``: messages of the snapshot in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops import formatting
from ops.cli import options
from ops.cli.dlq import printing
from ops.cli.dlq.shared_options import DlqContext, asking
from ops.cli.json_output import dumps
from ops.cli.sanitize import safe
from ops.deadletters.archive import exports
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError


@asking(letters=True)
def export(
    asked: DlqContext,
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="A new file: .jsonl, or .csv for a spreadsheet. Else one beside the shelf."
        ),
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="jsonl (whole letters, importable) or csv; else by the file's name.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write letters of the shelf to a file, one a line. Only JSONL keeps all of them and can be imported again.

    Exits with 1 when the whole queue was asked for and the last scan did not reach all of it.
    """
    source = asked.open()

    wanted = format_ or _format(path)
    done = exports.export_messages(source, asked.selection(source), path, format=wanted)
    if as_json:
        typer.echo(dumps(done))
        raise typer.Exit(1 if done.unreached else 0)

    console = printing.screen()
    written = f"{formatting.count(done.letters, 'letter')} written to {safe(str(done.path))}."
    console.print(written, markup=False, soft_wrap=True)
    for note in done.notes:
        console.print(safe(note), markup=False, soft_wrap=True)
    with Snapshot.open(source) as shelf:
        printing.head(console, source, shelf.info())
    console.print(f"SHA-256 {done.sha256}", style="dim", soft_wrap=True)
    if done.unreached:
        more = formatting.count(done.unreached, "message is", "messages are")
        printing.warnings(console, [f"About {more} not in this file: the queue holds more than the last scan reached."])
    if wanted == "jsonl" and done.letters:
        printing.next_steps(
            console,
            (
                asked.again("purge", "--export", str(done.path), "--reason", "WHY"),
                "if they can never succeed: delete them",
            ),
            (asked.again("import", str(done.path)), "put them on a shelf again"),
        )
    if done.unreached:
        raise typer.Exit(1)


FORMATS = {"": "jsonl", ".jsonl": "jsonl", ".csv": "csv"}


def _format(path: Path | None) -> str:
    """By the file's name. Raises UsageError for one that promises something else, such as a workbook."""
    suffix = path.suffix.lower() if path else ""
    if suffix not in FORMATS:
        raise UsageError(
            f"Nothing is exported as {suffix}.", "Name the file .jsonl or .csv, or choose what is in it: --format csv."
        )
    return FORMATS[suffix]
