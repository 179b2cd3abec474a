"""``ops dlq export``, ``import`` and ``purge``: letters in files, and letters deleted for good."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli import options
from ops.cli.dlq.redrive import Reason
from ops.cli.dlq.shared_options import DlqContext, asking
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
    from ops.deadletters.archive import exports

    wanted = format_ or _format(path)
    done = exports.write(source, asked.selection(source), path, format=wanted)
    if as_json:
        from ops.cli.json_output import dumps

        typer.echo(dumps(done))
        raise typer.Exit(1 if done.unreached else 0)
    from ops import formatting
    from ops.cli.dlq import printing
    from ops.cli.sanitize import safe
    from ops.deadletters.snapshot import Snapshot

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

    done = imports.undo(source, path) if undo else imports.read(source, path)
    if as_json:
        from ops.cli.json_output import dumps

        typer.echo(dumps(done))
        return
    from ops import formatting
    from ops.cli.dlq import printing
    from ops.deadletters.snapshot import Snapshot

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


@asking()
def purge(
    asked: DlqContext,
    export_file: Annotated[
        Path, typer.Option("--export", metavar="FILE", help="The JSONL export of exactly the letters to delete.")
    ],
    reason: Reason,
    confirm: Annotated[
        str | None, typer.Option("--confirm", help='What is asked for otherwise: "purge N letters".')
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Delete from the queue the letters of an export, and no other. Asks for a typed confirmation.

    Exits with 1 unless each of them was deleted.
    """
    from ops.deadletters.archive import audit_log

    reason = audit_log.needed(reason)
    source = asked.open()
    from ops import formatting
    from ops.cli.dlq import plan_view, printing, terminal_progress
    from ops.cli.graceful_shutdown import stopping
    from ops.deadletters import plans
    from ops.deadletters.redrive import purge as purging

    made = purging.plan(source, export_file)
    plans.save(source, made)
    talk = printing.talk()
    if confirm is None:
        plan_view.show(talk, source, made)
    confirmation = printing.typed(purging.confirmation(made), confirm)
    purging.ensure_meant(source, made, confirmation)  # before there is anything to count
    with terminal_progress.counting(talk, "Deleting letters") as counted, stopping(talk, "Stopping …") as stop:
        done = purging.run(
            source, made, export=export_file, confirmation=confirmation, reason=reason, progress=counted, stop=stop
        )
    if as_json:
        from ops.cli.json_output import dumps

        typer.echo(dumps(done))
    else:
        console = printing.screen()
        console.print(
            f"{formatting.count(done.deleted, 'letter')} of {len(made.ids):,} deleted for good: {done.outcome}."
        )
        for number, what in (
            (done.missing, "not met in the queue: somebody else took them, or holds them"),
            (done.refused, "not deleted: SQS refused"),
            (done.not_given_back, "could not be given back: hidden until their lease ends"),
        ):
            if number:
                printing.warnings(console, [f"{formatting.count(number, 'letter')} {what}."])
        printing.notes(console, done.notes)
        printing.next_steps(
            console,
            (asked.again("scan"), "make sure that nothing stays behind"),
            (asked.again("import", str(export_file)), "if it was a mistake: back onto the shelf, then plan"),
        )
    if done.deleted < len(made.ids):
        raise typer.Exit(1)
