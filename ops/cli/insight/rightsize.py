"""``ops rightsize``: a memory sweep of real jobs, and the setting that follows from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from ops import formatting, twin_state, workload
from ops.aws import Aws
from ops.cli import options
from ops.cli.commands_base.option_groups import with_groups
from ops.cli.graceful_shutdown import stopping
from ops.cli.insight.rightsize_options import MeasureOptions, SizingOptions
from ops.cli.insight.rightsize_view import COLUMNS, plain, row, show
from ops.cli.output.confirmation import confirm
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import place, safe
from ops.cli.output.stderr_console import StderrConsole
from ops.errors import TwinError, UsageError
from ops.insight import time_window

if TYPE_CHECKING:
    from ops.rightsize.journal import JournalFile
    from ops.rightsize.model import Measured, Observed
    from ops.rightsize.sweep import Sweep
    from ops.workload import Workload

SAMPLE_JOBS = 60


@with_groups
def rightsize(
    where: options.WorkloadOptions,
    measure: MeasureOptions,
    sizing: SizingOptions,
    restore: Annotated[
        bool, typer.Option("--restore", help="Put back what an interrupted sweep left, and end.")
    ] = False,
    last: Annotated[bool, typer.Option("--last", help="Show the last sweep again; nothing is measured.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Skip confirmation.")] = False,
    minutes: options.Minutes = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Measure real jobs at several memory and batch sizes, and suggest the setting.

    Published versions of each size are invoked through the alias ops-rightsize with batches of jobs under IDs of their own,
    which the function works on: their results are real. Alias and versions are deleted afterwards, and the former memory
    is put back, also by the next start after a kill. Exits with 1 when the sweep ended early or suggests nothing.
    """
    from ops import pricing
    from ops.rightsize import journal, results, suggestion, sweep

    form = chosen_format(output, as_json)
    objective = sizing.ensure_possible()
    target = where.target()
    aws = Aws(target)
    described = workload.describe(aws, target)
    function = sweep.swept_function(described)
    home = journal.folder(target)
    console = StderrConsole()
    file = journal.JournalFile(home, described.account, described.region, function.name)
    if restore:
        for line in _restored(aws, file) or ("Nothing is to be put back on this machine.",):
            typer.echo(safe(line))
        return
    if last:
        measured = results.ensure_latest(home, described.account, described.region, function.name)
        measured = replace(measured, observed=_replaced(measured.observed, sizing))
    else:
        for line in (found := _restored(aws, file)):
            console.print(safe(line), markup=False)
        if found:
            described = workload.describe(aws, target)
        length = minutes or time_window.usual_minutes(target.is_twin)
        measured = _measure(aws, described, measure, sizing, length, yes, console)
    answer = suggestion.size_up(measured, pricing.load(measured.region), objective)
    if not print_as(form, plain(measured, answer), COLUMNS, [row(setting) for setting in answer.rows]):
        show(Console(highlight=False), place(described, target), measured, answer)
    if measured.stopped or answer.suggested is None:
        raise typer.Exit(1)


def _restored(aws: Aws, file: JournalFile) -> tuple[str, ...]:
    from ops.rightsize import restoring

    try:
        return restoring.restore_interrupted(aws, file)
    except restoring.LockHeld as held:
        raise UsageError(
            "A sweep of this function is running on this machine.", "Stop it with Ctrl-C: it puts everything back."
        ) from held


def _measure(
    aws: Aws,
    described: Workload,
    measure: MeasureOptions,
    sizing: SizingOptions,
    minutes: float,
    yes: bool,
    console: StderrConsole,
) -> Measured:
    from ops.rightsize import current_load as observing
    from ops.rightsize import sweep as sweeps

    function = sweeps.swept_function(described)
    window = time_window.last(minutes, aws.target.finest_period)
    share = None if sizing.cold_share is None else sizing.cold_share / 100
    observed = observing.observe(aws, described, window, share, sizing.per_month)
    mapped = described.mapping.batch_size if described.mapping else 1
    settings = measure.settings(function.memory_mb, max(1, round(observed.messages_per_invocation or mapped)))

    def tell(text: str) -> None:
        console.print(safe(text), style="dim", markup=False)

    sweep = sweeps.Sweep(aws, described, settings, _bodies(aws, described, measure, tell), tell, time.sleep)
    sweep.ensure_safe()
    _confirm(sweep, observed, yes, console)
    with stopping(console, "Stopping after this invocation; everything is put back.") as stop:
        return sweep.run(observed, stop)


def _confirm(sweep: Sweep, observed: Observed, yes: bool, console: StderrConsole) -> None:
    """Before the trial, whose jobs are worked on for real, and after it, as it tells how long a job takes."""
    trial = f"First, two of the jobs run on {sweep.function.name} as it is now, for the estimate: their results are written, too."
    confirm("Run them?", yes, "Add --yes.", lambda: console.print(safe(trial), markup=False))
    estimate = sweep.estimate(sweep.trial(), observed)
    settings = sweep.settings
    lines = (
        f"{estimate.invocations:,} invocations of {sweep.function.name} at {', '.join(f'{size:,}' for size in settings.memories)} MB, "
        f"about {formatting.duration(estimate.seconds)} and {formatting.usd(estimate.usd)}; it stops at "
        f"{formatting.usd(settings.most_usd)} or after {formatting.duration(settings.most_minutes * 60)}.",
        f"$LATEST's memory is changed {estimate.changes} times to publish versions, and is {sweep.function.memory_mb:,} MB again before "
        "anything is measured.",
        "The jobs are worked on for real, under IDs that begin with rightsize-: their results are written, they count in the "
        "function's metrics and may set off its alarms, and a job that it rejects may go to its dead-letter queue.",
    )

    def shown() -> None:
        for line in lines:
            console.print(safe(line), markup=False)

    if yes:
        shown()
    confirm("Start the sweep?", yes, f"Add --yes. {lines[0]}", shown)


def _bodies(aws: Aws, described: Workload, measure: MeasureOptions, tell: Callable[[str], None]) -> tuple[str, ...]:
    from ops.rightsize import jobs

    if measure.jobs is not None:
        return jobs.read(measure.jobs)
    twin = twin_state.read() if aws.target.is_twin else None
    if twin is None or described.stack != twin.stack:
        raise UsageError(
            "No jobs are given.",
            "Name a JSON Lines file of message bodies with --jobs; an export of dead letters whose cause is fixed will do.",
        )
    try:
        from ops.twin.workload import jobs as samples
        from ops.twin.workload import model
    except ImportError as error:
        raise TwinError(
            "Sample jobs need the twin's packages.", "Install them: pip install 'scilearn-ops[twin]'."
        ) from error
    address = model.ensure(twin, tell)
    maker = samples.JobMaker(address or "", samples.Shares(0, 0, 0), prefix="rightsize")
    return tuple(maker.make("ordinary").body for _ in range(SAMPLE_JOBS))


def _replaced(observed: Observed, sizing: SizingOptions) -> Observed:
    if sizing.cold_share is not None:
        observed = replace(observed, cold_share=sizing.cold_share / 100)
    if sizing.per_month is not None:
        observed = replace(observed, jobs_per_month=sizing.per_month)
    return observed
