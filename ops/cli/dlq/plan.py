"""``ops dlq plan`` creates a plan; ``ops dlq diff`` shows how its messages will be sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ops.cli import options, time_args
from ops.cli.dlq import plan_view, printing, run_view
from ops.cli.dlq.printing import notes
from ops.cli.dlq.shared_options import DlqContext, PlanName, require_non_empty, with_dlq_options
from ops.cli.output.json_output import dumps
from ops.cli.output.sanitize import safe
from ops.deadletters import plans
from ops.deadletters.edits import edits as editing
from ops.deadletters.edits import preview
from ops.deadletters.edits.preview import Preview
from ops.deadletters.plan_model import Action, Destination, Pace, Steps
from ops.deadletters.plans.engine_choice import MOVE_TASK
from ops.deadletters.snapshot import Snapshot
from ops.errors import OpsError, UsageError
from ops.files import atomic_file

if TYPE_CHECKING:
    from rich.console import Console


HOW = "Rate, canary and method"


@with_dlq_options(filters=True)
def plan(
    context: DlqContext,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="QUEUE|FUNCTION_ARN|origin",
            help="Destination; origin: the original source of each message, if known.",
        ),
    ] = "origin",
    copy: Annotated[bool, typer.Option("--copy", help="Send copies; the messages stay in the queue.")] = False,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Edit a field of each message: body.params.alpha=0.1."),
    ] = None,
    merge_patch: Annotated[
        Path | None, typer.Option("--merge-patch", metavar="FILE", help="Edit each body by a JSON merge patch.")
    ] = None,
    rate: Annotated[
        float, typer.Option("--rate", min=0, help="Maximum messages per second; 0: no limit.", rich_help_panel=HOW)
    ] = 100.0,
    headroom: Annotated[
        bool,
        typer.Option("--headroom/--no-headroom", help="Reduce the rate under load.", rich_help_panel=HOW),
    ] = True,
    steps: Annotated[
        str,
        typer.Option(
            "--steps", help="Canary stages: messages sent by the end of each, as counts or shares.", rich_help_panel=HOW
        ),
    ] = "5,1%,10%,100%",
    stop_share: Annotated[
        str, typer.Option("--stop-share", help="Stop when a larger share of a stage failed again.", rich_help_panel=HOW)
    ] = "20%",
    patience: Annotated[
        str, typer.Option("--patience", help="Maximum wait for the outcomes of a stage.", rich_help_panel=HOW)
    ] = "15m",
    watch: Annotated[
        bool, typer.Option("--watch/--no-watch", help="Wait for the outcomes of each stage.", rich_help_panel=HOW)
    ] = True,
    margin: Annotated[
        str,
        typer.Option("--margin", help="Tolerated change of the queue before the plan is stale.", rich_help_panel=HOW),
    ] = "10%",
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine", help="Redrive method: ledger or 'move task'. Default: chosen by the plan.", rich_help_panel=HOW
        ),
    ] = None,
    mute: Annotated[
        bool,
        typer.Option(
            "--mute/--no-mute",
            help="Mute the alarms that the redrive would trip by its own traffic, while it runs.",
            rich_help_panel=HOW,
        ),
    ] = True,
    permissions: Annotated[
        bool, typer.Option("--permissions", help="List the IAM permissions that the redrive needs.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="File to write the plan to.")] = None,
    as_json: options.Json = False,
) -> None:
    """Create a plan for a redrive.

    It has the messages, the destination, the rate and the edits. Nothing is sent yet.
    """
    source = context.open()
    redrive_plan = plans.make_plan(
        source,
        context.selection(source),
        action=Action.COPY if copy else Action.REDRIVE,
        destination=destination(to),
        edits=editing.parse_edits(tuple(sets or ()), _text(merge_patch) if merge_patch else None),
        pace=pacing(rate, headroom),
        steps=stepping(steps, stop_share, patience, watch),
        margin=time_args.share(margin),
        engine=engine,
        mute=mute,
    )
    path = plans.save_plan(source, redrive_plan, out)
    if as_json:
        typer.echo(dumps({"path": path, "plan": redrive_plan}))
        return
    console = printing.output_console()
    plan_view.show(console, source, redrive_plan, permissions="listed" if permissions else "counted")
    console.print(
        f"Written to {safe(str(path))}." if out else f"Saved as plan {redrive_plan.id}.", soft_wrap=True, markup=False
    )
    name = str(out) if out else redrive_plan.id
    after = run_view.interrupted(context, source)
    if redrive_plan.edits:
        after.append((context.command_line("diff", name), "show what the edits change"))
    printing.next_steps(console, *after, (context.command_line("redrive", name, "--reason", "WHY"), "run it"))


@with_dlq_options()
def diff(
    context: DlqContext,
    name: PlanName,
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One message of the plan. Default: a sample.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Show what a plan changes in its messages.

    Unified diffs of the original and the edited messages. Attributes that the redrive itself adds or removes are part
    of a diff and listed below it.
    """
    source = context.open()
    redrive_plan = plans.load_plan(name, source)
    if redrive_plan.action is Action.PURGE:
        raise UsageError(f"Plan {redrive_plan.id} deletes messages and sends none.", "Show a message: ops dlq show ID.")
    with Snapshot.open(source) as snapshot:
        messages = [snapshot.get(message_id).message for message_id in ([id_] if id_ else redrive_plan.sample)]
    if id_ and messages[0].message_id not in redrive_plan.ids:
        raise UsageError(
            f"Message {id_} is not in plan {redrive_plan.id}.",
            f"Show a sample of the plan: {context.command_line('diff', name)}.",
        )
    previews = [preview.preview_message(message, redrive_plan) for message in messages]
    if as_json:
        typer.echo(dumps({"plan": redrive_plan.id, "diffs": previews}))
        return
    console = printing.output_console()
    if not redrive_plan.edits:
        console.print(f"Plan {redrive_plan.id} has no edits.", markup=False)
    if redrive_plan.engine == MOVE_TASK:
        console.print("Canary messages are sent as below; SQS's move task moves the others unchanged.")
    _print_diffs(console, previews)
    if not id_ and len(redrive_plan.ids) > len(messages):
        console.print(
            f"{len(messages)} of {len(redrive_plan.ids):,} messages; specify an ID for another one.", style="dim"
        )
    printing.next_steps(console, (context.command_line("redrive", name, "--reason", "WHY"), "run it"))


def _print_diffs(console: Console, previews: list[Preview]) -> None:

    colours = {"+": "green", "-": "red", "@": "cyan", "!": "yellow"}
    for each in previews:
        console.print(Text(f"message {safe(each.id)}", style="bold"))
        text = f"! This message would not be sent: {each.refused}" if each.refused else each.diff
        for line in text.splitlines() or ["  unchanged"]:
            console.print(Text(safe(line), style=colours.get(line[:1], "")), soft_wrap=True)
        notes(console, [each.note] if each.note else [])
        console.print()


def destination(to: str) -> Destination:
    """``origin``, a queue by name, URL or ARN, or a function by ARN, which ``plans.make`` resolves. Raises UsageError
    for an empty destination."""
    require_non_empty("--to", to)

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
        raise UsageError(f"{path} cannot be read: {error}", "Specify a file with JSON.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not valid UTF-8.", "Specify a file with JSON.") from error
