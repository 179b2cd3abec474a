"""``ops dlq redrive``, ``resume``, ``cancel`` and ``runs``: carrying plans out, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from ops.cli import options
from ops.cli.dlq import printing, run_view, terminal_progress
from ops.cli.dlq.shared_options import DlqContext, PlanName, Reason, RunName, Yes, asking
from ops.cli.graceful_shutdown import stopping
from ops.cli.json_output import dumps, plain
from ops.deadletters import queue_lock
from ops.deadletters.ledger.model import Run, State
from ops.deadletters.plan_model import Plan
from ops.deadletters.queue import DeadLetterQueue
from ops.errors import UsageError

WAIT_S = 60.0
"""How long ``cancel`` waits for the redrive to end: its batches in flight are finished first."""


@asking()
def redrive(asked: DlqContext, name: PlanName, reason: Reason, yes: Yes = False, as_json: options.Json = False) -> None:
    """Carry a plan out, step by step, watching what becomes of the letters. Ctrl-C ends it in order.

    Exits with 1 unless every letter was sent and none came back: one that had left the queue was not sent.
    """
    source = asked.open()
    from ops.cli.dlq import plan_view
    from ops.deadletters import plans
    from ops.deadletters.redrive import preflight

    plan = plans.load(name, source)
    preflight.check(source, plan)
    printing.said_yes(
        "Carry it out?", yes, "Read the plan, then add --yes.", lambda: plan_view.show(printing.talk(), source, plan)
    )
    carry_out(asked, source, plan, reason, as_json)


def carry_out(asked: DlqContext, source: DeadLetterQueue, plan: Plan, reason: str, as_json: bool) -> None:
    """Runs a plan that somebody said yes to, and shows it."""
    from ops.deadletters.redrive import redrive as engine

    _go(
        asked,
        lambda progress, stop: engine.run(source, plan, reason=reason, progress=progress, stop=stop),
        plan.id,
        as_json,
    )
    if plan.returns.left_ids:
        raise typer.Exit(1)


@asking()
def resume(
    asked: DlqContext,
    name: RunName = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; left out: as when it began.")] = "",
    yes: Yes = False,
    as_json: options.Json = False,
) -> None:
    """Go on with a redrive that was stopped, cancelled or killed. What was sent is not sent again.

    One that its canary stopped asks first: what came back will come back again unless its cause is mended. Exits with 1
    as ops dlq redrive does.
    """
    source = asked.open()
    from ops.deadletters.redrive import redrive as engine

    run = _found(asked, source, name, unless=(State.DONE, State.RUNNING), what="to go on with")
    if run.by_canary:
        queue_lock.ensure_not_busy(source)
        back = f"{run.came_back:,} of {run.sent:,} came back" if run.came_back else "Nothing is known of what was sent"
        mend = f"{back}: see to the cause ({asked.again('scan')}), then add --yes."
        printing.said_yes("Is that mended? Go on?", yes, mend, lambda: run_view.ending(printing.talk(), run))
    _go(
        asked,
        lambda progress, stop: engine.resume(source, run.id, reason=reason, progress=progress, stop=stop),
        run.id,
        as_json,
    )


@asking()
def cancel(asked: DlqContext, name: RunName = None, as_json: options.Json = False) -> None:
    """Stop a redrive that goes on elsewhere: batches in flight are finished, the rest stays in the queue."""
    source = asked.open()
    from ops.deadletters.redrive import redrive as engine

    run = _found(asked, source, name, only=State.RUNNING, what="that goes on")
    if run.state is State.RUNNING:
        engine.cancel(source, run.id)
        end = time.monotonic() + WAIT_S
        with printing.talk().status(f"Asked {run.id} to stop; waiting for its batches in flight …"):
            while (run := engine.progress(source, run.id)).state is State.RUNNING and time.monotonic() < end:
                time.sleep(0.5)
    _result(asked, run, as_json)
    if run.state is State.RUNNING:
        raise typer.Exit(1)


@asking()
def runs(
    asked: DlqContext,
    name: RunName = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Redrives to show.")] = 10,
    as_json: options.Json = False,
) -> None:
    """The redrives of this queue, the latest first; with RUN, where that one stands."""
    source = asked.open()
    from ops.deadletters.redrive import redrive as engine

    if name:
        _result(asked, engine.progress(source, name), as_json)
        return
    found = engine.runs(source)[:limit]
    if as_json:
        typer.echo(dumps([_plain(run) for run in found]))
        return
    console = printing.screen()
    console.print(printing.where(source), style="dim", markup=False)
    run_view.many(console, found)
    damaged = engine.unreadable(source)
    printing.warnings(console, damaged)
    if not found and damaged:
        return
    if not found:
        console.print("Nothing was redriven from this queue on this machine.")
        printing.next_steps(console, (asked.again("causes"), "what there is"))
        return
    latest = found[0]
    steps = {asked.again("runs", latest.id): "the latest, in full"}
    printing.next_steps(console, *(dict(run_view.after(asked, latest)) | steps).items())


def _go(
    asked: DlqContext, work: Callable[[Callable[[Run], None], Callable[[], bool]], Run], run_id: str, as_json: bool
) -> None:

    talk = printing.talk()
    said = "Stopping: batches in flight are finished, the rest is given back …"
    with terminal_progress.running(talk) as progress, stopping(talk, said) as stop:
        try:
            run = work(progress, stop)
        except KeyboardInterrupt:
            talk.print("Ended at once. Nothing is lost: what was in flight is on record.")
            printing.next_steps(talk, (asked.again("resume", run_id), "finish it"))
            raise typer.Exit(1) from None
    _result(asked, run, as_json)
    if run.state is not State.DONE or run.failed or run.vanished or run.came_back or run.left:
        raise typer.Exit(1)


def _plain(run: Run) -> dict[str, Any]:
    """With the four numbers of a part and its whole: ``planned`` were selected, ``reached``, ``sent``, ``left``."""

    return {**plain(run), "reached": run.planned - run.unseen, "left": run.left}


def _result(asked: DlqContext, run: Run, as_json: bool) -> None:

    if as_json:
        typer.echo(dumps(_plain(run)))
        return
    run_view.one(printing.screen(), asked, run)


def _found(
    asked: DlqContext,
    source: DeadLetterQueue,
    name: str | None,
    what: str,
    only: State | None = None,
    unless: tuple[State, ...] = (),
) -> Run:
    """The run of that name, or the latest that fits. Raises UsageError."""
    from ops.deadletters.redrive import redrive as engine

    if name:
        run = engine.progress(source, name)
        if run.state in unless:
            raise UsageError(f"Run {run.id} is {run.state.value}.", f"See it: {asked.again('runs', run.id)}.")
        return run
    for run in engine.runs(source):
        if run.state not in unless and only in (None, run.state):
            return run
    raise UsageError(f"There is no redrive of {source.queue.name} {what}.", f"See them: {asked.again('runs')}.")
