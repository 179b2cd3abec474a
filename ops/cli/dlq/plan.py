"""``ops dlq plan`` writes down what would move; ``ops dlq diff`` shows how letters will be sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ops import atomic_file
from ops.cli import options, time_args
from ops.cli.dlq import printing, run_view
from ops.cli.dlq.printing import notes
from ops.cli.dlq.shared_options import DlqContext, PlanName, asking, ensure_said
from ops.cli.json_output import dumps
from ops.cli.sanitize import safe
from ops.deadletters.edits import edits as editing
from ops.deadletters.edits import preview
from ops.deadletters.edits.preview import Preview
from ops.deadletters.plan_model import Action, Destination, Pace, Steps
from ops.deadletters.snapshot import Snapshot
from ops.errors import OpsError, UsageError

if TYPE_CHECKING:
    from rich.console import Console


HOW = "How it goes"


@asking(letters=True)
def plan(
    asked: DlqContext,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="QUEUE|FUNCTION_ARN|origin",
            help="Where to; origin: back to where each message came from, where that is known.",
        ),
    ] = "origin",
    copy: Annotated[bool, typer.Option("--copy", help="Send copies; the letters stay in the queue.")] = False,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change each letter on its way: body.params.alpha=0.1."),
    ] = None,
    merge_patch: Annotated[
        Path | None, typer.Option("--merge-patch", metavar="FILE", help="Change each body by a JSON merge patch.")
    ] = None,
    rate: Annotated[
        float, typer.Option("--rate", min=0, help="Messages a second at most; 0: no limit.", rich_help_panel=HOW)
    ] = 100.0,
    headroom: Annotated[
        bool,
        typer.Option("--headroom/--no-headroom", help="Slow down while the workload is behind.", rich_help_panel=HOW),
    ] = True,
    steps: Annotated[
        str, typer.Option("--steps", help="Counts or shares sent by the end of each step.", rich_help_panel=HOW)
    ] = "5,1%,10%,100%",
    stop_share: Annotated[
        str, typer.Option("--stop-share", help="Stop when more of a step than this came back.", rich_help_panel=HOW)
    ] = "20%",
    patience: Annotated[
        str, typer.Option("--patience", help="How long a step's outcome is awaited.", rich_help_panel=HOW)
    ] = "15m",
    watch: Annotated[
        bool, typer.Option("--watch/--no-watch", help="Await what becomes of each step.", rich_help_panel=HOW)
    ] = True,
    margin: Annotated[
        str,
        typer.Option("--margin", help="How much the queue may change before the plan is stale.", rich_help_panel=HOW),
    ] = "10%",
    engine: Annotated[
        str | None,
        typer.Option("--engine", help="ledger or 'move task'; else the plan chooses.", rich_help_panel=HOW),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where to write the plan.")] = None,
    as_json: options.Json = False,
) -> None:
    """Write down which letters go where, how fast and with which edits. Nothing moves yet."""

    source = asked.open()
    from ops.deadletters import plans

    made = plans.make(
        source,
        asked.selection(source),
        action=Action.COPY if copy else Action.REDRIVE,
        destination=destination(to),
        edits=editing.parse_edits(tuple(sets or ()), _text(merge_patch) if merge_patch else None),
        pace=pacing(rate, headroom),
        steps=stepping(steps, stop_share, patience, watch),
        margin=time_args.share(margin),
        engine=engine,
    )
    path = plans.save(source, made, out)
    if as_json:
        typer.echo(dumps({"path": path, "plan": made}))
        return
    from ops.cli.dlq import plan_view

    console = printing.screen()
    plan_view.show(console, source, made, permissions=True)
    console.print(f"Written to {safe(str(path))}." if out else f"Kept as {made.id}.", soft_wrap=True, markup=False)
    name = str(out) if out else made.id
    after = run_view.interrupted(asked, source)
    if made.edits:
        after.append((asked.again("diff", name), "what the edits change"))
    printing.next_steps(console, *after, (asked.again("redrive", name, "--reason", "WHY"), "carry it out"))


@asking()
def diff(
    asked: DlqContext,
    name: PlanName,
    id_: Annotated[str | None, typer.Argument(metavar="[ID]", help="One letter of the plan; else its sample.")] = None,
    as_json: options.Json = False,
) -> None:
    """How a plan's letters will be sent, against how they died, as unified diffs.

    What the redrive itself puts on or leaves out is part of it, and named below.
    """
    source = asked.open()
    from ops.deadletters import plans
    from ops.deadletters.plans.engine_choice import MOVE_TASK

    made = plans.load(name, source)
    if made.action is Action.PURGE:
        raise UsageError(f"Plan {made.id} deletes letters and sends none.", "See one: ops dlq show ID.")
    with Snapshot.open(source) as shelf:
        letters = [shelf.get(some).letter for some in ([id_] if id_ else made.sample)]
    if id_ and letters[0].message_id not in made.ids:
        raise UsageError(f"Letter {id_} is not in plan {made.id}.", f"See what is in it: {asked.again('diff', name)}.")
    found = [preview.preview_message(letter, made) for letter in letters]
    if as_json:
        typer.echo(dumps({"plan": made.id, "diffs": found}))
        return
    console = printing.screen()
    if not made.edits:
        console.print(f"Plan {made.id} has no edits.", markup=False)
    if made.engine == MOVE_TASK:
        console.print("Letters of the canary go as below; SQS's move task moves the others as they died.")
    _coloured(console, found)
    if not id_ and len(made.ids) > len(letters):
        console.print(f"{len(letters)} of {len(made.ids):,} letters; name an ID for another one.", style="dim")
    printing.next_steps(console, (asked.again("redrive", name, "--reason", "WHY"), "carry it out"))


def _coloured(console: Console, found: list[Preview]) -> None:

    colours = {"+": "green", "-": "red", "@": "cyan", "!": "yellow"}
    for one in found:
        console.print(Text(f"letter {safe(one.id)}", style="bold"))
        text = f"! This letter would not be sent: {one.refused}" if one.refused else one.diff
        for line in text.splitlines() or ["  the same as it died"]:
            console.print(Text(safe(line), style=colours.get(line[:1], "")), soft_wrap=True)
        notes(console, [one.note] if one.note else [])
        console.print()


def destination(to: str) -> Destination:
    """``origin``, a queue by name, URL or ARN, or a function by ARN, which ``plans.make`` looks up. Raises UsageError
    for an empty one."""
    ensure_said("--to", to)

    return Destination() if to == "origin" else Destination("queue", to)


def pacing(rate: float, headroom: bool) -> Pace:

    return Pace(rate or None, headroom)


def stepping(steps: str, stop_share: str, patience: str, watch: bool) -> Steps:

    sizes = tuple(size.strip() for size in steps.split(",") if size.strip()) if watch else ("100%",)
    return Steps(sizes, time_args.share(stop_share), time_args.seconds(patience), watch)


def _text(path: Path) -> str:

    try:
        return atomic_file.read_file(path).decode()
    except OpsError as error:
        raise UsageError(f"{path} cannot be read: {error}", "Name a file with JSON.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8.", "Name a file with JSON.") from error
