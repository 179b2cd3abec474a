"""``ops compare``: the same jobs on a synchronous container and on the event-driven function, measured on the twin."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import twin_state
from ops.cli import options
from ops.cli.commands_base.option_groups import with_groups
from ops.cli.insight.compare_options import CostOptions
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.cli.output.stderr_console import StderrConsole
from ops.cli.output.styles import LEVEL_STYLES
from ops.errors import UsageError
from ops.formatting import count, duration, latency, usd

if TYPE_CHECKING:
    from ops.compare.measured import ComparisonRun, FormMeasured, Percentiles
    from ops.compare.report import ComparisonReport
    from ops.compare.run import CompareSettings

COLUMNS = (
    "form",
    "jobs",
    "wait_p50_ms",
    "wait_p95_ms",
    "wait_p99_ms",
    "result_p50_ms",
    "result_p95_ms",
    "result_p99_ms",
    "failed_calls",
    "lost",
    "unfinished",
    "dead_lettered",
    "most_at_once",
    "peak_running",
    "scaling_lag_s",
    "overloaded_s",
    "killed_at_s",
    "replaced_at_s",
)


@with_groups
def compare(
    cost: CostOptions,
    arrivals: Annotated[str, typer.Option("--arrivals", help="steady, burst or day (compressed).")] = "burst",
    rate: Annotated[float, typer.Option("--rate", help="Mean jobs per second, 0.1 to 50.")] = 2.0,
    seconds: Annotated[float, typer.Option("--seconds", help="Seconds for each form, 5 to 900.")] = 60.0,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same jobs and arrivals.")] = 1,
    kill: Annotated[bool, typer.Option("--kill", help="Kill the host of each form in the middle.")] = False,
    workers: Annotated[int, typer.Option("--workers", help="Jobs that the container works on at once.")] = 2,
    caller_timeout: Annotated[
        float, typer.Option("--caller-timeout", help="Seconds that a synchronous caller waits.")
    ] = 60.0,
    worker: Annotated[bool, typer.Option("--worker", help="The Elastic Beanstalk worker as a third form.")] = False,
    cron: Annotated[
        Path | None, typer.Option("--cron", help="Periodic tasks of the worker, in place of its own cron.yaml.")
    ] = None,
    own_twin: Annotated[
        bool, typer.Option("--own-twin", help="Start a twin for this run alone, also while one is running.")
    ] = False,
    last: Annotated[
        bool, typer.Option("--last", help="Show the last measured run with these cost options; measure nothing.")
    ] = False,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Compare synchronous with event-driven: the same jobs at both, measured on the twin, and the break-even by load.

    Uses the running twin, else one of its own. The result is kept for the Compare page. Exits with 1 when an
    event-driven job was lost, ended in the dead-letter queue, or was still in the queue at the end.
    """
    from ops.compare import report as reports
    from ops.compare import saved
    from ops.compare.arrivals import Arrivals
    from ops.compare.run import CompareSettings
    from ops.twin.sqsd import cron_yaml

    form = chosen_format(output, as_json)
    assumed = cost.assumed()
    file = cron or cron_yaml.SHIPPED
    if cron or worker:
        cron_yaml.read(file)  # refused before anything starts
    settings = CompareSettings(Arrivals(arrivals, rate, seconds, seed), kill, workers, caller_timeout, worker, file)
    run = saved.load()
    reports.report(run, assumed)  # refuses what cannot be before anything is measured
    if last and run is None:
        raise UsageError("No comparison has been measured on this machine.", "Measure one: ops compare --kill.")
    if not last:
        run = _measure(settings, own_twin)
        saved.save(run)
    report = reports.report(run, assumed)
    assert report.run is not None  # noqa: S101 (for the type checker)
    rows = [_row(form) for form in report.run.forms]
    if not print_as(form, _plain(report, report.run, rows), COLUMNS, rows):
        _show(Console(highlight=False), report, report.run)
    if any(
        form.lost or form.unfinished or form.dead_lettered for form in report.run.forms if form.form != "synchronous"
    ):
        raise typer.Exit(1)


