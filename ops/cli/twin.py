"""``ops twin``: start, stop and inspect the local AWS emulator, send it traffic, or run the demo."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from ops import twin_state
from ops.errors import TwinError
from ops.twin import demo as supervisor
from ops.twin import lifecycle, shell
from ops.twin.workload import arrivals, demo_causes
from ops.twin.workload import generator as sender
from ops.twin.workload.jobs import Shares

app = typer.Typer(
    help="The twin: this project's stack on a local AWS emulator, without an AWS account.",
    no_args_is_help=True,
    add_completion=False,
)
console = Console(highlight=False)

NOT_RUNNING = TwinError("The twin is not running.", "Start it: ops twin up.")
Port = Annotated[
    int | None,
    typer.Option(
        min=1, max=65_535, help="Port of the AWS APIs; an error when it is in use. Default: 4566 or a free port."
    ),
]


@app.command()
def up(port: Port = None) -> None:
    """Start the twin, deploy template.yaml and leave it running in the background."""
    settings = lifecycle.StartSettings(port=port, insist_on_port=True) if port else lifecycle.StartSettings()
    with console.status("Starting the twin …") as status:

        def progress(line: str) -> None:
            console.print(escape(line))
            status.update(escape(line))

        twin = lifecycle.up(progress, settings)
    console.print(
        f"The AWS APIs of the twin are at [bold]{twin.endpoint}[/]: stack {twin.stack}, region {twin.region}."
    )
    console.print("Next: ops twin traffic, ops status, streamlit run dashboard. Stop it with ops twin down.")


@app.command()
def down() -> None:
    """Stop the twin. Its state is discarded, its logs are kept."""
    stopped = lifecycle.down(lambda line: console.print(escape(line)))
    console.print("Stopped." if stopped else "The twin is not running.")


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts instead of text.")] = False,
) -> None:
    """Show whether the twin is running, its endpoints and its problems."""
    running = lifecycle.status()
    if as_json:
        twin = (
            {key: value for key, value in asdict(running.twin).items() if "secret" not in key} if running.twin else None
        )
        typer.echo(
            json.dumps(
                {"running": bool(running.twin and not running.problems), "twin": twin, "problems": running.problems}
            )
        )
    elif running.twin:
        table = Table(show_header=False, box=None)
        for name, value in (
            ("AWS APIs", running.twin.endpoint),
            ("Lambda host", running.twin.host_url),
            ("Stack", f"{running.twin.stack} in {running.twin.region}"),
            ("Running since", running.twin.started_at),
            ("Processes", ", ".join(f"{role} {pid}" for role, pid in running.twin.pids.items())),
            ("Logs", str(twin_state.folder())),
        ):
            table.add_row(name, escape(value))
        console.print(table)
    if running.problems:
        raise twin_state.not_whole(running.problems)
    if running.twin is None and not as_json:
        raise NOT_RUNNING
    if running.twin is None:
        raise typer.Exit(1)


@app.command()
def env() -> None:
    """Print the environment variables that point boto3 or the AWS CLI at the twin: eval "$(ops twin env)"."""
    running = lifecycle.status()
    if running.twin is None:
        raise NOT_RUNNING
    for line in shell.lines(running.twin):
        typer.echo(line)


@app.command()
def traffic(
    rate: Annotated[float, typer.Option(help="Average number of jobs per second.")] = 5.0,
    minutes: Annotated[float, typer.Option(help="Duration in minutes.")] = 5.0,
    count: Annotated[int | None, typer.Option(help="Stop after this many jobs.")] = None,
    pattern: Annotated[str, typer.Option(help=f"One of: {', '.join(arrivals.PATTERNS)}.")] = "steady",
    poison: Annotated[float, typer.Option(help="Share of jobs that can never succeed (0 to 1).")] = 0.05,
    slow: Annotated[float, typer.Option(help="Share of jobs that take seconds.")] = 0.02,
    repeated: Annotated[float, typer.Option(help="Share of jobs sent a second time.")] = 0.01,
    timeout: Annotated[float, typer.Option(help="Share of jobs that run into the timeout.")] = 0.0,
    memory: Annotated[float, typer.Option(help="Share of jobs that run out of memory.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of the random jobs: the same seed creates the same jobs.")] = 0,
) -> None:
    """Post jobs sampled from real marketing data to the API. Ctrl-C stops it with a report."""
    shares = Shares(poison=poison, slow=slow, repeated=repeated, timeout=timeout, memory=memory)
    settings = sender.TrafficSettings(rate, minutes, count, pattern, shares, seed)
    twin = twin_state.read()
    if twin is None:
        recorded = twin_state.recorded()
        raise twin_state.not_whole(twin_state.gone(recorded)) if recorded and recorded.pids else NOT_RUNNING
    expected = min(count or rate * minutes * 60, rate * minutes * 60)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} jobs"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("Posting jobs", total=expected)
        report = sender.run(
            twin,
            settings,
            progress=lambda line: console.print(escape(line)),
            on_count=lambda sent, failed: bar.update(
                task, completed=sent, description=f"Posting jobs, {failed} refused" if failed else "Posting jobs"
            ),
        )
    made = ", ".join(f"{number} {fate}" for fate, number in sorted(report.fates.items()))
    console.print(f"{report.sent} jobs posted in {report.seconds:.0f} s ({made or 'none'}).")
    console.print(f"{report.accepted} accepted, {report.failed} refused.")
    for failure, number in report.failures.items():
        console.print(f"  {number} × {escape(failure)}")
    if report.failed:
        raise typer.Exit(1)


@app.command()
def demo(
    port: Annotated[
        int, typer.Option(min=1, max=65_535, help="Port of the dashboard; the next free one when it is in use.")
    ] = 8501,
    rate: Annotated[float, typer.Option(help="Average number of jobs per second.")] = 4.0,
) -> None:
    """Start the twin, send it traffic and serve the dashboard. Ctrl-C stops everything."""
    supervisor.run(lambda line: console.print(line, markup=False, soft_wrap=True), port=port, rate=rate)


@app.command()
def fix(
    undo: Annotated[bool, typer.Option("--undo", help="Let jobs fail again as before.")] = False,
) -> None:
    """Fix why jobs of the running demo fail, as other teams would.

    The data that jobs name and that is missing is supplied, and the senders send no more jobs that are invalid, time out or run
    out of memory. What is in the dead-letter queue stays there: ops status names the alarm, and its runbook is next.
    """
    for line in demo_causes.undo_fix() if undo else demo_causes.fix():
        console.print(escape(line), soft_wrap=True)
