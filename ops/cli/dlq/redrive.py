"""``ops dlq redrive``, ``resume``, ``cancel`` and ``runs``: running plans, and their outcome."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from ops.cli import options
from ops.cli.dlq import plan_view, printing, run_view, terminal_progress
from ops.cli.dlq.shared_options import DlqContext, PlanName, Reason, RunName, Yes, with_dlq_options
from ops.cli.graceful_shutdown import stopping
from ops.cli.output import confirmation
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.json_output import dumps, plain
from ops.cli.output.rows import print_as
from ops.deadletters import plans, queue_lock
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.plan_model import Plan
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.redrive import preflight
from ops.deadletters.redrive import redrive as engine
from ops.deadletters.redrive.runs import list_runs, list_unreadable_runs, read_run
from ops.errors import OpsError, UsageError

COLUMNS = (
    *("id", "state", "began", "ended", "engine", "planned", "reached", "sent", "deleted", "succeeded", "came_back"),
    *("waiting", "failed", "vanished", "left", "who", "reason", "said"),
)
"""Columns of the CSV, named as in --json."""
WAIT_S = 60.0
"""How long ``cancel`` waits for the redrive to end, in seconds: its batches in flight are finished first."""


@with_dlq_options()
def redrive(
    context: DlqContext, name: PlanName, reason: Reason, yes: Yes = False, as_json: options.Json = False
) -> None:
    """Run a plan in stages.

    Waits for the outcomes of each stage. Ctrl-C stops it cleanly. Exits with 1 unless every message was sent and none
    failed again; a message that was no longer in the queue is not sent.
    """
    source = context.open()
    plan = plans.load_plan(name, source)
    preflight.ensure_can_start(source, plan)
    confirmation.confirm(
        "Proceed?",
        yes,
        "Read the plan, then add --yes.",
        lambda: plan_view.show(printing.progress_console(), source, plan),
    )
    carry_out(context, source, plan, reason, as_json)


def carry_out(context: DlqContext, source: DeadLetterQueue, plan: Plan, reason: str, as_json: bool) -> None:
    """Runs a plan that was confirmed, and shows the result."""
    _run(
        context,
        source,
        lambda progress, stop: engine.start_redrive(source, plan, reason=reason, progress=progress, stop=stop),
        plan.id,
        as_json,
    )
    if plan.returns.left_ids:
        raise typer.Exit(1)


@with_dlq_options()
def resume(
    context: DlqContext,
    name: RunName = None,
    reason: Annotated[str, typer.Option("--reason", help="Reason (audit log). Default: that of the first start.")] = "",
    yes: Yes = False,
    as_json: options.Json = False,
) -> None:
    """Resume a redrive.

    It was stopped, cancelled or killed. Messages that were sent are not sent again. Asks first when the canary stopped
    it: messages fail again unless the cause is fixed. Exit codes as of ops dlq redrive.
    """
    source = context.open()
    run = _find_run(context, source, name, unless=(RunState.DONE, RunState.RUNNING), what="to resume")
    if run.stopped_by_canary:
        queue_lock.ensure_not_busy(source)
        outcome = (
            f"{run.failed_again:,} of {run.sent:,} failed again" if run.failed_again else "The outcomes are unknown"
        )
        otherwise = f"{outcome}: fix the cause ({context.command_line('scan')}), then add --yes."
        confirmation.confirm(
            "Is the cause fixed? Resume?",
            yes,
            otherwise,
            lambda: run_view.show_result(printing.progress_console(), run),
        )
    _run(
        context,
        source,
        lambda progress, stop: engine.resume_redrive(source, run.id, reason=reason, progress=progress, stop=stop),
        run.id,
        as_json,
    )


@with_dlq_options()
def cancel(context: DlqContext, name: RunName = None, as_json: options.Json = False) -> None:
    """Stop a redrive that is running in another process.

    Batches in flight are finished, the rest stays in the queue.
    """
    source = context.open()
    run = _find_run(context, source, name, only=RunState.RUNNING, what="running")
    if run.state is RunState.RUNNING:
        engine.cancel_redrive(source, run.id)
        end = time.monotonic() + WAIT_S
        with printing.progress_console().status(f"Stopping {run.id}: waiting for its batches in flight …"):
            while (run := read_run(source, run.id)).state is RunState.RUNNING and time.monotonic() < end:
                time.sleep(0.5)
    _result(context, run, as_json)
    if run.state is RunState.RUNNING:
        raise typer.Exit(1)


@with_dlq_options()
def runs(
    context: DlqContext,
    name: RunName = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Maximum number of redrives.")] = 10,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """List the redrives of this queue.

    Latest first; with RUN, the details of that one.
    """
    form = chosen_format(output, as_json)
    source = context.open()
    if name:
        run = read_run(source, name)
        if not print_as(form, _as_json(run), COLUMNS, [_as_json(run)]):
            _result(context, run, as_json=False)
        return
    found = list_runs(source)[:limit]
    rows = [_as_json(run) for run in found]
    if print_as(form, rows, COLUMNS, rows):
        return
    console = printing.output_console()
    console.print(printing.where(source), style="dim", markup=False)
    run_view.show_list(console, found)
    damaged = list_unreadable_runs(source)
    printing.warnings(console, damaged)
    if not found and damaged:
        return
    if not found:
        console.print("No redrives of this queue on this machine.")
        printing.next_steps(console, (context.command_line("causes"), "list causes"))
        return
    latest = found[0]
    steps = {context.command_line("runs", latest.id): "details of the latest"}
    printing.next_steps(console, *(dict(run_view.next_commands(context, latest)) | steps).items())


def _run(
    context: DlqContext,
    source: DeadLetterQueue,
    work: Callable[[Callable[[Run], None], Callable[[], bool]], Run],
    run_id: str,
    as_json: bool,
) -> None:
    console = printing.progress_console()
    before = _existing(source, run_id)
    message = "Stopping: batches in flight are finished, the rest is released …"
    with terminal_progress.running(console) as progress, stopping(console, message) as stop:
        try:
            run = work(progress, stop)
        except KeyboardInterrupt:
            console.print("Stopped immediately. No message is lost: those in flight are in the ledger.")
            printing.next_steps(console, (context.command_line("resume", run_id), "resume it"))
            raise typer.Exit(1) from None
        except OpsError:
            failed = None if as_json else _existing(source, run_id)
            if failed and failed.state is RunState.FAILED and (before is None or failed.ended != before.ended):
                run_view.show_state(console, failed)
                printing.next_steps(console, (context.command_line("resume", run_id), "resume it once this is fixed:"))
            raise
    _result(context, run, as_json)
    if run.state is not RunState.DONE or run.failed or run.missing or run.failed_again or run.remaining:
        raise typer.Exit(1)


def _existing(source: DeadLetterQueue, run_id: str) -> Run | None:
    try:
        return read_run(source, run_id)
    except OpsError:
        return None


def _as_json(run: Run) -> dict[str, Any]:
    """The run with two more counts: ``planned`` were selected, ``reached`` were in the scan, ``sent``, and ``left``
    remain."""
    return {**plain(run), "reached": run.planned - run.unseen, "left": run.remaining}


def _result(context: DlqContext, run: Run, as_json: bool) -> None:

    if as_json:
        typer.echo(dumps(_as_json(run)))
        return
    run_view.show_run(printing.output_console(), context, run)


def _find_run(
    context: DlqContext,
    source: DeadLetterQueue,
    name: str | None,
    what: str,
    only: RunState | None = None,
    unless: tuple[RunState, ...] = (),
) -> Run:
    """The run of that name, or the latest in a matching state. Raises UsageError."""
    if name:
        run = read_run(source, name)
        if run.state in unless:
            raise UsageError(f"Run {run.id} is {run.state.value}.", f"Show it: {context.command_line('runs', run.id)}.")
        return run
    for run in list_runs(source):
        if run.state not in unless and only in (None, run.state):
            return run
    raise UsageError(
        f"There is no redrive of {source.queue.name} {what}.", f"List them: {context.command_line('runs')}."
    )
