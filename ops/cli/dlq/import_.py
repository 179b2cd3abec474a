"""``ops dlq import``: messages of an export in the snapshot, beside those of the queue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops import formatting
from ops.cli import options
from ops.cli.dlq import printing
from ops.cli.dlq.shared_options import DlqContext, asking
from ops.cli.json_output import dumps
from ops.deadletters.snapshot import Snapshot


@asking()
def import_(
    asked: DlqContext,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A JSONL export.")],
    undo: Annotated[bool, typer.Option("--undo", help="Take the letters of that file off the shelf again.")] = False,
    as_json: options.Json = False,
) -> None:
    """Put the letters of an export on the shelf, beside those of the queue.

    A plan over them (ops dlq plan --imported) sends them; there is nothing to delete.
    """
    source = asked.open()
    from ops.deadletters.archive import imports

    done = imports.undo_import(source, path) if undo else imports.import_messages(source, path)
    if as_json:
        typer.echo(dumps(done))
        return

    console = printing.screen()
    did = "taken off the shelf" if undo else "imported onto the shelf"
    console.print(f"{formatting.count(done.new, 'letter')} {did}.")
    if done.there:
        letters = formatting.count(done.there, "letter")
        undone = ("was not imported, or is" if done.there == 1 else "were not imported, or are") + " not any more"
        printing.notes(console, [f"{letters} of the file {undone if undo else 'lay on the shelf already'}."])
    with Snapshot.open(source) as shelf:
        printing.head(console, source, shelf.info())
    if not undo:
        printing.next_steps(
            console,
            (asked.again("list", "--imported"), "see them"),
            (asked.again("plan", "--imported"), "plan their way back"),
            (asked.again("import", str(path), "--undo"), "take them off again"),
        )
