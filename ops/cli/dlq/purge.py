"""``ops dlq purge``: permanently deletes messages, with an export of exactly those."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops import formatting
from ops.cli import options
from ops.cli.dlq import plan_view, printing, terminal_progress
from ops.cli.dlq.shared_options import DlqContext, Reason, with_dlq_options
from ops.cli.graceful_shutdown import stopping
from ops.cli.output.confirmation import typed_confirmation
from ops.cli.output.json_output import dumps
from ops.deadletters import plans
from ops.deadletters.archive import audit_log
from ops.deadletters.redrive import purge as purging
from ops.errors import OpsError


@with_dlq_options()
def purge(
    context: DlqContext,
    export_file: Annotated[
        Path, typer.Option("--export", metavar="FILE", help="A JSONL export of exactly the messages to delete.")
    ],
    reason: Reason,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", help="The confirmation text that is prompted for otherwise."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Permanently delete the messages of an export.

    No other message of the queue is deleted. Prompts for a typed confirmation. Exits with 1 unless each message was
    deleted.
    """
    reason = audit_log.require_reason(reason)
    source = context.open()
    purge_plan = purging.plan_purge(source, export_file)
    plans.save_plan(source, purge_plan)
    progress_console = printing.progress_console()
    if confirm is None:
        plan_view.show(progress_console, source, purge_plan)
    confirmation = typed_confirmation(purging.confirmation_text(purge_plan), confirm)
    purging.ensure_confirmed(source, purge_plan, confirmation)  # before there is anything to count
    with (
        terminal_progress.counting(progress_console, "Deleting messages") as counted,
        stopping(progress_console, "Stopping …") as stop,
    ):
        deleted = 0

        def progress(number: int, of: int) -> None:
            nonlocal deleted
            deleted = number
            counted(number, of)

        try:
            done = purging.purge_messages(
                source,
                purge_plan,
                export=export_file,
                confirmation=confirmation,
                reason=reason,
                progress=progress,
                stop=stop,
            )
        except OpsError:
            if deleted and not as_json:
                planned = formatting.count(len(purge_plan.ids), "message")
                progress_console.print(f"Deleted {deleted:,} of {planned}; the rest is in the queue.")
                again = context.command_line("purge", "--export", str(export_file), "--reason", "WHY")
                printing.next_steps(progress_console, (again, "delete the rest once this is fixed:"))
            raise
    if as_json:
        typer.echo(dumps(done))
    else:
        console = printing.output_console()
        console.print(
            f"Deleted {done.deleted:,} of {formatting.count(len(purge_plan.ids), 'message')}: {done.outcome}."
        )
        for number, what in (
            (done.missing, "not found in the queue: deleted or held by another consumer"),
            (done.refused, "not deleted: SQS rejected the request"),
            (done.not_released, "not released: hidden until their visibility timeout ends"),
        ):
            if number:
                printing.warnings(console, [f"{formatting.count(number, 'message')} {what}."])
        printing.notes(console, done.notes)
        printing.next_steps(
            console,
            (context.command_line("scan"), "verify that the queue is empty"),
            (context.command_line("import", str(export_file)), "undo a mistake: add them to the snapshot, then plan"),
        )
    if done.deleted < len(purge_plan.ids):
        raise typer.Exit(1)
