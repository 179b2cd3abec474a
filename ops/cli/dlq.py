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
    from rich.padding import Padding
    from rich.text import Text

    from ops.cli.status import STYLES
    from ops.cli.text import place, safe
    from ops.insight import words

    console.print(Text(safe(seen.finding.text), style=STYLES[seen.finding.level]))
    console.print(Text(place(workload, target), style="dim"))
    if seen.letters:
        console.print()
        for cause in seen.causes.to_dict("records"):
            told = f"{cause['error_type']}: {cause['error_message']}".removesuffix(": ")
            last = cause["last_seen"]
            facts = [words.count(cause["letters"], "letter"), words.percent(cause["share"])]
            if last is not None and last == last:  # NaT is unequal to itself
                facts.append(f"last sent {words.clock(last, seen.looked_at)}")
            facts.append("no trace of a cause" if cause["source"] == "none" else f"known from: {cause['source']}")
            console.print(Text(" · ".join(facts), style="dim"))
            console.print(Padding(Text(safe(told, LONGEST_MESSAGE)), (0, 0, 0, 2)))
        console.print()
    for note in (*seen.notes, *seen.look.partial):
        console.print(Text(f"note: {safe(note)}", style="dim"))
