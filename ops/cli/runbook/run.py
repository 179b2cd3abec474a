"""``ops runbook run``, ``resume`` and ``rollback``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Annotated, Any

import typer
from rich.text import Text

from ops import workload
from ops.aws import Aws
from ops.cli import options
from ops.cli.dlq.shared_options import DlqContext, with_dlq_options
from ops.cli.graceful_shutdown import stopping
from ops.cli.output.json_output import dumps
from ops.cli.output.sanitize import place, safe
from ops.cli.output.stderr_console import StderrConsole
from ops.cli.runbook.documents import Name
from ops.cli.runbook.terminal import TerminalOperator, YesTo
from ops.deadletters.queue import open_queue
from ops.errors import UsageError
from ops.runbooks import library
from ops.runbooks import runs as engine
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import ActionContext, Effect
from ops.runbooks.model import Runbook
from ops.runbooks.record import RunRecord, find_record
from ops.runbooks.run_state import RunbookRun, RunPhase
from ops.target import state_folder

Reason = Annotated[
    str, typer.Option("--reason", help="Reason (recorded with your AWS identity). Required unless it only reads.")
]
Yes = Annotated[
    YesTo | None,
    typer.Option(
        "--yes-to",
        help="Confirm without asking: read-only goes through the checks alone; reversible also carries out what can be "
        "undone.",
    ),
]
TakeOver = Annotated[
    bool, typer.Option("--take-over", help="Take the workload over from a run on another machine (recorded).")
]
Run = Annotated[str | None, typer.Argument(metavar="[RUN]", help="ID of the run, or its end. Default: the latest.")]
_GOOD = (RunPhase.DONE, RunPhase.CHECKED, RunPhase.ROLLED_BACK)


@with_dlq_options()
def run(
    context: DlqContext,
    name: Name,
    reason: Reason = "",
    yes_to: Yes = None,
    take_over: TakeOver = False,
    as_json: options.Json = False,
) -> None:
    """Run a runbook step by step.

    Each step shows what it would change, asks, is carried out, verified and recorded. Ctrl-C stops between steps; a run
    that was stopped or killed is continued by ops runbook resume. One run at a time per workload: a tag of the queue shows
    people on other machines who runs it, where it may be written. Exits with 1 unless it ended well.
    """
    document = library.load(name)
    _finish(context, reason, yes_to, take_over, as_json, document, lambda session: engine.start(session, document))


@with_dlq_options()
def resume(
    context: DlqContext,
    run_: Run = None,
    again: Annotated[
        str, typer.Option("--again", metavar="STEP", help="Do this step again, and the reading steps after it.")
    ] = "",
    reason: Reason = "",
    yes_to: Yes = None,
    take_over: TakeOver = False,
    as_json: options.Json = False,
) -> None:
    """Continue a run that stopped or was killed.

    With the document that it started with. What is done is not repeated; a step whose outcome is not known is first
    compared with what AWS shows. Exit codes as of ops runbook run.
    """
    record = find_record(state_folder(context.target), run_ or "")
    reason = reason or _recorded_reason(record)
    document, _ = engine.read_run(record)
    _finish(
        context, reason, yes_to, take_over, as_json, document, lambda session: engine.resume(session, record, again)
    )


@with_dlq_options()
def rollback(
    context: DlqContext,
    run_: Run = None,
    reason: Reason = "",
    yes_to: Yes = None,
    take_over: TakeOver = False,
    as_json: options.Json = False,
) -> None:
    """Undo the changes of a run, the latest first.

    A call whose outcome is not recorded is first compared with what AWS shows; where that cannot tell, the step is left, with
    the command that undoes it. A setting that something else changed since is left as it is, and the rollback stops there.
    """
    record = find_record(state_folder(context.target), run_ or "")
    if yes_to is YesTo.READ_ONLY:
        raise UsageError("A rollback changes settings.", "Use --yes-to reversible, or answer at a terminal.")
    document, _ = engine.read_run(record)
    _finish(context, reason, yes_to, take_over, as_json, document, lambda session: engine.roll_back(session, record))


def _recorded_reason(record: RunRecord) -> str:
    reason = record.events()[0].data.get("reason", "")
    return "" if reason == engine.READ_ONLY_REASON else str(reason)


def _finish(
    context: DlqContext,
    reason: str,
    yes_to: YesTo | None,
    take_over: bool,
    as_json: bool,
    document: Runbook,
    work: Callable[[engine.Session], RunbookRun],
) -> None:
    console = StderrConsole()
    operator = TerminalOperator(console, yes_to, [step.id for step in document.steps])
    if yes_to is None and not operator.interactive:
        raise UsageError(
            "Each step asks, and stdin is not a terminal.", "Add --yes-to read-only or --yes-to reversible."
        )
    read_only = yes_to is YesTo.READ_ONLY
    if not reason.strip() and not read_only:
        raise UsageError("A reason is required for the record.", 'Add one: --reason "what happened, ticket".')
    session = _session(context, reason.strip() or engine.READ_ONLY_REASON, operator, console, read_only)
    session = replace(session, take_over=take_over)
    console.print(Text(place(session.context.workload, context.target), style="dim"))
    if changed := library.change_since(document):
        console.print(Text(safe(changed), style="yellow"), soft_wrap=True)
    try:
        state = work(session)
    except (KeyboardInterrupt, typer.Abort):
        console.print("\nStopped. The record shows how far it came.")
        console.print(Text(f"→ {context.command_line('resume', command='ops runbook')}   continue"), soft_wrap=True)
        raise typer.Exit(1) from None
    _show(context, state, as_json)
    if state.phase not in _GOOD:
        raise typer.Exit(1)


def _session(
    context: DlqContext, reason: str, operator: TerminalOperator, console: StderrConsole, read_only: bool
) -> engine.Session:
    aws = Aws(context.target)
    described = workload.describe(aws, context.target)
    action_context = ActionContext(
        aws=aws,
        workload=described,
        open_dlq=cache(lambda: open_queue(aws, described, context.queue.get("dlq"))),
        reason=reason,
        ask=operator.ask,
        progress=operator.progress,
        waits=not read_only,
        interruptible=lambda: stopping(console, "Stopping: batches in flight are finished, the rest is released …"),
    )
    return engine.Session(state_folder(context.target), action_context, operator, read_only)


def _show(context: DlqContext, state: RunbookRun, as_json: bool) -> None:
    if as_json:
        typer.echo(dumps(run_as_json(state)))
        return
    console = StderrConsole()
    console.print()
    style = "green" if state.phase in _GOOD else "red"
    typer.echo(f"{state.phase.value}: {safe(state.text)}")
    if state.phase in (RunPhase.FAILED, RunPhase.STOPPED):
        again = context.command_line("resume", state.id, command="ops runbook")
        console.print(Text(f"→ {safe(again)}").append("   continue", style="dim"), soft_wrap=True)
    if state.phase is not RunPhase.ROLLED_BACK and _can_undo(context, state):
        back = context.command_line("rollback", state.id, "--reason", "WHY", command="ops runbook")
        console.print(Text(f"→ {safe(back)}").append("   undo", style="dim"), soft_wrap=True)
    console.print(Text(f"→ ops runbook report {safe(state.id)}", style=style).append("   the report", style="dim"))


def _can_undo(context: DlqContext, state: RunbookRun) -> bool:
    """Whether something was changed that is not final, as a redrive is."""
    document, _ = engine.read_run(find_record(state_folder(context.target), state.id))
    effects = {step.id: ACTIONS[step.action].effect for step in document.steps}
    return any(step.changes and effects[name] is not Effect.FINAL for name, step in state.steps.items())


def run_as_json(state: RunbookRun) -> dict[str, Any]:
    steps = [{"id": name, **vars(step), "state": step.state.value} for name, step in state.steps.items()]
    return {**vars(state), "phase": state.phase.value, "steps": steps}