def _measure(settings: CompareSettings, own_twin: bool) -> ComparisonRun:
    from ops.compare.run import OWN_TWIN, Comparison
    from ops.rehearsals import own_twin as twins
    from ops.target import resolve_place

    console = StderrConsole()
    running = None if own_twin else twin_state.read()
    if running is not None:
        target = resolve_place(environ={"OPS_TARGET": "twin"})
        comparison = Comparison(running, target, settings, console.print)
        with _stopped_by_signals(comparison.stop):
            return comparison.run()
    console.print("Starting a twin for this comparison …")
    with twins.own_twin(OWN_TWIN, progress=console.print) as twin:
        return Comparison(twin, twins.own_target(twin), settings, console.print).run()


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C and TERM end the measurement in order, with the container that it started."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _row(form: FormMeasured) -> dict[str, Any]:
    def of(found: Percentiles | None, name: str) -> dict[str, float | None]:
        return {f"{name}_{each}_ms": getattr(found, each) if found else None for each in ("p50", "p95", "p99")}

    return {
        "form": form.form,
        "jobs": form.jobs,
        **of(form.wait, "wait"),
        **of(form.to_result, "result"),
        "failed_calls": form.failed,
        "failures": dict(form.failures),
        "lost": form.lost,
        "unfinished": form.unfinished,
        "dead_lettered": form.dead_lettered,
        "most_at_once": form.most_at_once,
        "peak_running": form.peak_running,
        "scaling_lag_s": form.scaling_lag_s,
        "overloaded_s": form.overloaded_s,
        "killed_at_s": form.killed_at_s,
        "replaced_at_s": form.replaced_at_s,
    }


def _plain(report: ComparisonReport, run: ComparisonRun, rows: list[dict[str, Any]]) -> dict[str, Any]:
    costs = report.costs
    return {
        "finding": report.finding,
        "at": run.at,
        "arrivals": {"shape": run.shape, "per_second": run.per_second, "seconds": run.seconds, "seed": run.seed},
        "cores": run.cores,
        "workers": run.workers,
        "forms": rows,
        "container_seconds_per_job": run.service_s,
        "function_usage": run.usage,
        "costs": {
            "event_usd_per_job": costs.usd_per_job if costs.event_driven else None,
            "event_parts_usd_per_job": costs.parts,
            "event_idle_usd_month": costs.event_idle_usd,
            "synchronous": costs.synchronous,
            "synchronous_idle_usd_month": costs.synchronous_idle_usd,
            "break_even_requests_per_day": costs.break_even,
        },
        "notes": report.notes,
    }


def _show(console: Console, report: ComparisonReport, run: ComparisonRun) -> None:
    from ops.compare import report as reports

    console.print(Text(safe(report.finding.text), style=LEVEL_STYLES[report.finding.level]))
    what = f"{run.shape} arrivals, {run.per_second:g}/s for {duration(run.seconds)}, seed {run.seed}"
    console.print(Text(f"{what} · {count(run.cores, 'core')} · {run.at:%Y-%m-%d %H:%M} UTC", style="dim"))
    console.print()
    table = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False)
    table.add_column("")
    for form in run.forms:
        table.add_column(form.form.capitalize(), justify="right")
    for name, cells in _lines(report, run):
        table.add_row(Text(name), *cells)
    console.print(table)
    console.print()
    lines = (reports.loss_sentence(run), reports.scaling_sentence(run), reports.cost_sentence(report.costs))
    for line in lines:
        console.print(line, markup=False)
    for note in report.notes:
        console.print(Text(safe(f"{note}."), style="dim"))


def _lines(report: ComparisonReport, run: ComparisonRun) -> Iterator[tuple[str, list[str]]]:
    def of(found: Percentiles | None, name: str) -> str:
        return latency(getattr(found, name)) if found else "–"

    costs = report.costs
    yield "Jobs", [count(form.jobs) for form in run.forms]
    for name in ("p50", "p95", "p99"):
        yield f"Caller waits, {name}", [of(form.wait, name) for form in run.forms]
    for name in ("p50", "p95", "p99"):
        yield f"Time to result, {name}", [of(form.to_result, name) for form in run.forms]
    for kind in sorted({kind for form in run.forms for kind in form.failures}):
        yield safe(kind).capitalize(), [count(form.failures.get(kind, 0)) for form in run.forms]
    yield "Jobs lost", [count(form.lost) for form in run.forms]
    if any(form.unfinished for form in run.forms):
        yield "Still in the queue", [count(form.unfinished) for form in run.forms]
    if any(form.dead_lettered for form in run.forms):
        yield "In the dead-letter queue", [count(form.dead_lettered) for form in run.forms]
    yield (
        "Most at once, of the limit",
        [f"{count(form.peak_running)} of {count(form.most_at_once)}" for form in run.forms],
    )
    lags = [form.scaling_lag_s for form in run.forms]
    yield "Scaling lag", ["–" if lag is None else duration(lag) for lag in lags]
    idle = [costs.idle_usd(form.form) for form in run.forms]
    yield "Idle, a month", [usd(each) if each is not None else "unknown" for each in idle]
