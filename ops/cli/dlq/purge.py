"""``ops dlq purge``: messages deleted permanently, by an export of exactly those."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops import formatting
from ops.cli import options
from ops.cli.dlq import printing, terminal_progress
from ops.cli.dlq.shared_options import DlqContext, Reason, asking
from ops.cli.graceful_shutdown import stopping
from ops.cli.json_output import dumps
from ops.deadletters.archive import audit_log


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

    reason = audit_log.require_reason(reason)
    source = asked.open()
    from ops.cli.dlq import plan_view
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
