"""``ops dlq import``: messages of an export in the snapshot, beside those of the queue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops import formatting
from ops.cli import options
from ops.cli.dlq import printing
from ops.cli.dlq.shared_options import DlqContext, with_dlq_options
from ops.cli.output.json_output import dumps
from ops.deadletters.archive import imports
from ops.deadletters.snapshot import Snapshot


@with_dlq_options()
def import_(
    context: DlqContext,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A JSONL export.")],
    undo: Annotated[bool, typer.Option("--undo", help="Remove the messages of that file from the snapshot.")] = False,
    as_json: options.Json = False,
) -> None:
    """Add the messages of an export to the snapshot.

    They are kept beside those of the queue. A plan with --imported sends them; nothing is deleted from the queue.
    """
    source = context.open()
    done = imports.undo_import(source, path) if undo else imports.import_messages(source, path)
    if as_json:
        typer.echo(dumps(done))
        return

    console = printing.output_console()
    verb = "removed from the snapshot" if undo else "imported into the snapshot"
    console.print(f"{formatting.count(done.new, 'message')} {verb}.")
    if done.present:
        messages = formatting.count(done.present, "message")
        absent = "was not in the snapshot" if done.present == 1 else "were not in the snapshot"
        present = "was already in the snapshot" if done.present == 1 else "were already in the snapshot"
        printing.notes(console, [f"{messages} of the file {absent if undo else present}."])
    with Snapshot.open(source) as snapshot:
        printing.head(console, source, snapshot.info())
    if not undo:
        printing.next_steps(
            console,
            (context.command_line("list", "--imported"), "list them"),
            (context.command_line("plan", "--imported"), "plan a redrive"),
            (context.command_line("import", str(path), "--undo"), "undo the import"),
        )
