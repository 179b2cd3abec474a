"""``ops dlq``: what died, and why. Read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli import options

if TYPE_CHECKING:
    from rich.console import Console

    from ops.insight.reports import DeadLetterLook
    from ops.target import Target
    from ops.workload import Workload

app = typer.Typer(help="Dead letters: what died, and why.", no_args_is_help=True)

LONGEST_MESSAGE = 120


@app.callback()
def _group() -> None:
    """Keeps ``look`` a command of its own while it is the only one."""


@app.command()
def look(
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Letters to read at most.")] = 200,
    source: Annotated[
        str | None, typer.Option("--from", help="Another queue of dead letters than the workload's own.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Read dead letters, group them by cause and give them back. Nothing is deleted.

    SQS has no peek: each letter's receive count goes up by one. Exits with 1 when there are letters.
    """
    target = options.target(stack, queue, function, profile, region)
    from rich.console import Console

    from ops import deadletters, workload
    from ops.aws import Aws, sqs

    aws = Aws(target)
    described = workload.describe(aws, target)
    letters = sqs.find(aws, source) if source else None
    talk = Console(stderr=True, highlight=False)
    with talk.status("Reading letters …") as status:

        def progress(read: int, there: int) -> None:
            status.update(f"Reading letters … {read} of about {there}")

        seen = deadletters.look(aws, described, limit, progress, letters)
    if as_json:
        from ops.cli.plain import dumps

        typer.echo(dumps(seen))
    else:
        _show(Console(highlight=False), described, target, seen)
    if seen.letters:
        raise typer.Exit(1)


def _show(console: Console, workload: Workload, target: Target, seen: DeadLetterLook) -> None:
    from rich.table import Table
    from rich.text import Text

    from ops.cli.status import STYLES
    from ops.cli.text import place, safe
    from ops.insight import words

    console.print(Text(safe(seen.finding.text), style=STYLES[seen.finding.level]))
    console.print(Text(place(workload, target), style="dim"))
    if seen.letters:
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column("letters", justify="right")
        table.add_column("share", justify="right")
        table.add_column("last sent", no_wrap=True)
        table.add_column("cause (and where it is known from)", overflow="fold")
        for cause in seen.causes.to_dict("records"):
            told = f"{cause['error_type']}: {cause['error_message']}".removesuffix(": ")
            last = cause["last_seen"]
            table.add_row(
                str(cause["letters"]),
                words.percent(cause["share"]),
                "" if last is None or last != last else words.clock(last, seen.looked_at),  # NaT is unequal to itself
                Text(f"{safe(told, LONGEST_MESSAGE)} ({cause['source']})"),
            )
        console.print()
        console.print(table)
        console.print()
    for note in (*seen.notes, *seen.look.partial):
        console.print(Text(f"note: {safe(note)}", style="dim"))
